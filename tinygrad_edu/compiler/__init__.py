"""The tape as a program: a function is traced, run_passes, given its memory, printed, and what was printed runs."""

from tinygrad_edu.compiler.errors import TraceError as TraceError
from tinygrad_edu.compiler.jit import Compiled as Compiled
from tinygrad_edu.compiler.jit import compile as compile
