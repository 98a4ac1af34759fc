"""Examples to learn from that come with the package."""

from tinygrad_edu.data.digits import Array as Array
from tinygrad_edu.data.digits import Examples as Examples
from tinygrad_edu.data.digits import load_digits as load_digits
from tinygrad_edu.data.flower import load_flower as load_flower
