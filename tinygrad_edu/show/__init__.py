"""A tape to look at, as a table, in sentences, and as a program; a network to look at, layer by layer."""

from tinygrad_edu.show.network import Summary as Summary
from tinygrad_edu.show.scopes import scope as scope
from tinygrad_edu.show.tape import Tape as Tape
