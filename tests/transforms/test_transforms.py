"""grad, vjp, jvp, jacobian, hessian, hvp: of any order, over trees, inside each other."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_edu as tg
from tinygrad_edu import Value

EPS = np.finfo(float).eps
finite = st.floats(-2, 2)


def vectors(n):
    return hnp.arrays(np.float64, n, elements=finite)


def close(a, b, scale=1.0):
    """Compare where only rounding differs: `scale` bounds the numbers that were added up."""
    np.testing.assert_allclose(a, b, rtol=64 * EPS, atol=64 * EPS * scale)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_hessian(x):
    h = np.diag(np.r_[1200 * x[:-1] ** 2 - 400 * x[1:] + 2, 0.0]) + np.diag(np.r_[0.0, np.full(len(x) - 1, 200.0)])
    return h + np.diag(-400 * x[:-1], 1) + np.diag(-400 * x[:-1], -1)


def test_perturbations_are_not_confused():
    assert tg.grad(lambda x: x * tg.grad(lambda y: x * y)(3.0))(2.0) == 4.0
    assert tg.grad(lambda x: x * tg.grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert tg.grad(lambda x: x * tg.grad(lambda x: x * x)(x))(3.0) == 12.0


def test_jvp_inside_jvp_is_not_confused():
    def outer(x):
        return x * tg.jvp(lambda y: x * y, (3.0,), (1.0,))[1]

    assert tg.jvp(outer, (2.0,), (1.0,))[1] == 4.0


@given(st.floats(-1.5, 1.5))
def test_any_order(x):
    f = np.sin
    for k in range(6):
        close(f(x), np.sin(x + k * np.pi / 2))
        f = tg.grad(f)


@given(vectors(4))
def test_hessian_of_rosenbrock(x):
    close(tg.hessian(rosenbrock)(x), rosenbrock_hessian(x), 1e4)


@given(vectors(4), vectors(4))
def test_hvp_is_the_hessian_times_the_vector(x, v):
    close(tg.hvp(rosenbrock, (x,), (v,))[0], rosenbrock_hessian(x) @ v, 1e5)


@given(vectors(3), vectors(3), vectors(2))
def test_jvp_and_vjp_are_transposes(x, v, w):
    m = np.arange(6.0).reshape(2, 3)

    def f(x):
        return np.tanh(m @ x) * x[0]

    z, pushed = tg.jvp(f, (x,), (v,))
    again, pull = tg.vjp(f, x)
    np.testing.assert_array_equal(z, f(x))
    np.testing.assert_array_equal(z, again)
    close(pushed @ w, pull(w)[0] @ v, 100)


@given(vectors(3))
def test_jacobian_of_a_linear_map_is_its_matrix(x):
    m = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(tg.jacobian(lambda x: m @ x)(x), m)


def test_jacobian_has_the_shape_of_output_and_input():
    x = np.ones((2, 3))
    j = tg.jacobian(lambda x: np.sum(x, axis=0))(x)
    assert j.shape == (3, 2, 3)
    np.testing.assert_array_equal(j, np.einsum("jk,i->jik", np.eye(3), np.ones(2)))
    assert tg.jacobian(lambda x: x[:0])(np.ones(2)).shape == (0, 2)


def test_argnums():
    f = lambda x, y, z: x * y**2 + z  # noqa: E731
    assert tg.grad(f)(2.0, 3.0, 1.0) == 9.0
    assert tg.grad(f, 1)(2.0, 3.0, 1.0) == 12.0
    assert tg.grad(f, (0, -1))(2.0, 3.0, 1.0) == (9.0, 1.0)
    assert tg.hessian(f, 1)(2.0, 3.0, 1.0) == 4.0
    for wrong in (3, -4, (0, 0), (0, -3)):
        with pytest.raises(ValueError, match="argnums"):
            tg.grad(f, wrong)(2.0, 3.0, 1.0)


@dataclasses.dataclass
class Affine:
    weights: object
    bias: object
    name: str = dataclasses.field(default="", metadata={"static": True})

    def __call__(self, x):
        return np.tanh(x @ self.weights + self.bias)


def network(make):
    rng = np.random.default_rng(0)
    return [
        Affine(make(rng.normal(size=(3, 2))), make(rng.normal(size=2)), "first"),
        {"last": (make(rng.normal(size=2)),)},
    ]


def loss(layers, x):
    return np.sum(layers[0](x) @ layers[1]["last"][0]) ** 2


@pytest.mark.parametrize("make", [np.asarray, Value])
def test_gradients_are_trees_like_the_argument(make):
    x = np.linspace(-1, 1, 12).reshape(4, 3)
    value, gradient = tg.value_and_grad(loss)(network(make), x)
    numeric, errors = tg.numeric_gradient(lambda n: loss(n, x), network(np.asarray), method="richardson", error=True)
    assert isinstance(gradient[0], Affine)
    assert gradient[0].name == "first"
    kind = Value if make is Value else np.ndarray
    for g, n, e in zip(*map(tg.tree.leaves, (gradient, numeric, errors)), strict=True):
        assert type(g) is kind
        assert np.all(abs(getattr(g, "data", g) * 1.0 - n) <= e) if kind is Value else np.all(abs(g - n) <= e)
    assert value.item() == loss(network(np.asarray), x)


def test_values_in_values_out_and_differentiable_further():
    x = Value(2.0)
    g = tg.grad(lambda v: v**3)(x)
    assert type(g) is Value
    (x * g).backward()
    assert x.grad == 9 * 2.0**2
    w = Value(3.0)
    h = tg.grad(lambda v: w * v**2)(2.0)
    h.backward()
    assert (h.data, w.grad) == (12.0, 4.0)


def test_plain_numbers_in_plain_numbers_out():
    z, g = tg.value_and_grad(lambda x: np.sum(x * Value([1.0, 2.0])))(np.ones(2))
    assert not isinstance(z, Value)
    assert type(g) is np.ndarray
    assert type(tg.hessian(lambda x: np.sum(3 * x))(np.ones(2))) is np.ndarray


def test_results_are_the_callers_own():
    x = np.ones(3)
    z, pull = tg.vjp(lambda x: x, x)
    seed = np.ones(3)
    (g,) = pull(seed)
    g[:] = z[:] = 5.0
    assert x.tolist() == seed.tolist() == [1.0] * 3
    a, b = tg.grad(lambda x, y: np.sum(x + y), (0, 1))(x, x)
    assert not np.shares_memory(a, b)


def test_outputs_may_be_trees():
    f = lambda x: {"a": x**2, "b": [np.sum(x)]}  # noqa: E731
    x = np.array([1.0, 2.0])
    z, pull = tg.vjp(f, x)
    assert z["b"] == [3.0]
    np.testing.assert_array_equal(pull({"a": np.array([1.0, 0.0]), "b": [10.0]})[0], [12.0, 10.0])
    j = tg.jacobian(f)(x)
    np.testing.assert_array_equal(j["a"], np.diag(2 * x))
    np.testing.assert_array_equal(j["b"][0], [1.0, 1.0])
    _, pushed = tg.jvp(f, (x,), (np.array([1.0, 1.0]),))
    np.testing.assert_array_equal(pushed["a"], 2 * x)


def test_the_same_output_twice_adds_up():
    def f(x):
        y = x * 3
        return [y, y]

    assert tg.vjp(f, 1.0)[1]([1.0, 10.0]) == (33.0,)


def test_a_gradient_of_a_gradient_descent():
    def descended(learning_rate):
        x = 1.0
        for _ in range(3):
            x = x - learning_rate * tg.grad(lambda v: v**2)(x)
        return x

    close(tg.grad(descended)(0.1), 3 * (1 - 0.2) ** 2 * -2)


@pytest.mark.parametrize("transform", [tg.grad, tg.value_and_grad, tg.hessian])
def test_one_number_is_asked_for(transform):
    with pytest.raises(ValueError, match=r"single number, got shape \(2,\)"):
        transform(lambda x: x * 2)(np.ones(2))
    with pytest.raises(ValueError, match="single number, got a tuple"):
        transform(lambda x: (x, x))(1.0)


def test_leaving_the_tape_is_noticed():
    for leaves in (lambda x: float(x) ** 2, lambda x: x.data * 2, lambda _: 3.0):
        with pytest.raises(TypeError, match=r"nothing on the tape led|would leave the tape"):
            tg.grad(leaves)(2.0)


def test_cotangents_and_tangents_are_checked():
    _, pull = tg.vjp(lambda x: x * 2, np.ones(2))
    with pytest.raises(TypeError, match="vjp: a cotangent is a ndarray where a tuple of 2 arrays was expected"):
        tg.vjp(lambda x: (x, 2 * x), np.ones(2))[1](np.ones(2))
    with pytest.raises(ValueError, match=r"cotangent has shape \(3,\)"):
        pull(np.ones(3))
    with pytest.raises(ValueError, match=r"tangent has shape \(\)"):
        tg.jvp(lambda x: x * 2, (np.ones(2),), (1.0,))
    with pytest.raises(ValueError, match="structure"):
        tg.hvp(np.sum, (np.ones(2),), (np.ones(2), np.ones(2)))


def test_primals_and_tangents_are_tuples():
    for wrong in (lambda: tg.jvp(np.sum, np.ones(2), np.ones(2)), lambda: tg.hvp(np.sum, (1.0,), 1.0)):
        with pytest.raises(TypeError, match="pass two tuples"):
            wrong()


def test_what_is_no_tree_of_numbers_is_refused():
    with pytest.raises(TypeError, match="holds no number"):
        tg.grad(np.sum)("text")
    with pytest.raises(TypeError, match="returned 'text'"):
        tg.jacobian(lambda x: "text")(1.0)
    with pytest.raises(TypeError, match=r"\[0\]\['s'\] is a set"):
        tg.grad(lambda p: 1.0)({"s": {1.0}})
    with pytest.raises(TypeError, match="complex"):
        tg.grad(lambda x: x)(1j)
    with pytest.raises(TypeError, match="complex"):
        tg.grad(lambda x: x * 1j)(1.0)


def test_an_argument_stays_writeable():
    x = np.ones(2)
    tg.grad(lambda v: np.sum(v * v.data))(x)
    x[0] = 5.0
    assert x.tolist() == [5.0, 1.0]
