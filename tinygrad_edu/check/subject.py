"""What is compared: a function with its arguments, and its gradient by the tape.

f, args  the function and its arguments, trees of numbers
leaves   the arrays in them that are differentiated, of complex ones both parts
"""

import contextlib
import functools
import inspect
from collections.abc import Callable

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.check.compare import ROUNDINGS, rounding
from tinygrad_edu.check.hooks import SourceLines, WriteProtection
from tinygrad_edu.check.measure import EPS, Array, Leaves, Tree, Weighed, signs
from tinygrad_edu.check.parts import Parts, in_parts, slopes_by_parts
from tinygrad_edu.check.report import Fault
from tinygrad_edu.check.roundings import COARSE, Roundings, rounded
from tinygrad_edu.core.context import listening
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.rules import NO_KEYWORDS
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.core.value import Value, no_grad
from tinygrad_edu.slope import numeric
from tinygrad_edu.transforms import jvp
from tinygrad_edu.transforms.pullback import Argnums, Pullback, chosen_arguments, match_tree

CALLER = "compare_gradients"
_ELSEWHERE = 2.0**-7  # so far away, as a share of x, no further than slopes are measured


class Subject:
    """A function with its arguments: their leaves, named as the function names them, and its claimed gradient."""

    on_tape = True

    def __init__(
        self, f: Callable[..., Tree], args: tuple[Tree, ...], argnums: Argnums | None, cotangent: Tree = None
    ) -> None:
        if not callable(f):
            raise TypeError(f"{CALLER}: f is a {type(f).__name__}; pass a function, and then what to call it with")
        self.f, self.cotangent = f, cotangent
        self.numbers, self.rebuild = tree.flatten(args)
        wanted = range(len(args)) if argnums is None else argnums
        self.positions = [int(i) for i in chosen_arguments(wanted, len(args), NO_KEYWORDS, CALLER)]
        owners = [i for i, arg in enumerate(args) for _ in tree.leaves(arg)]
        chosen = [k for k, i in enumerate(owners) if i in self.positions]
        self.places = [k for k in chosen if not _is_constant(self.numbers[k])] or chosen
        if not sum(np.size(self.numbers[k]) for k in self.places):
            raise ValueError(f"{CALLER}: the arguments {args} hold no number to differentiate; pass one")
        names = _names(f, args)
        self.held = [names[k] for k in chosen if k not in self.places]
        wholes = [numeric(CALLER, self.numbers[k], names[k]) for k in self.places]
        self.parts, self.given = Parts.of(wholes), in_parts(wholes)
        self.wholes = [names[k] for k in self.places]
        self.names = self.parts.named(self.wholes)
        self.dtypes = [str(wholes[k].dtype) for k in self.parts.owners]
        self.leaves = [x.astype(np.result_type(x, np.float64)) for x in self.given]
        self.before = [x.copy() for x in self.leaves]
        self.outputs, self.step = self._run()
        self.weighed = Weighed(self.call, self.leaves, self._weights(), self.step)
        if not np.isfinite(self.weighed(self.leaves)):
            raise ValueError(
                f"{CALLER}: the function is not finite here, and has no slope; tinygrad_edu.detect_nan() finds out why"
            )

    def filled(self, leaves: Leaves) -> tuple[Tree, ...]:
        """The arguments, with other numbers in the places of those differentiated."""
        numbers = list(self.numbers)
        wholes = self.parts.join(leaves) if any(self.parts.complex) else leaves
        for k, x in zip(self.places, wholes, strict=True):
            numbers[k] = x
        return tuple(self.rebuild(numbers))

    def output(self, leaves: Leaves) -> Tree:
        """What the function gives for a list of leaves."""
        return self.f(*self.filled(leaves))

    def call(self, leaves: Leaves) -> Tree:
        """The same; if real leaves give complex numbers, all of it in a list, and of these both parts."""
        output = self.output(leaves)
        if type(output) is np.float64:  # as nearly always, and this is asked at every point
            return output
        found = tree.leaves(output)
        stepping = any(map(is_complex, leaves))  # into the imaginary direction
        return in_parts(found) if any(map(is_complex, found)) and not stepping else output

    def _weights(self) -> Leaves | None:
        """The weights of the outputs that the caller wants, or None."""
        if self.cotangent is None:
            return None
        output = tree.map(plain, self.output([x[()] for x in self.leaves]))
        weights = slopes_by_parts(match_tree(CALLER, "cotangent", self.cotangent, output))
        return [np.asarray(w, float)[()] for w in weights]

    def _run(self) -> tuple[Leaves, float]:
        """What the function gives for Values, and the coarsest step between numbers on the tape."""
        trace = self._trace(self.leaves)
        self.step_of_gradient = step = max(float(np.finfo(z.dtype).eps) for z in trace.tape)
        return [z.data for z in trace.outputs], step

    def _trace(self, leaves: Leaves) -> Pullback:
        given = tuple(x[()] for x in leaves)
        with np.errstate(all="ignore"):
            return Pullback(CALLER, lambda *leaves: self.call([*leaves]), given, range(len(given)))

    def gradient(self, leaves: Leaves, weights: Leaves) -> Leaves:
        """The gradient by the tape."""
        with no_grad():
            return [np.asarray(g) for g in _pulled(self._trace(leaves), weights)]

    def recorded_gradient(self, leaves: Leaves, weights: Leaves) -> Leaves:
        """The gradient by the tape, the sweep itself recorded."""
        return [np.asarray(payload(g)) for g in _pulled(self._trace(leaves), weights, recorded=True)]

    def differentiated(self) -> "Subject":
        """The gradient as a subject of its own, a function of the same arguments with an output for each leaf."""
        weights = self.weighed.weights

        @functools.wraps(self.f)  # for the names of its parameters
        def slopes(*args: Tree) -> Leaves:
            numbers = tree.leaves(args)
            given = tuple(in_parts(numbers[k] for k in self.places))
            recorded = any(isinstance(x, Entry) for x in given)
            trace = Pullback(CALLER, lambda *leaves: self.call([*leaves]), given, range(len(given)))
            return _pulled(trace, weights, recorded)

        return Subject(slopes, tuple(self.rebuild(self.numbers)), self.positions)

    def visit_elsewhere(self) -> None:
        """Ask for the gradient elsewhere, so that what a rule keeps of a call is of that one."""
        with contextlib.suppress(Exception):  # what is elsewhere need not be where f is defined
            self.gradient([x + _ELSEWHERE * np.where(x, x, 1) for x in self.leaves], self.weighed.weights)

    def tape(self) -> tuple[list[Entry], SourceLines]:
        """Return the entries of a run, and the lines that recorded them."""
        lines = SourceLines()
        with listening(lines):
            trace = self._trace(self.leaves)
        for x, name in zip(trace.variables, self.names, strict=True):
            x.name = name
        return [z for z in trace.tape if z.serial >= trace.since and z.inputs], lines

    def gradient_of_read_only(self) -> Leaves:
        """The gradient, computed with everything read-only: a rule that writes fails."""
        protection = WriteProtection()
        try:
            with listening(protection):
                return self.gradient(self.leaves, self.weighed.weights)
        finally:
            protection.release()

    def fault(self) -> Fault | None:
        """The fault of the function itself that makes comparing useless, if it has one."""
        phi, again = self.weighed(self.leaves), self.weighed(self.leaves)
        if any(not np.array_equal(x, y) for x, y in zip(self.leaves, self.before, strict=True)):
            return Fault("the function writes into its arguments; work on a copy")
        if abs(phi - again) > 64 * EPS * self.weighed.size:
            gave = f"the function gives {phi:.10g}, then {again:.10g}"
            return Fault(f"called twice with the same arguments, {gave}; fix its random seed")
        on_values = sum(float(np.sum(w * z)) for w, z in zip(self.weighed.weights, self.outputs, strict=True))
        apart = abs(on_values - phi)
        if apart > 64 * EPS * self.weighed.size:
            self.weighed.count_roundings()
        if not apart <= 64 * (self.weighed.noise + EPS * self.weighed.size):
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
        """Compare jvp with vjp, ⟨Jv, w⟩ = ⟨v, Jᵀw⟩; return that they agree, in words, or a fault."""
        v = [signs(x.shape, 23 + k) for k, x in enumerate(self.leaves)]

        def push(directions: Leaves) -> Leaves:
            _, pushed = jvp(lambda *x: self.call([*x]), [x[()] for x in self.leaves], directions)
            return [w * payload(z) for w, z in zip(self.weighed.weights, tree.leaves(pushed), strict=True)]

        def recorded(_: Roundings) -> float:
            return sum(float(np.sum(p)) for p in push([Value(d) for d in v]))

        try:
            with no_grad():
                products = push([d[()] for d in v])
        except Exception as error:  # rules may use what has no rule itself
            return f"forward mode was not looked at: a rule cannot be differentiated itself ({error})", None
        left, size = (sum(float(np.sum(f(p))) for p in products) for f in (np.positive, abs))
        right = sum(float(np.sum(a * d)) for a, d in zip(analytic, v, strict=True))
        room = 64 * self.step * size + 2 * sum(float(np.sum(r * abs(d))) for r, d in zip(rounds, v, strict=True))
        said = f"⟨Jv, w⟩ = {left:.15g}, ⟨v, Jᵀw⟩ = {right:.15g}"
        legend = "(Jacobian J, random v, weights w of the outputs)"
        if abs(left - right) > room:  # parts that cancel may explain it
            moved = [rounded(recorded, self.step, seed) for seed in range(2)]
            room += ROUNDINGS * sum(abs(other - left) for other in moved) / COARSE
        wrong = abs(left - right) > room
        if wrong:
            what = f"forward and reverse mode differ, {said} {legend}: a rule is not linear in the cotangent g"
            return "", Fault(what)
        return f"forward and reverse mode agree: {said} {legend}", None

    def notes(self) -> list[str]:
        """What was held constant, and the limits of what can be seen where not everything is in double precision."""
        notes = []
        if self.step > EPS:
            notes += ["the function computes in lower precision inside: no more digits than that has can be seen"]
        elif self.step_of_gradient > EPS:
            notes += ["the gradient comes in lower precision, and has no more digits than that"]
        if self.held:
            notes += [f"held constant, being integers or truth values: {', '.join(self.held)}"]
        return notes + [
            f"{name} is {dtype}: its gradient has {np.finfo(x.dtype).precision} digits, and was also taken in float64"
            for name, dtype, x in zip(self.names, self.dtypes, self.given, strict=True)
            if np.finfo(x.dtype).eps > EPS
        ]


def _pulled(trace: Pullback, weights: Leaves, recorded: bool | None = None) -> Leaves:
    """The gradient of the outputs as they are weighed."""
    return trace.pull([w.astype(z.dtype) for w, z in zip(weights, trace.outputs, strict=True)], recorded)


def plain(z: Array) -> Array:
    """A number of anybody's as an array of NumPy's, taken off the tape that it may be on."""
    return np.asarray(z.detach() if hasattr(z, "detach") and not isinstance(z, Value) else payload(z))


def _is_constant(x: Array) -> bool:
    """Whether a leaf holds integers or truth values: a count, an index, a label or a mask."""
    return not isinstance(x, Value) and plain(x).dtype.kind in "biu"


def _names(f: Callable[..., Tree], args: tuple[Tree, ...]) -> list[str]:
    """The name of every leaf: the parameter of the function, then the place in its tree."""
    try:
        bound = inspect.signature(f).bind(*args)
        several = [p.name for p in bound.signature.parameters.values() if p.kind is p.VAR_POSITIONAL]
        own = [
            name
            for parameter, given in bound.arguments.items()
            for name in ([f"{parameter}[{i}]" for i in range(len(given))] if parameter in several else [parameter])
        ]
    except (TypeError, ValueError):
        own = [f"argument {i}" for i in range(len(args))]
    return [name + path for name, arg in zip(own, args, strict=True) for path in tree.paths(arg)]
