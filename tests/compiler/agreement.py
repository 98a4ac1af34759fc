"""What a compiled program is held to: the function it was made of, on arrays of every kind.

eager     what the function itself gives
compiled  what its program gives
"""

import itertools

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import Value, tree
from tinygrad_edu.testing.calls import DTYPES, LAYOUTS, outcome
from tinygrad_edu.testing.oracles import ROUNDINGS, eps

WAYS = {"default": {}, "plain": {"plain": True}, "reuse_outputs": {"reuse_outputs": True}}


def numbers(x):
    """The plain numbers in a tree."""
    return [leaf._payload if isinstance(leaf, Value) else leaf for leaf in tree.leaves(x)]


def redrawn(program, seed):
    """Arrays like those of a program: of its shapes or their reverse, other dtypes, layouts and numbers."""
    generator = np.random.default_rng(seed)
    kinds = itertools.cycle(generator.permutation([*itertools.product(range(len(DTYPES)), LAYOUTS)]).tolist())
    arrays = []
    for x, (dtype, layout) in zip(program.arrays, kinds, strict=False):
        shape = x.shape if seed % 3 else x.shape[::-1]
        drawn = np.asarray(generator.uniform(-2, 2, shape)).astype(DTYPES[int(dtype)] if seed % 2 else x.dtype)
        arrays.append(LAYOUTS[layout](drawn) if shape and seed % 2 else np.array(drawn))
    others = {"s": float(generator.uniform(-2, 2)), "n": int(generator.integers(4)), "i": generator.integers(0, 9, 2)}
    return arrays, {key: others[key] for key in program.others}


def squares(run):
    """The function that adds up squares of what `run` gives, beside more that is smooth."""
    return lambda *arrays: np.sum(np.sin(z := run(*arrays)) + z * z / 8)


def rounded(function_of, program, arrays, others):
    """Bound what roundings do to a result: move inputs and every line's result by as much as they round."""
    generator, step = np.random.default_rng(0), eps(arrays)
    x = [np.asarray(x, np.float64) for x in arrays]

    def wiggle(z):
        moved = z * (1 + step * generator.choice([-1.0, 1.0], np.shape(z)))
        return np.asarray(moved) if type(z) is np.ndarray else moved

    def run(wrap):
        wrapped = function_of(program.defined(wrap))
        return numbers(wrapped(*map(wrap, x), *others.values()))

    here = run(lambda z: z)
    moved = [run(wiggle) for _ in range(8)]
    spread = [np.max([abs(m[k] - here[k]) for m in moved], axis=0) for k in range(len(here))]
    return [ROUNDINGS * (np.max(each, initial=0.0) + step * abs(z)) for each, z in zip(spread, here, strict=True)]


def difference(eager, compiled, bounds):
    """In what a compiled result differs, by more than the bounds; without bounds, in any bit."""
    if isinstance(eager, Exception) or isinstance(compiled, Exception):
        alike = type(eager) is type(compiled) and str(eager) == str(compiled)
        return None if alike else f"{eager!r} against {compiled!r}"
    for k, (x, y) in enumerate(zip(numbers(eager), numbers(compiled), strict=True)):
        kinds = [(type(z), z.dtype, z.shape) if hasattr(z, "dtype") else type(z) for z in (x, y)]
        if kinds[0] != kinds[1]:
            return f"{kinds[0]} against {kinds[1]}"
        if np.array_equal(x, y, equal_nan=True):
            continue
        if bounds is None:
            return f"bits: {x!r} against {y!r}"
        with np.errstate(invalid="ignore"):
            excess = abs(x - y) - bounds[k]
        if not np.all(excess <= 0):
            return f"{x!r} against {y!r}, bound {np.max(bounds[k])}"
    return None


def sharing(results, arrays):
    """Which results share memory with each other and with which arrays."""
    held = [*enumerate(x for x in numbers(results) if isinstance(x, np.ndarray))]
    pairs = [(i, j) for (i, x), (j, y) in itertools.combinations(held, 2) if np.may_share_memory(x, y)]
    given = [(i, f"input {j}") for i, x in held for j, y in enumerate(arrays) if np.shares_memory(x, y)]
    return {*pairs, *given}


class Trial:
    """A function beside its compiled self, called with one set of arguments after the other."""

    def __init__(self, function_of, program, way):
        self.function_of, self.program, self.way = function_of, program, way
        self.function = function_of(program.run)
        self.compiled = tg.compile(self.function, **WAYS[way])
        self.kept = []

    def call(self, arrays, others):
        """Call both, and fail unless they agree; what earlier calls gave and what goes in stays as it is."""
        copies = [np.array(x) for x in arrays]
        eager = outcome(self.function, *arrays, *others.values())
        compiled = outcome(self.compiled, *arrays, *others.values())
        failed = isinstance(eager, Exception)
        bounds = None
        if not failed and self.way != "plain":
            bounds = rounded(self.function_of, self.program, arrays, others)
        found = difference(eager, compiled, bounds)
        assert found is None, f"{self.way}: {found}\n{self}"
        assert all(np.array_equal(x, y) for x, y in zip(arrays, copies, strict=True)), f"{self.way}: an input\n{self}"
        if not failed:
            beyond = sharing(compiled, arrays) - sharing(eager, arrays)
            assert not beyond, f"{self.way}: memory is shared: {beyond}\n{self}"
            self.kept.append((numbers(compiled), [np.array(x) for x in numbers(compiled)]))
        self.check_kept()
        return eager

    def check_kept(self):
        """Fail if a later call has changed what an earlier one gave."""
        for results, copies in self.kept[-2:] if self.way == "reuse_outputs" else self.kept:
            for x, y in zip(results, copies, strict=True):
                assert np.array_equal(x, y, equal_nan=True), f"{self.way}: an earlier result\n{self}"

    def __str__(self):
        text = self.compiled.source if self.compiled._programs else ""
        return f"{self.program!r}\n{text}"
