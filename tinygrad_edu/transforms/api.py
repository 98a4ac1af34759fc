"""Functions from functions to functions: gradients, Jacobians, Hessians, of any order, over trees.

f        the function, of any arguments; those differentiated are trees of numbers
argnums  which arguments: an index, or a tuple of them
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.context import Recording, is_recording
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.core.tape import Entry, order, record, serials
from tinygrad_edu.core.value import Value
from tinygrad_edu.transforms.jacobians import batched_rows
from tinygrad_edu.transforms.pullback import Argnums, Function, Trace, alike, sum_seeds, to_caller


def _number(caller: str, trace: Trace) -> Any:
    """Check that the function gave one number, and give the 1 from which its gradient starts."""
    z = trace.output
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
    """Make the function that gives the value of `f` and its gradient.

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
        trace = Trace("grad", f, args, argnums)
        swept = trace.sweep([_number("grad", trace)])
        return trace.value(), swept[0] if isinstance(argnums, int) else tuple(swept)

    return _noted(with_gradient, "[1]", argnums)


def grad(f: Function, argnums: Argnums = 0) -> Function:
    """Make the function that gives the gradient of `f`; it can be differentiated again.

    >>> grad(grad(lambda x: x ** 3))(2.0)
    np.float64(12.0)

    Raises: as `value_and_grad`.
    """

    @functools.wraps(f)
    def gradient(*args: Any) -> Any:
        return value_and_grad(f, argnums)(*args)[1]

    return _noted(gradient, "", argnums)


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """Run `f` and give its output with the function that pulls a cotangent of it back to `primals`.

    >>> z, pull = vjp(lambda x: np.array([1.0, 2.0]) * x, 3.0)
    >>> pull(np.array([1.0, 10.0]))
    (np.float64(21.0),)
    """
    trace = Trace("vjp", f, primals, range(len(primals)))

    def pull(cotangent: Any) -> Any:
        seeds = alike("vjp", "cotangent", cotangent, trace.output)
        involved = any(isinstance(g, Entry) for g in seeds)
        return tuple(trace.sweep(seeds, is_recording() and (trace.recorded or involved)))

    return trace.value(), pull


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Give the output of `f` and how fast it changes when `primals` move along `tangents`.

    A pull-back is linear in its cotangent, so pulling `tangents` back through it pushes them forward.

    >>> jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.5))
    (np.float64(12.0), np.float64(5.5))

    Source: the double-vjp construction, J. Townsend, 2017.
    """
    _check_sequences("jvp", primals, tangents)
    trace = Trace("jvp", f, tuple(primals), range(len(primals)))
    directions = alike("jvp", "tangent", tuple(tangents), tuple(trace.rebuild(trace.variables)))
    with Recording(True):
        dummies = [record(Value, np.zeros_like(z._data)[()]) for z in trace.outputs]
        since = next(serials)
        pulled = tree.leaves(trace.sweep(dummies, recorded=True))
    involved = any(isinstance(v, Entry) for v in directions)
    recorded = is_recording() and (trace.recorded or involved)
    swept, _ = gradients(order(pulled, since), sum_seeds(pulled, directions), since, recorded=recorded)
    pushed = [to_caller(swept.get(u, u._data), recorded, False) for u in dummies]
    return trace.value(), trace.rebuild_output(pushed)


def jacobian(f: Function, argnums: Argnums = 0) -> Function:
    """Make the function that gives every slope of every output of `f`, of shape output + input.

    Outputs and arguments may be trees: the result is a tree like the output, of trees like the argument.

    >>> jacobian(lambda x: x ** 2)(np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])
    """

    @functools.wraps(f)
    def slopes(*args: Any) -> Any:
        trace = Trace("jacobian", f, args, argnums)
        rows = batched_rows(trace)
        made = []
        start = 0
        for z in trace.outputs:
            parts = rows if len(trace.outputs) == 1 else [g[start : start + z.size] for g in rows]
            start += z.size
            shaped = [g if z.ndim == 1 else np.reshape(g, z.shape + g.shape[1:]) for g in parts]
            own = zip(shaped, trace.numbers, strict=True)
            one = trace.rebuild([to_caller(g, trace.recorded, isinstance(x, Entry)) for g, x in own])
            made.append(one[0] if isinstance(argnums, int) else tuple(one))
        return trace.rebuild_output(made)

    return slopes


def hessian(f: Function, argnums: int = 0) -> Function:
    """Make the function that gives the second derivatives of `f`: the Jacobian of its gradient.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 2.0]))
    array([[4., 6.],
           [6., 0.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """Multiply the Hessian of `f` by `tangents` without building it: the gradient of ⟨grad f, tangents⟩.

    >>> hvp(lambda x: np.sum(x ** 3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    (array([ 6., 12.]),)

    Source: Pearlmutter, 1994.
    """
    _check_sequences("hvp", primals, tangents)
    everything = range(len(primals))
    trace = Trace("hvp", grad(f, everything), tuple(primals), everything)
    return tuple(trace.sweep(alike("hvp", "tangent", tuple(tangents), trace.output)))
