"""Comparing numeric and analytic gradients, finding what is wrong, and seeing how far the slope can see."""

from tinygrad_edu.check.curve import SlopeCurve, slope_curve
from tinygrad_edu.check.gradients import compare_gradients
from tinygrad_edu.check.nans import NonFiniteError, detect_nan
from tinygrad_edu.check.report import GradientError, Report

__all__ = ["GradientError", "NonFiniteError", "Report", "SlopeCurve", "compare_gradients", "detect_nan", "slope_curve"]
