"""Functions from functions to functions: gradients, Jacobians, Hessians, of any order, over trees.

pullback   one run of a function on Values, ready to be swept back
gradients  `grad`, `value_and_grad`, `vjp`, `jvp`, `hvp`
loops      `scan`, `while_loop`, `checkpoint`: what is run again in the sweep
jacobians  `jacobian`, `hessian`, all rows from one sweep
solutions  `implicit`: solutions of equations, by what they fulfil
mapping    `vmap`: one function, many examples
batching   the arrays of arrays that go through sweeps and functions
"""

from tinygrad_edu.transforms.gradients import grad, hvp, jvp, value_and_grad, vjp
from tinygrad_edu.transforms.jacobians import hessian, jacobian
from tinygrad_edu.transforms.loops import checkpoint, scan, while_loop
from tinygrad_edu.transforms.mapping import vmap
from tinygrad_edu.transforms.solutions import implicit

__all__ = [
    "checkpoint", "grad", "hessian", "hvp", "implicit", "jacobian", "jvp", "scan", "value_and_grad", "vjp", "vmap",
    "while_loop",
]  # fmt: skip
