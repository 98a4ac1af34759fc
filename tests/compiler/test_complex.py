"""Programs of complex numbers give what the function gives: no imaginary part is dropped on the way."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import tree
from tinygrad_edu.testing.oracles import eps, largest

draw = np.random.default_rng(0)
Z = draw.normal(size=(3, 4)) + 1j * draw.normal(size=(3, 4))
X = draw.normal(size=(3, 4))
A = draw.normal(size=(3, 3)) + 1j * draw.normal(size=(3, 3))
H = A @ A.conj().T + 3 * np.eye(3)
CLOSED_OVER = Z.copy()
CLOSED_OVER.flags.writeable = False


def cubed(a):
    w, v = np.linalg.eigh(a)
    return np.sum(abs((v * w**3) @ v.conj().T) ** 2)


FUNCTIONS = {
    "powers": (lambda z: np.sum(np.real(np.sqrt(z) + np.log(z) + z**1.5 + z ** (0.5 + 1j))), (Z,)),
    "tanh": (lambda z: np.sum(np.real(np.tanh(z) + np.arctan(z))), (Z,)),
    "real and complex": (lambda z, x: np.sum(abs(z * x + 1j * x) ** 2), (Z, X)),
    "a constant": (lambda x: np.sum(abs(x + CLOSED_OVER) ** 2), (X,)),
    "parts": (lambda z: np.sum(z.real * z.imag + np.angle(z) + np.real(np.sign(z) * np.conj(z))), (Z,)),
    "where": (lambda z: np.sum(np.real(np.where(z.real > 0, z * z, 1j * z))), (Z,)),
    "fft": (lambda x: np.sum(abs(np.fft.fft2(x, norm="ortho")) ** 3), (X,)),
    "rfft": (lambda x: np.sum(abs(np.fft.rfftn(x, (4, 5), (0, 1))) ** 3), (X,)),
    "irfft": (lambda z: np.sum(np.fft.irfft(np.fft.fftshift(z), 5) ** 3), (Z,)),
    "solve": (lambda a, z: np.sum(abs(np.linalg.solve(a, z)) ** 2), (H, Z)),
    "determinant": (lambda a: np.linalg.slogdet(a)[1] + abs(np.linalg.det(a)), (A,)),
    "eigh": (cubed, (H,)),
    "svdvals": (lambda a: np.sum(np.linalg.svdvals(a) ** 3), (A,)),
    "norm": (lambda z: np.linalg.norm(z) + np.var(z) + np.max(abs(z)), (Z,)),
    "einsum": (lambda z: np.real(np.einsum("ij,kj->", z, z.conj())), (Z,)),
    "complex64": (lambda z: np.sum(abs(np.exp(z)) ** 2), (Z.astype(np.complex64),)),
    "a complex number": (lambda z: np.real(np.exp(z) * z**3 + 1 / z) + abs(z * z + 1) ** 2, (0.3 + 0.4j,)),
    "a real number": (lambda x: np.real(np.exp(1j * x) * (x + 2j)) + np.imag(x * 1j + x), (0.7,)),
    "no imaginary part": (lambda x: np.real(x) * x + np.imag(x) + np.real(np.conj(x)), (0.7,)),
}


def moved(x):
    return type(x)(1.25 * x) if isinstance(x, (float, complex)) else (1.25 * x).astype(x.dtype)


@pytest.mark.parametrize("ways", [{}, {"plain": True}, {"reuse_outputs": True}], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_program_gives_what_the_function_gives(name, ways):
    f, arguments = FUNCTIONS[name]
    slopes = tg.value_and_grad(f, tuple(range(len(arguments))))
    program = tg.compile(slopes, **ways)
    program(*arguments)
    elsewhere = tuple(map(moved, arguments))
    for got, wanted in zip(*(tree.leaves(g(*elsewhere)) for g in (program, slopes)), strict=True):
        assert (type(got), np.result_type(got)) == (type(wanted), np.result_type(wanted))
        np.testing.assert_allclose(got, wanted, rtol=0, atol=64 * eps(wanted) * largest(wanted))


@pytest.mark.parametrize("name", ["tanh", "fft", "solve", "a complex number"])
def test_second_derivatives_do_too(name):
    f, arguments = FUNCTIONS[name]
    tangents, n = tuple(0.5 * x for x in arguments), len(arguments)
    program = tg.compile(lambda *given: tg.hvp(f, given[:n], given[n:]))
    program(*arguments, *tangents)
    elsewhere = tuple(map(moved, arguments))
    for got, wanted in zip(program(*elsewhere, *tangents), tg.hvp(f, elsewhere, tangents), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=256 * eps(wanted) * largest(wanted))


def test_a_number_that_becomes_complex_gets_a_program_of_its_own():
    program = tg.compile(lambda x: np.real(x * x))
    assert program(2.0) == 4.0
    assert program(2j) == -4.0
    assert program(3.0) == 9.0


def test_a_complex_number_of_pythons_times_a_single_number_is_numpys():
    """To Python's complex numbers np.float64 is a float: `1j * w` is Python's, and has a real part of Python's."""
    f = tg.compile(lambda w: np.real(np.multiply(-1j, w)))
    for w in (np.float64(0.7), np.float64(0.2)):
        assert type(f(w)) is np.float64
        assert f(w) == 0
