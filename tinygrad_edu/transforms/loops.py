"""Loops, and what else is run again in the sweep: `scan`, `while_loop`, `checkpoint`.

carry  what a step hands to the next
x      what a step is given: the i-th of each array of xs
y      what a step gives beside the carry
"""

import functools
import math
import operator
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.context import OuterArray, Recording, Tracer
from tinygrad_edu.core.rules import Function
from tinygrad_edu.core.tape import payload
from tinygrad_edu.transforms.batching import levels, unwrapped, wrapped
from tinygrad_edu.transforms.loop_entries import Leaves, Loop, run
from tinygrad_edu.transforms.pullback import function_of
from tinygrad_edu.tree import Tree


def scan(step: Function, carry: Tree, xs: Tree = None, length: int | None = None, checkpoint: bool = False) -> Any:
    """The last carry and all ys of a loop: ``carry, y = step(carry, x)`` for each x along the first axis of `xs`.

    It is what a plain Python loop computes, with ys stacked, as one entry of the tape. The sweep keeps the carries
    only, and runs each step again for its slopes. What `step` closes over has its gradient, too. `step` must give the
    same for the same: it is run more than once.

    >>> position, path = scan(lambda c, x: (c + x, c * x), 0.0, np.array([1.0, 2.0, 3.0]))
    >>> position, path
    (np.float64(6.0), array([0., 2., 9.]))

    Args:
        step: step(carry, x) gives the next carry and a y, each a tree; a carry stays as it is in structure, shapes
            and dtypes.
        carry: what the first step is given.
        xs: a tree of arrays whose first axis the loop goes along; None, if each step is given None.
        length: how many steps; only needed if there is no array in `xs`.
        checkpoint: keep but √n of the carries for the sweep, and compute the others again from them.

    Raises:
        TypeError: `step` does not give a carry and a y, or xs holds single numbers.
        ValueError: a carry changes in structure, shape or dtype, a y differs from the first; the arrays of xs have
            different lengths; there is no step.

    Source: `jax.lax.scan`, and for its derivative, "reverse-mode of scan" there: the transposed loop.
    """
    if not callable(step):
        raise TypeError(f"scan(step, carry, xs): step is a {type(step).__name__}; give a function of a carry and an x")
    n = _count(xs, length)
    if checkpoint and n > 1:
        return _in_segments(step, carry, xs, n)
    carry = _tree_of_numbers("carry", carry)
    body = Step(step, carry, xs)
    c, x = tree.leaves(carry), tree.leaves(xs)
    last, ys = _of_all_examples(body, n, c, x, sizes) if (sizes := levels.get()) else run(Loop(body, n), c, x)
    return tree.unflatten(carry, last), tree.unflatten(body.y, ys)


def _of_all_examples(step: "Step", n: int, c: Leaves, xs: Leaves, sizes: tuple[int, ...]) -> tuple[Leaves, Leaves]:
    """The last carry and the ys inside of `vmap`: the loop goes through the steps of all examples at once."""

    def body(c: Leaves, x: Leaves) -> tuple[Leaves, Leaves]:
        token = levels.set(sizes)  # the sweep comes here after `vmap` has ended
        try:
            made = step(*([wrapped(a, sizes) for a in leaves] for leaves in (c, x)))
            c, y = ([unwrapped(a, sizes) for a in leaves] for leaves in made)
        finally:
            levels.reset(token)
        return c, y

    body.__name__ = repr(step)
    ahead = len(sizes)
    along = [np.moveaxis(unwrapped(x, sizes), ahead, 0) for x in xs]
    last, ys = run(Loop(body, n), [unwrapped(a, sizes) for a in c], along)
    return [wrapped(a, sizes) for a in last], [wrapped(np.moveaxis(y, 0, ahead), sizes) for y in ys]


def while_loop(condition: Function, step: Function, carry: Tree, limit: int) -> Tree:
    """The carry after ``carry = step(carry)``, done while ``condition(carry)`` holds, but at most `limit` times.

    How many steps there are is held constant, as by every loop with a condition.

    >>> while_loop(lambda x: x < 100, lambda x: 2 * x, 3.0, limit=10)
    np.float64(192.0)

    Raises:
        TypeError: `limit` is no whole number, or the condition gives more than one truth value; and as `scan`.
    """
    condition, step = function_of("while_loop", condition), function_of("while_loop", step)
    limit, carry = _whole("while_loop", "limit", limit), _tree_of_numbers("carry", carry)
    n, c = 0, tree.map(payload, carry)
    with Recording(False):
        # for each example, or for other numbers at a later run of a program, there may be another answer
        differs = limit > 0 and isinstance(payload(condition(c)), (OuterArray, Tracer))
        while n < limit and not differs and _holds(condition(c)):
            n, c = n + 1, tree.map(payload, step(c))
    if differs:
        return _masked(condition, step, carry, limit)
    return scan(lambda c, _: (step(c), None), carry, length=n)[0] if n else carry


def _masked(condition: Function, step: Function, carry: Tree, limit: int) -> Tree:
    """The same by a loop of `limit` steps, which change nothing once the condition does not hold."""

    def go_on(c: Tree, _: None) -> tuple[Tree, None]:
        holds = condition(c)
        where: Function = np.where
        return tree.map(lambda old, new: where(holds, new, old)[()], c, step(c)), None

    return scan(go_on, carry, length=limit)[0]


def checkpoint(function: Function) -> Function:
    """The same function, but the tape forgets what went on inside, and runs it again in the sweep.

    So the memory that is needed inside `function` is needed in the sweep only, for one call at a time.

    >>> from tinygrad_edu.transforms import grad
    >>> grad(lambda x: np.sum(checkpoint(np.tanh)(x) ** 2))(np.array([0.0, 0.5]))
    array([0.        , 0.72686198])

    Source: Griewank and Walther, "Revolve", 2000.
    """
    function_of("checkpoint", function)

    @functools.wraps(function)
    def checkpointed(*args: Any, **keywords: Any) -> Any:
        _, ys = scan(lambda _, __: (None, function(*args, **keywords)), None, length=1)
        return tree.map(lambda y: y[0], ys)

    return checkpointed


def _count(xs: Tree, length: int | None) -> int:
    """The number of steps."""
    given = dict(zip(tree.paths(xs), tree.leaves(xs), strict=True))
    for path, x in given.items():
        if not np.ndim(x):
            what = f"xs{path} is a single number, {x!r}, and has no axis to go along"
            raise TypeError(f"scan: {what}; lists are trees: pass np.array([...])")
    lengths = {f"xs{path}": np.shape(x)[0] for path, x in given.items()}
    if length is not None:
        lengths = {"length": _whole("scan", "length", length)} | lengths
    if not lengths:
        raise ValueError("scan: there is no array in xs, so the number of steps is not known; pass length=")
    if len({*lengths.values()}) > 1:
        told = ", ".join(f"{n} ({name})" for name, n in lengths.items())
        raise ValueError(f"scan: the numbers of steps differ: {told}; give arrays of one length")
    n: int = next(iter(lengths.values()))
    if n < 1:
        raise ValueError(f"scan: got {n} steps, and without one it is not known what a step gives; give at least one")
    return n


def _whole(caller: str, name: str, n: Any) -> int:
    """A whole number; a traced one raises what makes it known."""
    if not hasattr(n, "__index__"):
        raise TypeError(f"{caller}: {name} is {n!r}; give a whole number")
    whole: int = operator.index(n)
    return whole


def _holds(answer: Any) -> bool:
    """Whether a condition holds, which must be one truth value."""
    if np.ndim(answer):
        what = f"an array of shape {np.shape(answer)}"
        raise TypeError(f"while_loop: the condition gave {what}; it must give one truth value: use np.any or np.all")
    return bool(payload(answer))


def _number(x: Any) -> Any:
    """A leaf as an array or a number of NumPy's."""
    return x if hasattr(x, "dtype") else np.asarray(x)[()]


def _in_segments(step: Function, carry: Tree, xs: Tree, n: int) -> Any:
    """`scan` with √n memory: a loop over segments of √n steps keeps the carries between them, and a segment its own."""
    m = math.isqrt(n)
    k = n // m

    def segment(c: Tree, x: Tree) -> Any:
        return scan(step, c, x, m)

    whole = tree.map(lambda x: np.reshape(x[: k * m], (k, m, *np.shape(x)[1:])), xs)
    carry, ys = scan(segment, carry, whole, k)
    ys = tree.map(lambda y: np.reshape(y, (k * m, *np.shape(y)[2:])), ys)
    if k * m == n:
        return carry, ys
    carry, rest = scan(step, carry, tree.map(lambda x: x[k * m :], xs), n - k * m)
    return carry, tree.map(lambda y, z: np.concatenate([y, z]), ys, rest)


class Step:
    """The body that a user's step is; it makes sure that every step gives what it must."""

    def __init__(self, step: Function, carry: Tree, xs: Tree) -> None:
        self.step, self.carry, self.y = step, carry, None
        self.rebuild_carry, self.rebuild_x = tree.flatten(carry)[1], tree.flatten(xs)[1]
        self._ys: Leaves | None = None

    def __call__(self, c: Leaves, x: Leaves) -> tuple[Leaves, Leaves]:
        """The leaves of the next carry and of the y."""
        result = self.step(self.rebuild_carry(c), self.rebuild_x(x))
        if not isinstance(result, tuple) or len(result) != 2:
            got = f"a tuple of {len(result)}" if isinstance(result, tuple) else f"a {type(result).__name__}"
            raise TypeError(f"scan: step returned {got}; it must return a pair, the next carry and a y (or None)")
        if self._ys is None:
            # like the y, but without the tape that leads to it
            self.y = tree.map(lambda y: np.broadcast_to(y.dtype.type(0), y.shape), _tree_of_numbers("y", result[1]))
            self._ys = tree.leaves(self.y)
        return _like("carry", c, self.carry, result[0]), _like("y", self._ys, self.y, result[1])

    def __repr__(self) -> str:
        return getattr(self.step, "__name__", type(self.step).__name__)


def _tree_of_numbers(what: str, given: Tree) -> Tree:
    """A tree with arrays and numbers of NumPy's for leaves."""
    try:
        return tree.map(_number, given)
    except TypeError as misfit:
        raise TypeError(f"scan: the {what} {str(misfit).removeprefix('tree.map: ')}") from None


def _like(what: str, leaves: Leaves, structure: Tree, given: Tree) -> Leaves:
    """The leaves of what a step gives; structure, shapes and dtypes must be as they were."""
    found: Leaves = []
    try:
        tree.map(lambda _, x: found.append(x), structure, given)
    except ValueError as misfit:
        differ = str(misfit).removeprefix("tree.map: at the top the trees differ: ").removeprefix("tree.map: ")
        differ = differ.partition(";")[0]
        raise ValueError(f"scan: the {what} of a step has another structure than before: {differ}") from None
    for i, x in enumerate(found):
        if not tree.is_leaf(x):
            differ = f"a number at {what}{tree.paths(structure)[i]} against a {type(x).__name__}"
            raise ValueError(f"scan: the {what} of a step has another structure than before: {differ}")
        found[i] = _number(x)
    return [_same_kind(what, i, x, old, structure) for i, (x, old) in enumerate(zip(found, leaves, strict=True))]


def _same_kind(what: str, i: int, x: Any, old: Any, structure: Tree) -> Any:
    """`x`, whose shape and dtype must be those of `old`."""
    if x.shape == old.shape and x.dtype == old.dtype:
        return x
    place = f"{what}{tree.paths(structure)[i]}"
    if x.shape != old.shape:
        raise ValueError(f"scan: {place} has shape {old.shape} before a step and {x.shape} after it; keep its shape")
    raise ValueError(f"scan: {place} is {old.dtype} before a step and {x.dtype} after it; begin with it, or cast it")
