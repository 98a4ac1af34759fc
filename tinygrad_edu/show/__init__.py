"""A tape to look at: as a table, in sentences, and as a program."""

from tinygrad_edu.show.scopes import scope as scope
from tinygrad_edu.show.tape import Tape as Tape
