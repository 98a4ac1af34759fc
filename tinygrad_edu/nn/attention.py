"""Layers of tokens that attend to each other.

x     tokens (..., t, size)
mask  which token may look at which, (..., t, s): true where it may, or a float to add to the score
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.rules import Array
from tinygrad_edu.functions import attention, gelu
from tinygrad_edu.nn.containers import Sequential
from tinygrad_edu.nn.linear import Dropout, Linear
from tinygrad_edu.nn.module import Module, State, check_channels, check_sizes, check_state, static
from tinygrad_edu.nn.normalization import LayerNorm


@dataclass(frozen=True, eq=False, repr=False)
class MultiHeadAttention(Module):
    """Attention of several heads side by side, each of a share of the numbers: (..., t, size) become the same.

    >>> layer = MultiHeadAttention(8, 2, np.random.default_rng(0), causal=True)
    >>> print(layer)
             MultiHeadAttention                288 parameters
    .query   Linear weights (8, 8), bias (8,)  72
    .key     Linear weights (8, 8), bias (8,)  72
    .value   Linear weights (8, 8), bias (8,)  72
    .output  Linear weights (8, 8), bias (8,)  72
    >>> layer(np.ones((5, 3, 8))).shape
    (5, 3, 8)

    Args:
        size: how many numbers a token has.
        heads: how many heads share them; a divisor.
        rng: draws the weights.
        causal: whether a token may look at itself and at what came before only.
        bias: whether the four affine maps add a number to each output.
        dtype: of the parameters.

    Source: Vaswani et al., 2017, section 3.2.2.

    Raises:
        TypeError: `rng` is no generator, a size is no integer, or the dtype is not one of floats.
        ValueError: a size is less than 1, or heads do not divide it.
    """

    query: Linear
    key: Linear
    value: Linear
    output: Linear
    heads: int = static()
    causal: bool = static(False)

    def __init__(
        self,
        size: int,
        heads: int,
        rng: np.random.Generator,
        *,
        causal: bool = False,
        bias: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        size, heads = check_sizes("MultiHeadAttention", size=size, heads=heads)
        if size % heads:
            raise ValueError(
                f"MultiHeadAttention: got {heads} heads for tokens of {size} numbers; heads must divide them"
            )
        names = ("query", "key", "value", "output")
        self._set(**{name: Linear(size, size, rng, bias=bias, dtype=dtype) for name in names})
        self._set(heads=heads, causal=bool(causal))

    def __call__(self, x: Array, context: Array | None = None, mask: Array | None = None) -> Array:
        """What each token of `x` makes of those of the context (..., s, size), by default of `x` itself.

        Raises:
            TypeError: the mask is neither of truth values nor of floats.
            ValueError: the shapes do not fit.
        """
        source = x if context is None else context
        for tokens in (x, source):
            shape = check_channels("MultiHeadAttention", tokens, -1, self.query.weights.shape[0])
            if len(shape) < 2:
                raise ValueError(f"MultiHeadAttention: the input has shape {shape}; pass tokens (..., t, {shape[-1]})")
        q, k, v = map(self._split_heads, (self.query(x), self.key(source), self.value(source)))
        seen = attention(q, k, v, self._mask(mask, np.shape(x)[-2], np.shape(source)[-2]))
        return self.output(np.reshape(np.swapaxes(seen, -2, -3), np.shape(x)))

    def _split_heads(self, x: Array) -> Array:
        """(..., t, size) as (..., heads, t, size / heads)."""
        *before, size = np.shape(x)
        return np.swapaxes(np.reshape(x, (*before, self.heads, size // self.heads)), -2, -3)

    def _mask(self, mask: Array | None, t: int, s: int) -> Array | None:
        """The mask with an axis for the heads, and without what is later if the layer is causal."""
        if mask is not None:
            mask = as_array(mask)
            mask = mask[..., None, :, :] if mask.ndim > 2 else mask
        if not self.causal:
            return mask
        earlier = np.tri(t, s, dtype=bool)
        if mask is None:
            return earlier
        return mask & earlier if mask.dtype.kind == "b" else np.where(earlier, mask, -np.inf)


@dataclass(frozen=True, eq=False, repr=False)
class TransformerBlock(Module):
    """Attention, and then a network of two layers, each added to what it reads, normalised before it.

    >>> block = TransformerBlock(8, 2, np.random.default_rng(0), causal=True)
    >>> block
    TransformerBlock(12 modules; 872 parameters)
    >>> block(np.ones((5, 3, 8))).shape
    (5, 3, 8)

    Args:
        size: how many numbers a token has.
        heads: of the attention.
        rng: draws the weights.
        hidden: how many neurons the network has between its layers, by default 4 times the size.
        dropout: which share of what is added to silence in training.
        causal: whether a token may look at itself and at what came before only.
        nonlinearity: of the network.
        dtype: of the parameters.

    Source: Vaswani et al., 2017, section 3; Xiong et al., 2020, for normalising first.

    Raises: what its layers raise.
    """

    attention_norm: LayerNorm
    attention: MultiHeadAttention
    attention_dropout: Dropout
    network_norm: LayerNorm
    network: Sequential
    network_dropout: Dropout

    def __init__(
        self,
        size: int,
        heads: int,
        rng: np.random.Generator,
        *,
        hidden: int | None = None,
        dropout: float = 0.0,
        causal: bool = False,
        nonlinearity: Callable[[Array], Array] = gelu,
        dtype: DTypeLike = np.float64,
    ) -> None:
        hidden = 4 * size if hidden is None else hidden
        self._set(
            attention_norm=LayerNorm(size, dtype=dtype),
            attention=MultiHeadAttention(size, heads, rng, causal=causal, dtype=dtype),
            attention_dropout=Dropout(dropout, rng),
            network_norm=LayerNorm(size, dtype=dtype),
            network=Sequential(
                [Linear(size, hidden, rng, dtype=dtype), nonlinearity, Linear(hidden, size, rng, dtype=dtype)]
            ),
            network_dropout=Dropout(dropout, rng),
        )

    def apply(self, x: Array, state: State, *, training: bool, mask: Array | None = None) -> tuple[Array, State]:
        """The tokens (..., t, size), and the state of what drops out.

        Raises: as `MultiHeadAttention`.
        """
        check_state(self, state)
        attended = self.attention(self.attention_norm(x), mask=mask)
        attended, first = self.attention_dropout.apply(attended, state["attention_dropout"], training=training)
        x = x + attended
        made, second = self.network_dropout.apply(
            self.network(self.network_norm(x)), state["network_dropout"], training=training
        )
        return x + made, {**state, "attention_dropout": first, "network_dropout": second}
