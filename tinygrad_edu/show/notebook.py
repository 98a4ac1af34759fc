"""What notebooks show of a Value: how it is written, and behind a triangle the tape that led to it."""

from html import escape

from tinygrad_edu.core.value import Value
from tinygrad_edu.show.tape import Tape

MOST = 2_000  # entries that are swept unasked


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
