"""What torch gives: computed where torch can be imported, and recorded from torch 2.13.0 (float64, CPU) for where not.

The figures in `torch_figures.json` are made by the tests themselves, ``RECORD_TORCH_FIGURES=1 pytest -n 0 tests/nn
tests/losses tests/functions`` with torch installed: of each array its shape and three of its products with normal
numbers of a fixed seed.
"""

import importlib.util
import json
import os
from pathlib import Path

import numpy as np

FIGURES = Path(__file__).with_name("torch_figures.json")
WITHIN = 1e-10  # relative to the largest number of each array
NOISE = 16 * np.finfo(float).eps  # relative to the largest of all: what is 0 but for roundings, such as a slope


def fingerprint(x):
    """The shape of an array, and three weighted sums of its numbers."""
    weights = np.random.default_rng(x.size).normal(size=(3, x.size))
    return {"shape": list(x.shape), "sums": (weights @ x.reshape(-1)).tolist()}


def agree(name, ours, theirs):
    """Hold our arrays against those that `theirs(torch)` gives, and against those that it gave once."""
    ours = [np.asarray(getattr(x, "data", x)) for x in ours]
    noise = NOISE * max(np.max(abs(x), initial=0) for x in ours)
    if importlib.util.find_spec("torch"):
        import torch  # noqa: PLC0415

        wanted = [x.detach().numpy() for x in theirs(torch)]
        assert len(ours) == len(wanted)
        for got, want in zip(ours, wanted, strict=True):
            assert got.shape == want.shape
            assert np.all(abs(got - want) <= WITHIN * np.max(abs(want), initial=0) + noise)
        if os.environ.get("RECORD_TORCH_FIGURES"):
            recorded = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
            recorded[name] = [fingerprint(x) for x in wanted]
            lines = (f"{json.dumps(key)}: {json.dumps(recorded[key])}" for key in sorted(recorded))
            FIGURES.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    recorded = json.loads(FIGURES.read_text("utf-8"))[name]
    assert len(ours) == len(recorded)
    for got, want in zip(ours, recorded, strict=True):
        assert list(got.shape) == want["shape"]
        bound = 4 * np.sqrt(got.size) * (WITHIN * np.max(abs(got), initial=0) + noise)
        assert np.all(abs(np.subtract(fingerprint(got)["sums"], want["sums"])) <= bound)
