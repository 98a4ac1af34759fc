"""A gradient that the tape did not make is compared too: hand-written, of any function."""

import math

import numpy as np
import pytest

import tinygrad_edu as tg

X = np.array([0.5, -1.0, 2.0])


def off_the_tape(x):
    return sum(math.sin(t) for t in np.asarray(x).tolist())


@pytest.mark.parametrize(
    ("f", "arguments", "gradient"),
    [
        (off_the_tape, (X,), np.cos),
        (math.sin, (0.5,), math.cos),
        (lambda x, y: np.sum(x * y), (X, X + 1), lambda x, y: (y, x)),
        (lambda p: p["a"] * math.exp(p["b"]), ({"a": 2.0, "b": 1.0},), lambda p: {"a": math.e, "b": 2 * math.e}),
        (lambda x, i: np.sum(x[i] ** 2), (X, np.array([0, 2])), lambda x, i: (2 * x * [1, 0, 1], i)),
    ],
)
def test_a_right_one_agrees_and_a_wrong_one_does_not(f, arguments, gradient):
    assert tg.compare_gradients(f, *arguments, gradient=gradient)
    wrong = tg.compare_gradients(
        f, *arguments, gradient=lambda *args: tg.tree.map(lambda g: g * (1 + 1e-6), gradient(*args))
    )
    assert not wrong
    assert "WRONG in" in wrong.summary


def test_argnums_chooses_and_the_others_are_constants():
    def f(x, y):
        return np.sum(x * y)

    report = tg.compare_gradients(f, X, X + 1, argnums=1, gradient=lambda x, y: x)
    assert [a.name for a in report.arguments] == ["y"]
    assert report
    assert [a.name for a in tg.compare_gradients(f, X, X + 1, argnums=0).arguments] == ["x"]


def test_arrays_of_integers_are_constants():
    report = tg.compare_gradients(lambda x, i: np.sum(x[i] ** 2), X, np.array([0, 2]))
    assert report
    assert [a.name for a in report.arguments] == ["x"]


@pytest.mark.parametrize(
    ("f", "arguments", "gradient", "said"),
    [
        (lambda x, y: np.sum(x * y), (X, X), lambda x, y: y, "gradient= gave a ndarray for 2 arguments"),
        (lambda x: x, (X,), lambda x: x, r"f must give one number, and gave \(3,\)"),
        (np.sum, (X,), lambda x: 1.0, r"gradient= gave shape \(\) for .* of shape \(3,\)"),
    ],
)
def test_what_does_not_fit_is_refused(f, arguments, gradient, said):
    with pytest.raises((TypeError, ValueError), match=said):
        tg.compare_gradients(f, *arguments, gradient=gradient)
