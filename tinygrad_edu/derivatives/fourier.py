"""Discrete Fourier transforms: of one axis by rules, of several by one after the other.

g     cotangent of the output
z     output
a     input, along `axis` cut or filled with zeros to `n` numbers
norm  where the factor 1 / n stands

A Fourier transform is a product with a symmetric matrix, so its transpose is a Fourier transform, of the same direction
and norm. What was cut off gets zeros, and what was filled in is cut off. A transform of real numbers leaves out half of
its results, which are the conjugates of the other half; the transpose of leaving out is filling in zeros, and the
transpose of filling in conjugates counts twice what stands for two.

Source: Cooley, Lewis and Welch, "The finite Fourier transform", 1969, for the symmetries.
"""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from tinygrad_edu.core.rules import compose, derivative


def fit(g, a, axis):
    """`g`, cut or filled with zeros to the length of `a` along an axis."""
    have, wanted = g.shape[axis], a.shape[axis]
    if have < wanted:
        widths = [(0, wanted - have if i == normalize_axis_index(axis, g.ndim) else 0) for i in range(g.ndim)]
        return np.pad(g, widths)
    return np.moveaxis(np.moveaxis(g, axis, 0)[:wanted], 0, axis) if have > wanted else g


def count_twice(half, n, axis):
    """Half a spectrum of `n` numbers, twice what stands for two: all but the first, and of an even `n` the last."""
    weights = np.full(half.shape[axis], 2.0)
    weights[0] = 1.0
    if n % 2 == 0:
        weights[-1] = 1.0
    return half * np.reshape(
        weights, [-1 if i == normalize_axis_index(axis, half.ndim) else 1 for i in range(half.ndim)]
    )


# fmt: off
derivative(np.fft.fft,   lambda g, z, a, *, n=None, axis=-1, norm=None:
                             fit(np.fft.fft(g, None, axis, norm), a, axis))
derivative(np.fft.ifft,  lambda g, z, a, *, n=None, axis=-1, norm=None:
                             fit(np.fft.ifft(g, None, axis, norm), a, axis))
derivative(np.fft.rfft,  lambda g, z, a, *, n=None, axis=-1, norm=None:
                             fit(np.fft.fft(g, int(n or a.shape[axis]), axis, norm), a, axis), real="write np.fft.fft")
derivative(np.fft.ihfft, lambda g, z, a, *, n=None, axis=-1, norm=None:
                             fit(np.fft.ifft(g, int(n or a.shape[axis]), axis, norm), a, axis),
           real="write np.fft.ifft")
derivative(np.fft.irfft, lambda g, z, a, *, n=None, axis=-1, norm=None:
                             fit(count_twice(np.fft.ihfft(g, None, axis, norm), z.shape[axis], axis), a, axis))
derivative(np.fft.hfft,  lambda g, z, a, *, n=None, axis=-1, norm=None:
                             fit(count_twice(np.fft.rfft(g, None, axis, norm), z.shape[axis], axis), a, axis))
# fmt: on


def lengths(a, s, axes):
    """For each axis that is transformed how many numbers of it, and which it is."""
    if axes is None:
        axes = range(-(a.ndim if s is None else len(s)), 0)
    given = [-1] * len(axes) if s is None else [*s]
    if len(given) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return [(a.shape[axis] if n == -1 else n, axis) for n, axis in zip(given, axes, strict=True)]


def of_axes(several, single, default):
    """Enter a transform of several axes, by that of each, the last one first."""

    @compose(several)
    def transformed(a, s=None, axes=default, norm=None):
        """The transform of each axis, one after the other."""
        for n, axis in reversed(lengths(a, s, axes)):
            a = single(a, n, axis, norm)
        return a


def from_real(several, default):
    """Enter a transform of several axes of real numbers: of the last axis half the spectrum is given."""

    @compose(several, "write np.fft.fftn")
    def transformed(a, s=None, axes=default, norm=None):
        """np.fft.rfft of the last axis, then np.fft.fft of the others."""
        *others, (n, last) = lengths(a, s, axes)
        a = np.fft.rfft(a, n, last, norm)
        for m, axis in reversed(others):
            a = np.fft.fft(a, m, axis, norm)
        return a


def to_real(several, default):
    """Enter the inverse of a transform of several axes of real numbers."""

    @compose(several)
    def transformed(a, s=None, axes=default, norm=None):
        """np.fft.ifft of all axes but the last, then np.fft.irfft of that."""
        *others, (n, last) = lengths(a, s, axes)
        for m, axis in others:
            a = np.fft.ifft(a, m, axis, norm)
        return np.fft.irfft(a, None if s is None else n, last, norm)


of_axes(np.fft.fftn, np.fft.fft, None)
of_axes(np.fft.fft2, np.fft.fft, (-2, -1))
of_axes(np.fft.ifftn, np.fft.ifft, None)
of_axes(np.fft.ifft2, np.fft.ifft, (-2, -1))
from_real(np.fft.rfftn, None)
from_real(np.fft.rfft2, (-2, -1))
to_real(np.fft.irfftn, None)
to_real(np.fft.irfft2, (-2, -1))


def exchange_halves(x, axes, sign):
    """`x` with the halves of some axes exchanged; of an odd one the first is the larger, or the smaller for sign -1."""
    wanted = range(x.ndim) if axes is None else (axes,) if np.ndim(axes) == 0 else axes
    return np.roll(x, [sign * (x.shape[axis] // 2) for axis in wanted], tuple(wanted))


compose(np.fft.fftshift)(lambda x, axes=None: exchange_halves(x, axes, 1))
compose(np.fft.ifftshift)(lambda x, axes=None: exchange_halves(x, axes, -1))
