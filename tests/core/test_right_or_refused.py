"""Nothing leaves the tape unnoticed: each way out is refused by cause, with the remedy, or gives the right gradient."""

import cmath
import copy
import dataclasses
import math
import pickle
import re
import statistics
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.sparse

import tinygrad_edu as tg
from tinygrad_edu import Value

V, W = Value(2.0), Value([1.0, 2.0])
MATRIX = np.array([[1.0, 2.0], [3.0, 4.0]])


def set_item(index: Any, x: Any = V) -> None:
    """Write a Value into an array."""
    a = np.zeros((3, 3))
    a[index] = x


def add_item() -> None:
    """Write into an array what was there, and a Value."""
    a = np.zeros(3)
    a[0] += V


def set_flat() -> None:
    """Write a Value by way of an array's iterator."""
    np.zeros(3).flat[0] = V


LEAVING: dict[str, tuple[Callable[[], Any], str]] = {
    "a[i, j] = v": (lambda: set_item((0, 1)), "stack"),
    "a[i] = w": (lambda: set_item((0, slice(2)), W), "stack"),
    "a[0] += v": (add_item, "stack"),
    "a.fill(v)": (lambda: np.zeros(3).fill(V), r"v \* np.ones"),
    "np.full": (lambda: np.full(3, V), r"v \* np.ones"),
    "math.exp": (lambda: math.exp(V), "write np.exp"),
    "math.fsum": (lambda: math.fsum([V, V]), "write np.sum"),
    "math.floor": (lambda: math.floor(V), "write np.floor"),
    "math.trunc": (lambda: math.trunc(V), "write np.trunc"),
    "float": (lambda: float(V), r"float\(\)"),
    "int": (lambda: int(V), r"int\(\)"),
    "complex": (lambda: complex(V), "real numbers"),
    "round": (lambda: round(V), "write np.round"),
    "round to digits": (lambda: round(V, 2), "write np.round"),
    "np.float64": (lambda: np.float64(V), "astype"),
    "np.fromiter": (lambda: np.fromiter([V], float), "stack"),
    "np.int64": (lambda: np.int64(V), "whole numbers"),
    "pinv, hermitian=": (lambda: np.linalg.pinv(V, hermitian=True), "keywords with a rule: rcond, rtol"),
    "%": (lambda: "%.2f" % V, r"float\(\)"),  # noqa: UP031 - it is what is tested
    "quad": (lambda: scipy.integrate.quad(lambda t: V * t, 0, 1), "primitive"),
    "brentq": (lambda: scipy.optimize.brentq(lambda x: x - V, 0, 5), "primitive"),
    "solve_ivp": (lambda: scipy.integrate.solve_ivp(lambda t, y: V * y, (0, 1), [1.0]), "primitive"),
    "np.array": (lambda: np.array([W[0], W[1] ** 2]), "np.stack"),
    "np.asarray": (lambda: np.asarray(W), "x for np.asarray"),
    "X.dot(w)": (lambda: MATRIX.dot(W), "X @ w"),
    "np.r_": (lambda: np.r_[W, 1.0], "np.concatenate"),
    "np.c_": (lambda: np.c_[W, W], "np.column_stack"),
    "np.vectorize": (lambda: np.vectorize(lambda t: t * V)([1.0, 2.0]), "whole array"),
    "cmath": (lambda: cmath.exp(V), "write np.exp"),
    "np.complex128": (lambda: np.complex128(V), "astype"),
    "drawn around a Value": (lambda: np.random.default_rng(0).normal(V, 1.0), r"m \+ d \* rng"),
    "drawn out of a Value": (lambda: np.random.default_rng(0).permutation(W), r"x\[rng\.permutation"),
    "np.arange": (lambda: np.arange(V, 5.0), r"np\.arange\(n\)"),
    "np.fill_diagonal": (lambda: np.fill_diagonal(np.zeros((2, 2)), V), "np.eye"),
    "assert_allclose": (lambda: np.testing.assert_allclose(W, [1.0, 2.0]), r"pass x\.data"),
    "Polynomial": (lambda: np.polynomial.Polynomial([1.0, 2.0])(W), "np.polyval"),
    "np.broadcast": (lambda: np.broadcast(W, W), "np.broadcast_arrays"),
    "np.ndenumerate": (lambda: [*np.ndenumerate(W)], "a loop"),
    "np.emath": (lambda: np.emath.sqrt(V), r"x \+ 0j"),
    "np.tile": (lambda: np.tile(W, V), "plain int"),
    "pow, modulo": (lambda: pow(V, 2, 3), r"__pow__\(\) takes 2"),
    "format": (lambda: f"{W:.2f}", r"of shape \(2,\)"),
    "range": (lambda: range(V), "plain int"),
    "a list's index": (lambda: [1, 2][V], "plain int"),
    "sparse @ w": (lambda: scipy.sparse.csr_array(MATRIX) @ W, "toarray"),
    "w @ sparse": (lambda: W @ scipy.sparse.csr_array(MATRIX), "toarray"),
    "sparse.dot(w)": (lambda: scipy.sparse.csr_array(MATRIX).dot(W), "toarray"),
}


def messages(error: BaseException | None) -> str:
    """What an error says, and those that led to it."""
    return "" if error is None else f"{error}\n{messages(error.__cause__)}"


@pytest.mark.parametrize("attempt", LEAVING)
def test_what_would_leave_the_tape_is_refused_with_the_remedy(attempt):
    run, remedy = LEAVING[attempt]
    with pytest.raises((TypeError, ValueError, SystemError)) as caught:  # NumPy and SciPy wrap what they are told
        run()
    text = messages(caught.value)
    assert re.search(remedy, text), text
    assert "pass its .data" not in text


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("1 + math.exp(V * 2)", "write np.exp"),
        ("np.r_[W, W]", "np.concatenate"),
        ("np.array([V, V])", "np.stack"),
        ("np.float64(V)", "astype"),
        ("[math.log(t) for t in W] + [np.arange(3)]", "write np.log"),
        ("np.random.default_rng(0).normal(V, 1.0)", "plain draws"),
        ("float(V)", "leave it a Value"),
    ],
)
def test_the_remedy_is_found_where_no_text_is_kept(typed, remedy):
    """As at Python's prompt."""
    with pytest.raises(TypeError, match=remedy):
        eval(typed)


def test_the_refusal_names_the_line():
    with pytest.raises(TypeError, match=r"test_right_or_refused\.py:\d+: math\.exp\(V\)"):
        math.exp(V)


def test_writing_by_an_iterator_is_refused():
    with pytest.raises(ValueError, match="single item"):  # all that NumPy lets through
        set_flat()
    with pytest.raises(TypeError, match="Value"):
        statistics.mean([V, V])


def test_what_a_reader_can_see_may_leave():
    assert (V.item(), V.data, V.detach().item(), f"{V:.1f}", W.tolist()) == (2.0, 2.0, 2.0, "2.0", [1.0, 2.0])
    assert V > 1
    assert bool(V)
    with tg.no_grad():
        assert (float(V), int(V), round(V), math.exp(V)) == (2.0, 2, 2, math.exp(2.0))
        assert np.array([V, V]).tolist() == [2.0, 2.0]
        set_item(0)


def quadratic(x: Any) -> Any:
    """A function of a hidden Markov model's form: entries made one by one."""
    return np.sum(np.stack([x, 0.0 * x, 0.0 * x])) * x


def test_the_remedy_gives_the_right_gradient():
    assert tg.grad(quadratic)(2.0) == 4.0
    assert tg.grad(lambda v: np.sum(v * np.ones(3)) * v)(2.0) == 12.0
    assert tg.grad(lambda v: np.sum(np.full_like(Value(np.ones(3)), v)) * v)(Value(2.0)).item() == 12.0
    assert tg.grad(lambda x: np.sum(np.full_like(x, 3.0)) * x[0])(np.ones(2)).tolist() == [6.0, 0.0]


@dataclasses.dataclass
class Holder:
    """Something that is copied."""

    w: Any


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy of a list": lambda x: copy.deepcopy([x])[0],
    "asdict": lambda x: dataclasses.asdict(Holder(x))["w"],
    "astuple": lambda x: dataclasses.astuple(Holder(x))[0],
    "replace": lambda x: dataclasses.replace(Holder(x)).w,
}


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
def test_a_copy_inside_a_transform_is_recorded(duplicate):
    def f(x):
        return np.sum(duplicate(x) ** 2)

    assert tg.grad(f)(np.ones(3)).tolist() == [2.0, 2.0, 2.0]
    assert tg.hessian(f)(np.ones(2)).tolist() == [[2.0, 0.0], [0.0, 2.0]]
    assert tg.grad(lambda x: np.sum(duplicate(x * x)))(np.ones(2)).tolist() == [2.0, 2.0]


def test_pickling_inside_a_transform_is_refused():
    with pytest.raises(TypeError, match="detach"):
        tg.grad(lambda x: pickle.loads(pickle.dumps(x)) ** 2)(1.0)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copied_leaf_keeps_its_gradient_and_shares_nothing(duplicate):
    x = Value([1.0, 2.0], name="x")
    np.sum(x**2).backward()
    y = duplicate(x)
    assert y.grad.tolist() == [2.0, 4.0]
    np.sum(y).backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([2.0, 4.0], [3.0, 5.0])


class Quantity(np.ndarray):
    """An array with a unit, as some libraries have."""


class Series:
    """A column with labels, as pandas has: it has NumPy's ufuncs, and none of its other functions."""

    __array_ufunc__ = None
    __pandas_priority__ = 3000

    def __init__(self, x: Any) -> None:
        self.numbers, self.dtype, self.shape = np.asarray(x), np.dtype(float), np.shape(x)

    def to_numpy(self) -> Any:
        """The numbers without the labels."""
        return self.numbers


MEANT = {
    "masked": (np.ma.array([1.0, 100.0], mask=[0, 1]), "filled"),
    "a subclass": (np.ones(2).view(Quantity), r"numpy\.asarray"),
    "a column": (Series([1.0, 2.0]), "to_numpy"),
    "sparse": (scipy.sparse.csr_array(np.eye(2)), "toarray"),
}


@pytest.mark.parametrize(("x", "remedy"), MEANT.values(), ids=MEANT)
def test_data_that_means_more_than_its_numbers_is_refused_as_leaf_and_constant(x, remedy):
    for attempt in (
        lambda: Value(x),
        lambda: W * x,
        lambda: W @ x,
        lambda: np.where(W > 1, W, x),
        lambda: tg.grad(np.sum)(x),
        lambda: np.concatenate([W, x]),
    ):
        with pytest.raises(TypeError, match=remedy):
            attempt()


def test_masked_arrays_do_not_reach_into_values():
    masked = np.ma.array([1.0, 100.0], mask=[0, 1])
    for attempt in (lambda: masked * W, lambda: np.ma.sum(W), lambda: np.where(masked > 1, W, 0.0), lambda: W[masked]):
        with pytest.raises(TypeError, match="mask"):
            attempt()
    assert tg.grad(lambda w: np.sum(w * masked.filled(0)))(np.ones(2)).tolist() == [1.0, 0.0]


def test_the_matrix_class_is_refused():
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix([[1.0, 2.0]])
    for attempt in (lambda: W * matrix, lambda: matrix * W, lambda: matrix @ W):
        with pytest.raises(TypeError, match=r"numpy\.asarray"):
            attempt()


@pytest.mark.parametrize("x", [(1.0, 3.0), [1, 3], range(1, 4, 2), memoryview(np.array([1.0, 3.0]))])
def test_what_is_an_array_in_other_clothes_is_converted(x):
    assert (W * x).tolist() == [1.0, 6.0]
    assert Value(x).tolist() == [1.0, 3.0]


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int64, bool])
@pytest.mark.parametrize("floats", [np.float32, np.float64])
def test_integers_beside_values_are_floats_to_rules(dtype, floats):
    exponents = np.array([0, 1], dtype)
    x = Value(np.array([1e10, 3.0], floats))
    z = x**exponents
    assert z.dtype == (x.data**exponents).dtype
    np.sum(z).backward()
    assert x.grad.tolist() == [0.0, 1.0]
    y = Value(floats(0.5))
    np.sum(np.fmin(y, exponents)).backward()
    assert y.grad == 1.0  # min(y, 1) alone has a slope


def test_integer_bases_take_their_logarithm_as_floats():
    y = Value(2.5)
    np.sum(np.array([2, 3], np.uint8) ** y).backward()
    expected = 2**2.5 * math.log(2) + 3**2.5 * math.log(3)
    np.testing.assert_allclose(y.grad, expected, rtol=8 * np.finfo(float).eps)


def test_threads_that_sweep_into_one_leaf_lose_nothing():
    x, count, rounds = Value(np.ones(50_000)), 8, 50

    def work() -> None:
        for _ in range(rounds):
            np.sum(x * 1.0).backward()

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(x.grad, np.full(50_000, float(count * rounds)))


def test_backward_of_what_was_not_recorded_says_so():
    with tg.no_grad():
        z = Value(2.0) * 3
    for unrecorded in (z, Value(2.0)):
        with pytest.raises(RuntimeError, match="no_grad"):
            unrecorded.backward()


def test_data_may_be_stepped_in_place_and_an_older_tape_is_refused():
    p = Value([1.0, 2.0])
    loss = np.sum(p**2)
    loss.backward()
    p.data -= 0.5 * p.grad
    assert p.tolist() == [0.0, 0.0]
    with pytest.raises(RuntimeError, match="new data"):
        loss.backward()
    for operate in ("p.data += 1.0", "p.data *= 3.0", "p.data **= 2", "p.data /= 9.0"):
        exec(operate, {"p": p})
    assert p.tolist() == [1.0, 1.0]
    held = p.data
    with pytest.raises(ValueError, match="read-only"):
        held -= 1.0
    with pytest.raises(ValueError, match="read-only"):
        p.data[0] = 7.0
    with pytest.raises(AttributeError, match="only a leaf"):
        (p * 2).data = np.ones(2)


def test_in_place_on_attributes_of_attributes():
    h = Holder(Holder(Value([1.0])))
    h.w.w.data -= 1.0
    assert h.w.w.tolist() == [0.0]


def waiting() -> Any:
    """A generator that would hold the switch while it waits."""
    with tg.no_grad():
        yield 1


def test_no_grad_does_not_leak_out_of_a_generator():
    with pytest.raises(RuntimeError, match="generator waiting"):
        next(waiting())
    assert (Value(1.0) * 2).function is np.multiply
    for suspended in (waiting, coroutine):
        with pytest.raises(TypeError, match="inside"):
            tg.no_grad()(suspended)


async def coroutine() -> None:
    """A function whose body runs later."""


def test_reprs_are_one_line():
    assert "\n" not in repr(tg.nn.Network.random([64, 32, 10], seed=0))
    assert repr(Value(np.ones((64, 32)), name="w")) == "Value(shape=(64, 32), name='w')"
    assert "\n" not in repr(Value(np.ones((3, 3))))


@pytest.mark.parametrize("name", [n for n in dir(np.ndarray) if not n.startswith("_") and not hasattr(Value, n)])
def test_methods_of_arrays_that_values_lack_say_what_to_write(name):
    with pytest.raises(AttributeError, match=rf"a Value has no attribute '{name}'; .*(\bwrite |x\.data\.{name})"):
        getattr(W, name)


def test_functions_without_slope_look_into_tuples():
    assert np.lexsort((W, W)).tolist() == [0, 1]
