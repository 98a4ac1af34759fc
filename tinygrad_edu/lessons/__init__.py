"""The post, section by section, as functions that play its games and return their moves."""

from tinygrad_edu.lessons import agreement as agreement
from tinygrad_edu.lessons import digits as digits
from tinygrad_edu.lessons import hot_and_cold as hot_and_cold
from tinygrad_edu.lessons import landscape as landscape
from tinygrad_edu.lessons import linearity as linearity
from tinygrad_edu.lessons import slopes as slopes
