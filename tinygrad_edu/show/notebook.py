"""What notebooks show of a Value: how it is written, and behind a triangle the tape that led to it."""

from html import escape

from tinygrad_edu.core.value import Value
from tinygrad_edu.show.tape import Tape

MOST = 2_000  # entries that are swept unasked


def value_html(value: Value) -> str | None:
    """The HTML of a result; None of a leaf, and of a result of very many entries, which are shown as text alone.

    >>> value_html(Value(2.0)) is None
    True
    >>> value_html(Value(2.0, name="a") * 3).startswith("<pre>Value(6.0, grad=0.0)</pre><details><summary>2 entries")
    True
    """
    if value.function is None or len(tape := Tape(value)) > MOST:
        return None
    behind = f"<details><summary>{len(tape)} entries led here</summary>{tape.to_svg()}</details>"
    return f"<pre>{escape(repr(value))}</pre>{behind}"
