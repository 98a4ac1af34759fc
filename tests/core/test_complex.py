"""Complex Values: one convention, ∂L/∂x - i ∂L/∂y, and real gradients where real numbers meet complex ones.

z, w  complex numbers
x     real numbers
"""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Value

draw = np.random.default_rng(2)
Z = draw.normal(size=(2, 3)) + 1j * draw.normal(size=(2, 3))
W = draw.normal(size=(2, 3)) + 1j * draw.normal(size=(2, 3))
X = draw.normal(size=3)


@pytest.mark.parametrize("data", [1j, 1 + 0j, np.complex64(2j), np.array([1j, 2]), [1, 2j], np.array(3j)])
def test_complex_numbers_are_held_in_their_dtype(data):
    z = Value(data)
    assert z.dtype == np.asarray(data).dtype
    assert z.tolist() == np.asarray(data).tolist()
    assert z.grad.dtype == z.dtype
    assert (z.real.dtype, z.imag.dtype) == (np.real(z.data).dtype,) * 2
    np.testing.assert_array_equal(z.conj().data, np.conj(data))
    np.testing.assert_array_equal(abs(z).data, np.abs(data))


def test_convention_is_that_of_both_slopes():
    def loss(z):
        return np.real(z) ** 3 + 5 * np.imag(z) ** 2

    assert tg.grad(loss)(2 + 3j) == 12 - 30j


@pytest.mark.parametrize("f", [np.exp, np.sin, np.sqrt, lambda z: z**3 / (1 + z), lambda z: z**2j])
def test_holomorphic_functions_hand_on_the_cotangent_times_the_derivative(f):
    z, g, h = 0.3 + 0.7j, 2 - 1j, 1e-7
    slope = (f(z + h) - f(z - h)) / (2 * h)
    _, pull = tg.vjp(f, z)
    np.testing.assert_allclose(pull(g)[0], g * slope, rtol=1e-7)
    np.testing.assert_allclose(tg.jvp(f, (z,), (g,))[1], g * slope, rtol=1e-7)


def test_pushing_and_pulling_are_transposes_in_the_real_part():
    def f(z, x):
        return np.fft.fft(z * x) + np.conj(z) * 1j, abs(z) + x

    v = W, draw.normal(size=3)
    g = Z * 2j, draw.normal(size=(2, 3))
    _, pushed = tg.jvp(f, (Z, X), v)
    pulled = tg.vjp(f, Z, X)[1](g)
    forward, backward = (
        np.real(sum(np.sum(a * b) for a, b in zip(*pair, strict=True))) for pair in ((pushed, g), (pulled, v))
    )
    assert forward == pytest.approx(backward, rel=1e-12)
    assert [g.dtype for g in pulled] == [complex, float]


def test_real_numbers_have_real_gradients():
    z, x = Value(Z), Value(X)
    np.sum(np.real(z * x * 1j + x)).backward()
    assert x.grad.dtype == float
    np.testing.assert_allclose(x.grad, np.sum(np.real(Z * 1j) + 1, axis=0))
    np.testing.assert_allclose(z.grad, np.broadcast_to(X * 1j, Z.shape))


@pytest.mark.parametrize("number", [2j, np.complex64(2j), np.complex128(2j), np.array([1j, 1, 2])])
@pytest.mark.parametrize("x", [np.float32(0.5), np.float64(0.5), X, X.astype(np.float32), np.complex64(1j)])
def test_constants_promote_as_numpy_has_it(x, number):
    for f in (np.add, np.subtract, np.multiply, np.divide, np.power):
        for ours, numpys in ((f(Value(x), number), f(x, number)), (f(number, Value(x)), f(number, x))):
            assert (ours.dtype, ours.shape) == (numpys.dtype, numpys.shape)
            np.testing.assert_array_equal(ours.data, numpys)
    for ours in (Value(x) * number, number * Value(x)):
        assert ours.dtype == np.multiply(x, number).dtype
        assert isinstance(ours.data, (np.ndarray, np.generic))


def test_what_has_no_influence_passes_nothing_on():
    def loss(z):
        return np.sum(np.real(np.where(abs(z) > 0.1, np.log(z), 0.0)))

    z = np.array([0j, 1 + 1j])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(tg.grad(loss)(z), [0, 1 / (1 + 1j)])
    assert tg.grad(lambda z: np.real(z - z) + abs(np.sqrt(z - z)))(1j) == 0


@pytest.mark.parametrize("f", [lambda z: abs(z) ** 2, lambda z: np.real(z * np.conj(z))])
def test_second_derivatives_at_a_kink_are_those_of_what_is_smooth(f):
    for v in (1.0 + 0j, 1j, 1 - 2j):
        np.testing.assert_allclose(tg.hvp(f, (0j,), (v,))[0], 2 * np.conj(v), rtol=1e-6)


def test_order_is_numpys():
    z, w = Value(1 + 1j), Value(1 + 2j)
    assert (z < w) == (z.data < w.data)
    assert (z == 1 + 1j) is np.True_
    np.testing.assert_array_equal(np.sort(Value(Z)).data, np.sort(Z))


def test_copies_and_pickles():
    z = Value(Z, name="z")
    np.sum(abs(z) ** 2).backward()
    for made in (copy.copy(z), pickle.loads(pickle.dumps(z))):
        np.testing.assert_array_equal(made.data, Z)
        np.testing.assert_array_equal(made.grad, z.grad)
    assert repr(Value(1 + 2j)) == "Value((1+2j), grad=0j, dtype=complex128)"


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda: Value(1j).backward(), r"backward\(\) on a complex Value.*np\.real\(x\)"),
        (lambda: (Value(1.0) * 2).backward(1j), r"the seed is complex, of complex128, where float64 was expected"),
        (lambda: setattr(Value(1.0), "data", 1j), "the new data is complex"),
        (lambda: setattr(Value(1.0), "grad", 1j), "the new gradient is complex"),
        (lambda: Value(1j).astype(float), r"np\.astype: dtype=.*write np\.real\(x\)"),
        (lambda: tg.grad(np.exp)(1j), r"grad: the function returned a complex number.*np\.real\(z\)"),
        (lambda: tg.jacobian(np.exp)(1j), r"jacobian: the function returned complex numbers; take the Jacobian of"),
        (lambda: tg.hessian(lambda z: abs(z) ** 2)(1j), r"jacobian: the function returned complex numbers"),
        (lambda: tg.vjp(np.sin, 1.0)[1](1j), r"vjp: a cotangent is complex"),
        (lambda: tg.jvp(np.sin, (1.0,), (1j,)), r"jvp: a tangent is complex"),
        (lambda: Value(1j) % 2, r"np\.remainder: got complex numbers"),
        (lambda: divmod(Value(2.0), 1j), r"np\.floor_divide: got complex numbers"),
        (lambda: complex(Value(1j)), r"complex\(\) of a Value"),
    ],
)
def test_what_would_drop_an_imaginary_part_is_refused(attempt, said):
    with pytest.raises(TypeError, match=said):
        attempt()
