"""Activations and probabilities keep the kind of floats, and make floats of integers before they could wrap."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import functions as F

SMOOTH = [F.sigmoid, F.softplus, F.gelu, F.erf, F.softmax, F.log_softmax, F.logsumexp]
BENT = [F.relu, F.leaky_relu, lambda x: F.dropout(x, 0.5, 0)]


@pytest.mark.parametrize("function", SMOOTH)
@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, bool])
def test_integers_are_the_floats_that_they_stand_for(function, kind):
    x = np.array([1, 0, 100]).astype(kind)
    room = 4 * np.finfo(np.float64).eps if function is not F.erf else np.finfo(np.float16).eps
    np.testing.assert_allclose(function(x), function(x.astype(float)), rtol=room)


@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_dropout_scales_integers_too(kind):
    x = np.arange(20, dtype=kind)
    np.testing.assert_array_equal(F.dropout(x, 0.3, 0), F.dropout(x.astype(float), 0.3, 0))


@pytest.mark.parametrize("function", [*SMOOTH, *BENT])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_kind_of_floats_stays(function, dtype):
    x = np.array([-0.5, 0.25, 3.0], dtype)
    z, pull = tg.vjp(function, x)
    assert function(x).dtype == z.dtype == pull(z)[0].dtype == dtype
