"""The passes that make a program shorter: each takes a program and gives one that computes the same.

eliminate_dead_code       nodes that lead to no output are dropped
fold_constants     what depends on no input is computed once
eliminate_common_subexpressions   what was computed before is used again
eliminate_copies     copies that nobody could tell from the original are dropped
simplify_algebra       (in `algebra`) x · 1, x + 0, -(-x), x ** 2 and the like are written shorter

A program may write into arrays it made. Such memory is left alone by every pass: it is nobody else's, and nobody's
before it is written.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Input, Node, assume, fingerprint, substitute, written_memory
from tinygrad_edu.compiler.passes.algebra import COMMUTE, simplify_algebra

Pass = Callable[[Graph], Graph]

_LIKE = {np.ones_like: 1, np.zeros_like: 0}
_IMPURE = {assume, operator.setitem, np.empty_like}


def eliminate_dead_code(program: Graph) -> Graph:
    """Drop what leads to no output, to no question, and into no memory that does."""
    live: set[Node] = set(program.results)
    memory = {node.memory for node in live}
    kept = []
    for node in reversed(program.nodes):
        writes = node.writes is not None and node.writes.memory in memory
        if node in live or writes or node.function is assume or _is_asked_for(node):
            kept.append(node)
            live.update(node.operands)
            memory.update(x.memory for x in node.operands)
            if writes and node.writes is not None:
                live.add(node.writes)
    return program.with_outputs(kept[::-1], {})


def _is_asked_for(node: Node) -> bool:
    """Tell whether a node may be there for what it refuses, such as a matrix that is not positive definite."""
    return not node.backward and (getattr(node.function, "__module__", None) or "").startswith("numpy.linalg")


def fold_constants(program: Graph) -> Graph:
    """Compute what depends on no input, now; an array of equal numbers takes the place of one number only."""
    private, kept = written_memory(program.nodes), []
    by: dict[Node, Any] = {}
    for node in program.nodes:
        substitute(node, by)
        if node.memory in private or node.writes is not None or node.function is np.empty_like:
            kept.append(node)
        elif node.function in _LIKE and node.shape is not None:
            by[node] = _uniform(_LIKE[node.function], node)
        elif node.function is assume and not isinstance(node.arguments[0], Node):
            continue
        elif not any(True for _ in node.operands):
            with np.errstate(all="ignore"):
                by[node] = _even(node.function(*node.arguments, **node.keywords))
        else:
            kept.append(node)
    return program.with_outputs(kept, by)


def _even(x: Any) -> Any:
    """Keep one number of an array in which all are the same, to the bit."""
    if isinstance(x, np.ndarray) and x.size > 1 and x.tobytes() == x.flat[0].tobytes() * x.size:
        return np.broadcast_to(x.flat[0], x.shape)
    return x


def _uniform(number: Any, node: Node) -> Any:
    scalar = node.dtype.type(number)
    return np.broadcast_to(scalar, node.shape or ()) if node.strides is not None else scalar


def eliminate_common_subexpressions(program: Graph) -> Graph:
    """Use again what was computed before from the same."""
    private, kept, results = written_memory(program.nodes), [], {node.memory for node in program.results}
    by: dict[Node, Any] = {}
    seen: dict[Any, Node] = {}
    for node in program.nodes:
        substitute(node, by)
        key = _key(node)
        first = seen.get(key)
        fleeting = node.memory in private or any(x.memory in private for x in node.operands)
        if node.writes is not None or node.function in _IMPURE - {assume} or fleeting:
            kept.append(node)
        elif first is not None and not (node.memory in results and first.memory in results):
            by[node] = first
            first.name = first.name or node.name
        else:
            seen[key] = node
            kept.append(node)
    return program.with_outputs(kept, by)


def _key(node: Node) -> Any:
    arguments: Any = tuple([x if isinstance(x, Node) else _frozen(x) for x in node.arguments])
    if node.function in COMMUTE and len(arguments) == 2:
        arguments = frozenset(arguments)
    return node.function, arguments, *((key, _frozen(x)) for key, x in node.keywords.items())


def _frozen(x: Any) -> Any:
    """Make something that can be looked up, and is equal only for the same argument."""
    if isinstance(x, Node):
        return "node", id(x)
    if isinstance(x, (tuple, list)):
        return type(x), *map(_frozen, x)
    if isinstance(x, slice):
        return slice, *map(_frozen, (x.start, x.stop, x.step))
    return fingerprint(x)


def eliminate_copies(program: Graph) -> Graph:
    """Drop copies of what is not written into, and is given to nobody else."""
    private, results = written_memory(program.nodes), [node.memory for node in program.results]
    by: dict[Node, Any] = {}
    kept = []
    for node in program.nodes:
        substitute(node, by)
        x = node.arguments[0] if node.function is np.copy else None
        alike = isinstance(x, Node) and x.strides == node.strides and private.isdisjoint({x.memory, node.memory})
        if isinstance(x, Node) and alike and (node.memory not in results or _is_ours(x, results)):
            by[node] = x
            x.name = x.name or node.name
            results = [x.memory if memory is node else memory for memory in results]
        else:
            kept.append(node)
    return program.with_outputs(kept, by)


def _is_ours(x: Node, results: list[Node]) -> bool:
    """Tell whether `x` may be handed out: it is a whole array that nobody else has."""
    return not isinstance(x, Input) and not x.is_view and x not in results


PASSES: tuple[Pass, ...] = (
    eliminate_dead_code,
    fold_constants,
    simplify_algebra,
    fold_constants,
    eliminate_common_subexpressions,
    simplify_algebra,
    eliminate_copies,
    eliminate_common_subexpressions,
    eliminate_dead_code,
)


def run_passes(program: Graph, passes: tuple[Pass, ...] = PASSES) -> tuple[Graph, list[tuple[str, int]]]:
    """Run passes one after the other; give the program, and how many nodes each of them left."""
    history = [("traced", len(program.nodes))]
    for each in passes:
        program = each(program)
        history.append((each.__name__, len(program.nodes)))
    return program, history
