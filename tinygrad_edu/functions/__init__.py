"""What NumPy lacks, for plain arrays and Values alike.

activations    `relu`, `leaky_relu`, `sigmoid`, `softplus`, `gelu`, `erf`, `dropout`
softmax        `softmax`, `log_softmax`, `logsumexp`, `one_hot`
convolution    `conv2d`, `conv2d_transpose`: images (n, c, h, w)
pooling        `max_pool2d`, `mean_pool2d`: images (n, c, h, w)
tokens         `layer_norm`, `embedding`, `attention`: tokens (..., t, d)
"""

import importlib
from typing import TYPE_CHECKING, Any

from tinygrad_edu.functions.activations import dropout, erf, gelu, leaky_relu, relu, sigmoid, softplus
from tinygrad_edu.functions.softmax import log_softmax, logsumexp, one_hot, softmax

if TYPE_CHECKING:  # the rooms that __getattr__ opens
    from tinygrad_edu.functions.convolution import conv2d, conv2d_transpose
    from tinygrad_edu.functions.pooling import max_pool2d, mean_pool2d
    from tinygrad_edu.functions.tokens import attention, embedding, layer_norm

__all__ = [
    "attention",
    "conv2d",
    "conv2d_transpose",
    "dropout",
    "embedding",
    "erf",
    "gelu",
    "layer_norm",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "max_pool2d",
    "mean_pool2d",
    "one_hot",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
]

_LATER = {
    "conv2d": "convolution",
    "conv2d_transpose": "convolution",
    "max_pool2d": "pooling",
    "mean_pool2d": "pooling",
    "attention": "tokens",
    "embedding": "tokens",
    "layer_norm": "tokens",
}


def __getattr__(name: str) -> Any:
    """Import what is for images and tokens when it is first asked for, so that importing the engine stays quick."""
    if name in _LATER:
        return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
