"""The optimizers that have names.

learning_rate  how far to go: a number, or a schedule, a function of the steps done
momentum       how much of the previous step goes on
b, b1, b2      how much of running means is kept at each step
floor          what keeps a division from one by 0
"""

from tinygrad_edu.optim.lbfgs import scale_by_lbfgs
from tinygrad_edu.optim.optimizer import Optimizer, Schedule, Transformation
from tinygrad_edu.optim.transformations import (
    momentum as with_momentum,
)
from tinygrad_edu.optim.transformations import (
    scale_by_adam,
    scale_by_mean_of_squares,
    scale_by_sum_of_squares,
    sign_of_mean,
    weight_decay,
)


def sgd(learning_rate: float | Schedule, momentum: float = 0.0, nesterov: bool = False) -> Optimizer:
    """Gradient descent, with momentum if that is not 0, and Nesterov's look ahead if asked for.

    Source: Sutskever, Martens, Dahl and Hinton, 2013, as torch.optim.SGD writes it.
    """
    if nesterov and not momentum:
        raise ValueError("optim.sgd: nesterov=True looks ahead along the momentum; give momentum=, such as 0.9")
    _check_parts("sgd", momentum=momentum)
    return _made("sgd", learning_rate, *([with_momentum(momentum, nesterov)] if momentum else []))


def adagrad(learning_rate: float | Schedule, floor: float = 1e-10) -> Optimizer:
    """Smaller steps where slopes have been large.

    Source: Duchi, Hazan and Singer, 2011.
    """
    return _made("adagrad", learning_rate, scale_by_sum_of_squares(floor))


def rmsprop(learning_rate: float | Schedule, b: float = 0.99, momentum: float = 0.0, floor: float = 1e-8) -> Optimizer:
    """Smaller steps where slopes have lately been large.

    Source: Hinton, lecture 6e, 2012.
    """
    _check_parts("rmsprop", b=b, momentum=momentum)
    more = [with_momentum(momentum)] if momentum else []
    return _made("rmsprop", learning_rate, scale_by_mean_of_squares(b, floor), *more)


def adam(learning_rate: float | Schedule, b1: float = 0.9, b2: float = 0.999, floor: float = 1e-8) -> Optimizer:
    """Running means of slopes over how large they have lately been.

    Source: Kingma and Ba, 2015.
    """
    _check_parts("adam", b1=b1, b2=b2)
    return _made("adam", learning_rate, scale_by_adam(b1, b2, floor))


def adamw(
    learning_rate: float | Schedule, b1: float = 0.9, b2: float = 0.999, floor: float = 1e-8, decay: float = 0.01
) -> Optimizer:
    """Adam, and parameters that shrink by ``learning_rate * decay`` at each step, by themselves.

    Source: Loshchilov and Hutter, 2019.
    """
    _check_parts("adamw", b1=b1, b2=b2)
    return _made("adamw", learning_rate, scale_by_adam(b1, b2, floor), weight_decay(decay))


def lion(learning_rate: float | Schedule, b1: float = 0.9, b2: float = 0.99, decay: float = 0.0) -> Optimizer:
    """Steps of one size, by signs; the learning rate is a third to a tenth of Adam's.

    Source: Chen et al., 2023.
    """
    _check_parts("lion", b1=b1, b2=b2)
    return _made("lion", learning_rate, sign_of_mean(b1, b2), *([weight_decay(decay)] if decay else []))


def lbfgs(learning_rate: float | Schedule = 1.0, history: int = 10) -> Optimizer:
    """Steps that know of curvature, for whole batches: noise in the gradients spoils what it learns.

    There is no line search; where steps must not overshoot, give `tree.ravel` to ``scipy.optimize.minimize``.

    Source: Nocedal, 1980, with the first step of torch.optim.LBFGS.
    """
    return _made("lbfgs", learning_rate, scale_by_lbfgs(history))


def _made(name: str, learning_rate: float | Schedule, *transformations: Transformation) -> Optimizer:
    if not callable(learning_rate) and not learning_rate > 0:
        raise ValueError(f"optim.{name}: learning_rate={learning_rate!r}; pass a positive number, or a schedule")
    return Optimizer(transformations, learning_rate)


def _check_parts(name: str, **parts: float) -> None:
    for key, part in parts.items():
        if not 0 <= part < 1:
            raise ValueError(f"optim.{name}: {key}={part!r}; pass a part, from 0 up to but not 1")
