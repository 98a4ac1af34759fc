"""Batches: arrays with one more axis in front, which functions do not see: of cotangents, or of examples.

levels     the `vmap` that run now
array      `Batch`, and what runs on one after the other of a batch
operators  Python's operators
rules      how NumPy's functions run on a whole batch at once
rows       how the other functions of the table do
one_hot    `OneHotBatch`, of which each has but a few numbers, as the rows of an identity matrix have
"""

from tinygrad_edu.transforms.batching import operators, rows, rules  # noqa: F401 - they give `Batch` what it can do
from tinygrad_edu.transforms.batching.array import Batch, unwrapped, wrapped
from tinygrad_edu.transforms.batching.levels import levels
from tinygrad_edu.transforms.batching.one_hot import OneHotBatch, identity_rows

__all__ = ["Batch", "OneHotBatch", "identity_rows", "levels", "unwrapped", "wrapped"]
