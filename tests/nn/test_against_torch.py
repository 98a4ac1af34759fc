"""Layers, and the slopes of all that goes into them, are torch's to ten digits."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.against_torch import agree
from tinygrad_edu import nn, tree


def rng(seed=0):
    return np.random.default_rng(seed)


def shaken(layer):
    """A layer whose parameters are none of those that it starts with."""
    generator = rng(9)
    return tree.map(lambda p: tg.Value(p.data + 0.3 * generator.normal(size=p.shape)), layer)


def ours(layer, call, *arrays):
    """The output of a layer, its slopes by the arrays, and those by its parameters."""
    z, pull = tg.vjp(call, layer, *arrays)
    slopes, *others = pull(seeds(z))
    return [z, *others, *tree.leaves(slopes)]


def seeds(z):
    return np.cos(np.arange(np.prod(z.shape))).reshape(z.shape)


def torchs(call, layer, *arrays):
    """The same with torch, given `call(torch, parameters, *tensors)`."""

    def compute(torch):
        tensors = [torch.tensor(x, requires_grad=True) for x in arrays]
        parameters = [torch.tensor(p.data, requires_grad=True) for p in layer.parameters()]
        z = call(torch, parameters, *tensors)
        z.backward(torch.tensor(seeds(z)))
        return [z, *(x.grad for x in (*tensors, *parameters))]

    return compute


VECTORS, SIGNALS, IMAGES = rng(1).normal(size=(4, 3)), rng(2).normal(size=(2, 4, 7)), rng(3).normal(size=(2, 4, 6, 5))
TOKENS = rng(4).normal(size=(2, 5, 8))
GEOMETRY = {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}
LAYERS = {
    "Linear": (nn.Linear(3, 5, rng()), VECTORS, lambda t, p, x: t.nn.functional.linear(x, p[0].T, p[1])),
    "Layer": (
        nn.Layer(tg.Value(np.ones((3, 2))), tg.Value(np.ones(2)), np.tanh),
        VECTORS,
        lambda t, p, x: t.tanh(x @ p[0] + p[1]),
    ),
    "Conv1d": (
        nn.Conv1d(4, 6, 2, rng(), **GEOMETRY),
        SIGNALS,
        lambda t, p, x: t.nn.functional.conv1d(x, *p, **GEOMETRY),
    ),
    "Conv2d": (
        nn.Conv2d(4, 6, (3, 2), rng(), **GEOMETRY),
        IMAGES,
        lambda t, p, x: t.nn.functional.conv2d(x, *p, **GEOMETRY),
    ),
    "ConvTranspose1d": (
        nn.ConvTranspose1d(4, 6, 2, rng(), **GEOMETRY),
        SIGNALS,
        lambda t, p, x: t.nn.functional.conv_transpose1d(x, *p, **GEOMETRY),
    ),
    "ConvTranspose2d": (
        nn.ConvTranspose2d(4, 6, (3, 2), rng(), **GEOMETRY),
        IMAGES,
        lambda t, p, x: t.nn.functional.conv_transpose2d(x, *p, **GEOMETRY),
    ),
    "MaxPool": (nn.MaxPool((2, 1), 2), IMAGES, lambda t, p, x: t.nn.functional.max_pool2d(x, (2, 1), 2)),
    "MeanPool": (nn.MeanPool(2), SIGNALS, lambda t, p, x: t.nn.functional.avg_pool1d(x, 2)),
    "LayerNorm": (nn.LayerNorm((6, 5)), IMAGES, lambda t, p, x: t.nn.functional.layer_norm(x, (6, 5), *p)),
    "GroupNorm": (nn.GroupNorm(2, 4), IMAGES, lambda t, p, x: t.nn.functional.group_norm(x, 2, *p)),
    "RMSNorm": (nn.RMSNorm(8), TOKENS, lambda t, p, x: t.nn.functional.rms_norm(x, (8,), *p, eps=1e-6)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_torchs(name):
    layer, x, theirs = LAYERS[name]
    if layer.parameters():
        layer = shaken(layer)
        got = ours(layer, lambda layer, x: layer(x), x)
    else:
        z, pull = tg.vjp(layer, x)
        got = [z, *pull(seeds(z))]
    agree(name, got, torchs(theirs, layer, x))


def test_a_transposed_convolution_takes_the_size_that_is_asked_for():
    layer = shaken(nn.ConvTranspose1d(4, 6, 3, rng(), stride=2))
    agree(
        "ConvTranspose1d size",
        ours(layer, lambda layer, x: layer(x, size=16), SIGNALS),
        torchs(lambda t, p, x: t.nn.functional.conv_transpose1d(x, *p, stride=2, output_padding=1), layer, SIGNALS),
    )


def test_embedding():
    layer, words = nn.Embedding(6, 3, rng()), np.array([[1, 5, 1], [0, 0, 2]])
    theirs = torchs(lambda t, p: t.nn.functional.embedding(t.tensor(words), *p), layer)
    agree("Embedding", ours(layer, lambda layer: layer(words)), theirs)


@pytest.mark.parametrize("x", [VECTORS, SIGNALS, IMAGES], ids=["vectors", "signals", "images"])
def test_batch_norm_in_training_and_in_evaluation(x):
    layer = shaken(nn.BatchNorm(x.shape[1], momentum=0.3))
    state = layer.initial_state()
    for _ in range(2):
        following = layer.apply(x, state, training=True)[1]
        before, state = state, following

    def compute(torch):
        mean, variance = (torch.tensor(before[key]) for key in ("mean", "variance"))
        torch.nn.functional.batch_norm(torch.tensor(x), mean, variance, training=True, momentum=0.3)
        return [mean, variance]

    agree(f"BatchNorm statistics {x.ndim}", [state["mean"], state["variance"]], compute)
    for training in (True, False):
        agree(
            f"BatchNorm {x.ndim} {training}",
            ours(layer, lambda layer, x, training=training: layer.apply(x, state, training=training)[0], x),
            torchs(
                lambda t, p, x, training=training: t.nn.functional.batch_norm(
                    x, *(t.tensor(state[key].copy()) for key in ("mean", "variance")), *p, training=training
                ),
                layer,
                x,
            ),
        )


def call(torch, module, parameters, *inputs):
    """What a module of torch's gives with these tensors as its parameters."""
    return torch.func.functional_call(module.double(), parameters, inputs)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_recurrent_layers(kind):
    layer = shaken(getattr(nn, kind)(8, 3, rng()))

    def theirs(t, p, x):
        bias = t.zeros_like(p[2])
        if kind == "GRU":
            bias = t.cat([bias[:6], p[3]])
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        parameters = dict(zip(names, (p[0].T.contiguous(), p[1].T.contiguous(), p[2], bias), strict=True))
        outputs, last = call(t, getattr(t.nn, kind)(8, 3, batch_first=True), parameters, x)
        last = last if kind == "LSTM" else (last,)
        return t.cat([outputs, *(each.transpose(0, 1) for each in last)], dim=1)

    def run(layer, x):
        outputs, carry = layer.run(x)
        return np.concatenate([outputs, *(each[:, None] for each in tree.leaves(carry))], axis=1)

    agree(kind, ours(layer, run, TOKENS), torchs(theirs, layer, TOKENS))


def test_two_layers_that_read_both_ways():
    def both(i, inputs):
        return nn.Bidirectional(nn.LSTM(inputs, 3, rng(i)), nn.LSTM(inputs, 3, rng(i + 1)))

    layer = shaken(nn.Sequential([both(0, 8), both(2, 6)]))

    def theirs(t, p, x):
        places = [f"l{k}{way}" for k in range(2) for way in ("", "_reverse")]
        parameters = {}
        for i, place in enumerate(places):
            weights, hidden, bias = p[3 * i : 3 * i + 3]
            parameters[f"weight_ih_{place}"] = weights.T.contiguous()
            parameters[f"weight_hh_{place}"] = hidden.T.contiguous()
            parameters[f"bias_ih_{place}"], parameters[f"bias_hh_{place}"] = bias, t.zeros_like(bias)
        return call(t, t.nn.LSTM(8, 3, num_layers=2, bidirectional=True, batch_first=True), parameters, x)[0]

    agree("stacked", ours(layer, lambda layer, x: layer(x), TOKENS), torchs(theirs, layer, TOKENS))


MASKS = {"none": None, "causal": np.tri(5, dtype=bool), "floats": rng(5).normal(size=(5, 5))}


def heads(t, p):
    """Our eight parameters of an attention as torch's four."""
    return {
        "in_proj_weight": t.cat([p[0].T, p[2].T, p[4].T]),
        "in_proj_bias": t.cat([p[1], p[3], p[5]]),
        "out_proj.weight": p[6].T.contiguous(),
        "out_proj.bias": p[7],
    }


@pytest.mark.parametrize("mask", MASKS)
def test_attention_of_several_heads(mask):
    causal = mask == "causal"
    layer = shaken(nn.MultiHeadAttention(8, 2, rng(), causal=causal))
    given = None if causal else MASKS[mask]

    def theirs(t, p, x):
        m = MASKS[mask]
        m = None if m is None else t.tensor(~m if causal else m)
        module = t.nn.MultiheadAttention(8, 2, batch_first=True).double()
        return t.func.functional_call(module, heads(t, p), (x, x, x), {"attn_mask": m, "need_weights": False})[0]

    agree(
        f"attention {mask}", ours(layer, lambda layer, x: layer(x, mask=given), TOKENS), torchs(theirs, layer, TOKENS)
    )


def test_attention_to_a_context():
    layer, context = shaken(nn.MultiHeadAttention(8, 4, rng())), rng(6).normal(size=(2, 3, 8))

    def theirs(t, p, x, y):
        module = t.nn.MultiheadAttention(8, 4, batch_first=True).double()
        return t.func.functional_call(module, heads(t, p), (x, y, y), {"need_weights": False})[0]

    got = ours(layer, lambda layer, x, y: layer(x, y), TOKENS, context)
    agree("attention to a context", got, torchs(theirs, layer, TOKENS, context))


def test_a_transformer_block():
    block = shaken(nn.TransformerBlock(8, 2, rng(), hidden=11, causal=True))

    def theirs(t, p, x):
        def gelu(x):
            return t.nn.functional.gelu(x, approximate="tanh")

        parameters = {f"self_attn.{key}": value for key, value in heads(t, p[2:10]).items()}
        parameters |= {"norm1.weight": p[0], "norm1.bias": p[1], "norm2.weight": p[10], "norm2.bias": p[11]}
        parameters |= {
            "linear1.weight": p[12].T,
            "linear1.bias": p[13],
            "linear2.weight": p[14].T,
            "linear2.bias": p[15],
        }
        module = t.nn.TransformerEncoderLayer(8, 2, 11, 0.0, gelu, batch_first=True, norm_first=True).double()
        mask = t.nn.Transformer.generate_square_subsequent_mask(5, dtype=t.float64)
        return t.func.functional_call(module, parameters, (x,), {"src_mask": mask})

    agree("TransformerBlock", ours(block, lambda block, x: block(x), TOKENS), torchs(theirs, block, TOKENS))
