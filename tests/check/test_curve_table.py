"""The table is short, and marks and says where each method is best."""

import math
import re

import numpy as np
import pytest

from tests.check.test_curve import METHODS
from tinygrad_edu.check import slope_curve


def test_the_table():
    curve = slope_curve(np.exp, 1.0)
    head, names, *rows, forward, central, richardson = str(curve).splitlines()
    assert head.startswith("np.exp at x = 1: the tape's slope is 2.7182818,")
    assert names.split() == ["q", *METHODS]
    assert 18 <= len(rows) <= 21
    assert len({len(row) for row in (names, *rows)}) == 1
    steps = [float(row.split()[0]) for row in rows]
    assert steps == sorted(steps)
    assert {round(math.log10(q)) for q in steps} == set(range(-17, 1))
    for method, column in zip(METHODS, (0, 1, 2), strict=True):
        starred = [row for row in rows if re.findall(r"(\* )?(?:\d\.\de[+-]\d\d)", row)[column + 1]]
        assert [float(row.split()[0]) for row in starred] == [float(f"{curve.best[method]:.1e}")]
    assert "meet at q = 3.0e-08 (√eps = 1.5e-08); least (*) at" in forward
    assert "meet at q = 1.4e-05 (∛eps = 6.1e-06); least (*) at" in central
    assert richardson == f"richardson: least (*) at {curve.best['richardson']:.1e}"


@pytest.mark.parametrize(("count", "most"), [(1, 1), (18, 18), (19, 10), (1000, 21)])
def test_the_table_is_short(count, most):
    lines = str(slope_curve(np.exp, 1.0, np.geomspace(1e-12, 1, count))).splitlines()
    assert min(count, 7) <= len(lines) - 5 <= most


def test_the_table_of_a_notebook():
    page = slope_curve(lambda x: np.exp(2 * x), 1.0, [1e-3, 1e-2])._repr_html_()
    assert page.count("<tr>") == page.count("</tr>") == 3
    assert page.count("<td>") == page.count("</td>") == 12
    assert page.startswith("<p>f at x = 1: the tape&#x27;s slope")
    assert repr(slope_curve(np.exp, 1, [1e-3, 1])) == "<SlopeCurve: np.exp at x = 1, 2 steps from 1.0e-03 to 1.0e+00>"
