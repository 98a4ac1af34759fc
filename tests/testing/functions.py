"""Functions to give a row to, and what check_derivative says of it."""

import numpy as np
import pytest

from tinygrad_edu.testing import check_derivative


def cubed(x):
    return x * x * x


def scaled_product(x, y):
    return x * np.exp(y)


def by_x(g, z, x, y):
    return g * np.exp(y)


def by_y(g, z, x, y):
    return g * z


def complaint(function, *given, **keywords):
    with pytest.raises(AssertionError) as failure:
        check_derivative(function, *given, **keywords)
    return str(failure.value)
