"""Exercises whose answer is a function: rules to fill in, gradients, and bugs to find.

g  cotangent: the slope of the result with respect to z
z  what the function gave
x  what it was given
"""

from collections.abc import Callable
from inspect import cleandoc
from typing import Any

import numpy as np

from tinygrad_edu.functions import softmax
from tinygrad_edu.lessons import scalar_tape
from tinygrad_edu.lessons.exercises.exercise import Exercise
from tinygrad_edu.lessons.exercises.judges import judge_gradient, judge_rules
from tinygrad_edu.lessons.scalar_tape import Number
from tinygrad_edu.losses import cross_entropy

Rule = Callable[..., Any]
POINTS = np.array([0.5, -1.5, 2.0])


def _square(rule: Rule) -> list[str]:
    return judge_rules(lambda x: x * x, [rule], POINTS)


def _tanh(rule: Rule) -> list[str]:
    return judge_rules(np.tanh, [rule], POINTS)


def _quotient(rule_x: Rule, rule_y: Rule) -> list[str]:
    return judge_rules(lambda x, y: x / y, [rule_x, rule_y], POINTS, np.array([2.0, -0.5, 1.5]))


def _two_diamonds(a: Number) -> Number:
    """(a² + a)², where a number is used twice, and what is made of it twice again."""
    b = a * a + a
    return b * b


def _mended(backward: Callable[[Number], Any]) -> list[str]:
    programs = {
        "2a × 2": (scalar_tape.chain, 4.0),
        "the diamond b × b with b = 2a": (scalar_tape.diamond, 24.0),
        "(a² + a)²": (_two_diamonds, 168.0),
    }
    faults = []
    for name, (program, slope) in programs.items():
        found = scalar_tape.run(program, backward, 3.0)
        if found.gradient != slope:
            faults.append(f"on {name}, at a = 3, the gradient is {found.gradient:g} and should be {slope:g}")
    if faults and len(faults) < len(programs):
        faults.append("hand on what a number has only when all its shares have arrived, and once")
    return faults


def _bias(bias_gradient: Callable[[Any], Any]) -> list[str]:
    g = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    found = np.asarray(bias_gradient(g))
    if found.shape != (3,):
        return [f"the bias has shape (3,), and so must its gradient; this has shape {found.shape}"]
    if np.array_equal(found, g.mean(axis=0)):
        return [
            "that is the mean over rows; each number of the bias is used once a row, so its shares must be added up"
        ]
    return (
        []
        if np.array_equal(found, [11, 22, 33])
        else [f"for g = {g.tolist()} it gives {found.tolist()}, not [11, 22, 33]"]
    )


def _neuron(gradient: Callable[..., Any]) -> list[str]:
    def out(w: Any, b: Any, x: Any) -> Any:
        return np.tanh(np.sum(w * x) + b)

    faults = judge_gradient(out, gradient, np.array([0.5, -1.0]), 0.25, np.array([1.5, 0.5]), argnums=(0, 1))
    return [*faults, "both are wrong: look at what they share"] if len(faults) == 2 else faults


def _cross_entropy(gradient: Callable[..., Any]) -> list[str]:
    logits, labels = np.array([[2.0, 0.0, -1.0], [0.5, 1.0, 0.0]]), np.array([0, 2])
    found = np.asarray(gradient(logits, labels))
    if np.array_equal(found, softmax(logits)):
        return ["that is what is thought; subtract what is so: 1 at the right class of each row"]
    return judge_gradient(lambda logits: cross_entropy(logits, labels), lambda logits: found, logits, argnums=(0,))


def _zeroed(train: Callable[..., Any]) -> list[str]:
    for steps in (1, 2, 5):
        wanted = 3.0 - 3.0 * 0.8**steps
        found = float(train(steps))
        if abs(found - wanted) > 1e-9:
            hint = "" if steps == 1 else "; .grad still holds the slopes of the steps before"
            return [f"after {steps} steps w is {found:.4g} and should be {wanted:.4g}{hint}"]
    return []


CODE = (
    Exercise(
        5,
        "Fill in a rule: the square",
        "z = x². A rule is given g, how fast the result changes with z, and says how fast it changes with x: "
        "g times the slope of z by x. Write the rule of the square.",
        cleandoc("""
            def rule(g, z, x):
                return g * 2 * x
        """),
        _square,
        cleandoc("""
            def rule(g, z, x):
                return ...
        """),
        ("rule",),
    ),
    Exercise(
        6,
        "Fill in a rule: tanh",
        "z = tanh(x). The slope of tanh is 1 minus its own square. The rule is given z, so nothing needs to "
        "be computed twice. Write it.",
        cleandoc("""
            def rule(g, z, x):
                return g * (1 - z**2)
        """),
        _tanh,
        cleandoc("""
            def rule(g, z, x):
                return ...
        """),
        ("rule",),
    ),
    Exercise(
        7,
        "Mend the sweep",
        "This sweep counts wrong where a number is used twice (lesson 12). Mend it. A Number has .inputs, "
        "pairs of a number and the slope by it, and .grad. The .grad of z is 1 when it begins; all others are "
        "0.",
        cleandoc("""
            def order(z, tape):
                if z not in tape:
                    for x, _ in z.inputs:
                        order(x, tape)
                    tape.append(z)
                return tape


            def backward(z):
                for entry in reversed(order(z, [])):
                    for x, slope in entry.inputs:
                        x.grad += slope * entry.grad
        """),
        _mended,
        cleandoc("""
            def backward(z):
                for x, slope in z.inputs:
                    x.grad += slope * z.grad
                    backward(x)
        """),
        ("backward",),
    ),
    Exercise(
        8,
        "A bias under many rows",
        "A bias of 3 numbers was added to each row of an array. g, of shape (rows, 3), says how fast the "
        "result changes with each sum. Write the gradient of the bias.",
        cleandoc("""
            def bias_gradient(g):
                return g.sum(axis=0)
        """),
        _bias,
        cleandoc("""
            def bias_gradient(g):
                return ...
        """),
        ("bias_gradient",),
    ),
    Exercise(
        9,
        "Two rules: the quotient",
        "z = x / y. Write a rule for each of the two inputs.",
        cleandoc("""
            def rule_x(g, z, x, y):
                return g / y


            def rule_y(g, z, x, y):
                return -g * x / y**2
        """),
        _quotient,
        cleandoc("""
            def rule_x(g, z, x, y):
                return ...


            def rule_y(g, z, x, y):
                return ...
        """),
        ("rule_x", "rule_y"),
    ),
    Exercise(
        10,
        "Find the bug: a neuron",
        "out = tanh(w·x + b). Somebody derived its gradient by w and by b, and made one mistake. Find it.",
        cleandoc("""
            def gradient(w, b, x):
                out = np.tanh(np.sum(w * x) + b)
                slope = 1 - out**2
                return slope * x, slope
        """),
        _neuron,
        cleandoc("""
            def gradient(w, b, x):
                z = np.sum(w * x) + b
                slope = 1 - z**2
                return slope * x, slope
        """),
        ("gradient",),
    ),
    Exercise(
        11,
        "Softmax and cross-entropy",
        "The loss is tg.losses.cross_entropy(logits, labels), the mean over rows. Write its gradient by the "
        "logits, of shape (n, k): what is thought, tg.functions.softmax(logits), less what is so (lesson 13).",
        cleandoc("""
            def gradient(logits, labels):
                n, k = logits.shape
                return (tg.functions.softmax(logits) - np.eye(k)[labels]) / n
        """),
        _cross_entropy,
        cleandoc("""
            def gradient(logits, labels):
                return ...
        """),
        ("gradient",),
    ),
    Exercise(
        12,
        "Find the bug: a training loop",
        "w is to come nearer to 3, a fifth of the way at each step. The first step is right, the others are not. Why?",
        cleandoc("""
            def train(steps):
                w = tg.Value(0.0)
                for _ in range(steps):
                    w.zero_grad()
                    loss = (w - 3.0) ** 2
                    loss.backward()
                    w.data = w.data - 0.1 * w.grad
                return w.item()
        """),
        _zeroed,
        cleandoc("""
            def train(steps):
                w = tg.Value(0.0)
                for _ in range(steps):
                    loss = (w - 3.0) ** 2
                    loss.backward()
                    w.data = w.data - 0.1 * w.grad
                return w.item()
        """),
        ("train",),
    ),
)
