"""A lesson in the terminal: its text, and its examples, run before the reader's eyes.

block   a paragraph, heading, list, table or fence of a page, or a session of examples
pause   what waits for the reader between two steps; nothing waits where the output is piped
"""

import doctest
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tinygrad_edu.cli.terminal import coloured, paragraph, shown, table
from tinygrad_edu.lessons.pages import Lesson, course

_AS_DOCTESTS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class StopReading(Exception):  # noqa: N818 - no error: the reader has had enough
    """The reader stops."""


def lessons(which: str | None) -> int:
    """List the lessons, or walk through one of them or all; the exit status.

    It is 1 if an example gives another result than the page says, and 2 if there is no such lesson.
    """
    pages = course()
    if which is None:
        _list(pages)
        return 0
    numbers = [str(page.number) for page in pages]
    if which != "all" and which not in numbers:
        print(
            f"tinygrad-edu: there is no lesson {which!r}; choose one of 1 to {len(pages)}, or all "
            "(tinygrad-edu lesson lists them)",
            file=sys.stderr,
        )
        return 2
    chosen = pages if which == "all" else [pages[int(which) - 1]]
    try:
        differ = sum(walk(page) for page in chosen)
    except StopReading:
        return 0
    if chosen[-1] is not pages[-1]:
        print(paragraph(f"Next: tinygrad-edu lesson {chosen[-1].number + 1}"))
    return int(differ > 0)


def _list(pages: tuple[Lesson, ...]) -> None:
    for page in pages:
        print(shown(f"{page.number:>3}  {page.title}"))
    print()
    print(paragraph("tinygrad-edu lesson 1 begins; tinygrad-edu lesson all walks through all of them."))


def walk(page: Lesson) -> int:
    """Print a lesson and run its examples, and return how many of them gave something else than the page says."""
    session: dict[str, Any] = {"__name__": "__lesson__"}
    examples = differ = 0
    for block in blocks(page.text):
        if block.startswith(">>> "):
            print()
            for example in doctest.DocTestParser().get_examples(block):
                examples += 1
                differ += not _run(example, session, f"lesson {page.number}")
            _pause()
        else:
            _print(block, page)
    print()
    if differ:
        print(coloured(paragraph(f"✗ {differ} of {examples} results are not what the lesson says."), "bad"))
    else:
        print(coloured(paragraph(f"✓ All {examples} results are what the lesson says."), "good"))
    return differ


def blocks(text: str) -> Iterator[str]:
    r"""The parts of a Markdown page that stand apart: fences, without their marks, and what empty lines divide.

    >>> list(blocks("# One\n\ntwo\nlines\n\n```python\n>>> 3\n3\n\n```\n"))
    ['# One', 'two\nlines', '>>> 3\n3\n\n']
    """
    for part in re.split(r"(?ms)^(```.*?^```$)", text):
        if part.startswith("```"):
            inside = part.partition("\n")[2].removesuffix("```")
            yield inside if inside.startswith(">>> ") else "\n".join(f"    {line}" for line in inside.splitlines())
        else:
            yield from (block.strip("\n") for block in part.split("\n\n") if block.strip())


def _print(block: str, page: Lesson) -> None:
    print()
    if block.startswith("# "):
        print(coloured(paragraph(f"Lesson {page.number}: {page.title}"), "heading"))
    elif block.startswith("## "):
        print(coloured(paragraph(_readable(block[3:])), "heading"))
    elif block.startswith("|"):
        rows = [[_readable(cell.strip()) for cell in line.strip("|").split("|")] for line in block.splitlines()]
        del rows[1]  # the line of dashes
        print(table(rows, (), [""] * (len(rows) - 1)))
    elif block.startswith("- "):
        for item in re.split(r"(?m)^- ", block)[1:]:
            print(paragraph(f"- {_readable(item)}", "  "))
    elif block.startswith("    "):
        print(shown(block))
    else:
        print(paragraph(_readable(block)))


def _readable(text: str) -> str:
    """Markdown as plain text: links by their names, and by their addresses where these lead out of the project."""
    text = re.sub(r"!\[([^]]*)\]\([^)]*\)", r"(A picture: \1.)", text)
    text = re.sub(r"\[([^]]*)\]\((https?://[^)]*)\)", r"\1 (\2)", text)
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    return " ".join(re.sub(r"\*+([^*]+)\*+", r"\1", text).split())


class _Runner(doctest.DocTestRunner):
    """Runs examples, and keeps what they print instead of reporting it."""

    def __init__(self) -> None:
        super().__init__(verbose=False, optionflags=_AS_DOCTESTS)
        self.got = ""

    def report_start(self, out: Any, test: Any, example: Any) -> None:
        """Say nothing."""

    def report_success(self, out: Any, test: Any, example: Any, got: str) -> None:
        """Keep what was printed."""
        self.got = got

    def report_failure(self, out: Any, test: Any, example: Any, got: str) -> None:
        """Keep what was printed, and what should have been."""
        self.got = f"{got}✗ The lesson says:\n{example.want}"

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        """Keep the error."""
        self.got = f"✗ {exc_info[0].__name__}: {exc_info[1]}\n"


def _run(example: doctest.Example, session: dict[str, Any], name: str) -> bool:
    """Print an example, run it and print its result: whether that is what was expected."""
    first, *others = example.source.splitlines()
    print(shown("\n".join([f"  >>> {first}", *(f"  ... {line}".rstrip() for line in others)])), flush=True)
    runner, test = _Runner(), doctest.DocTest([example], {}, name, None, None, None)
    test.globs = session  # not a copy: the next example goes on with it
    outcome = runner.run(test, out=lambda text: None, clear_globs=False)
    got = f"Traceback (most recent call last):\n    ...\n{example.exc_msg}" if example.exc_msg else runner.got
    for line in got.splitlines():
        print(shown(f"  {line}".rstrip()))
    return not outcome.failed


def _pause(ask: Callable[[str], str] = input) -> None:
    """Wait for the reader, if there is one.

    Raises:
        StopReading: the answer is q, or the end of all input.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    try:
        answer = ask("\n[Enter: go on, q: stop] ")
    except EOFError:
        answer = "q"
    if answer.strip().lower().startswith("q"):
        raise StopReading
