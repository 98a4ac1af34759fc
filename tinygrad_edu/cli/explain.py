"""The command ``tinygrad-edu explain``: the tape of an expression or a function, and how it is swept backward.

what    an expression such as ``tanh(a*b) + c``, or ``package.module:function``, or ``path/file.py:function``
values  what its variables are, such as ``a=0.5``
"""

import contextlib
import os
import sys
import tempfile
import textwrap
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from tinygrad_edu.cli.expression import ExpressionError
from tinygrad_edu.cli.inputs import assigned, function_of, in_order
from tinygrad_edu.cli.locate import UsageError, described
from tinygrad_edu.cli.terminal import paragraph, shown, width
from tinygrad_edu.core.value import Value
from tinygrad_edu.show import Tape, scope


def explain(
    what: str, values: Sequence[str], svg: str | None = None, html: str | None = None, in_browser: bool = False
) -> int:
    """Print the tape and its explanation, write its picture and its page to files, and return the exit status.

    With `in_browser` the page is opened there; without a file of its own it goes into a temporary one.
    """
    what = what.strip()
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what the function prints is no part of the answer
            tape = _recorded(what, values)
            said = f"{tape.table(width())}\n\n{_wrapped(tape.explain())}"
            if svg is not None:
                said += f"\n\nThe picture: {_written(svg, tape.to_svg())}"
            if html is not None or in_browser:
                page = _written(html or _temporary(), tape.to_html(what))
                said += f"\n\nThe page: {page}"
    except (UsageError, ExpressionError) as error:
        message = str(error)
    except (Exception, SystemExit) as error:  # whatever a function of the user's may do
        message = f"{what} failed: {described(error)}"
    else:
        print(shown(said))
        if in_browser and not webbrowser.open(page.resolve().as_uri()):
            print("tinygrad-edu explain: no browser was found here; open that page in one", file=sys.stderr)
        return 0
    print(paragraph(f"tinygrad-edu explain: {message}"), file=sys.stderr)
    return 2


def _recorded(what: str, values: Sequence[str]) -> Tape:
    """The tape of what a function gives for these values."""
    given = assigned(values)
    function, names = function_of(what, given)
    leaves = [Value(x, name=name) for name, x in zip(names, in_order(names, given), strict=True)]
    written = ":" in what  # in a file, whose lines entries remember inside a scope
    with scope(what.rpartition(":")[2]) if written else contextlib.nullcontext():
        result = function(*leaves)
    if not isinstance(result, Value):
        raise UsageError(f"{what} gives a {type(result).__name__}, which has no tape; it must give one Value")
    return Tape(result)


def _written(file: str, text: str) -> Path:
    """The path of a file that now holds `text`."""
    path = Path(file)
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}; name a file in a folder that is there") from None
    return path


def _temporary() -> str:
    """The name of a new file, which stays for the browser to read."""
    handle, name = tempfile.mkstemp(".html", "tinygrad-edu-")
    os.close(handle)
    return name


def _wrapped(text: str) -> str:
    """An explanation in lines that fit, each going on below its beginning."""
    lines = []
    for line in shown(text).splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        wrapped = textwrap.wrap(line, width(), subsequent_indent=f"{indent}    ", break_on_hyphens=False)
        lines.append("\n".join(wrapped))
    return "\n".join(lines)
