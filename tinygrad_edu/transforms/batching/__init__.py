"""Batches of cotangents: arrays with one more axis in front, which the rules of the table do not see.

array      `Batch`, and what goes one by one
operators  Python's operators, and NumPy's methods
functions  how NumPy's functions are done for a whole batch at once
scattered  batches of which each has but a few numbers, as the rows of an identity matrix have
"""

from tinygrad_edu.transforms.batching import operators, rules  # noqa: F401 - they give `Batch` what it can do
from tinygrad_edu.transforms.batching.array import Batch
from tinygrad_edu.transforms.batching.one_hot import OneHotBatch, identity_rows

__all__ = ["Batch", "OneHotBatch", "identity_rows"]
