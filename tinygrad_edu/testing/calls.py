"""How a test calls a function: which arguments are arrays to draw, from where, and how they lie in memory.

span    draws numbers: span(generator, shape) -> array of float64
A, C    stand in a call for an array to draw, and a complex one
of      the arguments of one call
Call    a function with its arguments, some of them A's
Sample  a call with its arrays drawn: a function of those arrays alone
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_edu import tree
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.source_info import label

Shape = tuple[int, ...]
Array = Any  # an array, or a number
Span = Callable[[np.random.Generator, Shape], Array]


def between(*bounds: float) -> Span:
    """Draw from one or more intervals, given as low, high, low, high."""
    lows, highs = np.reshape(bounds, (-1, 2)).T

    def span(generator: np.random.Generator, shape: Shape) -> Array:
        which = generator.integers(len(lows), size=shape)
        return lows[which] + (highs - lows)[which] * generator.random(shape)

    return span


def spread(generator: np.random.Generator, shape: Shape) -> Array:
    """Draw numbers at least 0.3 apart from each other, and 0.2 from 0."""
    n = int(np.prod(shape))
    return 0.5 * (generator.permutation(n).reshape(shape) - n // 2) + 0.2 + 0.1 * generator.random(shape)


def regular(generator: np.random.Generator, shape: Shape) -> Array:
    """Draw matrices far from singular, with eigenvalues and singular values apart, and positive definite below."""
    m, n = shape[-2:]
    return 2 * np.eye(m, n) * (1 + np.arange(n)) + between(-0.4, 0.4)(generator, shape)


line, positive, nonzero = between(-2, 2), between(0.3, 3), between(-3, -0.3, 0.3, 3)
unit, above_one = between(-0.9, 0.9), between(1.2, 4)

DTYPES = (np.float64, np.float32)
UNEVEN = {spread, regular}  # the layout "broadcast" makes rows equal, which these do not allow
LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "C": lambda x: np.array(x, order="C"),
    "Fortran": lambda x: np.array(x, order="F"),
    "reversed": lambda x: np.flip(np.array(np.flip(x))),
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "read-only": lambda x: np.broadcast_to(x, x.shape),
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
}


class A:
    """An array to draw: its shape, and where its numbers come from."""

    def __init__(self, *shape: int, span: Span = line) -> None:
        self.shape, self.span = shape, span

    def possible(self, layout: str) -> str:
        """`layout`, or C where there are no axes, or where its equal numbers or rows would not be of the span."""
        return "C" if not self.shape or (layout == "broadcast" and self.span in UNEVEN) else layout

    def draw(self, generator: np.random.Generator, dtype: DTypeLike, layout: str) -> Array:
        """Draw the array."""
        return LAYOUTS[self.possible(layout)](np.asarray(self.span(generator, self.shape)).astype(dtype))


class C(A):
    """A complex array to draw: two arrays of real numbers, its real part from a span, and its imaginary part."""

    def __init__(self, *shape: int, span: Span = line) -> None:
        super().__init__(*shape, span=span)
        self.parts = A(*shape, span=span), A(*shape, span=between(-0.4, 0.4))


class Arguments(NamedTuple):
    """The arguments of one call, some of them A's."""

    positional: tuple[Any, ...]
    named: dict[str, Any]


def of(*arguments: Any, **keywords: Any) -> Arguments:
    """The arguments of one call: ``of(A(2, 3), axis=1)``."""
    return Arguments(arguments, keywords)


SHAPES: list[Shape] = [(), (3,), (2, 3), (0, 3)]
PAIRS: list[tuple[Shape, Shape]] = [
    ((), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((), (2, 2)),
    ((2, 1, 2), ()),
    ((0, 3), (1, 3)),
    ((1, 2), (3, 1, 1)),
]


def elementwise(*spans: Span) -> list[Arguments]:
    """Calls of a function of one number from each span, for arrays of shapes that broadcast.

    Of several arguments, each is also drawn alone, beside constant arrays and beside constant numbers.
    """
    if len(spans) == 1:
        return [of(A(*shape, span=spans[0])) for shape in SHAPES]

    def alone(i: int, shape: Shape, constants: list[Any]) -> Arguments:
        return of(*constants[:i], A(*shape, span=spans[i]), *constants[i + 1 :])

    arrays = [span(np.random.default_rng(0), (3,)) for span in spans]
    numbers = [float(x[0]) for x in arrays]
    joint = [of(*(A(*s, span=x) for s, x in zip(itertools.cycle(pair), spans, strict=False))) for pair in PAIRS]
    beside_arrays = [alone(i, (2, 3), arrays) for i in range(len(spans))]
    beside_numbers = [alone(i, () if i % 2 else (2, 1), numbers) for i in range(len(spans))]
    return [*joint, *beside_arrays, *beside_numbers]


def places(part: Any) -> Iterator[A]:
    """The A's in nested lists and tuples; of a C both parts."""
    if isinstance(part, C):
        yield from part.parts
    elif isinstance(part, A):
        yield part
    elif isinstance(part, (list, tuple)):
        for x in part:
            yield from places(x)


def in_complex(part: Any) -> Any:
    """`part` with C's in the places of its A's."""
    if isinstance(part, (list, tuple)):
        return type(part)(map(in_complex, part))
    return C(*part.shape, span=part.span) if isinstance(part, A) else part


def fill(part: Any, arrays: Iterator[Array]) -> Any:
    """`part` with arrays in the places of its A's."""
    if isinstance(part, C):
        return next(arrays) + np.multiply(1j, next(arrays))
    if isinstance(part, A):
        return next(arrays)
    return type(part)([fill(x, arrays) for x in part]) if isinstance(part, (list, tuple)) else part


@dataclass(frozen=True, eq=False)
class Call:
    """A function with its arguments, some of them arrays to draw."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]

    @property
    def places(self) -> list[A]:
        """The arrays to draw."""
        return [*places(self.arguments), *places([*self.keywords.values()])]

    @property
    def names(self) -> list[str]:
        """The places of the arrays: ``argument 0``, ``axis=``."""
        positional = [f"argument {i}" for i, x in enumerate(self.arguments) for _ in places(x)]
        return [*positional, *(f"{key}=" for key, x in self.keywords.items() for _ in places(x))]

    def draw(self, seed: int, dtypes: Iterable[DTypeLike] = DTYPES[:1], layouts: Iterable[str] = ("C",)) -> "Sample":
        """Draw the arrays; dtypes and layouts are dealt out in turn."""
        generator, found = np.random.default_rng(seed), self.places
        kinds = [*zip(found, itertools.cycle(dtypes), itertools.cycle(layouts), strict=False)]
        drawn = [place.draw(generator, dtype, layout) for place, dtype, layout in kinds]
        return Sample(self, tuple(drawn), tuple(place.possible(layout) for place, _, layout in kinds))

    def samples(self) -> Iterator["Sample"]:
        """Draw in every dtype and layout, the plain one first; of several arrays, each in an order of its own."""
        kinds = [*itertools.product(DTYPES, LAYOUTS)]
        for k in range(len(kinds)):
            dealt = [kinds[k * unit % 12] for unit in (1, 5, 7, 11)]  # multiples of these run through all 12 kinds
            yield self.draw(k, *zip(*dealt, strict=True))

    def __str__(self) -> str:
        def show(x: Any) -> str:
            if isinstance(x, A):
                return f"{'complex' if isinstance(x, C) else 'float'}{list(x.shape)}"
            if isinstance(x, (list, tuple)):
                return f"({', '.join(map(show, x))})"
            return f"{x.dtype}{list(x.shape)}" if isinstance(x, np.ndarray) else getattr(x, "__name__", repr(x))

        parts = [*map(show, self.arguments), *(f"{key}={show(x)}" for key, x in self.keywords.items())]
        return f"{label(self.function)}({', '.join(parts)})"


@dataclass(frozen=True, eq=False)
class Sample:
    """A call with its arrays drawn: a function of those arrays alone."""

    call: Call
    arrays: tuple[Array, ...]
    layouts: tuple[str, ...]

    def __call__(self, *arrays: Array) -> Any:
        """Call the function with these arrays in their places.

        Of several results, those that are no integers; of complex ones, the real and the imaginary parts.
        """
        z = self.results(*arrays)
        if type(z) is tuple and any(is_whole(part) for part in z):
            z = tuple(part for part in z if not is_whole(part))
        found = tree.leaves(z)
        if any(map(is_complex, arrays)) or not any(map(is_complex, found)):  # for a complex step they stay whole
            return z
        return tuple(part for x in found for part in ((np.real(x), np.imag(x)) if is_complex(x) else (x,)))

    def results(self, *arrays: Array) -> Any:
        """All that the function returns for these arrays in their places."""
        supply = iter(arrays)
        arguments = fill(self.call.arguments, supply)
        return self.call.function(*arguments, **{key: fill(x, supply) for key, x in self.call.keywords.items()})

    @property
    def names(self) -> list[str]:
        """The places of the arrays: ``argument 0``, ``axis=``."""
        return self.call.names

    def __str__(self) -> str:
        drawn = zip(self.arrays, self.layouts, strict=True)
        return f"{self.call} of {', '.join(f'{x.dtype} {layout} {x.tolist()}' for x, layout in drawn)}"


def is_whole(x: Any) -> bool:
    """Whether `x` is an integer or an array of them, such as places, which have no slope."""
    return isinstance(x, (int, np.integer, np.ndarray)) and np.asarray(x).dtype.kind in "iu"


def outcome(f: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """The result of a function, or the error it raised."""
    try:
        return f(*arguments, **keywords)
    except Exception as error:
        return error
