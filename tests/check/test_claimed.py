"""A gradient that the tape did not make is compared too: hand-written, of any function."""

import math

import numpy as np
import pytest

import tinygrad_edu as tg

X = np.array([0.5, -1.0, 2.0])


def off_the_tape(x):
    return sum(math.sin(t) for t in np.asarray(x).tolist())


@pytest.mark.parametrize(
    ("f", "arguments", "gradient", "argnums"),
    [
        (off_the_tape, (X,), np.cos, None),
        (math.sin, (0.5,), math.cos, None),
        (lambda x, y: np.sum(x * y), (X, X + 1), lambda x, y: (y, x), (0, 1)),
        (lambda x, y: np.sum(x * y), (X, X + 1), lambda x, y: y, None),
        (lambda x, y: np.sum(x * y), (X, X + 1), lambda x, y: x, -1),
        (lambda p: p["a"] * math.exp(p["b"]), ({"a": 2.0, "b": 1.0},), lambda p: {"a": math.e, "b": 2 * math.e}, None),
        (lambda x, i: np.sum(x[i] ** 2), (X, np.array([0, 2])), lambda x, i: 2 * x * [1, 0, 1], None),
        (lambda p: p["a"] ** p["n"], ({"a": 2.0, "n": 3},), lambda p: {"a": p["n"] * p["a"] ** 2, "n": 0}, None),
    ],
)
def test_a_right_one_agrees_and_a_wrong_one_does_not(f, arguments, gradient, argnums):
    assert tg.compare_gradients(f, *arguments, gradient=gradient, argnums=argnums)

    def off(*args):
        return tg.tree.map(lambda g: g * (1 + 1e-6), gradient(*args))

    wrong = tg.compare_gradients(f, *arguments, gradient=off, argnums=argnums)
    assert not wrong
    assert "WRONG in" in wrong.summary


def test_argnums_chooses_and_the_others_are_constants():
    def f(x, y):
        return np.sum(x * y)

    report = tg.compare_gradients(f, X, X + 1, argnums=1, gradient=lambda x, y: x)
    assert [a.name for a in report.arguments] == ["y"]
    assert report
    assert [a.name for a in tg.compare_gradients(f, X, X + 1, argnums=0).arguments] == ["x"]


def test_of_several_arguments_a_tuple_is_claimed():
    with pytest.raises(TypeError, match="gave a ndarray for 2 arguments"):
        tg.compare_gradients(lambda x, y: np.sum(x * y), X, X, gradient=lambda x, y: y, argnums=(0, 1))


@pytest.mark.parametrize(
    ("f", "args", "held"),
    [
        (lambda x, i: np.sum(x[i] ** 2), (X, np.array([0, 2])), "i"),
        (lambda x, n: np.sum(x**n), (X, 3), "n"),
        (lambda p: np.sum(np.where(p["mask"], p["x"], 0.0)), ({"x": X, "mask": X > 0},), "p['mask']"),
    ],
)
def test_integers_and_truth_values_are_constants_and_the_report_says_so(f, args, held):
    report = tg.compare_gradients(f, *args)
    assert report
    assert len(report.arguments) == 1
    assert f"held constant, being integers or truth values: {held}" in report.notes


def test_where_there_is_nothing_else_integers_are_numbers():
    assert [a.worst.analytic for a in tg.compare_gradients(lambda x, y: x * y, 2, 3).arguments] == [3.0, 2.0]


def test_a_pair_of_value_and_gradient_is_taken_apart():
    assert tg.compare_gradients(lambda x: (np.sum(x**2), 2 * x), X, gradient=True)
    report = tg.compare_gradients(lambda x: (np.sum(x**2), 2.1 * x), X, gradient=True)
    assert [a.name for a in report.arguments if a.worst.kind == "wrong"] == ["x"]
    assert tg.compare_gradients(tg.value_and_grad(lambda x, y: np.sum(x * np.sin(y))), X, X, gradient=True)


@pytest.mark.parametrize("by_tape", [True, False])
def test_several_outputs_are_weighed_by_the_cotangent(by_tape):
    w = {"sum": 2.0, "square": np.array([1.0, -1.0, 3.0])}

    def f(x):
        return {"sum": np.sum(x), "square": x**2}

    report = tg.compare_gradients(
        f, X, cotangent=w, gradient=None if by_tape else lambda x: w["sum"] + w["square"] * 2 * x
    )
    assert report
    assert report.arguments[0].worst.analytic in (2 + w["square"] * 2 * X).tolist()
    with pytest.raises(ValueError, match="cotangent"):
        tg.compare_gradients(f, X, cotangent={"sum": 2.0, "square": np.ones(2)})


class Tensor:
    """What another library's arrays look like: they record, and must be detached to be NumPy's."""

    def __init__(self, numbers):
        self.numbers, self.dtype, self.shape = numbers, numbers.dtype, numbers.shape

    def detach(self):
        return self.numbers


def test_tensors_of_others_are_taken():
    assert tg.compare_gradients(lambda x: Tensor(np.sum(x**2)), X, gradient=lambda x: Tensor(2 * x))
    assert not tg.compare_gradients(lambda x: Tensor(np.sum(x**2)), X, gradient=lambda x: Tensor(3 * x))


def test_single_precision_has_the_digits_that_it_has():
    def f(x):
        return np.sum(np.sin(x.astype(np.float32) + np.float32(3)))

    def gradient(x):
        return np.cos(x.astype(np.float32) + np.float32(3))

    assert tg.compare_gradients(f, X, gradient=gradient)
    assert tg.compare_gradients(lambda x: np.sum(np.sin(x + 3)), X, gradient=gradient)
    assert not tg.compare_gradients(f, X, gradient=lambda x: gradient(x) * np.float32(1.01))


@pytest.mark.parametrize(
    ("f", "arguments", "gradient", "said"),
    [
        (
            lambda x, y: np.sum(x * y),
            (X, X),
            lambda x, y: (y, x),
            "a tuple that is not built like argument 0; argnums=",
        ),
        (lambda x: x, (X,), lambda x: x, r"f must give one real number, and gave \(3,\); .*cotangent="),
        (np.sum, (X,), np.ones(3), "gradient= is a ndarray; pass a function, or True"),
        (np.sum, (X,), True, "must give a pair, its value and its gradient, and gave a float64"),
        (np.sum, (X,), lambda x: 1.0, r"gradient= gave shape \(\) for .* of shape \(3,\)"),
    ],
)
def test_what_does_not_fit_is_refused(f, arguments, gradient, said):
    with pytest.raises((TypeError, ValueError), match=said):
        tg.compare_gradients(f, *arguments, gradient=gradient)
