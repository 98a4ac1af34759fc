"""Speed of tinygrad_edu, and what its checker detects, beside the field: `python -m benchmarks`."""
