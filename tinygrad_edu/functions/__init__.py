"""What NumPy lacks, for plain arrays and Values alike.

activations    `relu`, `leaky_relu`, `sigmoid`, `softplus`, `gelu`, `erf`, `dropout`
softmax        `softmax`, `log_softmax`, `logsumexp`, `one_hot`
convolution    `conv`, `conv_transpose`: images (n, c, *s); `conv2d`, `conv2d_transpose`: (n, c, h, w) and no others
pooling        `max_pool`, `mean_pool`, `adaptive_max_pool`, `adaptive_mean_pool`; `max_pool2d`, `mean_pool2d`
unfolding      `unfold`, `fold`: windows as columns, and back
tokens         `layer_norm`, `embedding`, `attention`: tokens (..., t, d)
"""

import importlib
from typing import TYPE_CHECKING, Any

from tinygrad_edu.functions.activations import dropout, erf, gelu, leaky_relu, relu, sigmoid, softplus
from tinygrad_edu.functions.softmax import log_softmax, logsumexp, one_hot, softmax

if TYPE_CHECKING:  # the modules that __getattr__ imports
    from tinygrad_edu.functions.convolution import conv, conv2d, conv2d_transpose, conv_transpose
    from tinygrad_edu.functions.pooling import (
        adaptive_max_pool,
        adaptive_mean_pool,
        max_pool,
        max_pool2d,
        mean_pool,
        mean_pool2d,
    )
    from tinygrad_edu.functions.tokens import attention, embedding, layer_norm
    from tinygrad_edu.functions.unfolding import fold, unfold

__all__ = [
    "adaptive_max_pool",
    "adaptive_mean_pool",
    "attention",
    "conv",
    "conv2d",
    "conv2d_transpose",
    "conv_transpose",
    "dropout",
    "embedding",
    "erf",
    "fold",
    "gelu",
    "layer_norm",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "max_pool",
    "max_pool2d",
    "mean_pool",
    "mean_pool2d",
    "one_hot",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "unfold",
]

_LATER = {
    **dict.fromkeys(("conv", "conv2d", "conv2d_transpose", "conv_transpose"), "convolution"),
    **dict.fromkeys(("adaptive_max_pool", "adaptive_mean_pool"), "pooling"),
    **dict.fromkeys(("max_pool", "max_pool2d", "mean_pool", "mean_pool2d"), "pooling"),
    **dict.fromkeys(("attention", "embedding", "layer_norm"), "tokens"),
    **dict.fromkeys(("fold", "unfold"), "unfolding"),
}


def __getattr__(name: str) -> Any:
    """Import what is for images and tokens when it is first asked for, so that importing the engine stays quick."""
    if name in _LATER:
        return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
