"""Plain NumPy code on Values passes type checkers, and so does what follows it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import tinygrad_edu as tg
from tests.core import typed

ROOT = Path(tg.__file__).parents[1]


def test_mypy_takes_numpy_on_values(tmp_path):
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), typed.__file__]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "MYPYPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_typed_runs():
    assert np.array_equal(typed.v.grad > 0, [True, True])
