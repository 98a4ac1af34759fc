"""What an exercise is, and how an answer to it is read.

answer  what a learner gives: numbers or functions, or the text of them
judge   a function of the answer that says what is wrong with it, a line each
"""

import ast
import linecache
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_edu

Judge = Callable[..., list[str]]


@dataclass(frozen=True)
class Grade:
    """What came of an answer: no fault, or what is wrong with it. True if it is right."""

    faults: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether there is no fault."""
        return not self.faults

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return "right" if self.right else "\n".join(f"wrong: {fault}" for fault in self.faults)

    __repr__ = __str__


@dataclass(frozen=True)
class Exercise:
    """A task, what to begin with, the answer, and the judge of answers.

    `asks` has the names of the functions that an answer defines; there is none if the answer is a number or a few,
    `count` of them.
    """

    number: int
    title: str
    task: str
    answer: str
    judge: Judge
    start: str = ""
    asks: tuple[str, ...] = ()
    count: int = 1

    def __str__(self) -> str:
        begin = f"\n\nBegin with:\n\n{self.start}" if self.start else ""
        return f"Exercise {self.number}: {self.title}\n\n{textwrap.fill(self.task, 80)}{begin}"

    __repr__ = __str__

    def grade(self, answer: object) -> Grade:
        """Whether an answer is right, and if not, what is wrong with it."""
        try:
            read = self._functions(answer) if self.asks else self._numbers(answer)
        except Unreadable as error:
            return Grade((str(error),))
        try:
            return Grade(tuple(self.judge(*read)))
        except Exception as error:  # whatever a wrong answer may do
            return Grade((f"it fails with {type(error).__name__}: {error}",))

    def _numbers(self, answer: object) -> list[float]:
        wanted = "a number" if self.count == 1 else f"{self.count} numbers, such as {self.answer}"
        if isinstance(answer, str):
            try:
                answer = ast.literal_eval(answer.strip())
            except (ValueError, SyntaxError):
                raise Unreadable(f"{answer!r} is not {wanted}") from None
        given = answer if isinstance(answer, (tuple, list)) else (answer,)
        if len(given) != self.count or not all(isinstance(x, (int, float, np.number)) for x in given):
            raise Unreadable(f"{answer!r} is not {wanted}")
        return [float(x) for x in given]

    def _functions(self, answer: object) -> list[Any]:
        if callable(answer) and len(self.asks) == 1:
            return [answer]
        if isinstance(answer, (tuple, list)) and len(answer) == len(self.asks) and all(map(callable, answer)):
            return [*answer]
        names = " and ".join(self.asks)
        if not isinstance(answer, str):
            raise Unreadable(f"{answer!r} is not what is asked for: {names}")
        if "return ..." in answer:
            raise Unreadable("it still has a ... that is to be filled in")
        namespace: dict[str, Any] = {"np": np, "tg": tinygrad_edu, "__name__": "__answer__"}
        file = f"<answer to exercise {self.number}>"
        linecache.cache[file] = len(answer), None, answer.splitlines(keepends=True), file  # for lines in messages
        try:
            exec(compile(answer, file, "exec"), namespace)
        except Exception as error:
            where = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
            raise Unreadable(f"it cannot be run: {type(error).__name__}{where}: {error}") from None
        missing = [name for name in self.asks if not callable(namespace.get(name))]
        if missing:
            raise Unreadable(f"it does not define {' and '.join(missing)}")
        return [namespace[name] for name in self.asks]


class Unreadable(Exception):  # noqa: N818 - it is told to the learner as a grade
    """An answer is not of the kind that is asked for."""
