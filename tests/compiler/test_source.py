"""The text of a program is what runs; it runs on its own, and it can be read."""

import ast
import linecache
import traceback

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tape, Value
from tinygrad_edu.compiler.passes.tiling import BLOCK

RNG = np.random.default_rng(0)
NETWORK = {"w1": RNG.normal(size=(3, 4)), "b1": RNG.normal(size=4), "w2": RNG.normal(size=(4, 1)), "b2": np.zeros(1)}
INPUTS, WANTED = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 1))


def loss(p, x, y):
    hidden = np.tanh(x @ p["w1"] + p["b1"])
    output = hidden @ p["w2"] + p["b2"]
    return np.mean((output - y) ** 2)


def alone(source, *numbers):
    """Run a program in a module that has nothing else."""
    names = {}
    exec(source, names)
    work = (names["make_work"](),) if "make_work" in names else ()
    return names["program"](*numbers, *work)


def flat(*trees):
    return [x for each in trees for x in tg.tree.leaves(each)]


def test_plain_programs_run_alone_and_give_the_same_to_the_bit():
    slopes = tg.value_and_grad(loss)
    compiled = tg.compile(slopes, plain=True)
    compiled(NETWORK, INPUTS, WANTED)
    results = alone(compiled.source, *flat(NETWORK), INPUTS, WANTED)
    for given, expected in zip(results, flat(slopes(NETWORK, INPUTS, WANTED)), strict=True):
        assert np.array_equal(given, expected)


def test_programs_with_memory_run_alone():
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(NETWORK, INPUTS, WANTED)
    expected = flat(compiled(NETWORK, INPUTS, WANTED))
    results = alone(compiled.source, *flat(NETWORK), INPUTS, WANTED)
    assert all(map(np.array_equal, results, expected))


def test_what_needs_numpy_imports_numpy_only():
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(NETWORK, INPUTS, WANTED)
    imports = [node for node in ast.walk(ast.parse(compiled.source)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(each) for each in imports] == ["import numpy as np"]


def test_it_reads_as_calculus():
    compiled = tg.compile(tg.value_and_grad(loss), plain=True)
    compiled(NETWORK, INPUTS, WANTED)
    lines = [line.partition("#")[0].strip() for line in compiled.source.splitlines()]
    assert "hidden = np.tanh(t1)" in lines
    assert "output = hidden @ w2 + b2" in lines
    assert "d_w2 = hidden.T @ g1" in lines
    assert "d_b1 = np.sum(g2, axis=0)" in lines


def test_it_says_where_lines_come_from_and_how_large_their_results_are():
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(NETWORK, INPUTS, WANTED)
    number = loss.__code__.co_firstlineno + 1
    (line,) = (line for line in compiled.source.splitlines() if line.strip().startswith("np.tanh("))
    assert line.endswith(f"# (8, 4)  test_source.py:{number}")
    marks = [line.strip() for line in compiled.source.splitlines() if line.strip() in ("# forward", "# backward")]
    assert marks[:2] == ["# forward", "# backward"]
    assert "w1  float64 (3, 4)" in compiled.source


def test_tracebacks_show_the_line_of_the_program():
    compiled = tg.compile(lambda x, i: x[i] * 2)
    compiled(np.arange(3.0), np.array([0]))
    printed = compiled._last.executable
    with pytest.raises(IndexError) as caught:
        printed.run((np.arange(3.0), np.array([7])))
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert frame.line in printed.text
    assert "x[i]" in frame.line
    assert linecache.getlines(frame.filename)


def test_there_is_no_source_before_the_first_call():
    with pytest.raises(RuntimeError, match="call the function once"):
        tg.compile(loss).source  # noqa: B018


def test_large_constants_are_handed_in_by_name():
    def f(x):
        return x @ np.random.default_rng(0).normal(size=(40, 40))

    x = np.ones((2, 40))
    assert np.allclose(tg.compile(f)(x), f(x), rtol=80 * np.finfo(float).eps, atol=80 * np.finfo(float).eps)


def test_backward_lines_tell_which_line_they_are_the_slope_of():
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(NETWORK, INPUTS, WANTED)
    number = loss.__code__.co_firstlineno + 1
    remark = f'test_source.py:{number}  \N{PARTIAL DIFFERENTIAL} hidden = np.tanh(x @ p["w1"] + p["b1"])'
    (line,) = (line for line in compiled.source.splitlines() if "d_w1 = " in line)
    assert line.endswith(remark)
    forward = compiled.source.partition("# backward")[0]
    assert "\N{PARTIAL DIFFERENTIAL}" not in forward


@pytest.mark.parametrize("way", [{}, {"plain": True}], ids=str)
def test_what_reads_memory_is_not_moved_behind_what_writes_it(way):
    def f(x):
        h = x * 2
        parts = [np.sin(h) + 1, -h[1:], h @ h]
        h[0] = 5.0
        h *= 3
        return parts[0] * 3 + h, parts[1] * 2, parts[2] * h

    compiled = tg.compile(f, **way)
    for _ in range(2):
        for given, expected in zip(compiled(WANTED[:, 0]), f(WANTED[:, 0]), strict=True):
            assert np.array_equal(given, expected)


def test_slopes_are_named_by_their_arguments():
    def f(kind, a, x, y):
        return np.sin(a * x) * x + y[0] * y[1]

    source = {}
    for name, function in {"both": tg.value_and_grad, "grad": tg.grad}.items():
        for argnums in (1, 3, (2, 1), (3, 1)):
            compiled = tg.compile(function(f, argnums=argnums))
            compiled("kind", 0.5, 2.0, [1.0, 3.0])
            (returned,) = (line for line in compiled.source.splitlines() if line.strip().startswith("return "))
            source[name, argnums] = returned.replace("np.float64", "").replace("(", "").replace(")", "").split()[1:]
    assert source["both", 1] == ["result,", "d_a"]
    assert source["both", (2, 1)] == ["result,", "d_x,", "d_a"]
    assert source["grad", 1] == ["d_a,"]
    assert source["grad", (2, 1)] == ["d_x,", "d_a"]
    assert source["both", 3][0] == "result,"
    arrays = tg.compile(tg.grad(lambda a, x: np.sum(np.sin(a) * x * x), argnums=(1, 0)))
    arrays(np.ones(3), np.ones(3))
    assert "return d_x, d_a" in arrays.source


def test_a_tape_is_written_as_a_program():
    w, b = Value(NETWORK["w1"], name="w"), Value(NETWORK["b1"], name="b")
    z = np.sum(np.exp(INPUTS @ w + b) ** 2)
    z.backward()
    value, dw, db = alone(Tape(z).source(), w.data, b.data)
    assert value == z.data
    assert np.array_equal(dw, w.grad)
    assert np.array_equal(db, b.grad)


def test_a_tape_of_an_array_takes_the_cotangent():
    x = Value(INPUTS, name="x")
    z = np.tanh(x) * x
    z.backward(np.cos(INPUTS))
    value, slope = alone(Tape(z).source(), INPUTS, np.cos(INPUTS))
    assert np.array_equal(value, z.data)
    assert np.array_equal(slope, x.grad)


def test_a_tape_of_a_leaf():
    assert alone(Tape(Value(3.0, name="x")).source(), 3.0) == (3.0, 1.0)


def test_explain_tells_what_the_passes_did():
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(NETWORK, INPUTS, WANTED)
    text = compiled.explain()
    for word in ("traced", "eliminate_copies", "operations on numbers", "memory at the peak", "runs that went to"):
        assert word in text


def test_explain_counts_operations():
    compiled = tg.compile(lambda x, w: np.exp(x @ w))
    compiled(np.ones((5, 7)), np.ones((7, 3)))
    assert f"operations on numbers, here        {5 * 3 * 7 * 2 + 5 * 3:>9,}" in compiled.explain()


def test_explain_knows_that_blocks_need_less_memory():
    x = np.linspace(-1, 1, 1_000_000)
    compiled = tg.compile(tg.value_and_grad(lambda x: np.sum(np.tanh(x) * np.exp(-x * x))))
    compiled(x)
    costs = compiled._last.executable.eager_costs
    assert costs.peak > 4 * x.nbytes
    blocks = 3 * BLOCK * x.itemsize
    (peak,) = [line for line in compiled.explain().splitlines() if "at the peak, here" in line]
    assert peak.endswith(f" {(x.nbytes + blocks) / 1e6:.3g} MB")


def test_report_times_each_statement():
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(NETWORK, INPUTS, WANTED)
    for timing in (compiled.report(), compiled.report(NETWORK, INPUTS, WANTED, rounds=3)):
        assert any("np.tanh" in each.text for each in timing.statements)
        assert all(each.seconds >= 0 for each in timing.statements)
        assert "µs in all" in str(timing)
        assert "█" in str(timing)


def test_report_draws():
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(NETWORK, INPUTS, WANTED)
    axes = compiled.report().plot()
    assert len(axes.patches) > 5
    assert axes.get_xlabel() == "µs"


def test_powers_of_single_numbers_are_signs():
    def f(x):
        return x[0] ** 3 + np.float_power(x[1], x[0]) - (-x[1]) ** 2

    compiled, x = tg.compile(f), np.array([1.5, 0.25])
    compiled(x)
    assert "np.float_power" not in compiled.source
    for numbers in (x, -x, np.array([0.0, -0.0]), np.array([np.inf, np.nan]), np.array([400.0, 1e200])):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(compiled(numbers), f(numbers))
    powers = tg.compile(lambda x: np.float_power(x, 2))
    powers(x)
    assert "np.float_power(x, " in powers.source  # of arrays ** is another function
