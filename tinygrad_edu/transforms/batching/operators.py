"""What Python's operators do to a batch: what NumPy's functions do.

x, y  operands
"""

from typing import Any

import numpy as np

from tinygrad_edu.core.operators import BINARY, BITWISE, COMPARISONS, UNARY
from tinygrad_edu.transforms.batching.array import Batch


def _add_binary(name: str, function: np.ufunc) -> None:
    """Add an operator of two operands, its reflection, and the form that writes in place."""

    def in_place(x: Batch, y: Any) -> Any:
        return x.call(function, (x, y), {"out": x} if x.ndim else {})  # a number is not written into

    setattr(Batch, f"__{name}__", lambda x, y: x.call(function, (x, y), {}))
    setattr(Batch, f"__r{name}__", lambda y, x: y.call(function, (x, y), {}))
    setattr(Batch, f"__i{name}__", in_place)


def _add_other(name: str, function: np.ufunc) -> None:
    """Add an operator of one operand, or a comparison."""
    setattr(Batch, f"__{name}__", lambda *operands: operands[0].call(function, operands, {}))


for _name, (_ufunc, _) in (BINARY | BITWISE).items():
    _add_binary(_name, _ufunc)
for _name, _ufunc in {name: pair[0] for name, pair in {**UNARY, **COMPARISONS}.items()}.items():
    _add_other(_name, _ufunc)
_add_other("invert", np.invert)
