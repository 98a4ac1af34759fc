"""Calls that give the same: equal keys, equal results, as long as nothing is written into what they read."""

from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Node, fingerprint

_COMMUTE = {np.add, np.multiply}


def call_key(node: Node) -> Any:
    """What two calls have in common only if they give the same."""
    arguments: Any = tuple([x if isinstance(x, Node) else _hashable(x) for x in node.arguments])
    if node.function in _COMMUTE and len(arguments) == 2:
        arguments = frozenset(arguments)
    return node.function, arguments, *((key, _hashable(x)) for key, x in node.keywords.items())


def _hashable(x: Any) -> Any:
    """What can be looked up, and is equal only for the same argument."""
    if isinstance(x, Node):
        return "node", x
    if isinstance(x, (tuple, list)):
        return type(x), *map(_hashable, x)
    if isinstance(x, slice):
        return slice, *map(_hashable, (x.start, x.stop, x.step))
    return fingerprint(x)
