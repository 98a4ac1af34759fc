"""Networks as trees: layers are dataclasses whose fields are parameters, and are called like functions.

neurons         `Neuron`, `Layer`, `Network`: the post's; `collapse`; `MLP`: micrograd's
linear          `Linear`, `Embedding`, `Flatten`, `Dropout`
convolutional   `Conv1d`, `Conv2d`, `ConvTranspose1d`, `ConvTranspose2d`, `MaxPool`, `MeanPool`
normalization   `BatchNorm`, `LayerNorm`, `GroupNorm`, `RMSNorm`
recurrent       `RNN`, `GRU`, `LSTM`, `Bidirectional`
attention       `MultiHeadAttention`, `TransformerBlock`
containers      `Sequential`: one after the other
initializers    `glorot_uniform`, `glorot_normal`, `he_uniform`, `he_normal`, `lecun_normal`, `orthogonal`
module          `Module`, `static`: what layers of your own are made with; `count_parameters`
"""

from tinygrad_edu.nn.attention import MultiHeadAttention, TransformerBlock
from tinygrad_edu.nn.containers import Sequential
from tinygrad_edu.nn.convolutional import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, MaxPool, MeanPool
from tinygrad_edu.nn.initializers import (
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    lecun_normal,
    orthogonal,
)
from tinygrad_edu.nn.linear import Dropout, Embedding, Flatten, Linear
from tinygrad_edu.nn.module import Module, count_parameters, static
from tinygrad_edu.nn.neurons import MLP, Layer, Network, Neuron, collapse
from tinygrad_edu.nn.normalization import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from tinygrad_edu.nn.recurrent import GRU, LSTM, RNN, Bidirectional

__all__ = [
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "BatchNorm",
    "Bidirectional",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "Dropout",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "Layer",
    "LayerNorm",
    "Linear",
    "MaxPool",
    "MeanPool",
    "Module",
    "MultiHeadAttention",
    "Network",
    "Neuron",
    "RMSNorm",
    "Sequential",
    "TransformerBlock",
    "collapse",
    "count_parameters",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "orthogonal",
    "static",
]


def __dir__() -> list[str]:
    return [*__all__]
