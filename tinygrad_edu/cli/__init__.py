"""The command ``tinygrad-edu``: from hot and cold to digits, in the terminal; and lessons, checks, and training.

The tour ends with 0 if everything it shows holds and 1 if something does not, ``check`` with 0 if the gradient is
right, 1 if it is wrong and 3 if that cannot be judged, ``explain``, ``train`` and ``predict`` with 0; all of them
with 2 if they were called wrongly or something failed, and with 130 if Ctrl-C stopped them.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from tinygrad_edu.cli import terminal
from tinygrad_edu.cli.arguments import read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments`, those of the shell by default, and return its exit status."""
    terminal.prepare()
    options = read(sys.argv[1:] if arguments is None else arguments)
    try:
        status = int(_run(options))
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("tinygrad-edu: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever reads has seen enough, as head has; nothing can be said any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except Exception:  # Python's own exit status for that is 1
        traceback.print_exc()
        print("tinygrad-edu: this is a fault of the command itself", file=sys.stderr)
        return 2
    return status


def _run(options: argparse.Namespace) -> int:
    if options.command == "lesson":
        from tinygrad_edu.cli.lesson import lessons  # noqa: PLC0415 - the tour does without

        return lessons(options.which)
    if options.command == "exercise":
        from tinygrad_edu.cli.exercise import exercises  # noqa: PLC0415

        return exercises(options.number, options.given, options.answer)
    if options.command == "check":
        from tinygrad_edu.cli.check import check  # noqa: PLC0415 - the tour does without

        return check(options.what, options.values, options.json)
    if options.command == "explain":
        from tinygrad_edu.cli.explain import explain  # noqa: PLC0415

        return explain(options.what, options.values, options.svg, options.html, options.open)
    if options.command in ("train", "predict"):
        from tinygrad_edu.cli import training  # noqa: PLC0415

        return int(getattr(training, options.command)(options))
    try:
        if options.command == "gallery":
            from tinygrad_edu.cli.gallery import gallery  # noqa: PLC0415 - rich is an extra

            return gallery(options.name, options.quick, options.seed or 0, options.open)
        from tinygrad_edu.cli.page import Page  # noqa: PLC0415
        from tinygrad_edu.cli.tour import tour  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("rich", "matplotlib"):
            raise
        needed = error.name.partition(".")[0]
        print(f"tinygrad-edu: this needs {needed}; pip install 'tinygrad_edu[show]'", file=sys.stderr)
        return 2
    page = Page("From hot and cold to handwritten digits")
    tour(page, options.seed or 0, options.quick)
    return 1 if page.failed else 0
