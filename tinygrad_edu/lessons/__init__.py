"""The post, section by section, as functions that play its games and return their moves.

hot_and_cold  the first game: find where a function is least
slopes        the slope for ever smaller q, and walking by it
landscape     the gradient on a surface, and the walk downhill
linearity     why a network needs a nonlinearity
agreement     a network's gradient, measured and derived
digits        a network learns to read handwritten digits
"""

from tinygrad_edu.lessons import agreement as agreement
from tinygrad_edu.lessons import digits as digits
from tinygrad_edu.lessons import hot_and_cold as hot_and_cold
from tinygrad_edu.lessons import landscape as landscape
from tinygrad_edu.lessons import linearity as linearity
from tinygrad_edu.lessons import slopes as slopes
