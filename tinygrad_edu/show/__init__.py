"""Showing a tape: as a table one can read."""

from tinygrad_edu.show.table import Tape as Tape
