"""The check of a function: its analytic gradient against its slope, and, if they differ, what is to blame.

f, args  the function and its arguments, trees of numbers
leaves   the arrays in them
"""

import inspect
from collections.abc import Callable

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.check.compare import Comparison, rounding
from tinygrad_edu.check.diagnose import diagnose
from tinygrad_edu.check.hooks import SourceLines, WriteProtection
from tinygrad_edu.check.measure import EPS, Leaves, Tree, Weighed, signs
from tinygrad_edu.check.report import Fault, Report
from tinygrad_edu.core.context import listening
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.slope import real
from tinygrad_edu.transforms import jvp
from tinygrad_edu.transforms.pullback import Pullback

_CALLER = "compare_gradients"


def compare_gradients(f: Callable[..., Tree], *args: Tree, full: bool = False) -> Report:
    """Compare the gradient that the tape gives with the slope that is measured, in every argument.

    The slope is measured by Richardson's extrapolation of the post's formula, sharpened by a complex step where `f`
    takes complex numbers, and the two may be as far apart as roundings and the estimated error of the
    measurement explain. Of several outputs a sum with random weights is taken.

    >>> report = compare_gradients(lambda w, b: np.tanh(w * 2 + b), 0.3, np.array([0.1, 0.2]))
    >>> report.ok, [(a.name, a.size) for a in report.arguments]
    (True, [('w', 1), ('b', 2)])

    Args:
        f: a function of numbers, arrays and trees of them; all its arguments are differentiated.
        args: where; integers are taken as floats.
        full: look at every single number, also where there are more than 1,000; otherwise at some of each
            array, the steepest among them, and along two directions through all.

    Source: the post, "Hot and cold", for the slope; Ridders, 1982; Squire and Trapp, 1998.

    Raises:
        TypeError: an argument holds no real number, or the output was not recorded.
        ValueError: there is no number to differentiate, or `f` is not finite here.
    """
    subject = Subject(f, args)
    fault = subject.fault()
    if fault:
        return Report([], "", [fault])
    try:
        subject.gradient_of_read_only()
        analytic, rounds = rounding(
            subject.gradient, subject.leaves, subject.weighed.weights, subject.step, subject.recorded_gradient
        )
        transposes, fault = subject.transposes(analytic, rounds)
        faults = [fault] if fault else subject.faults_of_precision(analytic)
    except Exception as error:  # whatever a wrong rule may do
        blamed, _ = diagnose(*subject.tape())
        return Report([], "", [blamed or Fault(f"backward fails: {type(error).__name__}: {error}")])
    comparison = Comparison(subject.weighed, analytic, rounds, sum(x.size for x in subject.leaves) if full else None)
    given = zip(subject.names, subject.given, strict=True)
    rows = [comparison.argument(k, name, str(x.dtype)) for k, (name, x) in enumerate(given) if x.size]
    kinds = {row.worst.kind for row in rows}
    notes = subject.notes()
    if faults or kinds & {"wrong", "kink"}:
        blamed, sits = diagnose(*subject.tape())
        faults = [blamed] if blamed else faults or ([_OFF_THE_TAPE] if "wrong" in kinds else [])
        notes += sits or ([_IN_NO_OPERATION] if "kink" in kinds else [])
    return Report(rows, transposes, faults, notes)


_OFF_THE_TAPE = Fault(
    "the rule of every operation on the tape is right at the recorded numbers, so part of what the function "
    "computes is not on the tape: look for .data, float(), item(), detach() and no_grad()"
)
_IN_NO_OPERATION = "no single operation is on a kink: look at what chooses, np.where and if, and at roots of 0"


class Subject:
    """A function with its arguments: their leaves, named as the function names them, and its claimed gradient."""

    def __init__(self, f: Callable[..., Tree], args: tuple[Tree, ...]) -> None:
        if not callable(f):
            raise TypeError(f"{_CALLER}: f is a {type(f).__name__}; pass a function, and then what to call it with")
        numbers, self.rebuild = tree.flatten(args)
        if not sum(map(np.size, numbers)):
            raise ValueError(f"{_CALLER}: the arguments {args} hold no number to differentiate; pass one")
        self.f = f
        self.names = _names(f, args)
        self.given = [real(_CALLER, x, name) for x, name in zip(numbers, self.names, strict=True)]
        self.leaves = [x.astype(np.result_type(x, np.float64)) for x in self.given]
        self.before = [x.copy() for x in self.leaves]
        trace = self._trace(self.leaves)
        self.outputs = [z.data for z in trace.outputs]
        self.step = max(float(np.finfo(z.dtype).eps) for z in trace.tape)
        self.weighed = Weighed(self.call, self.leaves, step=self.step)
        if not np.isfinite(self.weighed(self.leaves)):
            raise ValueError(
                f"{_CALLER}: the function is not finite here, and has no slope; tinygrad_edu.detect_nan() finds out why"
            )

    def call(self, leaves: Leaves) -> Tree:
        """Run the function on a list of leaves."""
        return self.f(*self.rebuild(leaves))

    def _trace(self, leaves: Leaves) -> Pullback:
        given = tuple(x[()] for x in leaves)
        with np.errstate(all="ignore"):
            return Pullback(_CALLER, lambda *leaves: self.call([*leaves]), given, range(len(given)))

    def gradient(self, leaves: Leaves, weights: Leaves) -> Leaves:
        """The gradient by the tape."""
        with no_grad():
            trace = self._trace(leaves)
            seeds = [w.astype(z.dtype) for w, z in zip(weights, trace.outputs, strict=True)]
            return [np.asarray(g) for g in trace.pull(seeds)]

    def recorded_gradient(self, leaves: Leaves, weights: Leaves) -> Leaves:
        """The gradient by the tape, the sweep itself recorded."""
        trace = self._trace(leaves)
        seeds = [w.astype(z.dtype) for w, z in zip(weights, trace.outputs, strict=True)]
        return [np.asarray(payload(g)) for g in trace.pull(seeds, recorded=True)]

    def tape(self) -> tuple[list[Entry], SourceLines]:
        """Return the entries of a run, and the lines that recorded them."""
        lines = SourceLines()
        with listening(lines):
            trace = self._trace(self.leaves)
        return [z for z in trace.tape if z.serial >= trace.since and z.inputs], lines

    def gradient_of_read_only(self) -> None:
        """Compute the gradient with everything read-only: a rule that writes fails."""
        protection = WriteProtection()
        try:
            with listening(protection):
                self.gradient(self.leaves, self.weighed.weights)
        finally:
            protection.release()

    def fault(self) -> Fault | None:
        """The fault of the function itself that makes comparing useless, if it has one."""
        phi, again = self.weighed(self.leaves), self.weighed(self.leaves)
        if any(not np.array_equal(x, y) for x, y in zip(self.leaves, self.before, strict=True)):
            return Fault("the function writes into its arguments; work on a copy")
        if abs(phi - again) > 64 * EPS * self.weighed.size:
            return Fault(f"called twice alike, the function gives {phi:.10g}, then {again:.10g}; fix its random seed")
        on_values = sum(float(np.sum(w * z)) for w, z in zip(self.weighed.weights, self.outputs, strict=True))
        if not abs(on_values - phi) <= 64 * (self.weighed.noise + EPS * self.weighed.size):
            return Fault(f"the function gives {on_values:.10g} for Values and {phi:.10g} for the same plain numbers")
        return None

    def faults_of_precision(self, analytic: Leaves) -> list[Fault]:
        """The faults of the gradient in the precision of the arguments, beside that in double precision."""
        step = max(float(np.finfo(x.dtype).eps) for x in self.given)
        if step <= EPS:
            return []
        weights = [w.astype(np.result_type(*self.given)) for w in self.weighed.weights]
        own = self.gradient(self.given, weights)
        _, rounds = rounding(self.gradient, self.leaves, self.weighed.weights, step, self.recorded_gradient)
        faults = []
        for name, x, g, a, r in zip(self.names, self.given, own, analytic, rounds, strict=True):
            if g.dtype != x.dtype:
                faults.append(Fault(f"the gradient of {name} is {g.dtype}, and {name} {x.dtype}"))
            elif not np.all(abs(g - a) <= r):
                faults.append(
                    Fault(f"the gradient of {name} in {x.dtype} is further from that in float64 than rounding")
                )
        return faults

    def transposes(self, analytic: Leaves, rounds: Leaves) -> tuple[str, Fault | None]:
        """Compare jvp with vjp, ⟨Jv, w⟩ = ⟨v, Jᵀw⟩; return both numbers as text, and a fault if they differ."""
        v = [signs(x.shape, 23 + k) for k, x in enumerate(self.leaves)]
        try:
            with no_grad():
                _, pushed = jvp(lambda *x: self.call([*x]), [x[()] for x in self.leaves], [d[()] for d in v])
        except Exception as error:  # rules may use what has no rule itself
            return f"⟨Jv, w⟩ = ⟨v, Jᵀw⟩ was not looked at: a rule cannot be differentiated itself ({error})", None
        products = [w * z for w, z in zip(self.weighed.weights, tree.leaves(pushed), strict=True)]
        left, size = (sum(float(np.sum(f(p))) for p in products) for f in (np.positive, abs))
        right = sum(float(np.sum(a * d)) for a, d in zip(analytic, v, strict=True))
        room = 64 * self.step * size + 2 * sum(float(np.sum(r * abs(d))) for r, d in zip(rounds, v, strict=True))
        said = f"⟨Jv, w⟩ = {left:.15g}, ⟨v, Jᵀw⟩ = {right:.15g}"
        wrong = abs(left - right) > room
        return said, Fault(f"{said}: a rule is not linear in the cotangent g") if wrong else None

    def notes(self) -> list[str]:
        """The limits of what can be seen where not everything is in double precision."""
        inside = ["the function computes in lower precision inside: no more digits than that has can be seen"]
        return (inside if self.step > EPS else []) + [
            f"{name} is {x.dtype}: its gradient has {np.finfo(x.dtype).precision} digits, and was also taken in float64"
            for name, x in zip(self.names, self.given, strict=True)
            if np.finfo(x.dtype).eps > EPS
        ]


def _names(f: Callable[..., Tree], args: tuple[Tree, ...]) -> list[str]:
    """The name of every leaf: the parameter of the function, then the place in its tree."""
    try:
        own = list(inspect.signature(f).bind(*args).arguments)
    except (TypeError, ValueError):
        own = []
    names = own if len(own) == len(args) else [f"argument {i}" for i in range(len(args))]
    return [name + path for name, arg in zip(names, args, strict=True) for path in tree.paths(arg)]
