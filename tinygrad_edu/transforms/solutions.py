"""Solutions of equations, differentiated by the implicit function theorem: how they were found does not matter.

f  whose zero is looked for: f(x, *parameters) = 0
x  the solution
p  the parameters, in one vector
a  the Jacobian of f by x
g  cotangent of the solution
"""

from collections.abc import Callable

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.arrays import accept
from tinygrad_edu.core.context import Recording, is_recording
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import Array, Function, derivative
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.transforms.batching.array import Batch, NotBatchableError
from tinygrad_edu.transforms.gradients import vjp
from tinygrad_edu.transforms.jacobians import jacobian
from tinygrad_edu.tree import Tree

LinearSolver = Callable[[Array, Array], Array]


def implicit(
    f: Function, solver: Function, *, linear_solver: LinearSolver = np.linalg.solve, tolerance: float = 1e-4
) -> Function:
    """The function that gives the solution x of ``f(x, *parameters) = 0``, with slopes by the parameters.

    `solver` finds x from plain numbers, in whatever way. Where x is, is said by `f` alone: when the parameters move by
    dp, x moves by dx so that ∂f/∂x dx + ∂f/∂p dp = 0. So a gradient costs one linear system and one sweep through `f`,
    however many steps the solver took; and it can be differentiated again.

    >>> import scipy.optimize
    >>> equation = lambda x, a: x ** 3 + x - a
    >>> root = implicit(equation, lambda a: scipy.optimize.brentq(equation, -9.0, 9.0, args=(a,)))
    >>> x, slope = vjp(root, 2.0)
    >>> round(x, 6), round(slope(1.0)[0], 6)  # 1 / (3 x² + 1)
    (np.float64(1.0), np.float64(0.25))

    Of a minimum, `f` is the gradient of what is minimized; of a fixed point x = h(x, p), it is x - h(x, p).

    Args:
        f: from a solution and the parameters to a tree with as many numbers as the solution; all are 0 there.
        solver: from the parameters to the solution, each a number, an array, or a tree of them.
        linear_solver: ``linear_solver(a, b)`` solves a square system; it must itself be differentiable.
        tolerance: how far from the solution x may be, by one step of Newton's method, over 1 + |x|.

    The slopes are those of the solution that the solver gave; where it jumps to another one, they do not tell.

    Source: the implicit function theorem; as custom_root of JAXopt (Blondel and others, 2022).

    Raises:
        TypeError: (when called) `f` closes over a Value, by which there would be no slope; or a result is no number.
        ValueError: (when called) `f` gives more or fewer numbers than there are in x, or the solver gave NaN; (when
            differentiated) x is no solution.
        numpy.linalg.LinAlgError: (when differentiated) the Jacobian of `f` by x is singular: x is not the only
            solution nearby, or its slope is infinite.
    """
    for name, given in (("f", f), ("solver", solver), ("linear_solver", linear_solver)):
        if not callable(given):
            raise TypeError(f"implicit: {name} is a {type(given).__name__}; pass a function")

    def solved(*parameters: Tree) -> Tree:
        vector, unravel = tree.ravel(parameters)
        problem = Problem(f, solver, linear_solver, tolerance, payload(vector), unravel)
        return problem.unravel_x(solution(vector, problem) if isinstance(vector, Entry) else problem.x)

    solved.__name__ = solved.__qualname__ = f"implicit({label(f)})"
    solved.__doc__ = f"The solution x of {label(f)}(x, *parameters) = 0."
    return solved


class Problem:
    """What an entry knows of its equation, and the solution for the numbers that the parameters were."""

    def __init__(
        self, f: Function, solver: Function, linear_solver: LinearSolver, tolerance: float, p: Array, unravel: Function
    ) -> None:
        self.f, self.solver, self.linear_solver, self.tolerance = f, solver, linear_solver, tolerance
        self.p, self.unravel = p, unravel
        self.x, self.unravel_x = self._find(p)
        self._check_equations()

    def __repr__(self) -> str:
        return f"<{label(self.f)} = 0>"

    def _find(self, p: Array) -> tuple[Array, Function]:
        with Recording(False):
            found = tree.map(lambda x: accept(payload(x)), self.solver(*self.unravel(p)))
        if not tree.leaves(found):
            wrong = f"the solver gave {found!r}, in which there are no numbers"
            raise TypeError(f"implicit({label(self.f)}): {wrong}; it must give a number, an array, or a tree of them")
        x, unravel = tree.ravel(found)
        if not np.all(np.isfinite(x)):
            raise ValueError(f"implicit({label(self.f)}): the solver gave {x.tolist()}; it must give a solution")
        return x, unravel

    def _check_equations(self) -> None:
        """Run `f` once, to see what it gives and whether a Value comes in from outside."""
        with Recording(is_recording()):
            residual = self.residual(self.x, self.p)
        if isinstance(residual, Entry):
            remedy = "pass it as a parameter: there is no slope by it otherwise"
            raise TypeError(f"implicit({label(self.f)}): the function closes over a Value; {remedy}")
        if residual.shape != self.x.shape:
            what = f"it gives {residual.size} numbers, and the solution has {self.x.size}"
            raise ValueError(f"implicit({label(self.f)}): {what}; there must be an equation for each")

    def solution(self, p: Array) -> Array:
        """The solution for these parameters; the solver runs again where they are others."""
        return self.x if np.array_equal(p, self.p) else self._find(p)[0]

    def residual(self, x: Array, p: Array) -> Array:
        """What `f` gives, in one vector."""
        return tree.ravel(self.f(self.unravel_x(x), *self.unravel(p)))[0]

    def pull(self, g: Array, x: Array, p: Array) -> Array:
        """The share of the parameters: -(∂f/∂p)ᵀ u, where aᵀ u = g."""
        if isinstance(g, Batch):  # the sweep through f is of one cotangent at a time
            raise NotBatchableError
        a = jacobian(self.residual)(x, p)
        if np.array_equal(payload(x), self.x) and np.array_equal(
            payload(p), self.p
        ):  # else only asked what it leads to
            self._check_solution(payload(a))
        u = self.linear_solver(np.transpose(a), g)
        return -vjp(lambda p: self.residual(x, p), p)[1](u)[0]

    def _check_solution(self, a: Array) -> None:
        """Make sure that x is a solution, and the only one nearby."""
        if not isinstance(a, np.ndarray) or not a.size:
            return
        name = f"implicit({label(self.f)})"
        if not np.linalg.cond(a) * np.finfo(a.dtype).eps < 1:
            what = "the Jacobian of the function by x is singular at the solution"
            raise np.linalg.LinAlgError(f"{name}: {what}, so that x has no slope, or another solution is as near")
        with Recording(False):
            step = float(np.max(abs(np.linalg.solve(a, payload(self.residual(self.x, self.p))))))
        size = float(np.max(abs(self.x)))
        if not step <= self.tolerance * (1 + size):
            what = f"a step of Newton's method changes x by {step:.2g}, and its size is {size:.2g}"
            raise ValueError(f"{name}: the solver's x is no solution: {what}; let it converge, or pass tolerance=")


@primitive
def solution(p: Array, problem: Problem) -> Array:
    """The solution of a problem for these parameters, in one vector."""
    return problem.solution(p)


derivative(
    solution, lambda g, z, p, problem: problem.pull(g, z, p), None, real="pass np.real and np.imag of the parameters"
)
