"""Lessons in the terminal: their examples are run, they fit, and they wait for a reader only."""

import os
import pty
import subprocess
import sys
import time

import pytest

from tinygrad_edu import cli
from tinygrad_edu.cli import lesson
from tinygrad_edu.cli.terminal import STAND_INS
from tinygrad_edu.lessons.pages import Lesson, course

COMMAND = [sys.executable, "-m", "tinygrad_edu", "lesson"]
PLAIN = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
PAGE = """# A title

Some **words** and a [link](02_other.md), one [abroad](https://example.org/), `code` and a ![picture](x.png).

- first item
- second

| a | b |
|---|---|
| 1 | *2* |

```python
>>> x = 20
>>> for i in range(2):
...     print(x + i)
20
21
>>> 1 / 0
Traceback (most recent call last):
    ...
ZeroDivisionError: division by zero

```

    a formula
"""


def test_without_a_number_it_lists_the_lessons(capsys):
    assert cli.main(["lesson"]) == 0
    out = capsys.readouterr().out
    assert all(f"{page.number:>3}  {page.title}\n" in out for page in course())


@pytest.mark.parametrize("which", ["0", "18", "x", "-1"])
def test_there_is_no_such_lesson(which, capsys):
    assert cli.main(["lesson", which]) == 2
    assert f"there is no lesson '{which}'; choose one of 1 to {len(course())}" in capsys.readouterr().err


def test_a_page_is_printed_and_run(monkeypatch, capsys):
    monkeypatch.setattr(lesson, "course", lambda: (Lesson(1, "a", PAGE),))
    assert cli.main(["lesson", "1"]) == 0
    assert capsys.readouterr().out == (
        "\nLesson 1: A title\n"
        "\nSome words and a link, one abroad (https://example.org/), `code` and a (A\npicture: picture.).\n"
        "\n- first item\n- second\n"
        "\na  b\n1  2\n"
        "\n  >>> x = 20\n  >>> for i in range(2):\n  ...     print(x + i)\n  20\n  21\n"
        "  >>> 1 / 0\n  Traceback (most recent call last):\n      ...\n  ZeroDivisionError: division by zero\n"
        "\n    a formula\n"
        "\n✓ All 3 results are what the lesson says.\n"
    )


@pytest.mark.parametrize(
    ("example", "shown"),
    [
        (">>> 1 + 1\n3\n", "  2\n  ✗ The lesson says:\n  3\n"),
        (">>> y\n1\n", "  ✗ NameError: name 'y' is not defined\n"),
    ],
)
def test_another_result_is_told(example, shown, monkeypatch, capsys):
    monkeypatch.setattr(lesson, "course", lambda: (Lesson(1, "a", f"# T\n\n```python\n{example}\n```\n"),))
    assert cli.main(["lesson", "all"]) == 1
    out = capsys.readouterr().out
    assert shown in out
    assert out.endswith("\n✗ 1 of 1 results are not what the lesson says.\n")


@pytest.mark.parametrize("page", [page for page in course() if page.name not in ("colorization", "digits", "momentum")])
def test_a_lesson_fits_a_terminal_of_80_columns_in_ascii(page, monkeypatch, capsys):
    monkeypatch.setattr(lesson, "shown", lambda text: text.encode("ascii", "stand_in").decode())
    monkeypatch.setattr("tinygrad_edu.cli.terminal.shown", lesson.shown)
    assert lesson.walk(page) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out


def test_a_lesson_ends_by_naming_the_next(monkeypatch, capsys):
    monkeypatch.setattr(lesson, "course", lambda: (Lesson(1, "a", "# One\n"), Lesson(2, "b", "# Two\n")))
    for which, ends in (("1", True), ("2", False), ("all", False)):
        assert cli.main(["lesson", which]) == 0
        assert capsys.readouterr().out.endswith("\nNext: tinygrad-edu lesson 2\n") == ends


@pytest.mark.parametrize("page", course(), ids=lambda page: page.name)
def test_every_sign_of_a_lesson_has_a_stand_in(page):
    assert {sign for sign in page.text if not sign.isascii()} <= STAND_INS.keys()
    assert max(len(line) for line in page.text.splitlines() if line.startswith((">>>", "...", "    "))) <= 78


def test_it_waits_for_a_reader_and_q_stops():
    ours, theirs = pty.openpty()
    with subprocess.Popen([*COMMAND, "11"], stdin=theirs, stdout=theirs, stderr=theirs, env=PLAIN) as process:
        os.close(theirs)
        seen, answers = b"", [b"\n", b"q\n"]
        while answers:
            seen += os.read(ours, 1000)
            if seen.count(b"q: stop] ") > 2 - len(answers):
                time.sleep(0.1)
                assert process.poll() is None
                os.write(ours, answers.pop(0))
        process.wait(timeout=60)
        os.close(ours)
    assert process.returncode == 0
    assert b"A longer chain" in seen
    assert b"Where paths meet" not in seen


def test_the_end_of_all_input_stops_too(monkeypatch):
    def ask(prompt):
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(lesson.StopReading):
        lesson._pause(ask)


def test_lessons_need_no_rich():
    code = "import sys; sys.modules['rich'] = None; from tinygrad_edu.cli import main; sys.exit(main(['lesson', '1']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=PLAIN, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
