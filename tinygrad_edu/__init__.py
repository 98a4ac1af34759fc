"""An autograd engine you can read, check and run.

>>> import numpy as np
>>> import tinygrad_edu as tg
>>> x = tg.Value([0.5, 1.0])
>>> y = np.sum(np.tanh(x) ** 2)
>>> y.backward()
>>> x.grad
array([0.72686198, 0.63970001])

"The post", in docstrings: V. Panyam, "Deep learning made simple, part 1", 2017, which this library grew out of.
"""

import importlib
from typing import TYPE_CHECKING, Any

from tinygrad_edu import derivatives as _fill_the_table  # noqa: F401
from tinygrad_edu import functions, tree
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative, later
from tinygrad_edu.core.value import Value, no_grad
from tinygrad_edu.derivatives.updating import at
from tinygrad_edu.slope import numeric_gradient, slope

if TYPE_CHECKING:  # the packages that __getattr__ imports
    from tinygrad_edu import check, data, lessons, losses, nn, optim, scipy, train
    from tinygrad_edu.check import compare_gradients, detect_nan, slope_curve
    from tinygrad_edu.compiler import TraceError, compile
    from tinygrad_edu.show import Tape, scope
    from tinygrad_edu.transforms import (
        checkpoint,
        grad,
        hessian,
        hvp,
        implicit,
        jacobian,
        jvp,
        scan,
        value_and_grad,
        vjp,
        vmap,
        while_loop,
    )

__all__ = [
    "Tape",
    "TraceError",
    "Value",
    "at",
    "check",
    "checkpoint",
    "compare_gradients",
    "compile",
    "data",
    "derivative",
    "detect_nan",
    "functions",
    "grad",
    "hessian",
    "hvp",
    "implicit",
    "jacobian",
    "jvp",
    "lessons",
    "losses",
    "nn",
    "no_grad",
    "numeric_gradient",
    "optim",
    "primitive",
    "scan",
    "scipy",
    "scope",
    "slope",
    "slope_curve",
    "train",
    "tree",
    "value_and_grad",
    "vjp",
    "vmap",
    "while_loop",
]

_ROOMS = ("check", "data", "lessons", "losses", "nn", "optim", "scipy", "testing", "train")
_IN_ROOMS = {
    **dict.fromkeys(("Tape", "scope"), "show"),
    "implicit": "transforms",
    **dict.fromkeys(("TraceError", "compile"), "compiler"),
    **dict.fromkeys(("compare_gradients", "detect_nan", "slope_curve"), "check"),
    **dict.fromkeys(("grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"), "transforms"),
    **dict.fromkeys(("checkpoint", "scan", "vmap", "while_loop"), "transforms"),
}

later["scipy.special"] = f"{__name__}.scipy.special"


def __getattr__(name: str) -> Any:
    """Import the upper packages when they are first asked for, so that importing the engine stays quick."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("tinygrad_edu")
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _IN_ROOMS:
        found = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_IN_ROOMS[name]}"), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _html(shown: Any) -> Any:
    return importlib.import_module(f"{__name__}.show.notebook").html(shown)


Value._repr_html_ = _html  # networks use it, too


def __dir__() -> list[str]:
    return [*__all__]
