"""Random programs, compiled: forward and all gradients are those of the functions, call after call."""

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_edu as tg
from tests.compiler.agreement import WAYS, Trial, redrawn, squares
from tinygrad_edu.testing.programs import LINES, ROUGH, WRITING, Program, programs

MANY = 5000 if settings.default.max_examples >= 50 else 150


def gradients(count):
    return lambda run: tg.value_and_grad(squares(run), tuple(range(count)))


def check(function_of, program):
    with np.errstate(all="ignore"):
        for way in WAYS:
            trial = Trial(function_of, program, way)
            results = [trial.call(program.arrays, program.others)]
            for seed in range(4):
                results.append(trial.call(*redrawn(program, seed)))
            results.append(trial.call(program.arrays, program.others))
            fine = [x for x in results if not isinstance(x, Exception)]
            finite = all(np.all(np.isfinite(z)) for x in fine for z in tg.tree.leaves(x))
            if finite and "** n" not in program.source:  # the slope of a power is another where n is 0
                assert trial.compiled.fallbacks <= len(results) - len(fine), f"{way}: {trial}"


@settings(max_examples=MANY)
@given(programs(lines=[*LINES, *ROUGH, *WRITING]))
def test_programs_run_as_their_functions(program):
    check(lambda run: run, program)


@settings(max_examples=MANY)
@given(programs(lines=[*LINES, *ROUGH]))
def test_programs_have_the_gradients_of_their_functions(program):
    check(gradients(len(program.arrays)), program)


@pytest.mark.parametrize("line", [*ROUGH, *WRITING])
def test_every_line_compiles(line):
    source = "\n    ".join(
        ["def program(a, b, s, n, i):", line if line.startswith("{z}") else f"{{z}} = {line}", "return d"]
    )
    arrays = np.linspace(-1.5, 1.5, 9).reshape(3, 3), np.cos(np.arange(9.0)).reshape(3, 3)
    program = Program(source.format(x="a", y="b", a="a", z="d"), arrays, {"s": 0.5, "n": 2, "i": np.array([1, 2])})
    trial = Trial(lambda run: run, program, "default")
    result = trial.call(program.arrays, program.others)
    assert not isinstance(result, Exception)
    trial.call(*redrawn(program, 1))
    assert trial.compiled.fallbacks == 0
