"""Training steps of the exhibits of words, sounds and handwriting, and what they are in torch."""

import numpy as np

from benchmarks.gallery_step import Step
from tinygrad_edu.lessons.gallery import captions as in_captions
from tinygrad_edu.lessons.gallery import handwriting as in_handwriting
from tinygrad_edu.lessons.gallery import speech as in_speech
from tinygrad_edu.lessons.gallery import translation as in_translation
from tinygrad_edu.lessons.gallery import voices as in_voices
from tinygrad_edu.lessons.gallery.sentences import loss


def gru(x, weights, reverse=False):
    """The h of a gated recurrent unit after each step, of x (n, t, d); the gates are in the order of ours."""
    import torch  # noqa: PLC0415 - a peer

    w, u, b, candidate_bias = weights
    size = len(u)
    layer = torch.nn.GRU(x.shape[-1], size, batch_first=True, dtype=x.dtype)
    hidden_bias = torch.cat([torch.zeros(2 * size), candidate_bias])
    given = {"weight_ih_l0": w.T, "weight_hh_l0": u.T, "bias_ih_l0": b, "bias_hh_l0": hidden_bias}
    h, _ = torch.func.functional_call(layer, given, (x.flip(1) if reverse else x,))
    return h.flip(1) if reverse else h


def decode(h, said, leaves, mask=None):
    """The scores of the decoder that translation and captions have in common."""
    import torch  # noqa: PLC0415 - a peer

    word, *memory, mix, mix_bias, score, bias = leaves
    q = gru(word[said], memory)
    seen = torch.nn.functional.scaled_dot_product_attention(q, h, h, mask)
    return (torch.cat([q, seen], -1) @ mix + mix_bias).tanh() @ score + bias


def translation():
    """As many sentences as a batch has, of nine words of thirty."""
    rng = np.random.default_rng(0)
    network = in_translation.Translator(30, 33, in_translation.SIZE, rng)
    batch = rng.integers(3, 30, (in_translation.BATCH, 9)), rng.integers(3, 33, (in_translation.BATCH, 10))

    def torch(leaves, source, target):
        from torch import cat  # noqa: PLC0415 - a peer
        from torch.nn.functional import cross_entropy  # noqa: PLC0415 - a peer

        x = leaves[0][source]
        h = cat([gru(x, leaves[1:5]), gru(x, leaves[5:9], reverse=True)], -1)
        scores = decode(h, target[:, :-1], leaves[9:])
        return cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten())

    return Step(loss, network, batch, torch)


def captions():
    """As many pictures as a batch has, and captions of seven words."""
    rng = np.random.default_rng(0)
    network = in_captions.Captioner(17, in_captions.SIZE, rng)
    side, count = in_captions.CANVAS, in_captions.BATCH
    batch = rng.random((count, side, side), np.float32), rng.integers(3, 17, (count, 8))

    def torch(leaves, picture, target):
        import torch  # noqa: PLC0415 - a peer
        from torch.nn import functional  # noqa: PLC0415

        where = torch.linspace(-1, 1, side).expand_as(picture)
        x = torch.stack([picture, where, where.mT], 1)
        for w, b in (leaves[:2], leaves[2:4]):
            x = functional.max_pool2d(functional.conv2d(x, w, b, padding=w.shape[-1] // 2).relu(), 2)
        scores = decode(x.flatten(2).mT, target[:, :-1], leaves[4:])
        return functional.cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten())

    return Step(loss, network, batch, torch)


def speech():
    """As many utterances as a batch has, of 90 moments and four digits."""
    rng = np.random.default_rng(0)
    count = in_speech.BATCH
    x = rng.normal(size=(count, 90, in_speech.BANDS)).astype(np.float32)
    batch = x, np.full(count, 90), rng.integers(1, 11, (count, 4)), np.full(count, 4)

    def torch(leaves, x, steps, labels, counts):
        from torch import cat  # noqa: PLC0415 - a peer
        from torch.nn import functional  # noqa: PLC0415

        x = functional.conv1d(x.mT, *leaves[:2], stride=2, padding=2).relu().mT
        h = cat([gru(x, leaves[2:6]), gru(x, leaves[6:10], reverse=True)], -1)
        scores = (h @ leaves[10] + leaves[11]).log_softmax(-1).transpose(0, 1)
        return functional.ctc_loss(scores, labels, (steps + 1) // 2, counts, reduction="none").mean()

    return Step(in_speech.loss, in_speech.Listener(in_speech.SIZE, rng), batch, torch)


def voices():
    """As many moments of words as a batch has."""
    rng = np.random.default_rng(0)
    sizes = ((in_voices.BATCH, size) for size in (in_voices.SEEN, in_voices.FRAME))
    batch = tuple(rng.normal(size=size).astype(np.float32) for size in sizes)

    def torch(leaves, x, frames):
        w1, b1, w2, b2, w3, b3 = leaves
        return ((((x @ w1 + b1).tanh() @ w2 + b2).tanh() @ w3 + b3 - frames) ** 2).mean()

    return Step(in_voices.loss, in_voices.speaker(rng), batch, torch)


def handwriting():
    """The reader of digits: 32 images."""
    rng = np.random.default_rng(0)
    batch = rng.random((32, 1, 8, 8), np.float32), rng.integers(0, 10, 32)

    def torch(leaves, x, labels):
        from torch.nn import functional  # noqa: PLC0415 - a peer

        w1, b1, w2, b2, w3, b3 = leaves
        x = functional.conv2d(x, w1, b1, padding=1).relu()
        x = functional.max_pool2d(functional.conv2d(x, w2, b2, padding=1).relu(), 2)
        return functional.cross_entropy(x.flatten(1) @ w3 + b3, labels)

    return Step(in_handwriting.negative_log_likelihood, in_handwriting.reader(rng), batch, torch)
