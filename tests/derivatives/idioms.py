"""Lines as NumPy's users write them: those that have a slope, those that are refused, those that have plain results.

v  a vector of four numbers
m  a matrix (3, 3)
s  a number
c  a constant vector of four numbers; t, of three
i  constant integers
"""

import math

import numpy as np

import tinygrad_edu as tg

ARGUMENTS = {
    "v": np.array([0.7, -1.3, 2.1, 0.4]),
    "m": np.array([[1.5, 0.3, -0.7], [0.2, 2.5, 0.9], [-0.4, 0.6, 1.1]]),
    "s": np.float64(0.6),
}
CONSTANTS = {"c": np.array([2.0, -1.0, 0.5, 3.0]), "t": np.array([1.0, 2.0, 4.0]), "i": np.array([2, 0, 2])}

RIGHT = """
v[0]
v[-1]
v[1:3]
v[::-1]
v[::2]
v[[2, 0]]
v[[2, 0, 2]]
v[i]
v[i] * v[i[::-1]]
v[None]
v[:, None] * v[None]
v[..., np.newaxis]
v[v > 0]
v[np.abs(v) < 1]
v[np.array([True, False, True, False])]
v[[]]
v[np.argsort(v)]
v[np.argmax(v)]
v[v.argmin()]
v[np.nonzero(v > 0.5)]
v[np.flatnonzero(v > 0.5)]
v[int(np.argmax(v.data if hasattr(v, "function") else v))]
m[0]
m[:, 1]
m[1, 2]
m[-1, ::-1]
m[np.arange(3), np.arange(3)]
m[np.arange(3), i]
m[[0, 2]][:, [1, 2]]
m[np.ix_([0, 2], [1, 2])]
m[np.triu_indices(3, 1)]
m[np.tril_indices(3)]
m[np.diag_indices(3)]
m[m > 0.5]
m[:, None, :] - m[None]
m[..., 0]
m.T
m.cumprod(axis=1)
m.compress([True, False, True], axis=0)
m.flat[4]
v.view()
m.T @ m
m.mT @ t
m.reshape(-1)
m.reshape(9, 1)
m.ravel()[::2]
m.flatten() ** 2
np.ravel(m, order="F")
np.reshape(m, (9,), order="F")
np.reshape(m, (9,), order="A")
np.transpose(m, (1, 0))
np.transpose(v, 0)
np.swapaxes(m, 0, 1)[0]
np.moveaxis(m[None], 0, -1)
np.squeeze(m[None])
np.expand_dims(v, 0)
np.atleast_1d(s)
np.atleast_2d(v)
np.flip(v)
np.fliplr(m)
np.flipud(m)
np.rot90(m)
np.rot90(m, -1)
np.roll(v, 1)
np.roll(m, (1, -1), (0, 1))
np.tile(v, 2)
np.tile(m, (1, 2))
np.repeat(v, 2)
np.repeat(v, [1, 0, 2, 1])
np.repeat(m, 2, axis=1)
np.broadcast_to(v, (2, 4))
np.broadcast_arrays(v, v[:, None])[0]
np.pad(v, 1)
np.pad(v, (1, 2), constant_values=3.0)
np.pad(v, 1, mode="edge")
np.pad(v, 2, "linear_ramp", end_values=(0.0, 1.0))
np.pad(m, 1, "mean", stat_length=1)
np.pad(v, 7, "reflect", reflect_type="odd")
np.pad(m, ((1, 0), (0, 1)), "reflect")
np.concatenate([v, v[::-1]])
np.concatenate([m, m], axis=1)
np.concatenate([v, c])
np.concatenate([v, np.zeros(2)])
np.stack([v, 2 * v])
np.stack([v, c], axis=-1)
np.stack([v[0], v[1] ** 2, np.sum(v)])
np.stack([np.sum(r) for r in m])
np.stack([r / np.sum(r) for r in m])
np.vstack([v, v ** 2])
np.hstack([v, v ** 2])
np.column_stack([v, v ** 2])
np.column_stack([m[None], m[None]])
np.append(v, v[0])
np.append(v, 1.0)
np.split(v, 2)[1]
np.array_split(v, 3)[0]
np.hsplit(m, 3)[1]
np.vsplit(m, [1])[1]
np.unstack(m)[1]
np.where(v > 0, v, 0.0)
np.where(v > 0, v, 0.1 * v)
np.where(v > 0, np.log(np.where(v > 0, v, 1.0)), 0.0)
np.where(np.isnan(v), 0.0, v)
(v > 0) * v
v * (v > 0) + c * (v <= 0)
np.maximum(v, 0)
np.minimum(v, 1.0)
np.clip(v, -1, 1)
v.clip(0)
v.clip(min=-1.0)
np.clip(v, None, 1.0)
np.select([v < -1, v > 1], [-1.0, v ** 2], v)
np.abs(v)
abs(v)
np.sign(v) * v
np.sqrt(np.abs(v))
np.sqrt(v ** 2 + 1)
np.hypot(v, c)
v ** 2
v ** 3 - 2 * v
2.0 ** v
np.abs(v) ** 1.5
np.abs(v) ** np.abs(c)
1 / v
1 / (1 + np.exp(-v))
np.tanh(v)
np.exp(v) / np.sum(np.exp(v))
np.exp(v - v.max()) / np.exp(v - v.max()).sum()
v - np.log(np.sum(np.exp(v)))
np.log(np.sum(np.exp(v - np.max(v)))) + np.max(v)
np.logaddexp(v, 0.0)
np.logaddexp(v, c)
np.log1p(np.exp(v))
np.expm1(v)
np.exp(-(v[:, None] - c) ** 2 / 2)
np.exp(-0.5 * v ** 2) / np.sqrt(2 * np.pi)
np.sin(v) ** 2 + np.cos(v) ** 2 * v
np.arctan2(v, c)
np.deg2rad(v)
np.mod(v, 1.5)
v % 1.5
v // 1 + v
np.floor(v) * v
divmod(v, 1.5)[1]
sum(v)
sum(a * b for a, b in zip(v, c))
sum(v[k] * v[k + 1] for k in range(len(v) - 1))
max(v)
min(v, key=lambda a: abs(a))
sorted(v)[1]
list(v)[1] * 2
[a * 2 for a in v][0]
[k * a for k, a in enumerate(v)][2]
(lambda a, *rest: a * rest[0])(*v)
np.sum(v)
v.sum()
np.sum(m, axis=0)
np.sum(m, axis=(0, 1))
m.sum(1, keepdims=True)
m / m.sum(axis=1, keepdims=True)
np.mean(v)
v.mean()
np.average(v, weights=[1, 2, 3, 4])
np.average(m, axis=0, weights=[1.0, 2.0, 3.0])
np.average(m[None] * np.ones((2, 1, 1)), axis=(1, 2), weights=np.arange(9.0).reshape(3, 3))
np.var(v)
np.std(v, ddof=1)
(v - v.mean()) / v.std()
(m - m.mean(axis=0)) / np.sqrt(m.var(axis=0) + 1e-5)
np.mean((v - c) ** 2)
np.sqrt(np.mean((v - c) ** 2))
np.prod(v)
np.cumsum(v)
np.cumsum(m, axis=1)
np.cumsum(v[::-1])[::-1]
np.add.reduce(v)
np.add.accumulate(v)
np.multiply.reduce(v)
np.add.outer(v, c)
np.subtract.outer(v, v)
np.multiply.outer(v, c)
np.maximum.reduce(v)
np.max(v)
v.max() - v.min()
np.ptp(v)
m.max(axis=1)
np.sort(v)
np.sort(m, axis=0)
np.sort(v, kind="stable")[::-1]
np.sort(v)[-2:]
np.diff(v)
np.diff(v, n=2)
np.diff(m, axis=0)
(v[2:] - v[:-2]) / 2
v[1:] * v[:-1]
(v[2:] - 2 * v[1:-1] + v[:-2]) / 0.01
np.sum((v[1:] + v[:-1]) / 2 * np.diff(c))
np.dot(v, c)
v.dot(v)
v @ c
c @ v
m @ t
m @ m @ m
np.matmul(m, t[:, None])
np.inner(v, v)
np.outer(v, v)
np.vdot(v, c)
np.vecdot(m, m)
np.einsum("i,i->", v, c)
np.einsum("ij,j->i", m, t)
np.einsum("ij,kj->ik", m, m)
np.einsum("ii", m)
np.einsum(v, [0], c, [0])
np.einsum(m, [3, 1], m, [7, 1], [7, 3])
np.einsum(m, [..., 0], [...])
np.einsum("i,j->ij", v, c)
np.tensordot(m, m, axes=1)
np.tensordot(m, m, axes=([0], [1]))
np.trace(m)
m.trace()
np.diag(m)
np.diag(v)
np.diagonal(m, offset=1)
np.tril(m)
np.triu(m, 1)
np.linalg.norm(v)
np.linalg.norm(v, 1)
np.linalg.norm(m)
np.linalg.norm(m, axis=1)
v / np.linalg.norm(v)
m / np.linalg.norm(m, axis=1, keepdims=True)
np.linalg.norm(m, 2)
np.linalg.norm(m, "nuc")
np.cross(m, t)
np.kron(m, t)
np.linalg.inv(m)
np.linalg.solve(m, t)
np.linalg.det(m)
np.linalg.slogdet(m)[1]
np.linalg.slogdet(m).logabsdet
np.linalg.cholesky(m @ m.T)
t @ np.linalg.inv(m @ m.T) @ t
np.linalg.eigh(m + m.T)[0]
np.linalg.eigh(m + m.T).eigenvectors
np.linalg.eigvalsh(m + m.T)[-1]
np.real(np.linalg.eigvals(m))
abs(np.linalg.eig(m).eigenvectors)
abs(np.roots(v))
abs(np.fft.fft(v))
(v * 1j).imag
np.linalg.svd(m)[1]
np.linalg.svd(m[:2], full_matrices=False)[2]
np.linalg.svd(m[:2])[2]
np.linalg.qr(m[:, :2], "complete")[0]
np.linalg.svd(m, compute_uv=False)
np.linalg.qr(m)[1]
np.linalg.pinv(m[:, :2])
np.linalg.lstsq(m[:, :2], t)[0]
np.linalg.lstsq(m[:, :2], t)[1]
np.linalg.matrix_power(m, 3)
np.linalg.cond(m)
np.linalg.multi_dot([t, m, m, t])
np.sum((m[:, None] - m[None] + 0.1) ** 2, axis=-1)
np.sqrt(np.sum((m[:, None] - t) ** 2, axis=-1))
np.sum(m ** 2, 1)[:, None] + np.sum(m ** 2, 1) - 2 * m @ m.T
(np.arange(3) == i[:, None]) @ m
np.eye(3)[i] @ m
tg.functions.one_hot(i, 3) @ m
np.take(v, [2, 0])
np.take(v, [True, False])
np.take(v, [])
np.take(v, [5, -7], mode="wrap")
np.take(m, [0, 2], axis=1)
np.take_along_axis(m, np.argsort(m.data if hasattr(m, "function") else m, axis=1), axis=1)
np.compress([True, False, True], m, axis=0)
np.extract(v > 0, v)
v.take([1, 2])
v.repeat(2)
v.copy() * 2
+v
-v
v.astype(float)
np.copy(v)
np.real(v)
np.fmax(v, 0)
np.fmin(v, np.array([1, 0, 3, 200], np.uint8))
((3 * s + 2) * s + 1) * s
sum(a * s ** k for k, a in enumerate([1.0, 2.0, 3.0]))
np.sum(np.array([1.0, 2.0, 3.0]) * s ** np.arange(3))
s ** np.arange(4)
np.vander(np.arange(3.0), 3) @ np.stack([s, s ** 2, 1 + s])
1 + s * np.linspace(0, 1, 5)
v[0] + (v[1] - v[0]) * np.linspace(0, 1, 5)
v + np.mean(v) * c
np.ones(4) * v[0]
np.zeros(4) + v
np.full(4, 2.0) * v
np.stack([v[0]] * 3)
(lambda g: g[0] * v[0] + g[1] * v[1])(np.meshgrid([1.0, 2.0], [3.0, 4.0, 5.0]))
np.atleast_2d(v).T @ np.atleast_2d(c)
(lambda y: (y := y * 2, y + 1)[1])(v)
if_positive(v)
in_place(v)
running(v)
newton(s)
np.where(c > 0, v, -v).sum()
np.dot(v, [1.0, 2.0, 3.0, 4.0])
v + [1.0, 2.0, 3.0, 4.0]
np.dot(v, (1.0, 2.0, 3.0, 4.0))
v + (1.0, 2.0, 3.0, 4.0)
np.block([[m, m], [m, m]])
np.dstack([m, m])
np.partition(v, 2)
np.choose(i, v[:3])
np.interp(s, [0.0, 1.0], [1.0, 3.0])
np.convolve(v, c)
np.correlate(v, c)
np.cumprod(v)
np.gradient(v)
np.trapezoid(v)
np.ediff1d(v)
np.median(v)
np.percentile(v, 50)
np.quantile(v, 0.5)
np.nansum(v)
np.nanmean(v)
np.nan_to_num(v)
np.cov(m)
np.corrcoef(m)
np.bincount(i, v[:3])
np.sum(v, where=c > 0)
np.multiply.accumulate(v)
np.maximum.accumulate(v)
np.add.reduceat(v, [0, 2])
np.apply_along_axis(np.sum, 1, m)
np.linspace(v[0], v[1], 5)
np.linspace(0.0, s, 5)
np.logspace(0.0, s, 5)
np.geomspace(1.0, s, 5)
np.meshgrid(v, c)[0] * c[:, None]
np.polyval([1.0, 2.0], s)
np.polyval(v, 2.0)
np.vander(v)
np.unique(v)
np.piecewise(v, [v > 0], [lambda a: a, 0.0])
np.sinc(v)
np.i0(v)
np.conj(v)
""".strip().splitlines()

REFUSED = {  # the line, and what its error says
    "np.array([v[0], v[1] ** 2])": "Value",
    "np.array(v)": "Value",
    "np.asarray(m)": "Value",
    "np.array([v, v])": "Value",
    "np.r_[v, 1.0]": "Value",
    "np.c_[v, v]": "Value",
    "np.full(3, v[0])": "Value",
    "np.full_like(c, 2.0) * np.array(v[0])": "Value",
    "np.vectorize(lambda a: a * a)(v)": "Value",
    "np.fromfunction(lambda j: v[0] * j, (3,)) + np.array(v[0])": "Value",
    "np.nditer(v)": "Iterator operand",
    "np.frompyfunc(lambda a: a * a, 1, 1)(v)": "no derivative",
    "np.add.accumulate(m, axis=None)": "np.add: its method .accumulate",
    "np.real_if_close(m)": "np.real_if_close: .*np.real",
    "np.linalg.qr(m, 'raw')": "np.linalg.qr: .*reduced",
    "np.linalg.pinv(m, hermitian=True)": "np.linalg.pinv: hermitian=.*keywords with a rule: rcond, rtol",
    "np.cross(v[:2], v[2:])": "np.cross: .*three numbers",
    "np.exp(v, out=np.zeros(4))": "np.exp: out=",
    "np.exp(v, where=c > 0)": "np.exp: where=",
    "np.sum(v, dtype=int)": "np.sum: dtype=",
    "np.cumsum(v, out=np.zeros(4))": "np.cumsum: out=",
    "np.where(v)": "np.where: argument 0 is a Value",
    "np.where(v, 1.0, 0.0)": "np.where: argument 0 is a Value",
    "np.take(c, v)": "Value",
    "c[v]": "index|indices|Value",
    "c[v[0]]": "index|indices|Value",
    "v.strides": "strides",
    "(v * 1j).astype(float)": "np.astype",
    "(v * 1j) // 2": "np.floor_divide",
    "v.__setitem__(0, 1.0)": "not assigned into",
    "v.sort()": "sort",
    "v.partition(2)": "partition",
    "v.fill(0.0)": "fill",
    "v.put([0], 1.0)": "put",
    "v.resize(2)": "resize",
    "v.view(int)": "view",
    "v.tobytes()": "tobytes",
    "np.put(v, 0, 1.0)": "np.put",
    "np.copyto(v, c)": "np.copyto",
    "np.fill_diagonal(m, 0.0)": "np.fill_diagonal",
    "np.add.at(v, [0], 1.0)": "np.add",
    "range(v[0])": "interpreted as an integer|Value",
    "c.dot(v)": "Value",
}
LEAVING = """
float(v[0]) * v[1]
int(v[2]) * v[1]
round(v[2]) * v[1]
math.exp(v[0]) * v[1]
math.sqrt(v[2]) + v[0]
math.fsum(v) * v[0]
np.float64(v[0]) * v[1]
np.fromiter((a for a in v), float) * v
np.fromiter((a**2 for a in v), float, 4) @ v
complex(v[0]).real * v[1]
assigned(v) * v[0]
added_to(v) * v[0]
filled(v) * v[0]
by_flat(v) * v[0]
""".strip().splitlines()
PLAIN = """
m.argpartition(1)
v > 0
v == v
v.shape
v.ndim
v.nbytes
m.size
len(m)
np.shape(m)
np.size(m, 0)
np.ndim(v)
v.argmax()
np.argmin(m, axis=1)
np.argsort(v)
np.lexsort((v, c))
np.lexsort((v, v))
np.searchsorted([0.0, 1.0], v)
np.digitize(v, [0.0, 1.0])
np.any(v > 2)
np.all(v < 3)
np.isnan(v)
np.isclose(v, c)
np.allclose(v, v)
np.array_equal(v, c)
np.count_nonzero(v)
np.nonzero(v)
np.zeros_like(v)
np.ones_like(m)
bool(v[0])
v.tolist()
v[0].item()
v.item(1)
"{:.2f}".format(v[0])
f"{v[0]:.3e}"
""".strip().splitlines()


def assigned(v):
    z = np.zeros(3)
    z[0] = v[0]
    return np.sum(z)


def added_to(v):
    z = np.zeros(3)
    z[0] += v[0]
    return np.sum(z)


def filled(v):
    z = np.zeros(3)
    z.fill(v[0])
    return np.sum(z)


def by_flat(v):
    z = np.zeros(3)
    z.flat[0] = v[0]
    return np.sum(z)


def if_positive(v):
    return v[0] * 2 if v[0] > 0 else -v[0]


def in_place(v):
    total = v[0] * 0
    for a in v:
        total += a**2
    return total


def running(v):
    seen = [v[0]]
    for a in v[1:]:
        seen.append(0.9 * seen[-1] + 0.1 * a)
    return np.stack(seen)


def newton(s):
    root = 1.0
    for _ in range(6):
        root = (root + s / root) / 2
    return root


HELPERS = (if_positive, in_place, running, newton, assigned, added_to, filled, by_flat)
NAMES = {**CONSTANTS, "np": np, "tg": tg, "math": math, **{f.__name__: f for f in HELPERS}}
