"""`assert_gradient`: a comparison of gradients as a test."""

from typing import Any

from tinygrad_edu.check import compare_gradients
from tinygrad_edu.check.measure import Tree


def assert_gradient(f: Any, *args: Tree, **options: Any) -> None:
    """Fail unless the gradient of `f` is its slope, with the whole report as the message.

    Args:
        f: a function of numbers, arrays and trees of them.
        args: where.
        options: what `compare_gradients` takes: ``gradient``, ``argnums``, ``cotangent``, ``order``, ``full``.

    >>> import numpy as np
    >>> assert_gradient(np.tanh, 0.5, order=2)

    Raises:
        GradientError: it is not; an `AssertionError`.
        TypeError, ValueError: as `compare_gradients`.
    """
    __tracebackhide__ = True
    compare_gradients(f, *args, **options).raise_if_wrong()
