"""Products of vectors, matrices and tensors.

g     cotangent of the output
z     output
x, y  inputs
t, h  matrices transposed, and conjugated as well
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.rules import Each, compose, derivative, refuse
from tinygrad_edu.derivatives.arithmetic import conjugated

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"  # as in `string`, which takes 1 ms to import


def t(x):
    """The matrices in the last two axes, transposed."""
    return x.swapaxes(-1, -2)


def h(x):
    """The matrices in the last two axes, transposed and conjugated."""
    return conjugated(t(x))


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
    if x.ndim > 2 and y.ndim == 2:  # one product, which adds up over the stack as well
        n, (k, m) = math.prod(x.shape[:-1]), y.shape
        return x.reshape((n, k)).swapaxes(0, 1) @ g.reshape((n, m))
    if x.ndim > 2 and x.shape[-2] == 1:  # of stacks of rows, for which NumPy would multiply one matrix after the other
        return x.swapaxes(-1, -2) * g
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


def subscripts_first(*arguments):
    """The arguments of einsum with subscripts of letters in front, where each operand came with a list of its axes."""
    operands, axes = arguments[: len(arguments) // 2 * 2 : 2], arguments[1::2]
    if not axes or not all(isinstance(each, (list, tuple)) for each in axes):
        return arguments
    subscripts = ",".join(map(letters_of, axes))
    return (subscripts + "->" + letters_of(arguments[-1]) if len(arguments) % 2 else subscripts), *operands


def letters_of(axes):
    """A list of axes in letters, whose order is that of the numbers."""
    if not all(each is ... or 0 <= each < len(LETTERS) for each in axes):
        raise ValueError(f"axes are numbered from 0 to {len(LETTERS) - 1}, or ..., and got {axes}")
    return "".join("..." if each is ... else sorted(LETTERS)[each] for each in axes)


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
if hasattr(np, "matvec"):  # from NumPy 2.2 on
    derivative(np.matvec, lambda g, z, x1, x2: g[..., None] * x2[..., None, :],
                          lambda g, z, x1, x2: (t(x1) @ g[..., None])[..., 0])
    derivative(np.vecmat, lambda g, z, x1, x2: conjugated((x2 @ g[..., None])[..., 0]),
                          lambda g, z, x1, x2: conjugated(x1)[..., None] * g[..., None, :])
derivative(np.einsum, Each(contraction, "subscripts, such as 'ij,jk->ik'", subscripts_first))
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
compose(np.vdot)(lambda a, b: conjugated(np.ravel(a)) @ np.ravel(b))


@compose(np.vecdot)
def vecdot(x1, x2):
    """The dot products of the vectors in the last axes, the first ones conjugated."""
    return (conjugated(as_array(x1))[..., None, :] @ as_array(x2)[..., :, None])[..., 0, 0]


@compose(np.linalg.multi_dot)
def multi_dot(arrays):
    """The product of a chain of matrices, in the order that costs least; a vector may stand at either end."""
    if len(arrays) < 3:
        return dot(*arrays)
    terms = []
    for k, x in enumerate(arrays):
        inside = 0 < k < len(arrays) - 1
        if np.ndim(x) != 2 and (inside or np.ndim(x) != 1):
            raise ValueError(f"array {k} of the chain is of shape {np.shape(x)}; it must be a matrix")
        if k and np.shape(x)[0] != np.shape(arrays[k - 1])[-1]:
            raise ValueError(f"arrays {k - 1} and {k} of the chain are of shapes that do not match")
        terms.append(LETTERS[k : k + 2] if np.ndim(x) == 2 else LETTERS[k + (k == 0)])
    output = LETTERS[0] * (np.ndim(arrays[0]) == 2) + LETTERS[len(arrays)] * (np.ndim(arrays[-1]) == 2)
    return np.einsum(f"{','.join(terms)}->{output}", *arrays, optimize=True)


def last_axis(x, axis):
    """An array with one of its axes moved to the end."""
    x = as_array(x)
    return np.moveaxis(x, normalize_axis_index(axis, x.ndim), -1)


@compose(np.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The cross product of vectors of three numbers."""
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = last_axis(a, axisa), last_axis(b, axisb)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        what = f"got vectors of {a.shape[-1]} and {b.shape[-1]} numbers; they must have three numbers"
        raise refuse(np.cross, what, "of two, write a[0] * b[1] - a[1] * b[0]")
    ahead, behind = [1, 2, 0], [2, 0, 1]
    z = a[..., ahead] * b[..., behind] - a[..., behind] * b[..., ahead]
    return np.moveaxis(z, -1, normalize_axis_index(axisc, z.ndim))


@compose(np.kron)
def kron(a, b):
    """The Kronecker product: each element of `a` times all of `b`, side by side."""
    ndim = max(np.ndim(a), np.ndim(b))
    first, second = ((1,) * (ndim - np.ndim(x)) + np.shape(x) for x in (a, b))
    x = np.reshape(a, [n for m in first for n in (m, 1)])
    y = np.reshape(b, [n for m in second for n in (1, m)])
    return np.reshape(x * y, [m * n for m, n in zip(first, second, strict=True)])


@compose(np.linalg.outer)
def outer_of_vectors(x1, x2):
    """The products of all pairs of elements of two vectors."""
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError("both must be vectors")
    return np.outer(x1, x2)


# The array API's names.
compose(np.linalg.matmul)(lambda x1, x2: np.matmul(x1, x2))  # noqa: PLW0108 - it is called by keyword
compose(np.linalg.tensordot)(lambda x1, x2, axes=2: tensordot(x1, x2, axes))
compose(np.linalg.vecdot)(lambda x1, x2, axis=-1: vecdot(last_axis(x1, axis), last_axis(x2, axis)))
compose(np.linalg.cross)(lambda x1, x2, axis=-1: cross(x1, x2, axis, axis, axis))
compose(np.linalg.matrix_transpose)(lambda x: np.matrix_transpose(x))  # noqa: PLW0108
compose(np.linalg.diagonal)(lambda x, offset=0: np.diagonal(x, offset, -2, -1))
compose(np.linalg.trace)(lambda x, offset=0: np.trace(x, offset, -2, -1))
