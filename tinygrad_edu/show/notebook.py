"""What notebooks show: of a result also the tape that led to it, behind a triangle; of a network its layers."""

from html import escape

from tinygrad_edu.core.value import Value
from tinygrad_edu.nn.module import Module
from tinygrad_edu.show.network import Summary
from tinygrad_edu.show.tape import Tape

MOST = 2_000  # entries that are swept unasked


def html(shown: Value | Module) -> str | None:
    """The HTML of a Value or a network; None where text says it all."""
    return Summary(shown)._repr_html_() if isinstance(shown, Module) else value_html(shown)


def value_html(value: Value) -> str | None:
    """The HTML of a result; None where there is no tape to show, or a very long one, and the text says it all.

    >>> value_html(Value(2.0)) is None
    True
    >>> value_html(Value(2.0, name="a") * 3).startswith("<pre>Value(6.0, grad=0.0)</pre><details><summary>2 entries")
    True
    """
    if value.function is None:
        return None
    try:
        tape = Tape(value)
    except RuntimeError:  # a leaf has new data by now: its tape cannot be shown, but the value can
        return None
    if len(tape) > MOST:
        return None
    behind = f"<details><summary>{len(tape)} entries led here</summary>{tape.to_svg()}</details>"
    return f"<pre>{escape(repr(value))}</pre>{behind}"
