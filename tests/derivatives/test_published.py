"""docs/coverage.md says what becomes of every public name of NumPy's, and is made from the table."""

import io
import re

import numpy as np
import pytest
from scipy import special

import tinygrad_edu as tg
from docs import covered, measured
from tinygrad_edu.core.rules import remedies, table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.testing.calls import outcome

PUBLIC = dict(covered.public())
ERRORS = re.compile(r"(?<=\| )(\d+\.\d) of (\d+\.\d)(?= \|)")
VALUE = tg.Value([[2.0, 0.5], [0.25, 1.0]])
CALLS = {  # where it meets a Value, of those that do not take one first
    "bmat": lambda f: f([[VALUE]]),
    "fromiter": lambda f: f([VALUE], float),
    "frompyfunc": lambda f: f(abs, 1, 1)(VALUE),
    "full": lambda f: f((2, 2), VALUE),
    "kaiser": lambda f: f(3, tg.Value(2.0)),
    "nested_iters": lambda f: f(VALUE, [[0], [1]]),
    "save": lambda f: f(io.BytesIO(), VALUE),
    "savetxt": lambda f: f(io.BytesIO(), VALUE),
    "savez": lambda f: f(io.BytesIO(), VALUE),
    "savez_compressed": lambda f: f(io.BytesIO(), VALUE),
    "vectorize": lambda f: f(abs)(VALUE),
}


def forgotten():
    return [name for name, what in PUBLIC.items() if covered.kind_of(name, what) is None]


def test_every_public_name_is_of_one_kind():
    assert forgotten() == []


def test_page_is_made_from_the_table():
    page = covered.PAGE.read_text("utf-8")
    version = re.search(r"for NumPy (\d+\.\d+);", page)[1]
    if not np.__version__.startswith(version):
        pytest.skip(f"the page lists the names of NumPy {version}")
    own = covered.page()
    assert ERRORS.sub("", page) == ERRORS.sub("", own), "write it anew: python docs/covered.py"
    for written, found in zip(ERRORS.findall(page), ERRORS.findall(own), strict=True):
        for x, y in zip(written, found, strict=True):
            assert abs(float(x) - float(y)) <= 1 + 0.5 * float(x), "errors have changed: python docs/covered.py"


@pytest.mark.parametrize("function", measured.EXACT, ids=label)
def test_slopes_are_right_to_four_ulps(function):
    assert measured.measured(function).slope <= 4


def test_every_smooth_function_of_one_number_is_measured():
    rows = {f: row.rules for f, row in table.items() if isinstance(f, np.ufunc) and isinstance(row.rules, tuple)}
    unary = {f for f, rules in rows.items() if len(rules) == 1}
    flat = {
        np.floor,
        np.ceil,
        np.trunc,
        np.rint,
        np.sign,
        np.spacing,
        np.absolute,
        np.fabs,
        np.negative,
        np.positive,
        np.conjugate,
        special.round,
        special.gammasgn,
    }
    same = {np.radians: np.deg2rad, np.degrees: np.rad2deg}
    smooth = {same.get(f, f) for f in unary - flat if table[f].rules[0].__module__.startswith("tinygrad_edu")}
    assert smooth - measured.EXACT.keys() - measured.PARTS.keys() == set()
    assert {part for parts in measured.PARTS.values() for part in parts} <= measured.EXACT.keys()


def test_every_rule_and_every_method_is_told_in_words_or_as_it_is_written():
    rows = [line.split(" | ") for line in covered.page().splitlines() if line.startswith("| `")]
    assert len(rows) > 300
    assert [row for row in rows if not row[1].strip("| ")] == []


@pytest.mark.parametrize("name", ["np.put", "np.union1d", "np.array"])
def test_name_without_a_word_is_noticed(monkeypatch, name):
    monkeypatch.delitem(remedies, name)
    assert forgotten() == [name.removeprefix("np.")]


def test_row_that_is_gone_is_noticed(monkeypatch):
    monkeypatch.delitem(table, np.linalg.det)
    assert forgotten() == ["linalg.det"]


def test_what_is_listed_is_there():
    assert PUBLIC.keys() >= covered.CONSTRUCTION
    own = {name for name in remedies if not name.startswith("np.")}
    assert {name for name in remedies.keys() - own if name.removeprefix("np.") not in PUBLIC} == set()
    assert {name for name in own if not isinstance(getattr(special, name, None), np.ufunc)} == set()


@pytest.mark.parametrize("name", [name for name, what in PUBLIC.items() if covered.kind_of(name, what) == "refused"])
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_what_is_listed_as_refused_is_refused(name):
    function, arguments = PUBLIC[name], [VALUE]
    if name in CALLS:
        refusal = outcome(CALLS[name], function)
    else:
        refusal = outcome(function, *arguments)
        while "required positional argument" in str(refusal):
            arguments.append(VALUE)
            refusal = outcome(function, *arguments)
    assert isinstance(refusal.__cause__ or refusal, (TypeError, AttributeError))  # NumPy may make another of it
    assert "missing" not in str(refusal)


def test_text_of_a_rule_is_as_it_is_written():
    assert covered.rule_of(table[np.arctan2]).count("over_square") == 2
    assert covered.rule_of(table[np.where]) == "– · `np.where(c, g, 0.0)` · `np.where(c, 0.0, g)`"
    assert covered.keywords_of(np.sum, table[np.sum]) == "axis, dtype, keepdims, initial, where; not out"
    assert covered.kinks()["maximum"].startswith("0.5 at 0: ")
