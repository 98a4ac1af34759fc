"""What the tests of other libraries' arrays share: a call on arrays of a kind, and when numbers are NumPy's.

kind  makes the arrays that go in
"""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import tree

ROUNDINGS = 64  # as many of the largest number may differ, where sums are added up block by block


def swept(call, kind):
    """The results and the gradients of a call of arrays of this kind."""
    sample = call.draw(0)
    leaves = [tg.Value(kind(x)) for x in sample.arrays]
    results = [z for z in tree.leaves(sample(*leaves)) if isinstance(z, tg.Value)]
    for z in results:
        z.backward(kind(np.ones(z.shape)))
    return [z.data for z in results] + [x.grad for x in leaves]


def assert_same(found, wanted):
    """Fail unless numbers are of the wanted dtypes, and the same but for 1e-12, or roundings of the largest of all."""
    largest = max((np.max(abs(y), initial=0.0, where=np.isfinite(y)) for y in wanted), default=0.0)
    for x, y in zip(found, wanted, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=ROUNDINGS * np.finfo(y.dtype).eps * largest)
