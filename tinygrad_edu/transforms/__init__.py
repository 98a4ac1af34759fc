"""Functions from functions to functions: gradients, Jacobians, Hessians, of any order, over trees."""

from tinygrad_edu.transforms.api import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]
