"""What is asked of a row beside its slopes: the function's own value, gradients of their own, no side effects."""

from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.check.measure import signs
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Entry, order, payload
from tinygrad_edu.core.value import Value
from tinygrad_edu.testing.calls import Array, Call, Sample, outcome
from tinygrad_edu.testing.oracles import ROUNDINGS, assert_close, eps, fail, gradient, largest, weights


def recorded(sample: Sample) -> Any:
    """The entry of a call; of a function with several results, the one that holds all of them."""
    z = sample.results(*map(Value, sample.arrays))
    joined = table[sample.call.function].joined
    entries = order(part for part in z if isinstance(part, Entry)) if joined else []
    return next((entry for entry in entries if entry.function is joined), None) if joined else z


def check_keywords(calls: list[Call]) -> None:
    """Fail unless the calls use every keyword that the row accepts, and any other is refused by name."""
    call, used = calls[0], set()
    for each in calls:
        used |= {*(recorded(each.draw(0)).keywords or {})}
    for key in sorted(table[call.function].keywords - used):
        fail("the domain has no call with a keyword that the row accepts", label(call.function), keyword=f"{key}=")
    sample = Call(call.function, call.arguments, call.keywords | {"no_such_keyword": 0}).draw(0)
    answer = outcome(sample, *map(Value, sample.arrays))
    if not isinstance(answer, TypeError):
        fail("an unknown keyword is not refused", sample, got=answer)


def check_value(sample: Sample) -> None:
    """Fail unless the recorded value is the function's own for plain arrays."""
    leaves = [Value(x) for x in sample.arrays]
    wanted = sample(*[x.data for x in leaves])
    recorded = tree.map(lambda z: z.data, sample(*leaves))
    # A row runs the function itself; a composition multiplies at most two of its inputs.
    row = table.get(sample.call.function)
    roundings = 0 if row is not None and row.rules else ROUNDINGS * max(1.0, largest(sample.arrays)) ** 2
    bound = [roundings * eps(sample.arrays)] * len(tree.leaves(wanted))
    assert_close(tree.leaves(recorded), tree.leaves(wanted), bound, "the value is not the function's own", sample)
    kinds = [[np.result_type(z) for z in tree.leaves(numbers)] for numbers in (wanted, recorded)]
    if kinds[0] != kinds[1]:
        fail("the value is not of the function's own dtype", sample, expected=kinds[0], got=kinds[1])


def check_gradients_own(sample: Sample) -> None:
    """Fail unless gradients have the shape and dtype of their inputs, and memory of their own."""
    leaves = [Value(x) for x in sample.arrays]
    seeds = weights(sample, sample.arrays)
    outputs = tree.leaves(sample(*leaves))
    for z, seed in zip(outputs, tree.leaves(seeds), strict=True):
        z.backward(seed)
    entries = dict.fromkeys([*leaves, *outputs])  # a function that has nothing to do may give its input
    results = [z.grad for z in entries] + [*gradient(sample, sample.arrays, seeds)]
    owners = [z.data for z in entries] + [*sample.arrays]
    shapes = [[(x.shape, x.dtype) for x in numbers] for numbers in (owners, results)]
    if shapes[0] != shapes[1]:
        fail("gradients are not like their inputs", sample, expected=shapes[0], got=shapes[1])
    if not all(g.flags.writeable for g in results if isinstance(g, np.ndarray)):
        fail("a gradient cannot be written to", sample)
    for i, g in enumerate(results):
        if any(np.may_share_memory(g, x) for x in results[:i] + owners + tree.leaves(seeds)):
            fail("a gradient shares memory", sample)


def _shares(z: Any, g: Array) -> dict[str, Array]:
    """The share of each input by the rules of an entry, on plain numbers."""
    given = [payload(x) for x in z.inputs]
    ruled = [i for i, x in enumerate(z.inputs) if isinstance(x, Entry)]
    return {f"argument {i}": table[z.function].rules[i](g, payload(z), *given, **(z.keywords or {})) for i in ruled}


def _cotangent(z: Any) -> Array:
    return np.array(signs(z.shape, 0).astype(z.dtype))


def check_rules_own(sample: Sample, other: Sample) -> None:
    """Fail if function or rules write into their arguments, or keep state from one call to the next."""
    z = recorded(sample)
    g = _cotangent(z)
    given = {"the cotangent": g, "the output": payload(z)}
    given |= {f"argument {i}": payload(x) for i, x in enumerate(z.inputs) if isinstance(payload(x), np.ndarray)}
    kept = {what: np.copy(x) for what, x in given.items()}
    pulled = _shares(z, g)
    first = {what: np.copy(share) for what, share in pulled.items()}
    _assert_same("a rule writes into {}", kept, given, sample)
    elsewhere = recorded(other)
    _shares(elsewhere, _cotangent(elsewhere))
    _assert_same("another call overwrites {}", kept, given, sample)
    _assert_same("another call overwrites what the rule gave for {}", first, pulled, sample)
    _assert_same("after another call, the rule gives something else for {}", first, _shares(z, g), sample)


def _assert_same(claim: str, before: dict[str, Array], after: dict[str, Array], sample: Sample) -> None:
    """Fail where arrays changed."""
    for what, x in after.items():
        if not np.array_equal(before[what], x, equal_nan=True):
            fail(claim.format(what), sample, expected=before[what].tolist(), got=np.asarray(x).tolist())
