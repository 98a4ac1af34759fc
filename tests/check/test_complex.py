"""Complex arguments and outputs are checked in both directions, and what is wrong is named."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.check.parts import Parts, in_parts, slopes_by_parts

draw = np.random.default_rng(4)
Z = draw.normal(size=3) + 1j * draw.normal(size=3)
W = draw.normal(size=(2, 3))


def energy(z, w):
    return np.sum(abs(np.fft.fft(np.exp(w @ z))) ** 2)


def test_arguments_are_both_parts_and_right():
    report = tg.compare_gradients(energy, Z, W, order=2)
    assert report.ok, str(report)
    assert [(a.name, a.shape, a.dtype) for a in report.arguments[:3]] == [
        ("z.real", (3,), "complex128"),
        ("z.imag", (3,), "complex128"),
        ("w", (2, 3), "float64"),
    ]
    g = tg.grad(energy)(Z, W)
    np.testing.assert_allclose(report.arguments[0].analytic - 1j * report.arguments[1].analytic, g, rtol=1e-12)
    assert "j" not in str(report).partition("post's slope")[2].partition("forward")[0].replace("digits", "")


def test_complex_outputs_are_weighed_in_both_parts():
    assert tg.compare_gradients(lambda z: np.linalg.inv(np.diag(z) + np.ones((3, 3))), Z).ok
    assert tg.compare_gradients(lambda x: np.fft.rfft(x, 5), W).ok
    assert tg.compare_gradients(lambda z: {"a": np.sqrt(z), "b": abs(z)}, Z).ok


def test_cotangent_of_complex_outputs():
    g = np.array([1.0, 2j, 1 - 1j])
    report = tg.compare_gradients(np.exp, Z, cotangent=g)
    assert report.ok
    by_hand = g * np.exp(Z)
    np.testing.assert_allclose(report.arguments[0].numeric, by_hand.real, rtol=1e-9)
    np.testing.assert_allclose(report.arguments[1].numeric, -by_hand.imag, rtol=1e-9)
    with pytest.raises(TypeError, match="a cotangent is complex"):
        tg.compare_gradients(abs, Z, cotangent=g)


def test_complex64_is_checked_in_its_own_precision():
    report = tg.compare_gradients(lambda z: np.sum(abs(z) ** 2), Z.astype(np.complex64))
    assert report.ok
    assert any("z.imag is complex64: its gradient has 6 digits" in note for note in report.notes)


def test_a_claim_in_the_other_convention_is_wrong_in_the_imaginary_part_only():
    def loss(z):
        return np.sum(abs(z - 1) ** 2)

    assert tg.compare_gradients(loss, Z, gradient=lambda z: 2 * np.conj(z - 1)).ok
    torchs = tg.compare_gradients(loss, Z, gradient=lambda z: 2 * (z - 1))
    assert [a.worst.kind for a in torchs.arguments] == ["agrees", "wrong"]
    assert "the sign" in str(torchs)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda g, z, x: g * np.conj(2 * x), "the imaginary part of input 0"),
        (lambda g, z, x: g * 4 * x, "factor 2"),
        (lambda g, z, x: np.real(g * 2 * x), "input 0"),
    ],
)
def test_a_wrong_complex_rule_is_named(rule, said):
    def squared(x):
        return x * x

    suspect = tg.primitive(squared)
    tg.derivative(suspect, rule)
    report = tg.compare_gradients(lambda z: np.sum(abs(suspect(z) - 1) ** 2), Z)
    assert not report.ok
    assert report.faults[0].operation == "squared"
    assert said in report.faults[0].what


@pytest.mark.parametrize("method", ["forward", "central", "richardson"])
def test_numeric_gradient_moves_complex_numbers_both_ways(method):
    slopes, errors = tg.numeric_gradient(energy, Z, W, method=method, error=True)
    exact = tg.grad(energy, (0, 1))(Z, W)
    assert [np.result_type(x) for x in (*slopes, *errors)] == [complex, float, float, float]
    for slope, error, g in zip(slopes, errors, exact, strict=True):
        assert np.all(abs(slope - g) <= 4 * error + 1e-9 * abs(g))


def test_numeric_gradient_refuses_what_has_no_slope():
    with pytest.raises(TypeError, match=r"complex128, which does not grow or fall; take np\.real"):
        tg.numeric_gradient(np.exp, 1j)
    with pytest.raises(TypeError, match='has a slope of its own; use method="richardson"'):
        tg.numeric_gradient(abs, 1j, method="complex")


def test_parts_put_together_are_the_whole():
    wholes = [Z, W, np.complex64(1 - 2j)]
    parts = Parts.of(wholes)
    for made, whole in zip(parts.join(in_parts(wholes)), wholes, strict=True):
        np.testing.assert_array_equal(made, whole)
    for made, whole in zip(parts.join_slopes(slopes_by_parts(wholes)), wholes, strict=True):
        np.testing.assert_array_equal(made, whole)
    assert parts.owners == [0, 0, 1, 2, 2]
    assert parts.named("abc") == ["a.real", "a.imag", "b", "c.real", "c.imag"]
