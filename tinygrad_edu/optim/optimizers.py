"""The optimizers that have names.

learning_rate  how far to go: a number, or a schedule, a function of the steps done
momentum       how much of the previous step goes on
decay, b1, b2  how much of running means is kept at each step
weight_decay   by how much parameters shrink, times the learning rate
eps            what keeps a division from one by 0
"""

from numbers import Real

import numpy as np

from tinygrad_edu.optim import transformations as parts
from tinygrad_edu.optim.lbfgs import scale_by_lbfgs
from tinygrad_edu.optim.optimizer import Optimizer, Schedule, Transformation


def sgd(learning_rate: float | Schedule, momentum: float = 0.0, nesterov: bool = False) -> Optimizer:
    """Gradient descent, with momentum if that is not 0, and Nesterov's look ahead if asked for.

    Source: Sutskever, Martens, Dahl and Hinton, 2013, as torch.optim.SGD writes it.
    """
    if nesterov and not momentum:
        raise ValueError("optim.sgd: nesterov=True looks ahead along the momentum; give momentum=, such as 0.9")
    _check_parts("sgd", momentum=momentum)
    return _made("sgd", learning_rate, *([parts.momentum(momentum, nesterov)] if momentum else []))


def adagrad(learning_rate: float | Schedule, eps: float = 1e-10) -> Optimizer:
    """Smaller steps where slopes have been large.

    Source: Duchi, Hazan and Singer, 2011.
    """
    return _made("adagrad", learning_rate, parts.scale_by_sum_of_squares(eps))


def rmsprop(
    learning_rate: float | Schedule, decay: float = 0.99, momentum: float = 0.0, eps: float = 1e-8
) -> Optimizer:
    """Smaller steps where slopes have lately been large.

    Source: Hinton, lecture 6e, 2012.
    """
    _check_parts("rmsprop", decay=decay, momentum=momentum)
    more = [parts.momentum(momentum)] if momentum else []
    return _made("rmsprop", learning_rate, parts.scale_by_mean_of_squares(decay, eps), *more)


def adam(learning_rate: float | Schedule, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Optimizer:
    """Running means of slopes over how large they have lately been.

    Source: Kingma and Ba, 2015.
    """
    _check_parts("adam", b1=b1, b2=b2)
    return _made("adam", learning_rate, parts.scale_by_adam(b1, b2, eps))


def adamw(
    learning_rate: float | Schedule, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.01
) -> Optimizer:
    """Adam, and parameters that shrink by ``learning_rate * weight_decay`` at each step, by themselves.

    Source: Loshchilov and Hutter, 2019.
    """
    _check_parts("adamw", b1=b1, b2=b2)
    return _made("adamw", learning_rate, parts.scale_by_adam(b1, b2, eps), parts.weight_decay(weight_decay))


def lion(learning_rate: float | Schedule, b1: float = 0.9, b2: float = 0.99, weight_decay: float = 0.0) -> Optimizer:
    """Steps of one size, by signs; the learning rate is a third to a tenth of Adam's.

    Source: Chen et al., 2023.
    """
    _check_parts("lion", b1=b1, b2=b2)
    return _made(
        "lion", learning_rate, parts.sign_of_mean(b1, b2), *([parts.weight_decay(weight_decay)] if weight_decay else [])
    )


def lbfgs(learning_rate: float | Schedule = 1.0, history: int = 10) -> Optimizer:
    """Steps that know of curvature, for whole batches: noise in the gradients spoils what it learns.

    There is no line search; where steps must not overshoot, give `tree.ravel` to ``scipy.optimize.minimize``.

    Source: Nocedal, 1980, with the first step of torch.optim.LBFGS.
    """
    return _made("lbfgs", learning_rate, scale_by_lbfgs(history))


def _made(name: str, learning_rate: float | Schedule, *transformations: Transformation) -> Optimizer:
    number = isinstance(learning_rate, (Real, np.ndarray)) and np.ndim(learning_rate) == 0
    if not callable(learning_rate) and not (number and learning_rate > 0):
        raise ValueError(f"optim.{name}: learning_rate={learning_rate!r}; pass a positive number, or a schedule")
    return Optimizer(transformations, learning_rate)


def _check_parts(name: str, **given: float) -> None:
    for key, part in given.items():
        if not 0 <= part < 1:
            raise ValueError(f"optim.{name}: {key}={part!r}; pass a part, from 0 up to but not 1")
