"""Diagnoses say something: names, digits that differ, all that share a fault, the term that is missing."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.check.planted import operation

draw = np.random.default_rng(0)
X = 2 * draw.normal(size=(8, 3)) + 1
GAMMA, BETA, W = draw.uniform(0.5, 1.5, 3), draw.normal(size=3), draw.normal(size=(8, 3))


def fault_of(report):
    assert not report
    (fault,) = report.faults
    return fault.what


def normalized(x):
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)


def loss(x, gamma, beta):
    return np.sum(W * (gamma * normalized(x) + beta))


def backward(x, gamma, beta, mean=1, variance=1):
    z, dz = normalized(x), W * gamma
    dx = (dz - mean * dz.mean(0) - variance * z * (dz * z).mean(0)) / np.sqrt(x.var(0) + 1e-5)
    return dx, np.sum(W * z, 0), np.sum(W, 0)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"mean": 0}, "lacks a term that is the same all along axis 0, as that through a mean over axis 0 is"),
        ({"variance": 0}, "in proportion to x - mean(x) over axis 0, as that through the variance over axis 0 is"),
        ({"variance": -1}, "in proportion to x - mean(x) over axis 0, as that through the variance over axis 0 is"),
        ({"mean": 0, "variance": 0}, "the terms through mean and variance"),
    ],
)
def test_the_term_that_a_batch_norm_lacks_is_named(terms, said):
    assert tg.compare_gradients(loss, X, GAMMA, BETA, gradient=backward, argnums=(0, 1, 2))
    report = tg.compare_gradients(loss, X, GAMMA, BETA, gradient=lambda *args: backward(*args, **terms)[0])
    assert fault_of(report).startswith("the gradient claimed for x lacks ")
    assert said in fault_of(report)
    assert said in report._repr_html_()


def test_the_axes_of_a_batch_norm_of_images_are_named():
    images, weights, axes = draw.normal(size=(3, 2, 3, 2)), draw.normal(size=(3, 2, 3, 2)), (0, 2, 3)

    def norm(x):
        return np.sum(weights * (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True))

    def without_mean(x):
        s = x.std(axes, keepdims=True)
        z = (x - x.mean(axes, keepdims=True)) / s
        return (weights - z * (weights * z).mean(axes, keepdims=True)) / s

    said = fault_of(tg.compare_gradients(norm, images, gradient=without_mean))
    assert "the same all along axes 0, 2, 3, as that through a mean over axes 0, 2, 3 is" in said


def test_the_groups_of_a_group_norm_are_named():
    images, weights = draw.normal(size=(2, 6, 2, 2)), draw.normal(size=(2, 6, 2, 2))
    grouped, axes = (2, 2, 3, 2, 2), (2, 3, 4)

    def norm(x):
        x = x.reshape(grouped)
        z = (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)
        return np.sum(weights * z.reshape(images.shape))

    def without_variance(x):
        g = weights.reshape(grouped)
        dx = (g - g.mean(axes, keepdims=True)) / x.reshape(grouped).std(axes, keepdims=True)
        return dx.reshape(images.shape)

    said = fault_of(tg.compare_gradients(norm, images, gradient=without_variance))
    assert "through the variance over groups of 3 along axis 1 and axes 2, 3 is" in said


def norm(x, axis):
    return np.sqrt(np.sum(x * x, axis, keepdims=True))


SOFTMAX, LOG_SOFTMAX = tg.functions.softmax, tg.functions.log_softmax
FIRST_TERMS = {  # functions, their gradients without the second term, and what is said of that
    "softmax": (lambda x, axis: SOFTMAX(x, axis=axis), lambda x, axis: W * SOFTMAX(x, axis=axis), "softmax(x)"),
    "log_softmax": (lambda x, axis: LOG_SOFTMAX(x, axis=axis), lambda x, axis: W, "softmax(x)"),
    "norm": (lambda x, axis: x / norm(x, axis), lambda x, axis: W / norm(x, axis), "x"),
}


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(("f", "first_term", "of"), FIRST_TERMS.values(), ids=FIRST_TERMS)
def test_the_second_term_of_a_softmax_or_a_norm_is_named(f, first_term, of, axis):
    report = tg.compare_gradients(lambda x: np.sum(W * f(x, axis)), X, gradient=lambda x: first_term(x, axis))
    through = "a norm" if of == "x" else "the sum in a softmax"
    said = f"lacks a term in proportion to {of} along axis {axis}, as that through {through} over axis {axis} is"
    assert fault_of(report) == f"the gradient claimed for x {said}"


def test_a_rule_that_lacks_a_term_through_the_mean_says_so():
    off = operation(normalized, lambda g, z, x: (g - z * (g * z).mean(0)) / np.sqrt(x.var(0) + 1e-5))
    said = fault_of(tg.compare_gradients(lambda x: np.sum(W * off(x)), X))
    assert said.startswith("its rule for input 0 (x) lacks a term that is the same all along axis 0")


def test_no_term_is_named_where_the_error_is_like_none():
    def noisy(*args):
        return backward(*args)[0] + draw.normal(size=X.shape)

    fixed = noisy(X, GAMMA, BETA)
    report = tg.compare_gradients(loss, X, GAMMA, BETA, gradient=lambda *_: fixed)
    assert not report
    assert report.faults == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda dx, dg, db: (dx, dg / 8, db / 8), ["gamma is off by the factor 1/8, and so it is with beta"]),
        (lambda dx, dg, db: (-dx, -dg, -db), ["x has the wrong sign, and so it is with gamma, beta"]),
        (lambda dx, dg, db: (dx, db, dg), ["gamma gives what belongs to beta", "beta gives what belongs to gamma"]),
        (lambda dx, dg, db: (dx + 0.1 * X, dg, db), ["x lacks the term -0.1·x"]),
        (lambda dx, dg, db: (dx[::-1], dg, db), ["x goes along axis 0 the wrong way round"]),
        (lambda dx, dg, db: (dx, dg, 0 * db), ["beta gives nothing"]),
        (lambda dx, dg, db: (dx, dg.astype(np.float32).astype(float), db), ["gamma is as precise as float32"]),
    ],
)
def test_what_is_wrong_with_a_claim_is_said_with_the_names_of_the_arguments(change, said):
    report = tg.compare_gradients(
        loss, X, GAMMA, BETA, gradient=lambda *args: change(*backward(*args)), argnums=(0, 1, 2)
    )
    assert not report
    assert len(report.faults) == len(said)
    for fault, words in zip(report.faults, said, strict=True):
        assert f"the gradient claimed for {words}" in fault.what


def test_one_wrong_element_of_2000_is_no_factor_and_is_located():
    def rule(g, z, x):
        share = g * z
        share[1234] *= 1 + 1e-3
        return share

    off = operation(np.exp, rule)
    x = draw.normal(size=2000)
    report = tg.compare_gradients(lambda x: np.sum(off(x) * np.arange(2000)), x)
    said = fault_of(report)
    assert "factor" not in said
    assert "elements, at [" in said
    assert report.arguments[0].wrong[1234]
    assert np.sum(report.arguments[0].wrong) == 1


def test_numbers_have_as_many_digits_as_differ():
    x = np.float64(0.55)
    off = operation(np.sin, lambda g, z, x: float(np.cos(np.float32(x))) * g)
    said = fault_of(tg.compare_gradients(lambda x: off(x) * 1.1, x))
    left, right = said.removeprefix("its rule for input 0 (x) is wrong: ").split(" where the slope is ")
    assert left != right.split(",")[0]
    assert right.endswith("which is as precise as float32")


def test_inputs_have_the_names_that_the_user_gave_them():
    off = operation(np.multiply, lambda g, z, x, y: g * y, lambda g, z, x, y: -g * x)
    report = tg.compare_gradients(lambda p, q: np.sum(off(q, p["w"])), {"w": W}, X)
    assert fault_of(report) == "its rule for input 1 (p['w']) has the wrong sign"
    scale = tg.Value(1.5, name="scale")
    off = operation(np.multiply, lambda g, z, x, y: -g * y, lambda g, z, x, y: -g * x)
    report = tg.compare_gradients(lambda x: np.sum(off(x, scale)), X)
    said = "its rule for input 0 (x) has the wrong sign, and so it is with input 1 (scale)"
    assert fault_of(report) == said


def test_a_fault_that_all_rules_share_is_reported_of_all():
    def rule(k):
        def share(g, z, a, b, c, d, e, f):
            return 2 * g * z / (a, b, c, d, e, f)[k]

        return share

    cell = operation(lambda a, b, c, d, e, f: a * b * c * d * e * f, *map(rule, range(6)))
    six = [draw.uniform(0.5, 1.5, 4) for _ in range(6)]
    said = fault_of(tg.compare_gradients(lambda a, b, c, d, e, f: np.sum(cell(a, b, c, d, e, f)), *six))
    others = ", ".join(f"input {i} ({name})" for i, name in zip(range(1, 6), "bcdef", strict=True))
    assert said == f"its rule for input 0 (a) is off by the factor 2, and so it is with {others}"


def test_forward_mode_is_explained_and_does_not_reassure_where_something_is_wrong():
    right = str(tg.compare_gradients(np.sin, 0.5))
    assert "forward and reverse mode agree: ⟨Jv, w⟩ = " in right
    assert "(Jacobian J, random v, weights w of the outputs)" in right
    off = operation(np.sin, lambda g, z, x: g)
    assert "⟨Jv" not in str(tg.compare_gradients(off, 0.5))


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (-2.0, "wrong: the sign"),
        (0.0, "wrong: 0 where the slope is 2"),
        (2.2, "wrong: relative error 0.091"),
        (2 + 2e-6, "wrong: relative error 1e-06"),
    ],
)
def test_verdicts_are_in_words_of_the_field(claim, said):
    report = tg.compare_gradients(lambda x: x * x, 1.0, gradient=lambda x: claim)
    assert report.arguments[0].worst.verdict == said


def test_a_claim_where_the_slope_is_0_is_no_100_percent():
    report = tg.compare_gradients(lambda x: x * x, 0.0, gradient=lambda x: 3.0)
    assert report.arguments[0].worst.verdict.startswith("wrong: 3 where the slope is 0 to within ")
