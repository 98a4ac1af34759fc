"""Whether a graph is sound: checked after every pass in tests, and wherever TINYGRAD_EDU_VERIFY=1 is set.

A graph says what each node will be like; whoever prints it relies on that. And a pass must leave what the graph
computes as it was: which version of a memory each node reads shows in the numbers, so these are compared.

result   what a node gives when the graph is run
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Array, Graph, GraphError, Input, Node, map_nested, written_memory


class Verifier:
    """Checks one graph after each pass against what was traced, on numbers that are made up.

    Made-up integers may lead to other shapes than those of the trace: then only the order of the nodes is checked.
    """

    def __init__(self, traced: Graph) -> None:
        self.numbers, self.lowered, self.eps = make_up(traced.inputs), False, _coarsest(traced)
        try:
            self.expected = verify(traced, self.numbers)
        except GraphError:
            self.expected = None

    def __call__(self, graph: Graph, name: str) -> None:
        """Verify what the pass `name` has made.

        Raises:
            GraphError: the graph is not sound, or computes something else than what was traced.
        """
        if self.expected is None:
            check_order(graph, name)
            return
        outputs = verify(graph, self.numbers, name)
        self.lowered = self.lowered or name == "lower"
        if outputs is None and self.lowered:  # `math` refuses what NumPy makes NaN, and NumPy's form takes over
            return
        if outputs is None:
            raise GraphError(f"{name}: NumPy refuses the numbers {self.numbers}, and did not before")
        for k, (x, y) in enumerate(zip(outputs, self.expected, strict=True)):
            if not agree(x, y, self.eps):
                raise GraphError(f"{name}: output {k} is {x!r}, and was {y!r} before; numbers {self.numbers}")


def verify(graph: Graph, numbers: Sequence[Array] | None = None, name: str = "graph") -> list[Array] | None:
    """Run a graph node by node, and return its outputs; None where NumPy refuses numbers that are made up.

    Every operand is made before it is used, every node is as it says (kind, dtype, shape, strides, whose memory it
    shares), and nothing is written but what nodes have made themselves.

    >>> x = Input("x", np.ndarray)
    >>> x.describe(np.ones(3))
    >>> node = Node(np.negative, (x,), {})
    >>> node.describe(np.ones(2))
    >>> verify(Graph("program", [x], [node], [node]))
    Traceback (most recent call last):
    tinygrad_edu.compiler.ir.GraphError: graph: t1 = np.negative(x) has shape (3,), and says (2,)

    Raises:
        GraphError: the graph is not sound.
    """
    check_order(graph, name)
    made: dict[Node, Any] = dict(zip(graph.inputs, make_up(graph.inputs) if numbers is None else numbers, strict=True))
    written = written_memory(graph.nodes)

    def result(x: Any) -> Any:
        return made[x] if isinstance(x, Node) else x

    with np.errstate(all="ignore"):
        for i, node in enumerate(graph.nodes):
            arguments = map_nested(node.arguments, result)
            keywords = {key: map_nested(x, result) for key, x in node.keywords.items()}
            try:
                made[node] = node.function(*arguments, **keywords)
            except (ArithmeticError, ValueError, IndexError, TypeError):
                return None
            if node.writes is None and (fault := _fault(node, made, node in written)):
                raise GraphError(f"{name}: {str(graph).splitlines()[i + 1].partition('  ')[0]} {fault}")
    return [np.copy(x) if isinstance(x, np.ndarray) else x for x in map(result, graph.outputs)]


def check_order(graph: Graph, name: str) -> None:
    """Check that operands and outputs are made before they are used, and only what nodes have made is written."""
    made: set[Node] = {*graph.inputs}
    lines = str(graph).splitlines()[1:]
    for node, line in zip(graph.nodes, lines, strict=False):
        if node in made:
            raise GraphError(f"{name}: {line} stands there twice")
        if not made.issuperset(node.operands):
            raise GraphError(f"{name}: {line} uses what is not made before")
        if node.writes is not None and not _is_own(node, made):
            raise GraphError(f"{name}: {line} writes into what is no array of the program's own")
        if node.memory is not node and node.memory not in made:
            raise GraphError(f"{name}: {line} is a view of what is not made before")
        made.add(node)
    if not made.issuperset(graph.results):
        raise GraphError(f"{name}: {lines[-1]}, which is not all made")


def _is_own(node: Node, made: set[Node]) -> bool:
    """Whether what a node writes into is an operand of it, in memory that another node made."""
    into = node.writes
    if not isinstance(into, Node) or into not in node.operands:
        return False
    return into.memory in made and not isinstance(into.memory, Input)


def _fault(node: Node, made: dict[Node, Any], written: bool) -> str | None:
    """What is wrong with a result, if anything: it is not what its node says."""
    x = made[node]
    if node.kind is not None and type(x) is not node.kind:
        return f"is a {type(x).__name__}, and says {node.kind.__name__}"
    if node.shape is None:
        return None
    if np.shape(x) != node.shape:
        return f"has shape {np.shape(x)}, and says {node.shape}"
    if x.dtype != node.dtype:
        return f"has dtype {x.dtype}, and says {node.dtype}"
    if not isinstance(x, np.ndarray):
        return None
    if node.strides is not None and _steps(x.shape, x.strides) != _steps(node.shape, node.strides):
        return f"has strides {x.strides}, and says {node.strides}"
    if node.is_view:
        return None if np.may_share_memory(x, made[node.memory]) or not x.size else "shares no memory with its base"
    others = [made[y] for y in node.operands] + [y for y in node.arguments if written]
    return "shares memory that it does not say" if any(_is_shared(x, y) for y in others) else None


def _is_shared(x: Any, y: Any) -> bool:
    return isinstance(y, np.ndarray) and x.size > 0 and np.may_share_memory(x, y)


def _steps(shape: tuple[int, ...], strides: tuple[int, ...]) -> list[int]:
    """The strides that are ever taken."""
    return [step for n, step in zip(shape, strides, strict=True) if n > 1] if 0 not in shape else []


def make_up(inputs: Sequence[Input], seed: int = 0) -> list[Array]:
    """Numbers for inputs, of their kinds, dtypes, shapes and strides: normal ones, and 0 and 1 where integers go in."""
    generator = np.random.default_rng(seed)
    return [_made_up(node, generator) for node in inputs]


def _made_up(node: Input, generator: np.random.Generator) -> Array:
    dtype = np.dtype(node.kind) if node.dtype is None else node.dtype
    shape, drawn = node.shape or (), generator.normal(size=node.shape or ())
    numbers: Any = np.asarray(drawn if dtype.kind in "fc" else drawn > 0).astype(dtype)
    if node.strides is None:
        return numbers[()] if node.dtype is not None else numbers.item()
    reach = [(n - 1) * step for n, step in zip(shape, node.strides, strict=True)] if numbers.size else []
    before, after = -sum(x for x in reach if x < 0), sum(x for x in reach if x > 0)
    memory = np.zeros(before + after + dtype.itemsize, np.uint8)
    x: Any = np.ndarray(shape, dtype, memory, before, node.strides)
    x[...] = numbers
    x.flags.writeable = False
    return x


def _coarsest(graph: Graph) -> float:
    """The largest eps of the floats that a graph computes in; what comes out may be finer."""
    dtypes = {x.dtype for x in (*graph.inputs, *graph.nodes) if x.dtype is not None and x.dtype.kind in "fc"}
    return max((float(np.finfo(dtype).eps) for dtype in dtypes), default=0.0)


def agree(x: Array, y: Array, eps: float = 0.0) -> bool:
    """Whether two outputs are the same; floats may differ by what adding in another order does to them.

    eps: of the floats that they were computed in, if these are coarser
    """
    a, b = np.asarray(x), np.asarray(y)
    if type(x) is not type(y) or a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind not in "fc":
        return np.array_equal(a, b)
    finite = np.isfinite(a) & np.isfinite(b)
    bound = np.sqrt(max(np.finfo(a.dtype).eps, eps)) * (np.max(abs(b[finite]), initial=0.0) + 1)
    near = bool(np.all(abs(a[finite] - b[finite]) <= bound))
    return near and np.array_equal(a[~finite], b[~finite], equal_nan=True)
