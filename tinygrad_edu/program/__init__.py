"""The tape as a program: a function is traced, simplified, given its memory, printed, and what was printed runs."""

from tinygrad_edu.program.compiled import Compiled as Compiled
from tinygrad_edu.program.compiled import compile as compile
from tinygrad_edu.program.errors import TraceError as TraceError
