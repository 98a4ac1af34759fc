"""Trees come apart and together again unchanged."""

import dataclasses
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu import tree


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: object
    b: object = None
    kind: str = dataclasses.field(default="k", metadata={"static": True})


Pair = namedtuple("Pair", "x y")

trees = st.recursive(
    st.floats(-1, 1) | st.integers(-5, 5) | st.none() | st.text(max_size=2) | st.booleans(),
    lambda t: (
        st.lists(t, max_size=3)
        | st.tuples(t, t)
        | st.dictionaries(st.text(max_size=2), t, max_size=3)
        | st.builds(Pair, t, t)
        | st.builds(Frozen, t, t)
    ),
    max_leaves=12,
)


@given(trees)
def test_apart_and_together_again(t):
    leaves = tree.leaves(t)
    assert tree.unflatten(t, leaves) == t
    assert len(tree.paths(t)) == len(leaves)
    assert tree.map(lambda x: x, t) == t


@given(trees)
def test_map_sees_the_same_leaf_of_each_tree(t):
    doubled = tree.map(lambda x: 2 * x, t)
    assert tree.leaves(tree.map(lambda a, b: b - a, t, doubled)) == tree.leaves(t)


def test_paths_read_as_python():
    t = {"layers": [Frozen(1.0, Pair(2.0, 3.0))]}
    names = tree.paths(t)
    assert names == ["['layers'][0].a", "['layers'][0].b[0]", "['layers'][0].b[1]"]
    assert [eval("t" + name, {"t": t}) for name in names] == tree.leaves(t)


def test_static_fields_and_functions_ride_along():
    t = {"f": np.tanh, "n": Frozen(1.0, kind="other"), "flag": True}
    assert tree.leaves(t) == [1.0]
    moved = tree.map(lambda x: x + 1, t)
    assert moved["f"] is np.tanh
    assert moved["n"] == Frozen(2.0, kind="other")
    assert moved["flag"] is True


def test_dicts_may_be_in_any_order():
    assert tree.map(lambda a, b: a - b, {"x": 3.0, "y": 2.0}, {"y": 1.0, "x": 1.0}) == {"x": 2.0, "y": 1.0}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1.0], [1.0, 2.0]),
        ([1.0], (1.0,)),
        ({"a": 1.0}, {"b": 1.0}),
        ([1.0], 1.0),
        ([[1.0]], [1.0]),
        ([None], ["a"]),
    ],
)
def test_different_structures_are_refused(a, b):
    with pytest.raises(ValueError, match="the trees differ"):
        tree.map(lambda x, y: x, a, b)


def test_what_cannot_be_looked_into_is_refused():
    for strange in ({1.0}, object(), range(3), iter([1.0])):
        with pytest.raises(TypeError, match=r"\[0\] is a"):
            tree.leaves([strange])
    for leaves in ([1.0], [1.0] * 3):
        with pytest.raises(ValueError, match="for 2 places"):
            tree.unflatten([0.0, 0.0], leaves)
