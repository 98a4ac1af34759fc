"""Batches of cotangents: arrays with one more axis in front, which the rules of the table do not see.

array      `Batch`, and what runs on one after the other of a batch
operators  Python's operators
rules      how NumPy's functions run on a whole batch at once
one_hot    `OneHotBatch`, of which each has but a few numbers, as the rows of an identity matrix have
"""

from tinygrad_edu.transforms.batching import operators, rules  # noqa: F401 - they give `Batch` what it can do
from tinygrad_edu.transforms.batching.array import Batch
from tinygrad_edu.transforms.batching.one_hot import OneHotBatch, identity_rows

__all__ = ["Batch", "OneHotBatch", "identity_rows"]
