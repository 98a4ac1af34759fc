"""The check of a function: its analytic gradient against its slope, and, if they differ, what is to blame.

f, args  the function and its arguments, trees of numbers
leaves   the arrays in them
"""

from collections.abc import Callable
from typing import Literal

import numpy as np

from tinygrad_edu.check.claimed import Claimed
from tinygrad_edu.check.compare import Comparison, alike, rounding
from tinygrad_edu.check.diagnose import diagnose, diagnose_claim
from tinygrad_edu.check.measure import Leaves, Tree
from tinygrad_edu.check.report import Argument, Fault, Report
from tinygrad_edu.check.subject import CALLER, Subject
from tinygrad_edu.transforms.pullback import Argnums


@np.errstate(all="ignore")
def compare_gradients(
    f: Callable[..., Tree],
    *args: Tree,
    gradient: Callable[..., Tree] | Literal[True] | None = None,
    argnums: Argnums | None = None,
    cotangent: Tree = None,
    order: int = 1,
    full: bool = False,
) -> Report:
    """Compare the gradient that the tape gives, or the one claimed, with the slope that is measured.

    The slope is measured by Richardson's extrapolation of the post's formula, sharpened by a complex step where `f`
    takes complex numbers, and the two may be as far apart as roundings and the estimated error of the
    measurement explain.

    >>> report = compare_gradients(lambda w, b: np.tanh(w * 2 + b), 0.3, np.array([0.1, 0.2]))
    >>> report.ok, [(a.name, a.size) for a in report.arguments]
    (True, [('w', 1), ('b', 2)])

    A complex argument z is two arguments, z.real and z.imag, with slopes ∂/∂x and ∂/∂y; the gradient is ∂/∂x - i ∂/∂y:

    >>> [a.name for a in compare_gradients(lambda z: abs(z - 1) ** 2, 3 + 4j).arguments]
    ['z.real', 'z.imag']

    A gradient of your own is called with the same arguments, as plain numbers:

    >>> bool(compare_gradients(lambda x: np.sum(x**2), np.ones(3), gradient=lambda x: 2 * x))
    True

    Args:
        f: a function of numbers, arrays and trees of them.
        args: where. Integers and truth values are constants, unless there is nothing else.
        gradient: the gradient claimed, a function of the same arguments that gives a tree like the one of
            `argnums`, or a tuple of such trees for several; or True if `f` itself gives its value and its gradient,
            as SciPy's ``jac=True`` has it. Neither need be on a tape, and both may return tensors of others.
        argnums: the arguments to differentiate, by position. By default what the gradient is of: the tape's is of
            every argument, one claimed is of the first, as `grad` and its like give it.
        cotangent: weights of the outputs, a tree like them. Compared is the gradient of the sum of their
            product, and of complex outputs of its real part; without, weights are drawn at random, and a function
            with a gradient claimed gives one real number.
        order: 2 compares the gradient of the gradient, too, and so on: a rule that computes the right numbers off
            the tape is wrong in the second order alone. Each is weighed at random, as several outputs are.
        full: look at every single number, also where there are more than 1,000; otherwise at some of each
            array, the steepest among them, and along two directions through all.

    Source: the post, "Hot and cold", for the slope; Ridders, 1982; Squire and Trapp, 1998.

    Raises:
        TypeError: an argument holds no number, the output was not recorded, or a claim does not fit `argnums`.
        ValueError: there is no number to differentiate, `f` is not finite here, shapes do not fit, or there
            is no such order.
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"{CALLER}: order is {order!r}; 1 is the gradient, 2 also the gradient's own")
    if gradient is not None:
        if order > 1:
            raise ValueError(f"{CALLER}: order={order} is of the tape; pass a gradient as f, and its own as gradient=")
        return _compared(Claimed(f, args, argnums, cotangent, gradient), full)
    subject = Subject(f, args, argnums, cotangent)
    report = _compared(subject, full)
    for k in range(2, order + 1):
        if not report.ok:
            break
        subject = subject.differentiated()
        report = report.then(_compared(subject, full), k)
    return report


def _compared(subject: Subject, full: bool) -> Report:
    """The report of one gradient."""
    fault = subject.fault()
    if fault:
        return Report([], "", [fault])
    weights, step = subject.weighed.weights, subject.step_of_gradient
    try:
        before = subject.gradient_of_read_only()
        subject.visit_elsewhere()
        analytic, rounds = rounding(subject.gradient, subject.leaves, weights, step)
        forgets = alike(before, analytic, rounds)
        rows = _rows(subject, analytic, rounds, full)
        transposes, fault = subject.transposes(analytic, rounds)
        if subject.on_tape and (
            fault or any(row.worst.kind == "wrong" for row in rows)
        ):  # its roundings may explain it
            _, rounds = rounding(subject.gradient, subject.leaves, weights, step, subject.recorded_gradient)
            rows = _rows(subject, analytic, rounds, full)
            transposes, fault = subject.transposes(analytic, rounds)
        faults = [fault] if fault else subject.faults_of_precision(analytic)
    except Exception as error:  # whatever a wrong rule may do
        if not subject.on_tape:
            raise
        blamed, _ = diagnose(*subject.tape())
        return Report([], "", [blamed or Fault(f"backward fails: {type(error).__name__}: {error}")])
    kinds = {row.worst.kind for row in rows}
    notes = subject.notes()
    if not forgets:
        faults = [_REMEMBERS]
        subject.visit_elsewhere()
    if subject.on_tape and (faults or kinds & {"wrong", "kink"}):
        blamed, sits = diagnose(*subject.tape())
        if not (blamed or faults):  # each operation has its convention where its own slope is infinite
            rows = [row.by_convention() for row in rows]
        wrong = any(row.worst.kind == "wrong" for row in rows)
        faults = [blamed] if blamed else faults or ([_OFF_THE_TAPE] if wrong else [])
        notes += sits or ([_IN_NO_OPERATION] if "kink" in kinds else [])
    if not (subject.on_tape or faults):
        faults = diagnose_claim(rows, subject.leaves, subject.names)
    return Report(rows, transposes, faults, notes)


def _rows(subject: Subject, analytic: Leaves, rounds: Leaves, full: bool) -> list[Argument]:
    """The findings for all arrays that are not empty."""
    comparison = Comparison(subject.weighed, analytic, rounds, sum(x.size for x in subject.leaves) if full else None)
    given = zip(subject.names, subject.dtypes, subject.given, strict=True)
    return [comparison.argument(k, name, dtype) for k, (name, dtype, x) in enumerate(given) if x.size]


_REMEMBERS = Fault(
    "after a call with other numbers the gradient is not what it was: a rule keeps state from one call to the next"
)
_OFF_THE_TAPE = Fault(
    "the rule of every operation on the tape is right at the recorded numbers, so part of what the function "
    "computes is not on the tape: look for .data, float(), item(), detach() and no_grad()"
)
_IN_NO_OPERATION = "no single operation is on a kink: look at what chooses, np.where and if, and at roots of 0"
