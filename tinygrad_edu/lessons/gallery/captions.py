"""Captions: a picture of two handwritten digits in words, by a convolutional encoder and a decoder with attention.

picture  (n, 20, 20), from 0.0 for paper to 1.0 for ink
h        what the encoder makes of each of 5 × 5 places, (n, 25, size)
target   the caption, (n, t), as numbers of a vocabulary
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.rules import Array
from tinygrad_edu.data import Examples, load_digits
from tinygrad_edu.functions import max_pool, relu
from tinygrad_edu.lessons.gallery import Shown
from tinygrad_edu.lessons.gallery.sentences import Decoder, Sentence, Vocabulary, loss, say

NUMERALS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
LEARNT, HELD_OUT, CANVAS = 5000, 1000, 20
SIZE, EPOCHS, BATCH = 48, 12, 32


def scenes(digits: Examples, count: int, rng: np.random.Generator) -> tuple[Array, list[Sentence]]:
    """Pictures of two digits, one left of the other or above it, and what they show."""
    pictures, captions = np.zeros((count, CANVAS, CANVAS), np.float32), []
    for picture in pictures:
        upright = bool(rng.integers(2))
        canvas = picture.T if upright else picture
        chosen = rng.integers(len(digits.labels), size=2)
        for start, image in zip((0, 10), digits.images[chosen].reshape(2, 8, 8), strict=True):
            row, column = rng.integers(4, 9), start + rng.integers(3)
            canvas[row : row + 8, column : column + 8] = image.T if upright else image
        first, second = (["an" if i == 8 else "a", NUMERALS[i]] for i in digits.labels[chosen])
        captions.append([*first, *(["above"] if upright else ["left", "of"]), *second])
    return pictures, captions


@dataclass(frozen=True, eq=False, repr=False)
class Captioner(tg.nn.Module):
    """Two convolutions, which are told where they are, and the decoder of translation."""

    strokes: tg.nn.Conv2d
    shapes: tg.nn.Conv2d
    decoder: Decoder

    def __init__(self, words: int, size: int, rng: np.random.Generator) -> None:
        self._set(strokes=tg.nn.Conv2d(3, size // 2, 3, rng, padding=1, dtype=np.float32))
        self._set(shapes=tg.nn.Conv2d(size // 2, size, 5, rng, padding=2, dtype=np.float32))
        self._set(decoder=Decoder(words, size, size, rng))

    def look(self, picture: Array) -> Array:
        """The h of each place."""
        where = np.broadcast_to(np.linspace(-1, 1, CANVAS, dtype=np.float32), np.shape(picture))
        x = np.stack([picture, where, np.swapaxes(where, 1, 2)], axis=1)
        x = max_pool(relu(self.strokes(x)), 2)
        x = max_pool(relu(self.shapes(x)), 2)
        return np.swapaxes(np.reshape(x, (*np.shape(x)[:2], -1)), 1, 2)

    def scores(self, picture: Array, said: Array) -> Array:
        """The decoder's scores."""
        return self.decoder.scores(self.look(picture), said)


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn from pictures of some digits, and caption pictures of others."""
    rng = np.random.default_rng(seed)
    (learnt, count), epochs = ((64, 20), 1) if quick else ((LEARNT, HELD_OUT), EPOCHS)
    train, test = load_digits()
    pictures, captions = scenes(train, learnt, rng)
    asked, right = scenes(test, count, rng)
    vocabulary = Vocabulary([["a", "an", "left", "of", "above", *NUMERALS]])
    target = vocabulary.encode(captions, begin=True)
    rate = tg.optim.one_cycle(0.004, epochs * -(-learnt // BATCH))
    network = Captioner(len(vocabulary.words), SIZE, rng)
    trainer = tg.train.Trainer(network, loss, tg.optim.adam(rate), batch_size=BATCH, seed=seed)
    trainer.fit((pictures, target), epochs)
    network = trainer.network
    said = vocabulary.decode(say(network, asked, target.shape[1]))
    kinds, counts = np.unique([" ".join(each) for each in captions], return_counts=True)
    flat, pixels = pictures.reshape(learnt, -1), asked.reshape(count, -1)
    near = ((flat**2).sum(axis=1) - 2 * pixels @ flat.T).argmin(axis=1)  # the squared distance, up to a constant
    found = {
        "the network": said,
        "the caption of the nearest picture": [captions[i] for i in near],
        "the most frequent caption": [kinds[counts.argmax()].split()] * count,
    }
    good, wrong = ([i for i in range(count) if (said[i] == right[i]) == which] for which in (True, False))
    nothing = vocabulary.decode(say(network, np.zeros_like(asked[:1]), target.shape[1]))[0]
    chosen = [*good[:6], *wrong[:2]]
    return Shown(
        measure=f"share of captions that are right, of {count:,} pictures of digits that were not learnt from",
        scores={who: float(np.mean([a == b for a, b in zip(each, right, strict=True)])) for who, each in found.items()},
        more_is_better=True,
        lines=[f"{' '.join(said[i])}, where it is: {' '.join(right[i])}" for i in chosen],
        pictures={
            "Captions of pictures that it has not seen; the last two are wrong.": lambda: draw_captions(
                asked, said, chosen
            ),
            "Where it looks when it says each word.": lambda: draw_attention(network, vocabulary, asked[0], said[0]),
        },
        failure=f"there is a caption for everything: of a sheet with nothing on it, it says {' '.join(nothing)!r}.",
    )


def draw_captions(pictures: Array, said: list[Sentence], chosen: list[int]) -> Any:
    """Pictures with what it says of them."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(9, 5), layout="constrained")
    for i, axes in zip(chosen, figure.subplots(2, 4).flat, strict=False):
        axes.imshow(pictures[i], cmap="gray_r")
        axes.set_title(" ".join(said[i]), fontsize=9)
    for axes in figure.axes:
        axes.axis("off")
    return figure


@tg.no_grad()
def draw_attention(network: Captioner, vocabulary: Vocabulary, picture: Array, caption: Sentence) -> Any:
    """The picture as the decoder looks at it for each word."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    said = vocabulary.encode([caption], begin=True)[:, :-2]
    weights = network.decoder.look(network.look(picture[None]), said)[0].reshape(-1, 5, 5)
    figure = Figure(figsize=(9, 2), layout="constrained")
    for word, seen, axes in zip(caption, weights, figure.subplots(1, len(caption)), strict=True):
        axes.imshow(picture, cmap="gray_r", extent=(0, 1, 0, 1))
        axes.imshow(seen, cmap="Reds", alpha=0.6, extent=(0, 1, 0, 1))
        axes.set_title(word)
        axes.axis("off")
    return figure
