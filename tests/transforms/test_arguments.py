"""What transforms are given: keywords, arrays that are written into, containers with attributes, worker processes."""

import collections
import dataclasses
import functools
import pickle
import typing

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Value


def ridge(w, lam=0.0, *, power=2):
    """λ · Σ wᵖ."""
    return np.sum(w**power) * lam


ONES = np.ones(2)


def test_keywords_are_passed_on_as_constants():
    assert tg.grad(ridge)(ONES, lam=0.5).tolist() == [1.0, 1.0]
    assert tg.grad(ridge)(ONES, 0.5, power=4).tolist() == [2.0, 2.0]
    assert tg.value_and_grad(ridge)(ONES, lam=0.5)[0] == 1.0
    assert tg.jacobian(ridge)(ONES, lam=0.5).tolist() == [1.0, 1.0]
    assert tg.hessian(ridge)(ONES, lam=0.5).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    z, pull = tg.vjp(ridge, ONES, lam=0.5)
    assert (z, pull(1.0)[0].tolist()) == (1.0, [1.0, 1.0])
    assert tg.jvp(ridge, (ONES,), (ONES,), lam=0.5) == (1.0, 2.0)
    assert tg.hvp(ridge, (ONES,), (ONES,), lam=0.5)[0].tolist() == [1.0, 1.0]


def test_argnums_may_name_a_keyword():
    assert tg.grad(ridge, "lam")(ONES, lam=0.5) == 2.0
    w, lam = tg.grad(ridge, (0, "lam"))(ONES, lam=0.5)
    assert (w.tolist(), lam) == ([1.0, 1.0], 2.0)
    assert tg.hessian(ridge, "lam")(ONES, lam=0.5) == 0.0
    assert tg.grad(tg.grad(lambda x, y: x * y**2, "y"), 0)(3.0, y=2.0) == 4.0


@pytest.mark.parametrize("argnums", ["mu", 1, -2, (0, 0), (0, "w"), ("lam", "lam"), None, 0.0, (0.0,), [[0]]])
def test_argnums_that_do_not_fit_name_what_was_given(argnums):
    with pytest.raises(ValueError, match=r"argnums=.* with 1 positional arguments and lam by keyword"):
        tg.grad(ridge, argnums)(ONES, lam=0.5)


def test_argnums_may_be_an_integer_of_numpy():
    for index in (np.int64(1), np.int8(-1)):
        assert tg.grad(lambda x, y: x * y, index)(2.0, 3.0) == 2.0


def test_keywords_that_are_values_are_differentiated_from_outside():
    lam = Value(0.5)
    np.sum(tg.grad(ridge)(ONES, lam=lam)).backward()
    assert lam.grad == 4.0


def test_hvp_takes_tangents_for_what_is_differentiated():
    def loss(w, x):
        return np.sum((x @ w) ** 2)

    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    (product,) = tg.hvp(loss, (ONES, x), (np.array([1.0, 0.0]),), argnums=0)
    assert product.tolist() == (2 * x.T @ x[:, 0]).tolist()


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_given_may_be_written_into_afterwards(order):
    x = np.asarray([[1.0, 2.0], [3.0, 4.0]], order=order)
    before = x.copy()
    _, pull = tg.vjp(lambda x: x**2, x)
    x[:] = 5.0
    assert pull(np.ones((2, 2)))[0].tolist() == (2 * before).tolist()


@pytest.mark.parametrize("transform", [tg.grad, tg.jacobian, lambda f: lambda x: tg.vjp(f, x)[1](1.0)[0]])
def test_the_function_may_write_into_what_was_given(transform):
    x = np.ones(2)

    def f(variable):
        z = variable**3
        x[:] = 7.0
        return np.sum(z)

    assert transform(f)(x).tolist() == [3.0, 3.0]
    assert x.tolist() == [7.0, 7.0]


class Scaled(dict):
    """A dict with an attribute, whose constructor takes something else."""

    def __init__(self, scale, **numbers):
        super().__init__(**numbers)
        self.scale = scale

    def __setitem__(self, key, value):
        raise RuntimeError("it is not written into")


class ScaledList(list):
    """A list with an attribute."""

    def __init__(self, scale, numbers):
        super().__init__(numbers)
        self.scale = scale


class ScaledTuple(tuple):
    """A tuple with an attribute."""

    def __new__(cls, scale, numbers):
        made = super().__new__(cls, numbers)
        made.scale = scale
        return made


class Pair(typing.NamedTuple):
    """Two numbers."""

    w: float
    b: float


class ScaledPair(Pair):
    """Two numbers with an attribute."""

    scale = 1.0


@dataclasses.dataclass
class ScaledData:
    """A dataclass with an attribute that is no field, and one that is computed once."""

    w: typing.Any
    runs: typing.ClassVar[int] = 0

    def __post_init__(self):
        type(self).runs += 1

    @functools.cached_property
    def twice(self):
        """Twice the number."""
        return self.w * 2


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    """A dataclass without a dict."""

    w: typing.Any


def pair():
    """A pair with an attribute of its own."""
    made = ScaledPair(3.0, 4.0)
    made.scale = 5.0
    return made


def data():
    """A dataclass with an attribute of its own, and a number that it has kept."""
    made = ScaledData(3.0)
    made.scale = 5.0
    assert made.twice == 6.0
    return made


CONTAINERS = {
    "dict": (Scaled(5.0, w=3.0), lambda t: t.scale * t["w"], lambda g: g["w"], 5.0),
    "list": (ScaledList(5.0, [3.0]), lambda t: t.scale * t[0], lambda g: g[0], 5.0),
    "tuple": (ScaledTuple(5.0, [3.0]), lambda t: t.scale * t[0], lambda g: g[0], 5.0),
    "named tuple": (Pair(3.0, 4.0), lambda t: t.w**2 + t.b, lambda g: g.w, 6.0),
    "named tuple, subclass": (pair(), lambda t: t.scale * t.w, lambda g: g.w, 5.0),
    "dataclass": (data(), lambda t: t.scale * t.w, lambda g: g.w, 5.0),
    "dataclass, cached": (data(), lambda t: t.twice * t.w, lambda g: g.w, 12.0),
    "dataclass, slots": (Frozen(3.0), lambda t: t.w**2, lambda g: g.w, 6.0),
    "Counter": (collections.Counter(a=2, b=3), lambda t: t["a"] ** 2 * t["b"], lambda g: g["a"], 12.0),
    "defaultdict": (collections.defaultdict(lambda: 4.0, a=2.0), lambda t: t["a"] * t["b"], lambda g: g["a"], 4.0),
    "OrderedDict": (collections.OrderedDict(b=3.0, a=2.0), lambda t: t["b"] ** 2, lambda g: g["b"], 6.0),
}


@pytest.mark.parametrize(("container", "f", "slope", "expected"), CONTAINERS.values(), ids=CONTAINERS)
def test_containers_keep_their_attributes(container, f, slope, expected):
    gradient = tg.grad(f)(container)
    assert type(gradient) is type(container)
    assert slope(gradient) == expected
    assert getattr(gradient, "scale", 5.0) == getattr(container, "scale", 5.0)


def test_constructors_are_not_run():
    container = data()
    before = ScaledData.runs
    tg.grad(lambda t: t.w * 2)(container)
    assert ScaledData.runs == before


@pytest.mark.parametrize("transform", [tg.grad, tg.value_and_grad, tg.jacobian, tg.hessian])
def test_transformed_functions_can_be_pickled(transform):
    made = transform(cubes)
    again = pickle.loads(pickle.dumps(made))
    assert str(again(ONES)) == str(made(ONES))
    assert (again.__name__, again.__doc__) == (cubes.__name__, cubes.__doc__)


def cubes(x):
    """Σ x³."""
    return np.sum(x**3)


class Model:
    """A class with a gradient for a method."""

    scale = 5.0

    @functools.partial(tg.grad, argnums=1)
    def slope(self, x):
        """The slope of scale · x²."""
        return self.scale * x**2


def test_transformed_functions_are_methods_where_functions_are():
    assert Model().slope(2.0) == 20.0
    assert Model.slope.__name__ == "slope"


def test_gradients_of_networks_of_values_can_be_pickled_under_no_grad():
    network = tg.nn.Network.random([2, 3, 1], seed=0)
    slopes = tg.grad(lambda net, x: np.sum(net(x) ** 2))
    with tg.no_grad():
        returned = pickle.loads(pickle.dumps(slopes(network, np.ones((4, 2)))))
    assert type(returned) is tg.nn.Network
    with pytest.raises(TypeError, match="no_grad"):
        pickle.dumps(slopes(network, np.ones((4, 2))))


def test_what_is_returned_beside_the_value_is_handed_out_and_not_differentiated():
    def loss(w, x):
        z = w * x
        return np.sum(z**2), {"z": z, "seen": x, "none": None}

    f = tg.value_and_grad(loss, has_aux=True)
    x = np.array([1.0, 2.0])
    for made in (f, tg.compile(f)):
        for w in (3.0, 4.0):
            (value, aux), slope = made(w, x)
            assert (value, slope) == (5 * w * w, 10 * w)
            assert type(aux["z"]) is np.ndarray
            assert aux["z"].tolist() == [w, 2 * w]
            assert aux["seen"].tolist() == [1.0, 2.0]
            assert aux["none"] is None
    (_, aux), _ = f(Value(3.0), x)
    aux["z"].sum().backward()  # where Values came in, aux may be differentiated further
    second = tg.grad(lambda w: tg.value_and_grad(loss, has_aux=True)(w, x)[0][1]["z"].sum())(2.0)
    assert second == 3.0


@pytest.mark.parametrize("returned", [lambda w: w, lambda w: (w, w, w), lambda w: [w, w]])
def test_with_aux_a_pair_is_returned(returned):
    with pytest.raises(TypeError, match=r"has_aux=True the function must return a pair, value and aux; got a"):
        tg.value_and_grad(returned, has_aux=True)(1.0)


@pytest.mark.parametrize("name", ["grad", "value_and_grad", "jacobian", "hessian", "checkpoint"])
def test_a_number_in_place_of_the_function_is_refused(name):
    with pytest.raises(TypeError, match=f"{name}: got a float in place of a function; pass f itself"):
        getattr(tg, name)(2.0)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("vjp", (2.0, 1.0)),
        ("jvp", (2.0, (1.0,), (1.0,))),
        ("hvp", (2.0, (1.0,), (1.0,))),
        ("while_loop", (2.0, np.sin, 1.0, 3)),
        ("while_loop", (np.isnan, 2.0, 1.0, 3)),
    ],
)
def test_so_it_is_by_what_runs_at_once(name, arguments):
    with pytest.raises(TypeError, match="got a float in place of a function; pass f itself"):
        getattr(tg, name)(*arguments)
