"""`check_derivative`: a new row passes all the checks that the rows of the table pass.

span   where numbers are drawn from
call   a function with its arguments, some of them arrays to draw
order  1 for the gradient, 2 for its gradient, …
"""

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any

import numpy as np

from tinygrad_edu.core.rules import Each, Function, find, table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Entry
from tinygrad_edu.testing.behaviour import check_gradients_own, check_keywords, check_rules_own, check_value, recorded
from tinygrad_edu.testing.calls import Arguments, Call, Sample, Span, between, elementwise, line, outcome
from tinygrad_edu.testing.mutants import check_domain
from tinygrad_edu.testing.oracles import (
    check,
    check_along,
    check_taylor,
    check_transposes,
    differentiated,
    fail,
    takes_complex_step,
)

Interval = tuple[float, float]
Domain = Interval | Span | list[Interval | Span] | list[Arguments]

ONLY_FIRST = (
    "a rule that uses functions without a row, or leaves the tape, has only a first derivative; "
    "write it in NumPy, give those functions rows, or check the first alone: orders=1"
)


def check_derivative(
    function: Function, domain: Domain = line, *, orders: int = 3, complex_step: bool | None = None
) -> None:
    """Fail unless the row of `function` passes all that the rows of the table pass.

    In every dtype and layout, the value is the function's own, the gradient equals the slope and is like
    its input, and function and rules write into nothing and remember nothing. The gradient also equals the
    post's slope, and the complex step where there is one; ⟨Jv, w⟩ = ⟨v, Jᵀw⟩; f(x + hv) - f(x) - hJv falls
    at second order; each derivative up to `orders` equals the slope of the one below. Last, the domain is
    good enough: it uses all of the row, and mutants of its rules do not pass on it.

    Args:
        function: one with a row; see `tinygrad_edu.derivative`.
        domain: where its numbers come from, at least 0.02 away from kinks, jumps and poles: ``(low, high)``,
            or a span such as `positive`; a list with one for each argument; or, for a function that does not
            go element by element, a list of calls such as ``[of(A(2, 3), axis=1)]``.
            Unless calls are given, shapes that the function itself refuses are left out.
        orders: the highest derivative to check. A rule that uses functions without a row, such as SciPy's,
            has only a first; with 1, nothing is pushed forward through it either.
        complex_step: whether to step into the imaginary direction; by default, wherever that gives the slope.

    >>> import tinygrad_edu as tg
    >>> cubed = tg.primitive(lambda x: x * x * x)
    >>> tg.derivative(cubed, lambda g, z, x: g * 3 * x ** 2)
    >>> check_derivative(cubed, domain=(0.5, 2.0))

    Source: for mutants, DeMillo, Lipton and Sayward, 1978.

    Raises:
        AssertionError: a check fails; it says which, of which call, what was expected, and what came.
        TypeError: the function has no row or is not recorded, or the domain is of the wrong kind.
        ValueError: the function is not finite on its domain, or `orders` is less than 1.
    """
    if orders < 1:
        raise ValueError(f"check_derivative: orders is {orders}; the gradient is 1")
    calls = _calls(function, domain)
    for call in calls:
        _check_recorded(call)
        _check_in_every_way(call)
    for call in calls:
        _check_against_slopes(call, orders, complex_step)
    check_keywords(calls)
    check_domain(function, calls)


def _calls(function: Function, domain: Domain) -> list[Call]:
    """The calls on which to check a function."""
    row = find(function)
    if row is not None and row.substitute is not None:
        raise TypeError(f"check_derivative: {label(function)} is composed of functions that have rows, and has none")
    if row is None or not row.rules:
        remedy = "make it a tinygrad_edu.primitive and give it rules with tinygrad_edu.derivative"
        raise TypeError(f"check_derivative: {label(function)} has no row; {remedy}")
    explicit = isinstance(domain, list) and bool(domain) and all(isinstance(x, Arguments) for x in domain)
    if explicit:
        return [Call(function, *arguments) for arguments in domain]  # type: ignore[union-attr, misc]
    rules = row.rules
    if isinstance(rules, Each) or None in rules:
        which = "takes any number of arrays" if isinstance(rules, Each) else "has an argument without a rule"
        remedy = "say how it is called, such as domain=[of(A(3), 2)]"
        raise TypeError(f"check_derivative: {label(function)} {which}; {remedy}")
    spans = [*map(_span, domain)] if isinstance(domain, list) else [_span(domain)] * len(rules)
    if len(spans) != len(rules):
        raise TypeError(f"check_derivative: the domain has {len(spans)} spans, the row {len(rules)} rules")
    calls = [Call(function, *arguments) for arguments in elementwise(*spans)]
    answers = [outcome(call.draw(0), *call.draw(0).arrays) for call in calls]
    taken = [call for call, z in zip(calls, answers, strict=True) if not isinstance(z, Exception)]
    if not taken:
        remedy = "say how it is called, such as domain=[of(A(2, 3), axis=1)]"
        raise TypeError(f"check_derivative: {calls[0]} raised {answers[0]!r}; {remedy}") from answers[0]
    return taken


def _span(domain: Any) -> Span:
    """The span that one part of a domain stands for, or an error."""
    if callable(domain):
        return domain  # type: ignore[no-any-return]
    if isinstance(domain, tuple) and len(domain) == 2 and all(isinstance(x, Real) for x in domain):
        return between(*domain)
    raise TypeError(
        f"check_derivative: a domain cannot be {domain!r}; pass (low, high), a span such as positive, a list with "
        "one of these for each argument, or a list of calls such as [of(A(2, 3), axis=1)]"
    )


def _check_recorded(call: Call) -> None:
    """Refuse a function that is not recorded as itself, or has no slope where it is called."""
    sample = call.draw(0)
    z = recorded(sample)
    if not isinstance(z, Entry) or z.function not in (call.function, table[call.function].joined):
        remedy = "give its row to what tinygrad_edu.primitive returns, and check that"
        raise TypeError(f"check_derivative: {call} is not recorded as a call of {label(call.function)}; {remedy}")
    data = z._payload
    if data.dtype.kind not in "fc":
        raise TypeError(f"check_derivative: {sample} gives {data.dtype}; slopes are of real numbers and complex ones")
    if not np.all(np.isfinite(data)):
        raise ValueError(f"check_derivative: the function is not finite on its domain: {sample} gives {data}")


@contextmanager
def _named(what: str, sample: Sample, remedy: str = "") -> Iterator[None]:
    """Make a context in which any other error becomes a failure that names the check."""
    try:
        yield
    except AssertionError:
        raise
    except Exception as error:
        raised = {"raised": f"{type(error).__name__}: {error}"}
        fail(f"{what} cannot be computed", sample, **raised | ({"remedy": remedy} if remedy else {}))


def _check_in_every_way(call: Call) -> None:
    for sample in call.samples():
        with _named("the gradient", sample):
            check_rules_own(sample, call.draw(99))
        with _named("the value", sample):
            check_value(sample)
        with _named("the gradient", sample):
            check(sample, sample.arrays)
            check_gradients_own(sample)


def _check_against_slopes(call: Call, orders: int, complex_step: bool | None) -> None:
    sample = call.draw(100)
    with _named("the gradient", sample):
        check_along(sample, sample.arrays, "forward")
    if takes_complex_step(sample, sample.arrays) if complex_step is None else complex_step:
        with _named("the slope into the imaginary direction", sample):
            check(sample, sample.arrays, "complex")
    if orders > 1:
        with _named("the transpose of the gradient", sample, ONLY_FIRST):
            check_transposes(sample, sample.arrays)
            check_taylor(sample, sample.arrays)
    for order in range(2, orders + 1):
        with _named(f"derivative {order}", sample, ONLY_FIRST):
            check_along(differentiated(sample, sample.arrays, order - 1), sample.arrays)
