"""The sweep in eight lines that `docs/studying.md` shows is the engine's: on random programs both give the same."""

import re
from pathlib import Path

import numpy as np
from hypothesis import assume, given

import tinygrad_edu as tg
from tinygrad_edu.core.tape import order, sweep
from tinygrad_edu.testing.programs import programs

TEXT = (Path(__file__).parents[2] / "docs" / "studying.md").read_text(encoding="utf-8")


def learner_sweep():
    """The function as it stands in the text."""
    shown = re.search(r"(?ms)^>>> from tinygrad_edu\.core.*?^>>> def backprop.*?(?=^>>> (?!from)|^```)", TEXT).group()
    names = {"tg": tg}
    exec("".join(line[4:] + "\n" for line in shown.splitlines()), names)
    return names["backprop"]


backprop = learner_sweep()


def test_it_is_eight_lines():
    body = re.search(r"(?ms)^>>> def backprop.*?$\n((?:^\.\.\. .*?$\n)+)", TEXT).group(1)
    assert len(body.splitlines()) == 8


@given(programs())
def test_both_sweeps_give_the_same_to_the_bit(program):
    leaves = [tg.Value(x) for x in program.arrays]
    z = program(*leaves)
    assume(isinstance(z, tg.Value) and z.function)
    tape, seed = order([z]), np.ones(z.shape)[()]
    # Where one operation takes a Value twice, the two sweeps add its two shares in another order.
    inputs = [[x for x in y.inputs if isinstance(x, tg.Value)] for y in tape]
    assume(all(len({*entries}) == len(entries) for entries in inputs))
    with np.errstate(all="ignore"):
        slopes = backprop(tape, seed)
        swept, inner = sweep(tape, {z: seed}, inner=True)
    for x in tape:
        np.testing.assert_array_equal(slopes[x], swept[x] if x in swept else inner[x])


def test_where_paths_meet_it_adds():
    x = tg.Value(3.0)
    z = x * x + np.sin(x)
    np.testing.assert_array_equal(backprop(order([z]), 1.0)[x], 2 * 3.0 + np.cos(3.0))
