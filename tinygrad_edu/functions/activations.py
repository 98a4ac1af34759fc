"""Activations: what stands between the layers of a network.

All of them take plain arrays as well as Values, and hold to the ends of the float range.

g  cotangent of the output
z  output
x  input
"""

import math
from typing import Any

import numpy as np

from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative
from tinygrad_edu.core.value import Value
from tinygrad_edu.derivatives.exponential import bell


@primitive
def relu(x: Any) -> Any:
    """max(x, 0), of the shape of `x`; relu'(0) = 0.

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])

    Source: Nair and Hinton, 2010.
    """
    return np.maximum(x, 0)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """`x` above 0 and ``slope * x`` up to 0; leaky_relu'(0) = slope.

    Source: Maas, Hannun and Ng, 2013.
    """
    return np.where(x > 0, x, slope * x)


@primitive
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), which rises from 0 to 1; both ends keep full relative precision.

    >>> sigmoid(np.array([-np.inf, 0.0, np.log(3.0)]))
    array([0.  , 0.5 , 0.75])
    """
    e = np.exp(-1.0 * abs(x))  # of unsigned integers, minus alone would wrap
    return np.where(x < 0, e, 1.0) / (1 + e)


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), a smooth relu, without overflow."""
    return np.logaddexp(x, 0.0)


def gelu(x: Any) -> Any:
    """x·Φ(x) by its hyperbolic form, 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).

    Source: Hendrycks and Gimpel, 2016, section 2.
    """
    u = np.clip(x, -30.0, 30.0)
    return np.where(x >= 30, x, u * sigmoid(float(np.sqrt(8 / np.pi)) * (u + 0.044715 * u**3)))


@primitive
def erf(x: "Any", out: "Any" = None) -> "Any":  # quoted, as programs hold this text
    """The error function, 2/√π · ∫ exp(-t²) dt from 0 to `x`: the share of a bell curve within ±x·√2 deviations.

    >>> erf(np.array([-np.inf, 0.0, 0.5])).round(4)
    array([-1.    ,  0.    ,  0.5205])
    """
    finest = np.dtype(np.float64)  # a long double has no more digits than that
    dtype = min(finest, np.result_type(getattr(x, "dtype", finest), np.float16))
    z = np.frompyfunc(math.erf, 1, 1)(x)
    z = z.astype(dtype) if hasattr(z, "astype") else dtype.type(z)  # of a number frompyfunc gives one of Python's
    if out is None:
        return z
    out[...] = z
    return out


def dropout(x: Any, rate: float, seed: "int | np.random.Generator") -> Any:
    """`x` with each element silenced with probability `rate`, and the others scaled so that the mean stays.

    The same integer seed silences the same elements; a generator moves on at each call.

    Source: Srivastava et al., 2014.

    Raises:
        ValueError: `rate` is not in 0 ≤ rate < 1.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate is {rate}; it must be at least 0 and less than 1")
    survives = np.random.default_rng(seed).random(np.shape(x)) >= rate
    return x * (survives / (1 - rate)).astype(np.result_type(x, 1.0))


# fmt: off
derivative(relu,    lambda g, z, x: g * (x > 0), kink=lambda z, x: x == 0)
derivative(erf,     lambda g, z, x: g * (2 / math.sqrt(math.pi)) * bell(x, 1.0), opaque=True,
                    real="there is none for them here; give scipy.special.erf a row, with tinygrad_edu.primitive")
derivative(sigmoid, lambda g, z, x: g * z * sigmoid(-x), real="write 1 / (1 + np.exp(-x))")
# fmt: on

Value.relu = relu
