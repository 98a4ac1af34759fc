"""Right gradients are found right, wrong ones wrong, and kinks are called kinks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.check.planted import operation
from tests.domains import CALLS, every_call
from tinygrad_edu.core.rules import table
from tinygrad_edu.functions import leaky_relu, relu
from tinygrad_edu.losses import cross_entropy
from tinygrad_edu.nn import Network

KINKS = [
    (np.abs, (0.0,), "np.absolute"),
    (np.abs, (np.array([1.0, 0.0]),), "np.absolute"),
    (np.maximum, (1.0, 1.0), "np.maximum"),
    (np.fmin, (2.0, 2.0), "np.fmin"),
    (np.max, (np.array([1.0, 1.0, 0.0]),), "np.max"),
    (np.hypot, (0.0, 0.0), "np.hypot"),
    (lambda x: np.clip(x, 0, 1), (1.0,), "np.minimum"),
    (relu, (0.0,), "relu"),
    (lambda x: 1e-9 * relu(x), (0.0,), "relu"),
    (np.std, (np.ones(3),), "np.std"),
    (leaky_relu, (0.0,), "no single operation"),
    (lambda x: np.abs(x) + np.abs(x - 2e-4), (0.0,), "np.absolute"),
    (np.linalg.norm, (np.zeros(3),), "root"),
]


def kinds(report):
    return {a.worst.kind for a in report.arguments}


@every_call
def test_the_whole_table_is_right(call):
    sample = call.draw(5)
    if sum(x.size for x in sample.arrays):
        report = tg.compare_gradients(sample, *sample.arrays)
        assert report.ok, report
        assert "wrong" not in str(report)


def test_tables_flat_functions_agree_that_they_are_flat():
    sample = next(call for call in CALLS if call.function is np.floor).draw(0)
    assert "agrees: 0 to within" in str(tg.compare_gradients(np.floor, sample.arrays[0]))


@pytest.mark.parametrize(("f", "arguments", "said"), KINKS)
def test_a_kink_is_called_one_and_is_no_fault(f, arguments, said):
    report = tg.compare_gradients(f, *arguments)
    assert report.ok, report
    assert kinds(report) == {"kink"}
    assert any(said in note for note in report.notes), report


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-6])
def test_beside_a_kink_there_is_none(distance):
    report = tg.compare_gradients(lambda x: np.sum(np.abs(x)), np.array([distance, -distance]))
    assert report.ok, report
    assert kinds(report) == {"agrees"}


def test_what_is_outside_the_slopes_of_a_kink_is_wrong():
    steep = operation(np.abs, lambda g, z, x: g * 1.5)
    report = tg.compare_gradients(steep, 0.0)
    assert not report.ok
    assert "at a kink with slopes -1 and 1" in str(report)


@pytest.mark.parametrize("f", [np.sqrt, np.cbrt])
def test_where_there_is_no_finite_slope_none_is_claimed(f):
    report = tg.compare_gradients(f, 0.0)
    assert "no finite slope can be measured" in report.arguments[0].worst.verdict


@given(st.integers(-12, 12), st.sampled_from([np.log, np.sqrt, np.reciprocal, np.square, np.cbrt]))
def test_numbers_of_every_size(k, f):
    report = tg.compare_gradients(f, 10.0**k)
    assert report.ok, report
    assert kinds(report) == {"agrees"}


@pytest.mark.parametrize("k", range(0, 13, 2))
def test_a_wrong_sign_is_caught_at_every_scale_also_beside_one(k):
    scale = 10.0**-k
    right = operation(np.sin, lambda g, z, x: g * np.cos(x))
    wrong = operation(np.sin, lambda g, z, x: -g * np.cos(x))
    for x in (0.7, 0.7 * scale):
        assert tg.compare_gradients(lambda x: scale * right(x), x).ok
        assert not tg.compare_gradients(lambda x: scale * wrong(x), x).ok
        assert not tg.compare_gradients(lambda x: 1 + scale * wrong(x), x).ok


@pytest.mark.parametrize("function", [np.tanh, np.exp, np.sin, np.log1p])
@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
def test_a_billionth_is_caught(function, shape):
    (rule,) = table[function].rules
    x = np.random.default_rng(1).uniform(0.2, 1.2, shape)
    for off, ok in ((0.0, True), (1e-9, False), (-1e-9, False), (1e-11, False)):
        mutated = operation(function, lambda g, z, x, off=off: (1 + off) * rule(g, z, x))
        assert tg.compare_gradients(lambda x, f=mutated: np.sum(f(x) * 2), x).ok is ok


def test_one_wrong_element_of_thousands_is_caught_in_full_mode():
    generator = np.random.default_rng(0)
    x = generator.normal(size=3_000)
    off = np.ones(3_000)
    off[generator.integers(3_000)] = 1 + 1e-6
    mutated = operation(np.sin, lambda g, z, x: g * np.cos(x) * off)
    report = tg.compare_gradients(lambda x: np.sum(mutated(x)), x, full=True)
    assert not report.ok
    assert report.arguments[0].worst.place == f"[{np.argmax(off)}]"
    assert report.arguments[0].looked_at == 3_000


def test_a_network_is_looked_at_in_every_array():
    draw = np.random.default_rng(0)
    network = Network.random([40, 30, 10], 0, relu)
    x, labels = draw.random((16, 40)), draw.integers(0, 10, 16)
    report = tg.compare_gradients(lambda network: cross_entropy(network(x), labels), network)
    assert report.ok, report
    assert [a.name for a in report.arguments] == [
        f"network.layers[{i}].{part}" for i in (0, 1) for part in ("weights", "bias")
    ]
    assert all(a.looked_at + a.directions > 0 for a in report.arguments)
    assert report.arguments[0].directions == 2


def test_outputs_of_any_shape_and_trees():
    assert tg.compare_gradients(lambda x, y: {"a": np.outer(x, y), "b": [x * 2]}, np.ones(3), np.arange(2.0)).ok
    wrong = operation(np.sin, lambda g, z, x: g * np.array([1.0, 1.0, 1.01]) * np.cos(x))
    assert not tg.compare_gradients(lambda p: (wrong(p["x"]), p["b"]), {"x": np.ones(3), "b": 2.0}).ok


def test_single_precision_is_seen_as_far_as_it_goes():
    x = np.linspace(0.1, 1, 5, dtype=np.float32)
    report = tg.compare_gradients(lambda x: np.sum(np.tanh(x)), x)
    assert report.ok
    assert any("float32" in note for note in report.notes)
    off = operation(np.tanh, lambda g, z, x: g * (1 - z * z) * (1.001 if x.dtype == np.float32 else 1))
    report = tg.compare_gradients(lambda x: np.sum(off(x)), x)
    assert not report.ok
    assert "float32 is further from that in float64 than rounding" in str(report)


def test_what_leaves_the_tape_is_said_to():
    report = tg.compare_gradients(lambda x: x * np.exp(x.data if isinstance(x, tg.Value) else x), np.ones(2))
    assert not report.ok
    assert "is not on the tape" in str(report.faults[0])
