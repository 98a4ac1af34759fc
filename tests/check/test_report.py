"""Reports can be read, by people and by programs, and bad input is refused."""

import io
import json
import re

import numpy as np
import pytest
from rich.console import Console

import tinygrad_edu as tg
from tests.check.planted import PLANTED, operation


@pytest.fixture(scope="module")
def right():
    return tg.compare_gradients(lambda w, b: np.tanh(w * 2 + b), 0.3, np.array([0.1, 0.2]))


@pytest.fixture(scope="module")
def wrong():
    program, arguments, _ = PLANTED["dropped term"]()
    return tg.compare_gradients(program, *arguments)


def test_it_says_what_was_found(right, wrong):
    head = ["argument", "worst at", "analytic", "numeric", "relative", "±", "post's slope", "verdict"]
    assert re.split("  +", str(right).splitlines()[0]) == head
    assert "ok: all 3 numbers, the worst agrees to 1" in right.summary
    assert "⟨Jv, w⟩ = " in str(right)
    assert "WRONG in x" in wrong.summary
    assert "FAULT: suspect, recorded in planted.py:" in str(wrong)
    right.raise_if_wrong()
    with pytest.raises(AssertionError, match="lacks the term"):
        wrong.raise_if_wrong()


def test_the_posts_slope_is_the_posts():
    report = tg.compare_gradients(lambda x: x**2 + 1, -2.0)
    (a,) = report.arguments
    assert a.q == 2 * np.finfo(float).eps ** 0.5
    assert a.post == pytest.approx(tg.slope(lambda x: x**2 + 1, -2.0, a.q), rel=1e-7)
    assert (a.worst.analytic, round(a.worst.slope, 9)) == (-4.0, -4.0)


def test_it_becomes_data(right, wrong):
    for report in (right, wrong):
        data = json.loads(json.dumps(report.to_dict()))
        assert data["ok"] is report.ok
        assert [a["name"] for a in data["arguments"]] == [a.name for a in report.arguments]
        assert data["arguments"][0]["worst"]["verdict"] == report.arguments[0].worst.verdict
    assert data["faults"][0]["operation"] == "suspect"


def test_it_is_shown_in_colour_and_as_a_page(right, wrong):
    out = io.StringIO()
    Console(file=out, width=100, force_terminal=True).print(wrong)
    assert "\x1b[1;31mwrong" in out.getvalue()
    page = wrong._repr_html_()
    assert page.count("<tr") == 3
    assert page.count("bold") == 1
    assert "&lt;" not in right._repr_html_()


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda: tg.compare_gradients(np.sin), "hold no number"),
        (lambda: tg.compare_gradients(tg.Value(1.0), 1.0), "f is a Value; pass a function"),
        (lambda: tg.compare_gradients(np.sin, "x"), "hold no number"),
        (lambda: tg.compare_gradients(np.sin, np.array(["x"])), "x is of dtype <U1|argument 0 is of dtype <U1"),
        (lambda: tg.compare_gradients(np.log, -1.0), r"not finite here.*detect_nan"),
        (lambda: tg.compare_gradients(float, 1.0), "to which nothing on the tape led"),
        (lambda: tg.compare_gradients(lambda x: None, 1.0), "to which nothing on the tape led|None"),
    ],
)
def test_wrong_input_is_refused(attempt, said):
    with pytest.raises((TypeError, ValueError), match=said):
        attempt()


def once_more(step):
    """A function that counts its calls, which it should not."""
    calls = []

    def f(x):
        calls.append(x)
        return x * (1 + step * len(calls))

    return f


def writing(x):
    if isinstance(x, np.ndarray):
        x += 1
    return np.sum(x * x)


@pytest.mark.parametrize(
    ("f", "x", "said"),
    [
        (once_more(0.01), 2.0, "fix its random seed"),
        (writing, np.ones(2), "writes into its arguments"),
        (lambda x: x * (2 if isinstance(x, tg.Value) else 3), 1.0, "for Values and"),
    ],
)
def test_functions_that_cannot_be_compared(f, x, said):
    report = tg.compare_gradients(f, x)
    assert not report.ok
    assert said in str(report)


def test_arguments_are_left_alone():
    x = np.ones(3)
    assert tg.compare_gradients(lambda x: np.sum(x * x), x).ok
    assert x.tolist() == [1.0] * 3
    assert x.flags.writeable


def test_of_very_many_arguments_the_worst_are_shown():
    off = operation(np.sin, lambda g, z, x: g)
    report = tg.compare_gradients(lambda p: sum(off(x) if i == 30 else x * x for i, x in enumerate(p)), [0.5] * 40)
    assert len(report.arguments) == 40
    assert len(report.rows()) == 1 + 24
    assert "p[30]" in str(report)
    assert "16 more arguments" in str(report)
