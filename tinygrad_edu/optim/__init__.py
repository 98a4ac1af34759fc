"""Optimizers: how parameters become better ones, as pure functions on trees.

descend          one step of gradient descent, as in the post
Optimizer        what to make of gradients, and how large a step; `sgd`, `adam` and the others make one
Transformation   a part of that: clipping, weight decay, momentum; `chain` puts parts before an optimizer
schedules        learning rates that change from step to step
"""

from tinygrad_edu.optim.descent import descend
from tinygrad_edu.optim.optimizer import Optimizer, Transformation, chain, masked
from tinygrad_edu.optim.optimizers import adagrad, adam, adamw, lbfgs, lion, rmsprop, sgd
from tinygrad_edu.optim.schedules import constant, cosine, one_cycle, step_decay, warm_up
from tinygrad_edu.optim.transformations import clip_by_global_norm, clip_by_value, weight_decay

__all__ = [
    "Optimizer",
    "Transformation",
    "adagrad",
    "adam",
    "adamw",
    "chain",
    "clip_by_global_norm",
    "clip_by_value",
    "constant",
    "cosine",
    "descend",
    "lbfgs",
    "lion",
    "masked",
    "one_cycle",
    "rmsprop",
    "sgd",
    "step_decay",
    "warm_up",
    "weight_decay",
]


def __dir__() -> list[str]:
    return [*__all__]
