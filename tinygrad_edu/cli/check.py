"""The command ``tinygrad-edu check``: the gradient of an expression or a function against its slope.

what    an expression such as ``tanh(a*b) + c``, or ``package.module:function``, or ``path/file.py:function``
values  what its variables are, such as ``a=0.5``
"""

import contextlib
import sys
from collections.abc import Sequence
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.check import compare_gradients
from tinygrad_edu.check.jumps import jumps
from tinygrad_edu.cli.expression import ExpressionError, Number
from tinygrad_edu.cli.finding import Finding, Status, to_json
from tinygrad_edu.cli.inputs import assigned, function_of, in_order
from tinygrad_edu.cli.locate import Function, UsageError, described
from tinygrad_edu.cli.terminal import paragraph


def check(what: str, values: Sequence[str], as_json: bool = False) -> int:
    """Print the comparison, for people or as JSON, and return the exit status."""
    what = what.strip()
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what the function prints is no part of the answer
            finding = _compare(what, assigned(values))
    except (UsageError, ExpressionError) as error:
        message = str(error)
    except (Exception, SystemExit) as error:  # whatever a function of the user's may do
        caller, colon, problem = str(error).partition(": ")
        message = problem if colon and caller == "compare_gradients" else f"{what} failed: {described(error)}"
    else:
        print(finding.json() if as_json else finding.text())
        return finding.status
    if as_json:
        print(to_json({"status": int(Status.ERROR), "verdict": "error", "what": what, "error": message}))
    else:
        print(paragraph(f"tinygrad-edu check: {message}"), file=sys.stderr)
    return Status.ERROR


def _compare(what: str, given: dict[str, Number]) -> Finding:
    found, names = function_of(what, given)
    f, args = _named(found, names), in_order(names, given)
    report = compare_gradients(f, *args)
    if not report.arguments:  # it is no function, or its backward pass fails: nothing was compared
        raise UsageError(f"{what} cannot be checked: {report.faults[0]}")
    with np.errstate(all="ignore"):
        outputs = sum(np.size(z) for z in tree.leaves(f(*args)))
    return Finding(what, report, jumps(f, args), outputs)


def _named(f: Function, names: Sequence[str]) -> Function:
    """`f` with parameters of these names, which reports use."""

    def named(*args: Any) -> Any:
        return f(*args)

    named.__signature__ = Signature([Parameter(n, Parameter.POSITIONAL_ONLY) for n in names])  # type: ignore[attr-defined]
    return named
