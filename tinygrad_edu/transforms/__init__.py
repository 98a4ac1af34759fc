"""Functions from functions to functions: gradients, Jacobians, Hessians, of any order, over trees.

pullback   one run of a function on Values, ready to be swept back
gradients  `grad`, `value_and_grad`, `vjp`, `jvp`, `hvp`
jacobians  `jacobian`, `hessian`, all rows from one sweep
batching   the arrays of arrays that go through that sweep
"""

from tinygrad_edu.transforms.gradients import grad, hvp, jvp, value_and_grad, vjp
from tinygrad_edu.transforms.jacobians import hessian, jacobian

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]
