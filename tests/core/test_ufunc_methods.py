"""Methods of ufuncs: NumPy's value and the slope, with axes, initial values and masks; else refused."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.testing.oracles import check

X = np.array([[0.3, 1.2, -0.7], [2.0, 0.1, 0.5]])
MASK = np.array([[True, False, True], [True, True, False]])
RIGHT = {
    "along an axis": lambda x: np.logaddexp.reduce(x, axis=1),
    "over all axes": lambda x: np.logaddexp.reduce(x, axis=None, keepdims=True),
    "with a mask": lambda x: np.logaddexp.reduce(x, axis=1, where=MASK),
    "with an initial value": lambda x: np.logaddexp.reduce(x, axis=(0, 1), initial=0.5),
    "mask and initial value": lambda x: np.hypot.reduce(x, axis=1, initial=2.0, where=MASK),
    "differences": lambda x: np.subtract.reduce(x, axis=-1),
    "quotients": np.divide.reduce,
    "sums": lambda x: np.add.reduce(x, axis=1, where=MASK, initial=2.0),
    "products": lambda x: np.multiply.reduce(x, axis=1, where=MASK, initial=2.0),
    "largest": lambda x: np.maximum.reduce(x, axis=1, where=MASK, initial=-5.0),
    "running products": lambda x: np.multiply.accumulate(x, axis=1),
    "running maxima": lambda x: np.maximum.accumulate(x, axis=1),
    "running logaddexp": np.logaddexp.accumulate,
    "sums of pieces": lambda x: np.add.reduceat(x, [0, 2, 1], axis=1),
    "products of pieces": lambda x: np.multiply.reduceat(x, np.array([0, 1])),
    "maxima of pieces": lambda x: np.maximum.reduceat(x, [1, 0], axis=-1),
    "all pairs": lambda x: np.hypot.outer(x, [1.0, 2.0]),
    "all pairs, the other way": lambda x: np.subtract.outer([1.0, 2.0], x),
}


@pytest.mark.parametrize("f", RIGHT.values(), ids=RIGHT)
def test_method_has_numpys_value_and_the_slope(f):
    z, numpys = f(tg.Value(X)), f(X)
    assert z.shape == numpys.shape
    assert np.allclose(z.data, numpys, rtol=1e-14)
    check(f, (X,))
    check(tg.grad(lambda x: np.sum(np.sin(f(x)))), (X,))


def test_reduction_of_nothing_is_the_identity():
    assert np.array_equal(np.logaddexp.reduce(tg.Value(X)[:0]), np.logaddexp.reduce(X[:0]))


def test_running_maxima_that_tie_share():
    assert np.array_equal(tg.grad(lambda x: np.maximum.accumulate(x)[-1])(np.array([2.0, 2.0, 1.0])), [0.5, 0.5, 0])


V = tg.Value(X)
REFUSED = {
    r"np\.add: .*x\.at\[index\]\.add\(v\)": lambda: np.add.at(V, [0], 1.0),
    r"np\.subtract: .*x\.at\[index\]\.add\(-v\)": lambda: np.subtract.at(np.ones(3), [0], V[0]),
    r"np\.hypot: .*x\.at\[index\]\.set\(np\.hypot": lambda: np.hypot.at(V, [0], 1.0),
    "not reorderable": lambda: np.subtract.reduce(V, axis=None),
    "only supported for binary": lambda: np.sin.reduce(V),
    "dtype= of its method": lambda: np.logaddexp.reduce(V, dtype=np.float32),
    "out= of its method": lambda: np.logaddexp.reduce(V, out=np.empty(3)),
    "takes one Value": lambda: np.hypot.reduce(V, initial=V[0, 0]),
    "axis 5 is out of bounds": lambda: np.logaddexp.reduce(V, axis=5),
    "out-of-bounds": lambda: np.hypot.reduceat(V, [7]),
}


@pytest.mark.parametrize(("words", "call"), REFUSED.items())
def test_method_is_refused(words, call):
    with pytest.raises((TypeError, ValueError, IndexError), match=words):
        call()


def test_methods_without_slope_give_numpys_result():
    assert np.array_equal(np.greater.outer(V, [1.0]), np.greater.outer(X, [1.0]))
