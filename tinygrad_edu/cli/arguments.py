"""What may be typed after ``tinygrad-edu``: the commands, their options, and what ``--help`` says of them."""

import argparse
import math
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import tinygrad_edu
from tinygrad_edu.cli import terminal
from tinygrad_edu.cli.vocabulary import listed

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_EXAMPLES = """\
examples:
  tinygrad-edu check "tanh(a*b) + c" a=0.5 b=2 c="[1, 2]"
  tinygrad-edu check "-x**2" x=3
  tinygrad-edu check model.py:loss w="[[1, 2], [3, 4]]" --json

exit status:
  0    the gradient is right (at a kink: between the slopes of both sides)
  1    it is wrong
  2    wrong usage, or an error, also one of the function's own
  3    undecided: the function jumps, its slope is infinite, or it cannot be
       measured well enough
  130  stopped by Ctrl-C

expressions know:"""

_EXPLAINED = """\
examples:
  tinygrad-edu explain "tanh(a*b) + c" a=0.5 b=2 c=1 --open
  tinygrad-edu explain model.py:loss w="[[1, 2], [3, 4]]" --svg tape.svg

exit status: 0 it is explained, 2 wrong usage or an error, 130 stopped by Ctrl-C

expressions know:"""

_EXERCISED = """\
examples:
  tinygrad-edu exercise 1
  tinygrad-edu exercise 1 -3
  tinygrad-edu exercise 5 my_rule.py
  tinygrad-edu exercise 5 --answer

exit status: 0 the answer is right, 1 it is wrong, 2 wrong usage or an error"""

_TRAINING = """\
examples:
  tinygrad-edu train digits --save digits.checkpoint
  tinygrad-edu train mnist /usr/share/datasets/fashion-mnist --network mlp:256
  tinygrad-edu train csv iris.csv --target species --optimizer sgd --epochs 50
  tinygrad-edu train digits --resume digits.checkpoint

exit status: 0 it is trained, 2 wrong usage, a damaged file, or an error,
130 stopped by Ctrl-C, 143 by SIGTERM; where it is saved, it can go on"""


def read(arguments: Sequence[str]) -> argparse.Namespace:
    """What these arguments ask for.

    Raises:
        SystemExit: help or the version was asked for, and printed; or they are wrong, and it was said how.
    """
    parser = argparse.ArgumentParser(
        prog="tinygrad-edu",
        description="From hot and cold to handwritten digits: play the games of V. Panyam's post "
        '"Deep learning made simple", and check what they show.',
        epilog="exit status: 0 all of it holds, 1 something does not, 2 wrong usage or an error, 130 stopped by Ctrl-C",
    )
    parser.add_argument("--version", action="version", version=f"tinygrad-edu {tinygrad_edu.__version__}")
    parser.add_argument("--seed", type=_seed, metavar="N", help="of everything random, from 0 (default: 0)")
    parser.add_argument("--quick", action="store_true", help="train for a short while only")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for add in (_add_lesson, _add_exercise, _add_check, _add_explain, _add_gallery, _add_train, _add_predict):
        add(commands)
    return parser.parse_args(_with_signs(arguments))


def _with_signs(arguments: Sequence[str]) -> list[str]:
    """The arguments, with a space before what begins with a minus sign and is no option, such as -x."""
    if not {"check", "exercise", "explain"} & {*arguments}:
        return [*arguments]
    return [f" {text}" if re.match(r"-(?!h$|-$|-[a-z]{2,}(=|$))", text) else text for text in arguments]


def _seed(text: str) -> int:
    seed = int(text)
    if seed < 0:
        raise ValueError
    return seed


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate < math.inf:
        raise ValueError
    return rate


# What argparse calls them: "invalid seed value".
_seed.__name__, _count.__name__, _rate.__name__ = "seed", "count", "rate"


def _add_lesson(commands: "Commands") -> None:
    lesson = commands.add_parser(
        "lesson",
        help="walk through a lesson of the course, its examples run before your eyes",
        description="Walk through a lesson: its text, and its examples, run. Without a number, list the lessons.",
        epilog="example: tinygrad-edu lesson 5. Exit status: 0, or 1 if an example gives another result than it says.",
    )
    lesson.add_argument("which", nargs="?", metavar="N", help="the number of a lesson, or all")


def _add_exercise(commands: "Commands") -> None:
    exercise = commands.add_parser(
        "exercise",
        help="try an exercise, and have your answer graded",
        description="Show an exercise, or grade an answer to it. Without a number, list the exercises.",
        epilog=_EXERCISED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    exercise.add_argument("number", nargs="?", type=int, metavar="N", help="the number of an exercise")
    exercise.add_argument("given", nargs="?", metavar="ANSWER", help="a number, or a file with the functions asked for")
    exercise.add_argument("--answer", action="store_true", help="show the answer")


def _add_check(commands: "Commands") -> None:
    check = commands.add_parser(
        "check",
        help="compare numeric and analytic gradients",
        description="Compare the gradient of an expression, or a function of yours, with its slope.",
        epilog=f"{_EXAMPLES}\n{_known()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("--json", action="store_true", help="print the finding as JSON")
    _add_subject(check)


def _add_explain(commands: "Commands") -> None:
    explain = commands.add_parser(
        "explain",
        help="show how backprop finds a gradient",
        description="Show the tape of an expression, or of a function of yours, and its backward sweep in sentences.",
        epilog=f"{_EXPLAINED}\n{_known()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    explain.add_argument("--svg", metavar="FILE", help="write a picture of the tape, too")
    explain.add_argument("--html", metavar="FILE", help="write a page to step through, too")
    explain.add_argument("--open", action="store_true", help="open that page in a browser")
    _add_subject(explain)


def _add_subject(command: argparse.ArgumentParser) -> None:
    command.add_argument("what", help="an expression, package.module:function, or path/file.py:function")
    command.add_argument("values", nargs="*", metavar="name=value", help='such as a=0.5 or c="[1, 2]"')


def _add_gallery(commands: "Commands") -> None:
    gallery = commands.add_parser(
        "gallery",
        help="what the post says deep learning can do, small: each trained before your eyes",
        description="Train one of the systems that the post opens with, as a miniature, and show what it can and "
        "cannot do, beside simpler ways. Without a name, list them.",
        epilog="exit status: 0 it beats the simpler ways, 1 it does not, 2 wrong usage, something missing, or an "
        "error, 130 stopped by Ctrl-C",
    )
    gallery.add_argument("name", nargs="?", metavar="NAME", help="which, such as translation")
    gallery.add_argument("--open", action="store_true", help="show its page, with pictures, in a browser")
    gallery.add_argument("--quick", action="store_true", default=argparse.SUPPRESS, help="train for a moment only")
    gallery.add_argument("--seed", type=_seed, metavar="N", default=argparse.SUPPRESS, help="of everything random")


def _add_train(commands: "Commands") -> None:
    train = commands.add_parser(
        "train",
        help="train a network on digits, on a data set stored like MNIST, or on a table",
        description="Train a network, keep it in a file that survives whatever happens, and say how good it is.",
        epilog=_TRAINING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("data", metavar="data", help="digits, mnist or csv")
    train.add_argument("place", nargs="?", help="the folder of mnist's files, or the file of a table")
    train.add_argument("--target", metavar="NAME", help="the column of a table to learn (default: the last)")
    train.add_argument("--network", metavar="NAME", help="linear, mlp, mlp:256,128 or conv (default: mlp)")
    train.add_argument("--optimizer", metavar="NAME", help="sgd, adagrad, rmsprop, adam, adamw or lion (default: adam)")
    train.add_argument("--rate", type=_rate, metavar="X", help="the learning rate at first (default: the optimizer's)")
    train.add_argument("--epochs", type=_count, metavar="N", help="how often each example is seen")
    train.add_argument("--batch-size", type=_count, metavar="N", help="examples a step (default: 32, mnist: 128)")
    train.add_argument("--seed", type=_seed, metavar="N", default=argparse.SUPPRESS, help="of everything random")
    train.add_argument("--save", metavar="FILE", help="keep a checkpoint there, after each epoch")
    train.add_argument("--resume", metavar="FILE", help="go on from a checkpoint, and keep it up to date")


def _add_predict(commands: "Commands") -> None:
    predict = commands.add_parser(
        "predict",
        help="what a trained network makes of the examples in a file",
        description="Print a line for each example: its class and how sure the network is, or its number.",
        epilog="exit status: 0, 2 wrong usage, a damaged file, or an error, 130 stopped by Ctrl-C",
    )
    predict.add_argument("checkpoint", help="what tinygrad-edu train has saved")
    predict.add_argument("file", help="a table with the same columns; or images: .npy, or IDX as MNIST's")


def _known() -> str:
    """What expressions know, in lines that fit."""
    width = min(terminal.width(), terminal.NARROW) - 2
    return "\n".join(
        textwrap.fill(words, width, initial_indent=f"  {kind:<16}", subsequent_indent=" " * 18)
        for kind, words in listed()
    )
