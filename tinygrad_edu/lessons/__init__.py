"""The post, section by section, and what it leaves out, as functions that play its games and return plain data.

The post is V. Panyam, "Deep learning made simple, part 1", 2017. Its sections:

functions      what a function is
estimating     examples, and the distance between what is and what should be
linearity      neurons, and why a network of them is one neuron in disguise
nonlinearity   what a bend makes possible
hot_and_cold   the first game: find where a function is least
slopes         the slope for ever smaller q, and walking by it
landscape      the gradient on a surface, and the walk downhill
colorization   the post's own example, on a real picture
training       why one starts at random; learning by heart
digits         a network learns to read handwritten digits

What it leaves for its next part:

chain_rule     slopes of functions that follow one another multiply
scalar_tape    a tape in fifteen lines: the sweep that counts wrong, and the one that is right
derivations    the gradients of a neuron, of softmax, of cross-entropy
modes          forward and reverse; Jacobian, jvp, vjp
agreement      a network's gradient, measured and derived
depth          initialisation and vanishing gradients
racing         step sizes and momentum
overfitting    why examples are held out

The course itself:

pages          its lessons as text, and `exercises` with answers, graded by the checker
gallery        every system that the post opens with, as a miniature
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the lessons that __getattr__ opens
    from tinygrad_edu.lessons import (
        agreement,
        chain_rule,
        colorization,
        depth,
        derivations,
        digits,
        estimating,
        exercises,
        functions,
        gallery,
        hot_and_cold,
        landscape,
        linearity,
        modes,
        nonlinearity,
        overfitting,
        pages,
        racing,
        scalar_tape,
        slopes,
        training,
    )

__all__ = [
    "agreement",
    "chain_rule",
    "colorization",
    "depth",
    "derivations",
    "digits",
    "estimating",
    "exercises",
    "functions",
    "gallery",
    "hot_and_cold",
    "landscape",
    "linearity",
    "modes",
    "nonlinearity",
    "overfitting",
    "pages",
    "racing",
    "scalar_tape",
    "slopes",
    "training",
]


def __getattr__(name: str) -> Any:
    """Open a lesson when it is first asked for."""
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__]
