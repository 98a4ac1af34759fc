"""What a training step of an exhibit of the gallery is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """The step of an exhibit: its loss by parameters and a batch, and the same in torch by the leaves of the tree."""

    loss: Callable[..., Any]  # loss(parameters, *batch)
    parameters: Any
    batch: tuple[Any, ...]
    torch: Callable[..., Any]  # torch(leaves, *batch), of tensors
