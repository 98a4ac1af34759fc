"""Strategies of hypothesis: shapes, dtypes, layouts, arrays, and samples of calls.

span  draws the numbers of an array, of its shape
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as extra
from numpy.typing import DTypeLike

from tinygrad_edu.testing.calls import DTYPES, LAYOUTS, A, Array, Call, Sample, Shape, Span, line
from tinygrad_edu.tree import Tree
from tinygrad_edu.tree import map as map_tree

Draw = st.DrawFn
seeds = st.integers(0, 2**32 - 1)


def shapes(max_dims: int = 3, max_side: int = 3) -> st.SearchStrategy[Shape]:
    """Draw shapes, from that of a number on; an axis may be empty."""
    return extra.array_shapes(min_dims=0, max_dims=max_dims, min_side=0, max_side=max_side)


def broadcastable_shapes(count: int, max_dims: int = 3, max_side: int = 3) -> st.SearchStrategy[tuple[Shape, ...]]:
    """Draw as many shapes as `count` says, that broadcast with each other."""
    drawn = extra.mutually_broadcastable_shapes(
        num_shapes=count, min_dims=0, max_dims=max_dims, min_side=0, max_side=max_side
    )
    return drawn.map(lambda found: found.input_shapes)


def dtypes() -> st.SearchStrategy[DTypeLike]:
    """Draw float64 or float32."""
    return st.sampled_from(DTYPES)


def layouts() -> st.SearchStrategy[str]:
    """Draw the name of a way in which an array lies in memory."""
    return st.sampled_from([*LAYOUTS])


@st.composite
def arrays(
    draw: Draw,
    shape: Shape | st.SearchStrategy[Shape] | None = None,
    dtype: DTypeLike | st.SearchStrategy[DTypeLike] | None = None,
    span: Span = line,
    layout: str | st.SearchStrategy[str] | None = None,
) -> Array:
    """Draw arrays, of any small shape, either dtype and any layout, or as given.

    An example that fails shrinks in shape, dtype and layout. Its numbers do not: small and round ones are
    where kinks and ties are, from which spans keep away.
    """

    def chosen(given: Any, otherwise: st.SearchStrategy[Any]) -> Any:
        strategy = otherwise if given is None else given
        return draw(strategy) if isinstance(strategy, st.SearchStrategy) else strategy

    place = A(*chosen(shape, shapes()), span=span)
    return place.draw(np.random.default_rng(draw(seeds)), chosen(dtype, dtypes()), chosen(layout, layouts()))


@st.composite
def like(draw: Draw, tree: Tree, span: Span = line) -> Tree:
    """Draw trees like the one given: of its structure, shapes and dtypes, with other numbers, in other layouts.

    Integers and truth values stay as they are: they are counts, indices, labels and masks.
    """

    def drawn(x: Array) -> Any:
        kind = np.result_type(x)
        if kind.kind != "f":
            return x
        other = draw(arrays(np.shape(x), kind, span))
        return other if isinstance(x, np.ndarray) else type(x)(other[()])

    return map_tree(drawn, tree)


@st.composite
def samples(draw: Draw, calls: list[Call]) -> list[Sample]:
    """Draw samples of calls, in every dtype and layout; of several arrays, each has its own."""
    seed = draw(seeds)
    kinds = draw(st.lists(dtypes(), min_size=3, max_size=3))
    ways = draw(st.lists(layouts(), min_size=3, max_size=3))
    return [call.draw(seed + i, kinds, ways) for i, call in enumerate(calls)]
