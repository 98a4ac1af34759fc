"""A report holds the arrays that were compared, and says in words and as a picture where one is wrong."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.check.places import picture, svg, where

ROW, COLUMN = np.indices((6, 8))


def off(mask):
    """The report of a gradient that is wrong where the mask says."""
    x = np.random.default_rng(0).uniform(0.5, 1, mask.shape)
    return tg.compare_gradients(lambda x: np.sum(x**2), x, gradient=lambda x: 2 * x * np.where(mask, 1.1, 1)), x


def test_the_report_holds_the_arrays():
    report, x = off(ROW == 2)
    (a,) = report.arguments
    np.testing.assert_array_equal(a.analytic, 2 * x * np.where(ROW == 2, 1.1, 1))
    assert np.all(abs(a.numeric - 2 * x) <= a.error)
    assert np.all(a.error < 1e-9)
    np.testing.assert_array_equal(a.wrong, ROW == 2)
    assert a.where == "in row 2"
    assert a.picture == ["." * 8] * 2 + ["#" * 8] + ["." * 8] * 3


def test_what_was_not_looked_at_is_not_a_number():
    x = np.linspace(0.5, 1, 2000)
    (a,) = tg.compare_gradients(lambda x: np.sum(x**2), x).arguments
    np.testing.assert_array_equal(np.isnan(a.numeric), ~a.seen)
    assert np.sum(a.seen) == a.looked_at < a.size
    assert a.analytic.tolist() == (2 * x).tolist()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (ROW >= 0, "everywhere"),
        (ROW == 5, "in the last row"),
        (COLUMN == 3, "in column 3"),
        (COLUMN // 2 == 1, "in columns 2 to 3, block 2 of 4"),
        ((COLUMN > 0) & (COLUMN < 4), "in columns 1 to 3"),
        (COLUMN % 3 == 1, "in columns 1, 4, …, 7"),
        ((ROW == 1) & (COLUMN > 3), "in columns 4 to 7, block 2 of 2 of row 1"),
        ((ROW == 5) & (COLUMN == 7), "in the last element [5, 7]"),
        ((ROW == 1) & (COLUMN == 7), "in the element [1, 7]"),
        (ROW == COLUMN, "on the diagonal"),
        (ROW < COLUMN, "above the diagonal"),
        ((ROW + COLUMN) % 5 == 0, "in 10 of 48 elements, such as [0, 0]"),
        (np.arange(4) == 3, "in the last element"),
        (np.arange(12) % 7 == 0, "in elements 0, 7"),
        (np.indices((2, 3, 4))[1] == 1, "in slice along axis 1, 1"),
    ],
)
def test_where_it_is_wrong_is_said_in_words(wrong, said):
    assert where(wrong, np.ones(wrong.shape, bool)) == said


def test_of_a_sample_no_more_is_said_than_was_seen():
    seen, wrong = ROW < 2, (ROW == 1) & (COLUMN < 3)
    said = "in 3 of the 16 elements looked at, such as [1, 0]; full=True looks at every one"
    assert where(wrong, seen) == said
    assert where(seen, seen) == "in all of the 16 elements looked at"
    assert where(ROW < 0, seen) == "in none of the 16 elements looked at, but along a direction through all"
    assert picture(wrong, seen)[1:3] == ["###.....", " " * 8]


@pytest.mark.parametrize("shape", [(100,), (100, 3), (2, 50, 300)])
def test_a_picture_of_a_large_array_is_small_and_shows_a_single_wrong_element(shape):
    wrong = np.zeros(shape, bool)
    wrong[(-1,) * len(shape)] = True
    rows = picture(wrong, np.ones(shape, bool))
    assert len(rows) <= 8
    assert {len(row) for row in rows} == {min(shape[-1], 32)}
    assert "".join(rows).count("#") == 1
    assert rows[-1][-1] == "#"
    assert svg(rows).count("#c33") == 1


def test_reports_show_it_in_the_terminal_and_in_a_notebook():
    report, _ = off(COLUMN == 7)
    assert "x is wrong in the last column\n  .......#\n" in str(report)
    assert repr(report) == str(report)
    assert "<p>x is wrong in the last column</p><svg" in report._repr_html_()
    everywhere, _ = off(ROW >= 0)
    assert "x is wrong everywhere" in str(everywhere)
    assert "<svg" not in everywhere._repr_html_()
    right, _ = off(ROW < 0)
    assert "x is wrong" not in str(right)
