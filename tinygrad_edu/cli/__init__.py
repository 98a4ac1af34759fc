"""The command ``tinygrad-edu``: from hot and cold to handwritten digits, in the terminal, and ``tinygrad-edu check``.

It ends with 0 if everything it shows holds, 1 if something does not or cannot be shown, 2 if it was
called wrongly, and 130 if Ctrl-C stopped it.
"""

import argparse
import sys
from collections.abc import Sequence


def _seed(text: str) -> int:
    seed = int(text)
    if seed < 0:
        raise ValueError
    return seed


_seed.__name__ = "seed"  # what argparse calls it: "invalid seed value"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tinygrad-edu",
        description="From hot and cold to handwritten digits: play the games of the post, and check what they show.",
        epilog="exit status: 0 all of it holds, 1 something does not, 2 wrong usage, 130 stopped by Ctrl-C",
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="of everything random, from 0 (default: 0)")
    parser.add_argument("--quick", action="store_true", help="train for a short while only")
    commands = parser.add_subparsers(dest="command", metavar="check")
    check = commands.add_parser(
        "check",
        help="compare numeric and analytic gradients",
        description="Hold the gradient of an expression, or of a function of your own, against its slope.",
        epilog="exit status: 0 the gradient is right, 1 it is not, 2 wrong usage",
    )
    check.add_argument("what", help='an expression, such as "tanh(a*b) + c", or package.module:function')
    check.add_argument("values", nargs="*", metavar="name=value", help='such as a=0.5 or c="[1, 2]"')
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments`, those of the shell by default, and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "check":
            from tinygrad_edu.cli.check import check  # noqa: PLC0415 - rich is an extra

            return check(options.what, options.values)
        from tinygrad_edu.cli.page import Page  # noqa: PLC0415
        from tinygrad_edu.cli.tour import tour  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "rich":
            raise
        print("tinygrad-edu: this needs rich; pip install 'tinygrad_edu[show]'", file=sys.stderr)
        return 1
    try:
        page = Page()
        tour(page, options.seed, options.quick)
    except KeyboardInterrupt:
        print("tinygrad-edu: stopped", file=sys.stderr)
        return 130
    return 1 if page.failed else 0
