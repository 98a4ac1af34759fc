"""Every function is there by its name, and those for images and tokens cost nothing before they are asked for."""

import subprocess
import sys

import pytest

from tinygrad_edu import functions


def test_every_name_is_of_a_documented_function():
    assert dir(functions) == sorted(functions.__all__)
    for name in functions.__all__:
        assert getattr(functions, name).__doc__
        assert f"`{name}`" in functions.__doc__


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="has no attribute 'conv3d'"):
        functions.conv3d  # noqa: B018


def test_importing_the_package_does_not_import_what_is_rarely_asked_for():
    loaded = "import sys, tinygrad_edu; print([m for m in sys.modules if m.startswith('tinygrad_edu.functions')])"
    found = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout
    assert "activations" in found
    assert not any(room in found for room in ("convolution", "pooling", "tokens", "windows"))
