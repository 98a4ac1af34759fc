"""Gradients, and products with Jacobians and Hessians: functions made of functions, of any order, over trees.

f        the function, of any arguments; those differentiated are trees of numbers
argnums  which arguments: an index, the name of one that is given by keyword, or a tuple of these
run      one run of f on Values, a `Pullback`
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.context import Recording, is_recording
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.core.rules import Array, Function, Inputs, Keywords
from tinygrad_edu.core.tape import Entry, order, record, serials
from tinygrad_edu.core.value import Value
from tinygrad_edu.transforms.pullback import (
    Argnums,
    Pullback,
    Transformed,
    function_of,
    match_tree,
    several,
    sum_seeds,
    to_caller,
)
from tinygrad_edu.tree import Tree


def _unit_seed(caller: str, run: Pullback) -> Array:
    """The 1 from which the gradient starts, of a function that gave one number."""
    z, shape = run.outputs[0], run.shape_of(run.outputs[0])
    alone = tree.is_leaf(run.output)
    if not alone or math.prod(shape) != 1:
        what = f"shape {shape}" if alone else f"a {type(run.output).__name__}"
        raise ValueError(f"{caller}: the function must return a single number, got {what}; sum it, or use jacobian")
    if is_complex(z):
        remedy = "take np.real(z), np.imag(z) or abs(z) ** 2 of it; f'(z) of a holomorphic function is vjp's pull(1)"
        raise TypeError(f"{caller}: the function returned a complex number, which does not grow or fall; {remedy}")
    return z.dtype.type(1) if isinstance(z._payload, np.generic) else np.ones_like(z._payload)[()]


def _check_sequences(caller: str, primals: Any, tangents: Any) -> None:
    for given in (primals, tangents):
        if not isinstance(given, (tuple, list)):
            what = f"got a {type(given).__name__}"
            raise TypeError(f"{caller}(f, primals, tangents): {what}; pass two tuples, an element for each argument")


def _noted(made: Transformed, place: str) -> Function:
    """The same function, with a note of where its result holds the slopes by which arguments, to name them by."""
    argnums: Any = made.argnums
    places = {f"{place}[{k}]": i for k, i in enumerate(argnums)} if several(argnums) else {place: argnums}
    made.__dict__["gradients"] = {place: i for place, i in places.items() if isinstance(i, int)}
    return made


def _value_and_gradient(f: Function, argnums: Argnums, args: Inputs, keywords: Keywords) -> tuple[Tree, Tree]:
    run = Pullback("grad", f, args, argnums, keywords, once=True)
    value = run.value()
    swept = run.pull([_unit_seed("grad", run)])
    return value, tuple(swept) if several(argnums) else swept[0]


def _gradient(f: Function, argnums: Argnums, args: Inputs, keywords: Keywords) -> Tree:
    return _value_and_gradient(f, argnums, args, keywords)[1]


def _value_aux_and_gradient(f: Function, argnums: Argnums, args: Inputs, keywords: Keywords) -> tuple[Tree, Tree]:
    kept: list[Tree] = []

    def value(*args: Any, **keywords: Any) -> Array:
        returned = f(*args, **keywords)
        if not isinstance(returned, tuple) or len(returned) != 2:
            what = f"a {type(returned).__name__}"
            raise TypeError(
                f"value_and_grad: with has_aux=True the function must return a pair, value and aux; got {what}"
            )
        kept.append(returned[1])
        return returned[0]

    run = Pullback("grad", value, args, argnums, keywords, once=True)
    with_aux = run.value(), tree.map(run.handed_out, kept[0])
    swept = run.pull([_unit_seed("grad", run)])
    return with_aux, tuple(swept) if several(argnums) else swept[0]


def value_and_grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The function that gives the value of `f` and its gradient.

    The gradient is a tree like the argument; with a tuple of `argnums`, a tuple of such trees. It is
    plain numbers where plain numbers came in, and Values, to be differentiated further, where Values
    are involved (except under `no_grad`). Keyword arguments are passed on; `argnums` may name one.

    >>> value_and_grad(lambda p: p["w"] ** 2 + p["b"])({"w": 3.0, "b": 1.0})
    (np.float64(10.0), {'w': np.float64(6.0), 'b': np.float64(1.0)})

    With `has_aux`, `f` returns a pair, and only its first member is differentiated; the other, any tree, is handed out
    beside the value.

    >>> value_and_grad(lambda p: (p**2, {"error": p - 1}), has_aux=True)(3.0)
    ((np.float64(9.0), {'error': np.float64(2.0)}), np.float64(6.0))

    Of a complex number x + iy the gradient is ∂f/∂x - i ∂f/∂y; docs/complex.md says why, and what descends.

    Raises:
        TypeError: `f` returned something that no recorded operation made, or a complex number, or, with `has_aux`, no
            pair.
        ValueError: `f` returned more than one number, or `argnums` does not fit.
    """
    transform = _value_aux_and_gradient if has_aux else _value_and_gradient
    return _noted(Transformed(transform, function_of("value_and_grad", f), argnums), "[1]")


def grad(f: Function, argnums: Argnums = 0) -> Function:
    """The function that gives the gradient of `f`; it can be differentiated again.

    >>> grad(grad(lambda x: x ** 3))(2.0)
    np.float64(12.0)

    Raises: as `value_and_grad`.
    """
    return _noted(Transformed(_gradient, function_of("grad", f), argnums), "")


def vjp(f: Function, *primals: Any, **keywords: Any) -> tuple[Any, Function]:
    """The output of `f`, and the function that pulls a cotangent of it back to `primals`.

    >>> z, pull = vjp(lambda x: np.array([1.0, 2.0]) * x, 3.0)
    >>> pull(np.array([1.0, 10.0]))
    (np.float64(21.0),)
    """
    run = Pullback("vjp", f, primals, range(len(primals)), keywords)

    def pull(cotangent: Any) -> Any:
        seeds = [*map(run.whole, match_tree("vjp", "cotangent", cotangent, run.output))]
        involved = any(isinstance(g, Entry) for g in seeds)
        return tuple(run.pull(seeds, is_recording() and (run.recorded or involved)))

    return run.value(), pull


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], **keywords: Any) -> tuple[Any, Any]:
    """The output of `f`, and how fast it changes when `primals` move along `tangents`.

    A pull-back is linear in its cotangent, so pulling `tangents` back through it pushes them forward.

    >>> jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.5))
    (np.float64(12.0), np.float64(5.5))

    Source: the double-vjp construction, J. Townsend, 2017.
    """
    _check_sequences("jvp", primals, tangents)
    run = Pullback("jvp", f, tuple(primals), range(len(primals)), keywords)
    directions = match_tree("jvp", "tangent", tuple(tangents), tuple(run.rebuild(run.wrapped(run.variables))))
    with Recording(True):
        directions = [*map(run.whole, directions)]
        dummies = [record(Value, np.zeros_like(z._payload)[()]) for z in run.outputs]
        since = next(serials)
        pulled = [to_caller(g, True, False) for g in run.cotangents(dummies, recorded=True)]
    involved = any(isinstance(v, Entry) for v in directions)
    recorded = is_recording() and (run.recorded or involved)
    swept, _ = gradients(order(pulled, since), sum_seeds(pulled, directions), since, recorded=recorded)
    pushed = [to_caller(swept.get(u, u._payload), recorded, False) for u in dummies]
    return run.value(), run.rebuild_output(run.wrapped(pushed))


def hvp(
    f: Function,
    primals: Sequence[Any],
    tangents: Sequence[Any],
    argnums: Argnums | None = None,
    **keywords: Any,
) -> tuple[Tree, ...]:
    """The Hessian of `f` times `tangents`, without building it: the gradient of ⟨grad f, tangents⟩.

    There is a tangent, and a tree of the result, for each of `argnums`: for all `primals`, if it is None.

    >>> hvp(lambda x: np.sum(x ** 3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    (array([ 6., 12.]),)

    Source: Pearlmutter, 1994.
    """
    _check_sequences("hvp", primals, tangents)
    wrt: Any = range(len(primals)) if argnums is None else argnums
    wrt = wrt if several(wrt) else (wrt,)
    run = Pullback("hvp", grad(f, wrt), tuple(primals), wrt, keywords)
    return tuple(run.pull([*map(run.whole, match_tree("hvp", "tangent", tuple(tangents), run.output))]))
