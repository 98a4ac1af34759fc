"""In these tests every graph is verified after every pass."""

import pytest

from tinygrad_edu.compiler.passes import verify


@pytest.fixture(autouse=True)
def verified(monkeypatch):
    monkeypatch.setattr(verify, "ENABLED", True)
