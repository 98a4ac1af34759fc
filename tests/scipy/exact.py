"""Slopes by mpmath, and how far from them a number is, in units of the last place."""

import numpy as np
import pytest
from scipy import special

mpmath = pytest.importorskip("mpmath")
mp = mpmath.mp
root2 = lambda: mpmath.sqrt(2)  # noqa: E731
density = lambda x: mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731


def ndtri(y):
    z = mpmath.mpf(float(special.ndtri(float(y))))
    for _ in range(4):
        z -= (mpmath.ncdf(z) - y) / density(z)
    return z


SLOPES = {
    special.erf: lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x),
    special.erfc: lambda x: -2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x),
    special.erfinv: lambda y: mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(mpmath.erfinv(y) ** 2),
    special.ndtr: density,
    special.ndtri: lambda y: 1 / density(ndtri(y)),
    special.log_ndtr: lambda x: density(x) / (mpmath.erfc(-x / root2()) / 2),
    special.expit: lambda x: mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2,
    special.log_expit: lambda x: 1 / (1 + mpmath.exp(x)),
    special.logit: lambda x: 1 / (x * (1 - x)),
    special.entr: lambda x: -mpmath.log(x) - 1,
    special.gammaln: lambda x: mpmath.psi(0, x),
    special.loggamma: lambda x: mpmath.psi(0, x),
    special.gamma: lambda x: mpmath.gamma(x) * mpmath.psi(0, x),
    special.psi: lambda x: mpmath.psi(1, x),
    special.j0: lambda x: -mpmath.besselj(1, x),
    special.j1: lambda x: mpmath.besselj(1, x, 1),
    special.i0: lambda x: mpmath.besseli(1, x),
    special.i1: lambda x: (mpmath.besseli(0, x) + mpmath.besseli(2, x)) / 2,
    special.i0e: lambda x: mpmath.exp(-abs(x)) * (mpmath.besseli(1, x) - mpmath.sign(x) * mpmath.besseli(0, x)),
    special.i1e: lambda x: (
        mpmath.exp(-abs(x))
        * ((mpmath.besseli(0, x) + mpmath.besseli(2, x)) / 2 - mpmath.sign(x) * mpmath.besseli(1, x))
    ),
}
EDGES = [
    *((f, x, 4) for f in (special.erf, special.erfc, special.ndtr) for x in (1e-200, 0.3, 3.3, -11.7, 25.9, 26.2)),
    (special.ndtr, 36.9, 4),
    *((special.log_ndtr, x, 4) for x in (-1e10, -300.0, -5.5, -0.1, 0.1, 5.5, 36.9)),
    *((special.erfinv, x, 4) for x in (1e-300, 0.5, -0.999, 1 - 2.0**-53)),
    *((special.ndtri, x, 4) for x in (1e-300, 1e-30, 0.02, 0.5, 0.75, 1 - 2.0**-53)),
    *((special.expit, x, 4) for x in (-700.0, -40.0, -1.0, 1.0, 40.0, 690.0)),
    *((special.log_expit, x, 4) for x in (-700.0, -1.0, 1.0, 690.0)),
    *((special.logit, x, 4) for x in (1e-300, 0.3, 1 - 2.0**-53)),
    *(
        (f, x, 4)
        for f in (special.gammaln, special.loggamma, special.gamma, special.psi)
        for x in (1e-100, 0.1, 3.3, 33.3)
    ),
    (special.gammaln, 1e300, 4),
    *((f, x, 4) for f in (special.j0, special.j1, special.i0, special.i1) for x in (1e-9, 0.3, 2.9)),
    *((f, x, 4) for f in (special.i0e, special.i1e) for x in (1e-9, 0.3, -2.9, 29.0)),
    (special.psi, 1e200, 4),
    (special.psi, -1.5, 4),
    *((f, x, 4) for f in (special.i0e, special.i1e) for x in (31.0, -700.0, 1e17, 1e100)),
]


def exact_slope(function, x):
    """The slope of a function at a float, to forty digits more than cancel."""
    with mpmath.workdps(60):
        while True:
            here = SLOPES[function](mpmath.mpf(float(x)))
            mp.dps *= 2
            if mp.dps > 4000 or abs(here - SLOPES[function](mpmath.mpf(float(x)))) < abs(here) * mpmath.mpf(10) ** -20:
                return here


def ulps(found, wanted):
    """How far a float is from a number of mpmath's, over the distance of floats there."""
    nearest = float(wanted)
    with mpmath.workdps(60):
        return float(abs(mpmath.mpf(float(found)) - wanted) / mpmath.mpf(float(np.spacing(abs(np.float64(nearest))))))
