"""Products of vectors, matrices and tensors, and norms.

g     cotangent of the output
z     output
x, y  inputs
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.rules import Each, compose, derivative

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"  # as in `string`, which takes 1 ms to import


def product_left(g, x, y):
    """``g @ yᵀ``, with a matrix of one row or column standing in where x or y is a vector."""
    if y.ndim == 1:
        return g[..., None] * y
    if x.ndim == 1:
        return (y @ g[..., None])[..., 0]
    return g @ y.swapaxes(-1, -2)


def product_right(g, x, y):
    """``xᵀ @ g``, with a matrix of one row or column standing in where x or y is a vector."""
    if x.ndim == 1:
        return x[:, None] * g[..., None, :] if y.ndim > 1 else g * x
    if y.ndim == 1:
        return (x.swapaxes(-1, -2) @ g[..., None])[..., 0]
    return x.swapaxes(-1, -2) @ g


def spell_out(subscripts, operands):
    """The subscripts of einsum's inputs and output, with a letter for every axis; and the letters left."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    free = [c for c in LETTERS if c not in subscripts]
    widths = [x.ndim - len(t.replace("...", "")) if "..." in t else 0 for t, x in zip(terms, operands, strict=True)]
    dots = free[: max(widths)]
    if not arrow:
        once = sorted(c for c in set(inputs) if c.isalpha() and inputs.count(c) == 1)
        output = "..." * ("..." in inputs) + "".join(once)
    terms = [t.replace("...", "".join(dots[len(dots) - w :])) for t, w in zip(terms, widths, strict=True)]
    return terms, output.replace("...", "".join(dots)), free[len(dots) :]


def contraction(i, g, z, subscripts, *operands, optimize=False):
    """`g`, contracted with all operands but one into the shape of that one.

    A letter that stands twice in its subscripts asks for a diagonal, so an identity matrix joins
    in; one that stands nowhere else was summed, so a vector of ones does.
    """
    terms, output, free = spell_out(subscripts, operands)
    wanted, x = terms[i - 1], operands[i - 1]
    others = [(t, y) for k, (t, y) in enumerate(zip(terms, operands, strict=True)) if k != i - 1]
    parts = [(output, g), *others]
    target = ""
    for letter, n in zip(wanted, x.shape, strict=True):
        again = letter in target
        target += free.pop() if again else letter
        if again:
            parts.append((letter + target[-1], np.eye(n)))
        elif not any(letter in t for t, _ in parts):
            parts.append((letter, np.ones(n)))
    return np.einsum(f"{','.join(t for t, _ in parts)}->{target}", *[y for _, y in parts], optimize=True)


# fmt: off
derivative(np.matmul, lambda g, z, x, y: product_left(g, x, y),
                      lambda g, z, x, y: product_right(g, x, y))
derivative(np.einsum, Each(contraction, "subscripts, such as 'ij,jk->ik'"))
# fmt: on


@compose(np.dot)
def dot(a, b):
    """The product of vectors and matrices; of more axes, the last of `a` with the last but one of `b`."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.reshape(np.outer(a, b), np.shape(a) + np.shape(b))
    return a @ b if np.ndim(b) <= 2 else tensordot(a, b, (-1, -2))


@compose(np.tensordot)
def tensordot(a, b, axes=2):
    """Sums of products over pairs of axes: both laid out as matrices, multiplied, and folded back."""
    if np.ndim(axes) == 0:
        axes = (range(-axes, 0), range(axes))
    left, right = (
        [normalize_axis_index(int(i), np.ndim(x)) for i in np.atleast_1d(k)] for x, k in zip((a, b), axes, strict=True)
    )
    rest_a = [i for i in range(np.ndim(a)) if i not in left]
    rest_b = [i for i in range(np.ndim(b)) if i not in right]
    shape_a, shape_b = np.shape(a), np.shape(b)
    n = math.prod(shape_a[i] for i in left)
    if [shape_a[i] for i in left] != [shape_b[i] for i in right]:
        raise ValueError(f"np.tensordot: axes {axes} of shapes {shape_a} and {shape_b} do not match")
    rows = np.reshape(np.transpose(a, rest_a + left), (math.prod(shape_a[i] for i in rest_a), n))
    columns = np.reshape(np.transpose(b, right + rest_b), (n, math.prod(shape_b[i] for i in rest_b)))
    return np.reshape(rows @ columns, [shape_a[i] for i in rest_a] + [shape_b[i] for i in rest_b])


compose(np.inner)(lambda a, b: dot(a, b) if np.ndim(a) == 0 or np.ndim(b) == 0 else tensordot(a, b, (-1, -1)))
compose(np.outer)(lambda a, b: np.ravel(a)[:, None] * np.ravel(b))
compose(np.vdot)(lambda a, b: np.ravel(a) @ np.ravel(b))
compose(np.vecdot)(lambda x1, x2: (as_array(x1)[..., None, :] @ as_array(x2)[..., :, None])[..., 0, 0])


def root_flat_at_zero(total, root):
    """A root, with slope 0 at 0."""
    nothing = total == 0
    return np.where(nothing, 0.0, root(total + nothing))


@compose(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """Any norm of vectors, and Frobenius' of matrices; norm'(0) = 0."""
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    matrix = len(axes) == 2
    if len(axes) not in (1, 2) and not (ord is None and axis is None):
        raise ValueError(f"np.linalg.norm: a vector has one axis and a matrix two, got axes {axes}; give axis=")
    if ord is None or (ord == "fro" and matrix) or (ord == 2 and not matrix):
        return root_flat_at_zero(np.sum(x * x, axis=axis, keepdims=keepdims), np.sqrt)
    if matrix or isinstance(ord, str):
        raise TypeError(f"np.linalg.norm: ord={ord!r} has no rule; use numbers for vectors, 'fro' for matrices")
    size = abs(x)
    if ord == np.inf and not x.size:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        raise TypeError("np.linalg.norm: ord=0 counts elements and has no slope; use ord=1 or 2")
    total = np.sum(size**ord, axis=axis, keepdims=keepdims)
    return total ** (1 / ord) if ord < 0 else root_flat_at_zero(total, lambda total: total ** (1 / ord))
