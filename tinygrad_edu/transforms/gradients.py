"""Gradients, and products with Jacobians and Hessians: functions made of functions, of any order, over trees.

f        the function, of any arguments; those differentiated are trees of numbers
argnums  which arguments: an index, or a tuple of them
run      one run of f on Values, a `Pullback`
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.context import Recording, is_recording
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.core.rules import Array, Function
from tinygrad_edu.core.tape import Entry, order, record, serials
from tinygrad_edu.core.value import Value
from tinygrad_edu.transforms.pullback import Argnums, Pullback, match_tree, sum_seeds, to_caller


def _unit_seed(caller: str, run: Pullback) -> Array:
    """The 1 from which the gradient starts, of a function that gave one number."""
    z = run.output
    if not isinstance(z, Value) or z.size != 1:
        what = f"shape {z.shape}" if isinstance(z, Value) else f"a {type(z).__name__}"
        raise ValueError(f"{caller}: the function must return a single number, got {what}; sum it, or use jacobian")
    return z.dtype.type(1) if isinstance(z._data, np.generic) else np.ones_like(z._data)[()]


def _check_sequences(caller: str, primals: Any, tangents: Any) -> None:
    for given in (primals, tangents):
        if not isinstance(given, (tuple, list)):
            what = f"got a {type(given).__name__}"
            raise TypeError(f"{caller}(f, primals, tangents): {what}; pass two tuples, an element for each argument")


def _noted(made: Function, place: str, argnums: Argnums) -> Function:
    """The same function, with a note of where its result holds the slopes by which arguments, to name them by."""
    places = {place: argnums} if isinstance(argnums, int) else {f"{place}[{k}]": i for k, i in enumerate(argnums)}
    made.__dict__["gradients"] = places
    return made


def value_and_grad(f: Function, argnums: Argnums = 0) -> Function:
    """The function that gives the value of `f` and its gradient.

    The gradient is a tree like the argument; with a tuple of `argnums`, a tuple of such trees. It is
    plain numbers where plain numbers came in, and Values, to be differentiated further, where Values
    are involved (except under `no_grad`).

    >>> value_and_grad(lambda p: p["w"] ** 2 + p["b"])({"w": 3.0, "b": 1.0})
    (np.float64(10.0), {'w': np.float64(6.0), 'b': np.float64(1.0)})

    Raises:
        TypeError: `f` returned something that no recorded operation made.
        ValueError: `f` returned more than one number, or `argnums` does not fit.
    """

    @functools.wraps(f)
    def with_gradient(*args: Any) -> tuple[Any, Any]:
        run = Pullback("grad", f, args, argnums)
        swept = run.pull([_unit_seed("grad", run)])
        return run.value(), swept[0] if isinstance(argnums, int) else tuple(swept)

    return _noted(with_gradient, "[1]", argnums)


def grad(f: Function, argnums: Argnums = 0) -> Function:
    """The function that gives the gradient of `f`; it can be differentiated again.

    >>> grad(grad(lambda x: x ** 3))(2.0)
    np.float64(12.0)

    Raises: as `value_and_grad`.
    """

    @functools.wraps(f)
    def gradient(*args: Any) -> Any:
        return value_and_grad(f, argnums)(*args)[1]

    return _noted(gradient, "", argnums)


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """The output of `f`, and the function that pulls a cotangent of it back to `primals`.

    >>> z, pull = vjp(lambda x: np.array([1.0, 2.0]) * x, 3.0)
    >>> pull(np.array([1.0, 10.0]))
    (np.float64(21.0),)
    """
    run = Pullback("vjp", f, primals, range(len(primals)))

    def pull(cotangent: Any) -> Any:
        seeds = match_tree("vjp", "cotangent", cotangent, run.output)
        involved = any(isinstance(g, Entry) for g in seeds)
        return tuple(run.pull(seeds, is_recording() and (run.recorded or involved)))

    return run.value(), pull


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The output of `f`, and how fast it changes when `primals` move along `tangents`.

    A pull-back is linear in its cotangent, so pulling `tangents` back through it pushes them forward.

    >>> jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.5))
    (np.float64(12.0), np.float64(5.5))

    Source: the double-vjp construction, J. Townsend, 2017.
    """
    _check_sequences("jvp", primals, tangents)
    run = Pullback("jvp", f, tuple(primals), range(len(primals)))
    directions = match_tree("jvp", "tangent", tuple(tangents), tuple(run.rebuild(run.variables)))
    with Recording(True):
        dummies = [record(Value, np.zeros_like(z._data)[()]) for z in run.outputs]
        since = next(serials)
        pulled = tree.leaves(run.pull(dummies, recorded=True))
    involved = any(isinstance(v, Entry) for v in directions)
    recorded = is_recording() and (run.recorded or involved)
    swept, _ = gradients(order(pulled, since), sum_seeds(pulled, directions), since, recorded=recorded)
    pushed = [to_caller(swept.get(u, u._data), recorded, False) for u in dummies]
    return run.value(), run.rebuild_output(pushed)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of `f` times `tangents`, without building it: the gradient of ⟨grad f, tangents⟩.

    >>> hvp(lambda x: np.sum(x ** 3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    (array([ 6., 12.]),)

    Source: Pearlmutter, 1994.
    """
    _check_sequences("hvp", primals, tangents)
    everything = range(len(primals))
    run = Pullback("hvp", grad(f, everything), tuple(primals), everything)
    return tuple(run.pull(match_tree("hvp", "tangent", tuple(tangents), run.output)))
