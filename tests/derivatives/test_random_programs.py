"""Programs of several functions: their gradients are their slopes, and backward is the transpose of forward."""

import numpy as np
import pytest
from hypothesis import given

from tinygrad_edu.testing import programs
from tinygrad_edu.testing.oracles import check_along, check_transposes, differentiated
from tinygrad_edu.testing.programs import FAMILIES, LINES


@pytest.mark.parametrize("lines", [LINES, FAMILIES], ids=["lines", "families"])
def test_every_line_runs(lines):
    x, y = np.array([[0.5, -0.25], [0.75, 1.0]]), np.array([[0.1, 0.2], [-0.3, 0.4]])
    for text in lines:
        z = eval(text.format(x="x", y="y"), {"np": np, "special": pytest.importorskip("scipy.special"), "x": x, "y": y})
        assert np.all(np.isfinite(z)), text


@given(programs(lines=FAMILIES, max_lines=5))
def test_gradients_of_random_programs_are_their_slopes(program):
    check_along(program, program.arrays)
    check_transposes(program, program.arrays)


@given(programs(lines=FAMILIES, max_lines=3))
def test_second_derivatives_of_random_programs_are_their_slopes(program):
    check_along(differentiated(program, program.arrays, 1), program.arrays)
