"""What layers have in common: they are trees of parameters, called like functions; state goes in and comes out.

parameters  the Values in a module: what learns. Everything else is static: strides, rates, functions
state       what changes and is not learnt, such as running statistics: a tree of arrays, kept outside of the module
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_edu import tree
from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.value import Value
from tinygrad_edu.functions.windows import check_integer
from tinygrad_edu.tree import Tree

State = Tree


def static(default: Any = dataclasses.MISSING) -> Any:
    """A field that is no parameter: part of what a module is, and of what is compiled.

    A setting that is at its default is not shown where modules are printed.
    """
    return dataclasses.field(default=default, metadata={"static": True})


class Module:
    """A layer, or a network of layers: a dataclass whose fields are parameters, modules, and what is `static`.

    A module without state defines ``__call__(self, x)``. One with state of its own, or with modules inside that have
    some, defines ``apply(self, x, state, *, training)``, which returns the output and the next state, and
    ``initial_state`` if the state is its own. Whichever it defines, both can be called:

    - ``module(x)`` is the output in evaluation;
    - ``module.apply(x, state, training=True)`` is the output in training and the next state.

    >>> @dataclasses.dataclass(frozen=True, eq=False, repr=False)
    ... class Scale(Module):
    ...     factor: Value
    ...
    ...     def __call__(self, x):
    ...         return x * self.factor
    >>> scale = Scale(Value([1.0, 10.0]))
    >>> scale
    Scale(factor (2,); 2 parameters)
    >>> scale([3.0, 4.0]).tolist()
    [3.0, 40.0]
    """

    needs_state: ClassVar[bool] = False  # whether evaluation cannot do without it

    def __call__(self, x: Array) -> Array:
        """The output in evaluation.

        Raises:
            ValueError: `x` does not fit, or a layer inside keeps statistics, for which there is `apply`.
        """
        if type(self).apply is Module.apply:
            raise NotImplementedError(f"{type(self).__name__}: define __call__(self, x), or apply if it has a state")
        for module in modules(self):
            if module.needs_state:
                what = f"{type(module).__name__} evaluates with the statistics that training gathered"
                remedy = "y, state = network.apply(x, state, training=False), with the state that the last apply gave"
                raise ValueError(f"{type(self).__name__}: {what}; write {remedy}")
        return self.apply(x, self.initial_state(), training=False)[0]

    def apply(self, x: Array, state: State, *, training: bool) -> tuple[Array, State]:
        """The output, and the next state.

        Args:
            x: the input.
            state: what `initial_state` gave, or the last `apply`.
            training: whether to drop out, and to gather statistics instead of using them. It is said at each call: no
                module is in one mode or the other.
        """
        del training  # nothing differs
        return self(x), state

    def initial_state(self) -> State:
        """The state before training: a dict with one for each field that holds modules; empty if there are none."""
        kind: Any = type(self)
        fields = ((name, getattr(self, name)) for name in tree.field_names(kind))
        return {name: initial_state(part) for name, part in fields if next(modules(part), None) is not None}

    def parameters(self) -> list[Any]:
        """All parameters, in order: ``for p in network.parameters(): p.data -= 0.1 * p.grad``."""
        return tree.leaves(self)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def __repr__(self) -> str:
        inside = [*modules(self)][1:]
        what = f"{len(inside)} modules" if inside else ", ".join(_settings(self))
        count = f"{count_parameters(self):,} parameters"
        return f"{type(self).__name__}({'; '.join(part for part in (what, count) if part)})"

    def __str__(self) -> str:
        """One line for each layer: where it is, what it is, and how many parameters it has."""
        lines = [("", type(self).__name__, f"{count_parameters(self):,} parameters"), *rows(self, "")]
        if len(lines) == 1:
            return repr(self)
        widths = [max(len(row[i]) for row in lines) for i in range(2)]
        return "\n".join(f"{a:{widths[0]}}  {b:{widths[1]}}  {c}".rstrip() for a, b, c in lines)

    def _repr_html_(self) -> Any:
        """What notebooks show, by the hook that Values have; None, and so the text, if nobody set it."""
        hook = getattr(Value, "_repr_html_", None)
        return hook(self) if hook else None

    def _set(self, **fields: Any) -> None:
        """Set the fields of a frozen dataclass, from its ``__init__``."""
        for name, value in fields.items():
            object.__setattr__(self, name, value)


def modules(part: Tree) -> Iterator[Module]:
    """A module and all that are inside it, or those in a list or tuple of modules."""
    if isinstance(part, Module):
        yield part
        inside = [getattr(part, name) for name in tree.field_names(type(part))]  # type: ignore[arg-type]
    else:
        inside = [*part] if isinstance(part, (list, tuple)) else []
    for each in inside:
        yield from modules(each)


def initial_state(part: Tree) -> State:
    """The state before training of a module, or of a list of modules and functions, which have none."""
    if isinstance(part, Module):
        return part.initial_state()
    return type(part)(map(initial_state, part)) if isinstance(part, (list, tuple)) else {}


def apply(layer: Module | Callable[[Array], Array], x: Array, state: State, *, training: bool) -> tuple[Array, State]:
    """The output and the next state of a module, or of a function, which has none."""
    return layer.apply(x, state, training=training) if isinstance(layer, Module) else (layer(x), state)


def check_state(module: Module, state: State) -> None:
    """Make sure that a state is that of a module, by its keys.

    Raises:
        TypeError: it is another's.
    """
    if not isinstance(state, dict) or {*state} != {*module.initial_state()}:
        given = f"a dict with {', '.join(map(str, state))}" if state and isinstance(state, dict) else repr(state)
        remedy = "pass what network.initial_state() or the last network.apply(...) gave"
        raise TypeError(f"{type(module).__name__}: got the state {given}, which is not one of this layer's; {remedy}")


def count_parameters(network: Tree) -> int:
    """The number of parameters in a tree: the post's *some_constant*s."""
    return sum(np.size(leaf) for leaf in tree.leaves(network))


def _settings(module: Module) -> list[str]:
    """The shapes of a module's own parameters, and what it is set to."""
    made = []
    for field in dataclasses.fields(module):  # type: ignore[arg-type]
        value = getattr(module, field.name)
        if not field.metadata.get("static"):
            made += [f"{field.name} {np.shape(value)}"] if tree.is_leaf(value) else []
        elif field.name[0] != "_" and value is not None and repr(value) != repr(field.default):
            made.append(f"{field.name} {getattr(value, '__name__', value)}")
    return [" ".join(each.split()) for each in made]


def rows(part: Tree, place: str) -> Iterator[tuple[str, str, str]]:
    """For each layer inside a module its place, its settings, and its count of parameters."""
    if isinstance(part, (list, tuple)):
        children = [(each, f"{place}[{i}]") for i, each in enumerate(part)]
    else:
        kind: Any = type(part)
        children = [(getattr(part, name), f"{place}.{name}") for name in tree.field_names(kind)]
    for child, where in children:
        if isinstance(child, Module) and len([*modules(child)]) == 1:
            what = " ".join([type(child).__name__, ", ".join(_settings(child))]).strip()
            yield where, what, f"{count_parameters(child):,}"
        elif isinstance(child, (Module, list, tuple)):
            yield from rows(child, where)
        elif callable(child):
            yield where, getattr(child, "__name__", repr(child)), "0"


def check_sizes(caller: str, **sizes: Any) -> list[int]:
    """Positive integers, checked.

    Raises:
        TypeError: one is no integer.
        ValueError: one is less than 1.
    """
    return [check_integer(caller, name, size, 1) for name, size in sizes.items()]


def check_channels(caller: str, x: Array, axis: int, wanted: int) -> tuple[int, ...]:
    """The shape of an input that must have so many numbers along an axis.

    Raises:
        ValueError: it has more or fewer, or no such axis.
    """
    shape: tuple[int, ...] = np.shape(x)
    if not -len(shape) <= axis < len(shape) or shape[axis] != wanted:
        which = "last axis" if axis == -1 else f"axis {axis}"
        raise ValueError(f"{caller}: the input has shape {shape}; its {which} must have length {wanted}")
    return shape


def parameter(name: str, numbers: Array, dtype: DTypeLike) -> Value:
    """A Value of the chosen kind of float.

    Raises:
        TypeError: the dtype is not that of floats.
    """
    kind = np.dtype(dtype)
    if kind.kind != "f":
        raise TypeError(f"nn: dtype is {kind}; parameters are floats, such as np.float32")
    return Value(np.asarray(numbers).astype(kind), name=name)
