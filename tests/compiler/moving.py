"""A function whose every number is moved by a rounding: how far that moves its results is how far they may be off."""

import ast
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tests.compiler.written_arguments import mapped, protected


class _Moving(ast.NodeTransformer):
    """Has every value that a function names or returns moved by a rounding."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = _call(self.visit(node.value))
        return node

    visit_Return = visit_Assign

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        node.value = _call(self.visit(node.value))
        if not isinstance(node.target, ast.Name):
            return node
        again = ast.Assign([node.target], _call(ast.Name(node.target.id, ast.Load())))
        return [node, again]


def _call(value: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("moved_", ast.Load()), [value], [])


def moving(source: str, generator: np.random.Generator) -> Any:
    """The function, with all numbers that it is given, and all that it makes, moved by as much as they are rounded."""

    def moved(z: Any) -> Any:
        if isinstance(z, (np.ndarray, np.floating, float, tg.Value)) and np.result_type(z).kind == "f":
            dtype = np.result_type(z)
            factor = (1 + np.finfo(dtype).eps * generator.choice([-1.0, 1.0], np.shape(z))).astype(dtype)[()]
            if not isinstance(z, np.ndarray):
                return float(z * factor) if type(z) is float else z * factor
            if z.base is None and z.flags.writeable:
                z *= factor
        return z

    def moved_argument(x: Any) -> Any:
        return moved(np.array(x) if isinstance(x, np.ndarray) else x)

    tree = _Moving().visit(ast.parse(source))
    names: dict[str, Any] = {"__name__": "written", "moved_": moved}
    exec(compile(ast.fix_missing_locations(tree), "<moving>", "exec"), names)
    return lambda *arguments: names["program"](*protected([mapped(moved_argument, x) for x in arguments]))
