"""Programs of several functions: their gradients are their slopes, and backward is the transpose of forward."""

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_edu as tg
from tinygrad_edu.testing import programs
from tinygrad_edu.testing.oracles import check_along, check_transposes, differentiated, gradient, weights
from tinygrad_edu.testing.programs import FAMILIES, LINES

MANY = 10_000 if settings.default.max_examples >= 50 else 4  # programs of each of the two tests


@pytest.mark.parametrize("lines", [LINES, FAMILIES], ids=["lines", "families"])
def test_every_line_runs(lines):
    x, y = np.array([[0.5, -0.25], [0.75, 1.0]]), np.array([[0.1, 0.2], [-0.3, 0.4]])
    for text in lines:
        z = eval(text.format(x="x", y="y"), {"np": np, "special": pytest.importorskip("scipy.special"), "x": x, "y": y})
        assert np.all(np.isfinite(z)), text


@settings(max_examples=MANY)
@given(programs(lines=FAMILIES, max_lines=5))
def test_gradients_of_random_programs_are_their_slopes(program):
    pulled = gradient(program, program.arrays, weights(program, program.arrays))
    results = [program(*map(tg.Value, program.arrays)).data, *pulled]
    assert all(np.result_type(x).kind == "f" for x in results)  # none is an array of objects
    check_along(program, program.arrays)
    check_transposes(program, program.arrays)


@settings(max_examples=MANY)
@given(programs(lines=FAMILIES, max_lines=3))
def test_second_derivatives_of_random_programs_are_their_slopes(program):
    check_along(differentiated(program, program.arrays, 1), program.arrays)
