"""Speed of tinygrad_edu beside hand-written NumPy and the field: `python -m benchmarks`."""
