"""What is drawn is what was asked for, and random programs have the gradients that the slope says."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from tinygrad_edu.testing import (
    arrays,
    assert_gradient,
    broadcastable_shapes,
    dtypes,
    layouts,
    like,
    nonzero,
    positive,
    programs,
    shapes,
    spread,
)
from tinygrad_edu.testing.calls import A, Call, of
from tinygrad_edu.testing.oracles import check, check_along, differentiated
from tinygrad_edu.transforms import vjp

LITTLE = settings(database=None, max_examples=500)


@given(shapes(max_dims=2, max_side=4))
def test_shapes(shape):
    assert len(shape) <= 2
    assert all(0 <= n <= 4 for n in shape)


@pytest.mark.parametrize("wanted", [(), (0,), (3,), (2, 0), (1, 1, 1)])
def test_shapes_reach_numbers_and_empty_arrays(wanted):
    assert find(shapes(), lambda shape: shape == wanted, settings=settings(LITTLE, max_examples=5000)) == wanted


@given(broadcastable_shapes(3))
def test_broadcastable_shapes(found):
    assert len(found) == 3
    np.broadcast_shapes(*found)


@given(arrays((2, 3), np.float32, positive, "Fortran"))
def test_arrays_as_asked_for(x):
    assert (x.shape, x.dtype, x.strides) == ((2, 3), np.float32, (4, 8))
    assert np.all((x >= 0.3) & (x <= 3))


@given(arrays(shape=st.just((4,)), dtype=dtypes(), span=spread, layout=layouts()))
def test_spread_stays_spread_in_every_layout(x):
    assert np.all(np.diff(np.sort(x)) > 0.3 - 1e-6)


@given(arrays(span=nonzero))
def test_arrays_of_any_kind(x):
    assert x.dtype in (np.float64, np.float32)
    assert np.all(abs(x) >= np.float32(0.3))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_samples_of_a_call_meet_every_dtype_and_layout(count):
    every = [*Call(max, *of(*[A(2, 3)] * count)).samples()]
    for i in range(count):
        assert len({(sample.arrays[i].dtype, sample.layouts[i]) for sample in every}) == 12
    if count > 1:
        assert len({tuple(x.dtype for x in sample.arrays[:2]) for sample in every}) == 4


@given(programs())
def test_gradients_of_a_random_program_equal_the_slope(program):
    check(program, program.arrays)
    check_along(differentiated(program, program.arrays, 1), program.arrays)


@given(programs())
def test_random_program_gives_the_same_again(program):
    first = program(*program.arrays)
    recorded, pull = vjp(program, *program.arrays)
    assert np.array_equal(first, program(*program.arrays))
    assert np.array_equal(first, recorded)
    for g, h in zip(pull(first), vjp(program, *program.arrays)[1](first), strict=True):
        assert np.array_equal(g, h)


@given(programs())
def test_random_program_is_bounded_and_finite(program):
    assert np.all(abs(program(*program.arrays)) <= 8 * 32)


@given(programs())
def test_random_program_is_printed_as_it_runs(program):
    names = {"np": np}
    text, call = repr(program).rsplit("\n", 1)
    exec(text, names)
    for name, x in zip(program.names, program.arrays, strict=True):
        assert names[name].dtype == x.dtype
        assert np.array_equal(names[name], x)
    assert np.allclose(eval(call, names), program(*program.arrays), rtol=1e-4)


@pytest.mark.parametrize("piece", ["@", "np.concatenate", "np.var", "[[0, 0, -1]]", "np.tanh", "np.split"])
def test_random_program_shrinks_to_few_lines(piece):
    *lines, _ = find(programs(), lambda program: piece in program.source, settings=LITTLE).source.splitlines()[1:]
    assert piece in lines[-1]
    assert len(lines) <= 4


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)


def test_library_needs_none_of_it():
    code = "import sys, tinygrad_edu; print(*sys.modules)"
    loaded = set(run(code).stdout.split())
    assert "tinygrad_edu" in loaded
    assert not loaded & {"tinygrad_edu.testing", "hypothesis", "pytest"}


def test_without_hypothesis_it_says_what_to_install():
    ended = run("import sys; sys.modules['hypothesis'] = None; import tinygrad_edu.testing")
    said = "ModuleNotFoundError: tinygrad_edu.testing needs hypothesis; pip install 'tinygrad_edu[test]'"
    assert ended.stderr.splitlines()[-1] == said


def test_it_needs_no_pytest():
    assert run("import sys; sys.modules['pytest'] = None; import tinygrad_edu.testing").returncode == 0


@given(like({"w": np.ones((2, 3), np.float32), "b": 0.5, "n": 3, "mask": np.array([True, False])}))
def test_a_tree_like_another_has_its_structure_shapes_and_dtypes(tree):
    assert (tree["w"].shape, tree["w"].dtype, type(tree["b"]), tree["n"]) == ((2, 3), np.float32, float, 3)
    assert tree["mask"].tolist() == [True, False]
    assert 1.0 not in tree["w"]


def test_a_wrong_gradient_fails_with_the_report():
    with pytest.raises(AssertionError, match="WRONG in x"):
        assert_gradient(lambda x: np.sum(x**2), np.ones(2), gradient=lambda x: x)
