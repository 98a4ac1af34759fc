"""A tape to look at: as a table, and as a program."""

from tinygrad_edu.show.table import Tape as Tape
