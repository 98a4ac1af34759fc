"""Losses: how far what is stands from what should be, the numbers that learning makes small.

regression       `distance`, `squared_error`, `absolute_error`, `huber`: of numbers
classification   `cross_entropy`, `binary_cross_entropy`, `hinge`, `kl_divergence`: of classes, from logits
sequences        `ctc`: of labels in a row, when it is not known where each of them stands

All but `distance` take ``reduction=``: "mean" of all examples, their "sum", or "none", one number for each.
"""

from tinygrad_edu.losses.classification import binary_cross_entropy, cross_entropy, hinge, kl_divergence
from tinygrad_edu.losses.classification import negative_log_likelihood as negative_log_likelihood
from tinygrad_edu.losses.regression import absolute_error, distance, huber, squared_error
from tinygrad_edu.losses.sequences import ctc

__all__ = [
    "absolute_error",
    "binary_cross_entropy",
    "cross_entropy",
    "ctc",
    "distance",
    "hinge",
    "huber",
    "kl_divergence",
    "squared_error",
]


def __dir__() -> list[str]:
    return [*__all__]
