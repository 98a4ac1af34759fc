"""A tape for numbers in fifteen lines, the sweep that counts wrong, and the one that is right.

x      an input of an entry
z      an entry
slope  how fast z changes with x: its local slope
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


class Number:
    """A number that remembers its inputs, each with the slope by it."""

    def __init__(self, data: float, inputs: "Inputs" = ()) -> None:
        self.data, self.inputs, self.grad = data, inputs, 0.0

    def __add__(self, other: "Number") -> "Number":
        inputs = [(self, 1.0), (other, 1.0)]
        return Number(self.data + other.data, inputs)

    def __mul__(self, other: "Number") -> "Number":
        inputs = [(self, other.data), (other, self.data)]
        return Number(self.data * other.data, inputs)


Inputs = Sequence[tuple[Number, float]]


def naive_backward(z: Number) -> None:
    """Hand on all that is there, as soon as something arrives."""
    for x, slope in z.inputs:
        x.grad += slope * z.grad
        naive_backward(x)


def order(z: Number, tape: list[Number]) -> list[Number]:
    """What led to z, each number once, and none before its inputs."""
    if z not in tape:
        for x, _ in z.inputs:
            order(x, tape)
        tape.append(z)
    return tape


def backward(z: Number) -> None:
    """Hand on once, when all has arrived: the newest entry first."""
    for entry in reversed(order(z, [])):
        for x, slope in entry.inputs:
            x.grad += slope * entry.grad


def chain(a: Number) -> Number:
    """(2a)·2, one way from a to the result."""
    two = Number(2.0)
    return a * two * two


def diamond(a: Number) -> Number:
    """b·b for b = 2a, that is 4a²: two ways lead from b to the result."""
    b = a * Number(2.0)
    return b * b


@dataclass(frozen=True)
class Swept:
    """The value of a program, and the gradient that a sweep found."""

    value: float
    gradient: float


def run(program: Callable[[Number], Number], sweep: Callable[[Number], None], a: float) -> Swept:
    """Record a program of one number, and sweep it.

    >>> run(diamond, backward, 3.0)
    Swept(value=36.0, gradient=24.0)
    >>> run(diamond, naive_backward, 3.0)
    Swept(value=36.0, gradient=36.0)
    """
    leaf = Number(a)
    z = program(leaf)
    z.grad = 1.0
    sweep(z)
    return Swept(z.data, leaf.grad)
