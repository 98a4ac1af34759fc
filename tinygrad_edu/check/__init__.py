"""Checking derivatives against the slope, and seeing how far the slope can see."""

from tinygrad_edu.check.curve import SlopeCurve as SlopeCurve
from tinygrad_edu.check.curve import slope_curve as slope_curve
