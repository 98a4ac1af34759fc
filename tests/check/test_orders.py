"""Rules that are wrong at second order only, that remember, or that claim something where the slope is infinite."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.check.planted import operation
from tinygrad_edu.core.tape import payload

X = np.array([0.5, -1.0, 2.0])
W = np.random.default_rng(0).normal(size=(3, 3))


def off_the_tape(g, z, x):
    """The right numbers, of which the tape sees only part."""
    return g * np.cos(payload(x))


def wrong_when_recorded(g, z, x):
    return g * (np.cos(x) if not isinstance(x, tg.Value) else np.cos(payload(x)) - 1e-6 * (x - payload(x)))


@pytest.mark.parametrize("rule", [off_the_tape, wrong_when_recorded])
@pytest.mark.parametrize("inner", [lambda x: x, lambda x: np.tanh(W @ x)])
def test_a_rule_that_is_wrong_at_second_order_only_is_found_there(rule, inner):
    suspect = operation(np.sin, rule)

    def f(x):
        return np.sum(suspect(inner(x)) ** 2)

    report = tg.compare_gradients(f, X, order=2)
    assert not report
    assert [a.name for a in report.arguments if a.worst.kind == "wrong"] == ["order 2: x"]
    assert "in order 2, " in str(report.faults[0])


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: np.sum(np.sin(x) ** 2), (X,)),
        (np.sin, (0.3,)),
        (lambda p, y: {"a": np.tanh(p["w"] @ y), "b": np.exp(p["b"])}, ({"w": W, "b": 0.2}, X)),
        (lambda x: np.sum(x * W), (X,)),
        (lambda x, i: np.sum(x[i] ** 3), (X, np.array([0, 2]))),
        (lambda x: np.sum(np.sin(x)), (X.astype(np.float32),)),
    ],
)
def test_right_rules_are_right_in_every_order(f, args):
    report = tg.compare_gradients(f, *args, order=3)
    assert report, report
    assert {a.name.partition(":")[0] for a in report.arguments} >= {"order 2", "order 3"}


def test_orders_are_of_the_tape():
    with pytest.raises(ValueError, match="order is 0"):
        tg.compare_gradients(np.sin, 1.0, order=0)
    for order in (1.5, "2"):
        with pytest.raises(ValueError, match=f"order is {order!r}"):
            tg.compare_gradients(np.sin, 0.5, order=order)
    with pytest.raises(ValueError, match="order=2 is of the tape"):
        tg.compare_gradients(np.sin, 1.0, gradient=np.cos, order=2)


def late(first):
    """A rule's x, one call late; of the first call its own, or nothing."""
    kept = [] if first else [np.zeros(3)]

    def previous(x):
        x = np.array(payload(x))
        kept.append(x)
        return kept[-2] if len(kept) > 1 and np.shape(kept[-2]) == x.shape else x

    return previous


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("inner", [lambda x: x, lambda x: np.tanh(W @ x)])
def test_a_rule_that_uses_the_x_of_the_previous_call_is_found(first, inner):
    previous = late(first)
    suspect = operation(np.sin, lambda g, z, x: g * np.cos(previous(x)))
    report = tg.compare_gradients(lambda x: np.sum(suspect(inner(x))), X)
    assert not report
    assert report.faults[0].operation == "suspect"


def test_a_claimed_gradient_that_uses_the_x_of_the_previous_call_is_found():
    previous = late(True)
    report = tg.compare_gradients(lambda x: np.sum(np.sin(x)), X, gradient=lambda x: np.cos(previous(x)))
    assert not report
    assert "keeps state" in str(report)


INFINITE = {
    "root": (np.sqrt, 0.0, 1),
    "cube root": (np.cbrt, 0.0, 1),
    "arcsine": (np.arcsin, 1.0, 1),
    "arccosine": (np.arccos, 1.0, -1),
    "x to the x": (lambda x: x**x, 0.0, -1),
    "root of a sum": (lambda x: np.sqrt(np.sum(x)), np.zeros(2), 1),
}


@pytest.mark.parametrize("name", INFINITE)
def test_where_the_slope_is_infinite_no_finite_one_passes(name):
    f, x, sign = INFINITE[name]

    def claim(c):
        return tg.compare_gradients(f, x, gradient=lambda x: np.full(np.shape(x), c)[()])

    assert claim(sign * np.inf)
    for c in (0.0, 1.0, -7.0, sign * 5.0, -sign * 1e20, -sign * np.inf, np.nan):
        assert not claim(c), claim(c)


def test_where_the_slope_is_infinite_on_one_side_that_of_the_other_passes():
    def f(x):
        return np.sqrt(x) if x > 0 else -3.0 * x

    for c, right in ((-3.0, True), (0.0, True), (np.inf, True), (-4.0, False), (-np.inf, False)):
        assert bool(tg.compare_gradients(f, 0.0, gradient=lambda x, c=c: c)) is right


def test_a_very_steep_slope_is_not_taken_for_infinite():
    for tiny in (1e-6, 1e-12, 1e-24, 1e-30):
        right = 0.5 / np.sqrt(tiny)
        assert tg.compare_gradients(lambda x, t=tiny: np.sqrt(x + t), 0.0, gradient=lambda x, s=right: s)
        assert not tg.compare_gradients(lambda x, t=tiny: np.sqrt(x + t), 0.0, gradient=lambda x: 3.0)


@pytest.mark.parametrize("p", [1.02, 1.05, 1.1, 1.3, 1.5, 2.5])
def test_at_an_edge_chords_that_converge_slowly_are_not_trusted(p):
    assert tg.compare_gradients(lambda x: x**p, 0.0)
    assert not tg.compare_gradients(lambda x: x**p, 0.0, gradient=lambda x: 3.0)
