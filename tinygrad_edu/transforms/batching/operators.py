"""What Python's operators and NumPy's methods do to a batch: what NumPy's functions do.

x, y  operands
"""

from typing import Any

import numpy as np

from tinygrad_edu.transforms.batching.array import Batch, Function


def _add_operator(name: str, function: np.ufunc) -> None:
    """Give batches an operator of two operands, its reflection, and the form that writes in place."""

    def in_place(x: Batch, y: Any) -> Any:
        return x.call(function, (x, y), {"out": x} if x.ndim else {})  # a number is not written into

    setattr(Batch, f"__{name}__", lambda x, y: x.call(function, (x, y), {}))
    setattr(Batch, f"__r{name}__", lambda y, x: y.call(function, (x, y), {}))
    setattr(Batch, f"__i{name}__", in_place)


def _add_methods(functions: dict[str, Function]) -> None:
    for name, function in functions.items():
        setattr(Batch, name, lambda x, *rest, f=function, **how: x.call(f, (x, *rest), how))


for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "pow": np.power, "matmul": np.matmul,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
}.items():  # fmt: skip
    _add_operator(_name, _ufunc)
_add_methods({
    "__eq__": np.equal, "__ne__": np.not_equal, "__lt__": np.less, "__le__": np.less_equal, "__gt__": np.greater,
    "__ge__": np.greater_equal, "__neg__": np.negative, "__pos__": np.positive, "__abs__": np.absolute,
    "__invert__": np.invert,
})  # fmt: skip
_add_methods({f.__name__: f for f in (
    np.sum, np.mean, np.prod, np.max, np.min, np.any, np.all, np.var, np.std, np.cumsum, np.ravel, np.squeeze, np.copy,
    np.swapaxes, np.repeat, np.take, np.clip, np.dot, np.diagonal, np.trace, np.round, np.argmax, np.argmin, np.argsort,
)})  # fmt: skip
