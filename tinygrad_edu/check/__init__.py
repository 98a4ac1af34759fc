"""Comparing numeric and analytic gradients, and finding what is wrong."""

from tinygrad_edu.check.gradients import compare_gradients
from tinygrad_edu.check.nans import NonFiniteError, detect_nan
from tinygrad_edu.check.report import GradientError, Report

__all__ = ["GradientError", "NonFiniteError", "Report", "compare_gradients", "detect_nan"]
