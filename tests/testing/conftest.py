"""Rows that are gone when the test ends."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.core.rules import Row, derivative, table


@pytest.fixture
def row(monkeypatch):
    """A function that adds a row until the test ends, and returns the function with it."""

    def add(function, *given):
        recorded = function if isinstance(function, np.ufunc) else tg.primitive(function)
        monkeypatch.setitem(table, recorded, Row())
        derivative(recorded, *given)
        return recorded

    return add
