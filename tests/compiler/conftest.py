"""In these tests every graph is verified after every pass, and every memory plan."""

import pytest

from tinygrad_edu.compiler import ir


@pytest.fixture(autouse=True)
def verified(monkeypatch):
    monkeypatch.setattr(ir, "VERIFY", True)
