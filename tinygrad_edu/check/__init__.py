"""Numeric against analytic gradients, the wrong rule found and named, and how far a slope can see.

gradients  `compare_gradients`: a function, its claimed gradient, and the verdict
parts      complex numbers as two real ones
subject    the function, its arguments, and its gradient by the tape; `claimed`, if it was given with gradient=
measure    the slope along a line, its error, and whether there is a kink
compare    a claim against the measurement, element by element
diagnose   the operation to blame, by its `evidence`, with `explanations` in words; `terms` that a gradient lacks
report     what was found, as text, as a table, and as data
places     where in an array something is wrong, in words and as a picture
roundings  a listener that rounds every recorded result once more: how much that moves
hooks      listeners for the engine: lines of the user's code, write protection
nans       `detect_nan`: the operations that make a NaN or an infinity
curve      `slope_curve`: the error of the slope over q; `curve_table` and `curve_plot` show it
"""

from tinygrad_edu.check.curve import SlopeCurve, slope_curve
from tinygrad_edu.check.gradients import compare_gradients
from tinygrad_edu.check.nans import NonFiniteError, detect_nan
from tinygrad_edu.check.report import GradientError, Report

__all__ = ["GradientError", "NonFiniteError", "Report", "SlopeCurve", "compare_gradients", "detect_nan", "slope_curve"]
