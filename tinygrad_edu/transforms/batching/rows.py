"""How the rest of the table runs on a whole batch at once; what stands neither here nor in `rules` runs on each alone.

n     the size of the batch, the length of the hidden axis
x     a batch
"""

import functools
import operator
from typing import Any

import numpy as np

from tinygrad_edu.core.rules import Function
from tinygrad_edu.derivatives.decompositions import complete_qr, full_svd, quotient, reduced_qr, thin_svd
from tinygrad_edu.derivatives.exponential import bell, share
from tinygrad_edu.derivatives.inverses import cofactors, pseudo_inverse, truncated
from tinygrad_edu.derivatives.norms import power, root
from tinygrad_edu.derivatives.special import i0_slope, sinc_slope
from tinygrad_edu.functions.activations import relu, sigmoid
from tinygrad_edu.functions.softmax import log_softmax, logsumexp, softmax
from tinygrad_edu.functions.tokens import root_variance, standardize
from tinygrad_edu.transforms.batching.array import Batch, NotBatchableError, elementwise, handlers, shift_index
from tinygrad_edu.transforms.batching.rules import in_order, shift_axis


def along_last(function: Function, x: Any, *, axis: Any = -1, **keywords: Any) -> Any:
    """What goes along one axis, by default the last."""
    return Batch(function(x.array, axis=shift_axis(axis, x.ndim), **keywords))


def along_all(function: Function, x: Any, *, axis: Any = None, **keywords: Any) -> Any:
    """What goes along axes, by default all."""
    return Batch(function(x.array, axis=shift_axis(axis, x.ndim), **keywords))


def sorted_along(function: Function, x: Any, axis: Any = -1, **keywords: Any) -> Any:
    """What orders along one axis, by default the last, or all elements."""
    return in_order(function, x, axis=axis, **keywords)


def place(function: Function, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Where along an axis something stands, or among all elements."""
    if axis is None and keepdims:
        raise NotBatchableError
    return in_order(function, x, axis=axis, **({"keepdims": True} if keepdims else {}))


def of_matrices(function: Function, a: Any, *constants: Any, **keywords: Any) -> Any:
    """What takes stacks of matrices: the batch is one."""
    if not isinstance(a, Batch) or a.ndim < 2 or any(isinstance(x, Batch) for x in constants):
        raise NotBatchableError
    z = function(a.array, *constants, **keywords)
    if not isinstance(z, tuple):
        return Batch(z)
    return type(z)(*map(Batch, z)) if hasattr(z, "_fields") else tuple(map(Batch, z))


def getitem(x: Any, index: Any) -> Any:
    """Elements at places that are the same for all, or that each has its own of."""
    parts = index if isinstance(index, tuple) else (index,)
    own = [part for part in parts if isinstance(part, Batch)]
    if not own:
        return Batch(x.array[shift_index(index)])
    if any(part.dtype.kind not in "iu" or part.ndim for part in own) or not isinstance(x, Batch):
        return _pick(x, parts)
    rest = [part for part in parts if not isinstance(part, Batch)]
    if any(not isinstance(part, slice) for part in rest):
        raise NotBatchableError
    return Batch(x.array[(np.arange(x.n), *(part.array if isinstance(part, Batch) else part for part in parts))])


def _pick(x: Any, parts: tuple[Any, ...]) -> Any:
    """Rows of what is the same for all, or rows of each; in places that each has its own of."""
    (places,) = parts if len(parts) == 1 else (None,)
    if places is None or places.dtype.kind not in "iu":
        raise NotBatchableError
    if not isinstance(x, Batch):
        return Batch(x[places.array])
    rows = np.reshape(np.arange(x.n), (x.n, *(1,) * places.ndim))
    return Batch(x.array[rows, places.array])


_ELEMENTWISE: tuple[Function, ...] = (
    np.round, np.around, np.fix, np.real, np.imag, np.nan_to_num, np.sinc, np.i0, np.isclose, np.isposinf,
    np.isneginf, np.isreal, np.iscomplex, np.angle, sinc_slope, i0_slope, quotient, power, root, relu, sigmoid,
    bell, share,
)  # fmt: skip
_LAST: tuple[Function, ...] = (softmax, log_softmax, standardize, root_variance)
_MATRICES: tuple[Function, ...] = (
    np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.cholesky, np.linalg.eigh, cofactors, pseudo_inverse,
    truncated, thin_svd, full_svd, reduced_qr, complete_qr,
)  # fmt: skip
handlers |= {f: functools.partial(elementwise, f) for f in _ELEMENTWISE}
handlers |= {f: functools.partial(along_last, f) for f in _LAST}
handlers |= {f: functools.partial(of_matrices, f) for f in _MATRICES}
handlers |= {f: functools.partial(sorted_along, f) for f in (np.sort, np.argsort)}
handlers |= {f: functools.partial(place, f) for f in (np.argmax, np.argmin, np.nanargmax, np.nanargmin)}
handlers |= {
    logsumexp: functools.partial(along_all, logsumexp),
    np.count_nonzero: functools.partial(along_all, np.count_nonzero),
    np.cumprod: functools.partial(in_order, np.cumprod), operator.getitem: getitem,
}  # fmt: skip
