"""What type checkers are to know of Values: checked by mypy in test_typing.py, and by Pyright by whoever has it."""

from typing import Any, assert_type

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.value import Value

v = tg.Value([1.0, 2.0])
assert_type(v, Value)

# NumPy's functions: what its stubs say of scalars, which is anything, so that the gradient is within reach
loss = np.sum(v)
assert_type(loss, Any)
loss.backward()
np.tanh(v).sum().backward()
np.maximum(v, 0.0).sum().backward()
annotated: tg.Value = np.sum(v * v)
annotated.backward()

# Operators and methods: Values, of which editors know what they have
assert_type(v * 2, Value)
assert_type(1 - v, Value)
assert_type(-v @ v, Value)
assert_type(v[0], Value)
assert_type(v.reshape(2, 1), Value)
assert_type(v.detach(), Value)
v.mean().backward()
(v * 2).sum().backward()
print(v.grad, v.shape, v.item(0))
if not v.size:
    v.bakward()  # type: ignore[attr-defined]
