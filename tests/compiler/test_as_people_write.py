"""Functions as people write them, compiled: they run as they are written, or are refused; hardly any are refused.

Every function follows from its seed: `check(Written(seed))` repeats what a failure prints.
"""

import dataclasses
import warnings
from unittest import mock

import numpy as np
import pytest
from hypothesis import settings

import tinygrad_edu as tg
from tests.compiler.agreement import WAYS, sharing
from tests.compiler.moving import moving
from tests.compiler.written import Written
from tests.compiler.written_arguments import protected
from tinygrad_edu.core import kinks
from tinygrad_edu.core.kinks import count_kinks
from tinygrad_edu.testing.calls import outcome
from tinygrad_edu.testing.oracles import ROUNDINGS

FUNCTIONS, BLOCK = 20_000 if settings.default.max_examples >= 50 else 400, 50
REFUSED = 3  # of a block, at most
CALLS = 6
SHIFTED = "logsumexp", "softmax", "np.log(np.sum"  # slopes of these are rewritten, and rounded otherwise


def flat(x, place="result"):
    """All of a tree, from the top down: where it is, of what kind, and the leaf that stands there."""
    if isinstance(x, dict):
        inside = [(f"{place}[{key!r}]", child) for key, child in x.items()]
    elif isinstance(x, (list, tuple)):
        inside = [(f"{place}[{k}]", child) for k, child in enumerate(x)]
    elif dataclasses.is_dataclass(x):
        inside = [(f"{place}.{field.name}", getattr(x, field.name)) for field in dataclasses.fields(x)]
    else:
        return [(place, (type(x), getattr(x, "dtype", None), np.shape(x)), x)]
    kind = type(x), [*x] if isinstance(x, dict) else len(inside)
    return [(place, kind, None), *(each for path, child in inside for each in flat(child, path))]


def bits(x, y):
    """Whether two leaves are the same to the bit; one NaN is as good as another."""
    if not isinstance(x, (np.ndarray, np.number, float)):
        return np.array_equal(x, y)
    x, y = np.asarray(x), np.asarray(y)
    same_signs = x.dtype.kind != "f" or np.all((np.signbit(x) == np.signbit(y)) | np.isnan(x))
    return bool(np.array_equal(x, y, equal_nan=x.dtype.kind in "fc") and same_signs)


def bounds(written, arguments, expected):
    """How far each leaf may be off: what comes of moving what goes in, and what each line makes, by a rounding."""
    here, function = flat(expected), moving(written.source, np.random.default_rng(0))
    found = [np.zeros(np.shape(x)) for _, _, x in here]
    for _ in range(24):
        there = flat(outcome(function, *arguments))
        if len(there) != len(here):
            return [np.inf] * len(here)
        for k, (x, y) in enumerate(zip(here, there, strict=True)):
            found[k] = np.maximum(found[k], _apart(x[2], y[2]))
    return [ROUNDINGS * (spread + rounding(x)) for spread, (_, _, x) in zip(found, here, strict=True)]


def _apart(x, y):
    """How far two leaves are apart, at most; infinitely, if one is a number and the other is none."""
    if not isinstance(x, (np.ndarray, np.generic, float, int)):
        return 0.0
    x, y = np.asarray(x, complex), np.asarray(y, complex)
    apart = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, abs(x - y))
    return np.max(np.where(np.isnan(apart), np.inf, apart), initial=0.0)


def rounding(x):
    """How far a number is rounded, at most."""
    if not isinstance(x, (np.ndarray, np.floating, float)) or np.asarray(x).dtype.kind != "f":
        return 0.0
    info = np.finfo(np.asarray(x).dtype)
    sizes = np.where(np.isfinite(x), np.abs(x), 0.0)
    return float(info.eps) * sizes + float(info.smallest_subnormal)


def difference(expected, result, allowed=None):
    """What of a compiled result differs, by more than is allowed for each leaf; or in any bit."""
    here, there = flat(expected), flat(result)
    for (place, kind, _), (path, other, _) in zip(here, there, strict=False):
        if (place, kind) != (path, other):
            return f"structure: {kind} at {place}, but {other} at {path}"
    for k, ((place, _, x), (_, _, y)) in enumerate(zip(here, there, strict=True)):
        if not bits(x, y) and (allowed is None or not _near(x, y, allowed[k])):
            kind = "bits" if allowed is None else f"numbers beyond {np.max(allowed[k])}"
            return f"{kind}: {place} is {x!r}, but {y!r}"
    return None


def _near(x, y, allowed):
    """Whether two leaves are as near as is allowed; infinities and NaN stand where they do."""
    x, y = np.asarray(x, complex), np.asarray(y, complex)
    near = (abs(x - y) <= allowed) & np.isfinite(x) & np.isfinite(y)
    return bool(np.all(near | (x == y) | (np.isnan(x) & np.isnan(y)) | np.isinf(allowed)))


def calm(function, arguments):
    """Whether a program need not hand over: all numbers are finite, on the way too, and none is on a kink.

    A derivative of higher order looks at both sides of a kink, which is done eagerly.
    """
    found = []

    def counted(tape, since):
        found.append(count_kinks(tape, since))
        return found[-1]

    with mock.patch.object(kinks, "count_kinks", counted), np.errstate(all="raise", under="ignore"):
        result = outcome(function, *protected(arguments))
    return (
        not any(found)
        and not isinstance(result, Exception)
        and all(isinstance(leaf, int) or np.all(np.isfinite(leaf)) for leaf in tg.tree.leaves((arguments, result)))
    )


def copied(x):
    """What a tree holds now."""
    return [np.array(leaf) for leaf in tg.tree.leaves(x)]


def unchanged(x, copies):
    """Whether a tree still holds what it held."""
    return all(map(bits, map(np.asarray, tg.tree.leaves(x)), copies))


def check(written, way=None):
    """Call a function and its compiled self; the reason if it is refused, None if all is well.

    Raises:
        AssertionError: the two differ.
    """
    way = way or ["default", "plain", "default", "reuse_outputs"][written.seed % 4]
    eager, compiled, kept, restless = written.function, tg.compile(written.function, **WAYS[way]), [], 0
    exact = way == "plain" and not any(shifted in written.source for shifted in SHIFTED)

    def hold(condition, what):
        assert condition, f"{way}, call {call}: {what}\n{written}\n{outcome(lambda: compiled.source)}"

    for call in range(CALLS):
        arguments = written.arguments(call)
        expected = outcome(eager, *protected(arguments))
        if isinstance(expected, ValueError) and "read-only" in str(expected):
            continue  # of this layout, what looked like the function's own is a view of an argument
        before = copied(arguments)
        result = outcome(compiled, *arguments)
        if isinstance(result, tg.TraceError):
            return str(result)
        hold(unchanged(arguments, before), "an argument was written into")
        if isinstance(expected, Exception) or isinstance(result, Exception):
            alike = type(expected) is type(result) and str(expected) == str(result)
            hold(alike, f"raises: {expected!r}, but {result!r}")
            restless += 1
            continue
        found = difference(expected, result)
        if found is not None and not exact:
            found = difference(expected, result, bounds(written, arguments, expected))
        hold(found is None, found)
        beyond = sharing(result, tg.tree.leaves(arguments)) - sharing(eager(*arguments), tg.tree.leaves(arguments))
        hold(not beyond, f"memory is shared: {beyond}")
        kept.append((result, copied(result)))
        for each in kept[-2:] if way == "reuse_outputs" else kept:
            hold(unchanged(*each), "an earlier result was written into")
        restless += not calm(eager, arguments)
        hold(compiled.fallbacks <= restless, f"fallbacks: {compiled.fallbacks}")
    return None


@pytest.mark.parametrize("first", range(0, FUNCTIONS, BLOCK))
def test_functions_run_as_they_are_written(first):
    refused = {}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for seed in range(first, first + BLOCK):
            reason = check(Written(seed))
            if reason is not None:
                refused[seed] = reason
    assert len(refused) <= REFUSED, "\n".join(f"seed {seed}: {reason}" for seed, reason in refused.items())


def wrong_digits(f):
    return lambda *args: tg.tree.map(lambda z: z * (1 + 1e-6) if np.asarray(z).dtype == float else z, f(*args))


def another_dtype(f):
    return lambda *args: tg.tree.map(lambda z: np.asarray(z)[()].astype(np.float32), f(*args))


def zeros_without_signs(f):
    return lambda *args: tg.tree.map(lambda z: z + 0.0 if np.asarray(z).dtype == float else z, f(*args))


def another_structure(f):
    return lambda *args: [f(*args)]


def the_first_numbers(f):
    first = []
    return lambda *args: (first.append(f(*args)), first[0])[1]


def results_of_one_memory(f):
    kept = []

    def run(*args):
        results = tg.tree.leaves(result := f(*args))
        for old, new in zip(kept, results, strict=False):
            if isinstance(old, np.ndarray) and old.shape == np.shape(new) and old.flags.writeable:
                np.copyto(old, new, casting="unsafe")
        kept[:] = results
        return result

    return run


def it_writes_into_what_it_is_given(f):
    def run(*args):
        result = f(*args)
        for x in tg.tree.leaves(args):
            if isinstance(x, np.ndarray) and x.flags.writeable:
                x[...] = 1
        return result

    return run


def it_fails(f):
    return lambda *args: 1 / 0


@pytest.mark.parametrize(
    "fault",
    [
        wrong_digits,
        another_dtype,
        zeros_without_signs,
        another_structure,
        the_first_numbers,
        results_of_one_memory,
        it_writes_into_what_it_is_given,
        it_fails,
    ],
)
def test_a_wrong_compiler_is_caught(fault, monkeypatch):
    class Compiled:
        fallbacks = 0

        def __init__(self, f, **options):
            self.run = fault(f)

        def __call__(self, *args):
            return self.run(*args)

    monkeypatch.setattr(tg, "compile", Compiled)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert any(isinstance(outcome(check, Written(seed), "plain"), AssertionError) for seed in range(40))
