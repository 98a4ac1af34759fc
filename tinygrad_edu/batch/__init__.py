"""Batches of cotangents: arrays with one more axis in front, which the rules of the table do not see.

array      `Batch`, and what goes one by one
operators  Python's operators, and NumPy's methods
functions  how NumPy's functions are done for a whole batch at once
scattered  batches of which each has but a few numbers, as the rows of an identity matrix have
"""

from tinygrad_edu.batch import functions, operators  # noqa: F401 - they give `Batch` what it can do
from tinygrad_edu.batch.array import Batch
from tinygrad_edu.batch.scattered import Scattered, unit_rows

__all__ = ["Batch", "Scattered", "unit_rows"]
