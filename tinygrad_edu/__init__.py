"""An autograd engine you can read, check and run."""

from tinygrad_edu import derivatives as derivatives
from tinygrad_edu import functions, tree
from tinygrad_edu.protocols import derivative, primitive
from tinygrad_edu.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tinygrad_edu.value import Value, no_grad
