"""What cannot be compiled, and how it is said."""

from tinygrad_edu.origins import line


class TraceError(TypeError):
    """A function does something that a program, run again with other numbers, would get wrong."""


def misused(what: str, instead: str) -> TraceError:
    """Make the error for a line of the user's that cannot be traced."""
    where = line()
    return TraceError(f"tg.compile: the function {what}; {instead}" + (f" [{where}]" if where else ""))
