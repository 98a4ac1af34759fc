"""Handwriting: digits are read by a convolutional network, and names are written letter by letter by a recurrent one.

images   digits (n, 64), from 0.0 for paper to 1.0 for ink
letters  names (n, t), as numbers of the alphabet: 0 before the first letter and behind the last, -1 after that
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.rules import Array
from tinygrad_edu.data import load_digits, load_names
from tinygrad_edu.functions import relu, softmax
from tinygrad_edu.lessons.gallery import Shown

ALPHABET = ".abcdefghijklmnopqrstuvwxyz"
NOISE, DIGIT_EPOCHS, SIZE, NAME_EPOCHS = 0.2, 30, 96, 12


def reader(rng: np.random.Generator) -> tg.nn.Sequential:
    """A network of two convolutions: images (n, 1, 8, 8) become ten scores each."""
    strokes = tg.nn.Conv2d(1, 16, 3, rng, padding=1, dtype=np.float32)
    shapes = tg.nn.Conv2d(16, 32, 3, rng, padding=1, dtype=np.float32)
    digit = tg.nn.Linear(32 * 4 * 4, 10, rng, dtype=np.float32)
    return tg.nn.Sequential([strokes, relu, shapes, relu, tg.nn.MaxPool(2), tg.nn.Flatten(), digit])


def negative_log_likelihood(network: Any, images: Array, labels: Array) -> Array:
    """The cross-entropy of the digits that they are."""
    return tg.losses.cross_entropy(network(images), labels)


def blur(rng: np.random.Generator, images: Array, labels: Array) -> tuple[Array, Array]:
    """The images with noise, so that none comes twice."""
    return images + NOISE * rng.normal(size=images.shape).astype(np.float32), labels


@dataclass(frozen=True, eq=False, repr=False)
class Speller(tg.nn.Module):
    """Says after each letter how likely each letter is to come next."""

    letter: tg.nn.Embedding
    memory: tg.nn.GRU
    score: tg.nn.Linear

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self._set(letter=tg.nn.Embedding(len(ALPHABET), size, rng, dtype=np.float32))
        self._set(memory=tg.nn.GRU(size, size, rng, dtype=np.float32))
        self._set(score=tg.nn.Linear(size, len(ALPHABET), rng, dtype=np.float32))

    def __call__(self, letters: Array) -> Array:
        """Scores (n, t, 27) for the letter behind each of (n, t)."""
        return self.score(self.memory(self.letter(letters)))


def encode(names: list[str]) -> Array:
    """Names (n, 13)."""
    return np.array([[ALPHABET.find(a) for a in f".{name}.".ljust(13)] for name in names])


def nats(speller: Speller, letters: Array) -> Array:
    """The cross-entropy of each next letter."""
    return tg.losses.cross_entropy(speller(np.maximum(letters[:, :-1], 0)), letters[:, 1:], ignore_index=-1)


def bigram(train: Array, test: Array) -> float:
    """A baseline: the cross-entropy of the letters of `test` by how often each has followed the last in `train`."""
    counts = np.ones((27, 27))
    pairs, asked = ((each[:, :-1][each[:, 1:] >= 0], each[:, 1:][each[:, 1:] >= 0]) for each in (train, test))
    np.add.at(counts, pairs, 1)
    return float(-np.log(counts / counts.sum(axis=1, keepdims=True))[asked].mean())


@tg.no_grad()
def write(speller: Speller, count: int, rng: np.random.Generator) -> list[str]:
    """Names, each letter drawn by how likely it is after those before."""
    letters = np.zeros((count, 1), int)
    for _ in range(11):
        chances = softmax(speller(letters)[:, -1]).cumsum(axis=1)
        drawn = (chances < rng.random((count, 1)) * chances[:, -1:]).sum(axis=1)
        letters = np.concatenate([letters, drawn[:, None]], axis=1)
    return ["".join(ALPHABET[i] for i in row).split(".")[0] for row in letters[:, 1:]]


def learn_names(quick: bool, seed: int) -> tuple[Speller, dict[str, float]]:
    """What has learnt to spell, and nats a letter of names held out, its own and the bigram's."""
    train, test = (encode(names[:: 20 if quick else 1]) for names in load_names())
    epochs = 1 if quick else NAME_EPOCHS
    rate = tg.optim.one_cycle(0.005, epochs * -(-len(train) // 64))
    network = Speller(SIZE, np.random.default_rng(seed))
    trainer = tg.train.Trainer(network, nats, tg.optim.adam(rate), batch_size=64, seed=seed)
    trainer.fit((train,), epochs)
    with tg.no_grad():
        return trainer.network, {"ours": float(nats(trainer.network, test)), "bigram": bigram(train, test)}


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Read digits that it has not seen, and write names that are in no list."""
    rng = np.random.default_rng(seed)
    train, test = load_digits()
    epochs, part = (1, 10) if quick else (DIGIT_EPOCHS, 1)
    images, asked = (x.images.reshape(-1, 1, 8, 8).astype(np.float32) for x in (train, test))
    images, labels = images[::part], train.labels[::part]
    linear = tg.nn.Sequential([tg.nn.Flatten(), tg.nn.Linear(64, 10, rng, dtype=np.float32)])
    squares = np.square(images).sum(axis=(1, 2, 3)) - 2 * asked.reshape(-1, 64) @ images.reshape(-1, 64).T
    found = {}
    for who, network in (("the network", reader(rng)), ("a linear one", linear)):
        rate = tg.optim.one_cycle(0.005, epochs * -(-len(images) // 32))
        trainer = tg.train.Trainer(network, negative_log_likelihood, tg.optim.adam(rate), seed=seed, augment=blur)
        trainer.fit((images, labels), epochs)
        with tg.no_grad():
            found[who] = trainer.network(asked).argmax(axis=1)
    found["the nearest digit"] = labels[squares.argmin(axis=1)]
    speller, spelt = learn_names(quick, seed)
    listed = {*load_names()[0], *load_names()[1]}
    names = [name.capitalize() for name in write(speller, 60, rng) if name not in listed][:12]
    guesses = found["the network"]
    read, wrong = (np.flatnonzero((guesses == test.labels) == right).tolist() for right in (True, False))
    mistakes = " and ".join(f"a {test.labels[i]} for a {guesses[i]}" for i in wrong[:3]) or "nothing"
    return Shown(
        measure=f"share of digits read, of {len(asked)} that were not learnt from",
        scores={who: float(np.mean(each == test.labels)) for who, each in found.items()},
        more_is_better=True,
        lines=[
            f"Names that are in no list, letter by letter: {', '.join(names)}.",
            f"Nats a letter of names held out: {spelt['ours']:.3f}; a bigram's: {spelt['bigram']:.3f}.",
        ],
        pictures={
            "Digits that were not learnt from; in red, all that it misreads.": lambda: draw(
                test.images, guesses, test.labels, [*read[:12], *wrong][:18]
            )
        },
        failure=f"it takes {mistakes}; at 8 × 8 pixels, some would puzzle a reader, too.",
    )


def draw(images: Array, guesses: Array, labels: Array, chosen: list[int]) -> Any:
    """Digits, with what the network reads."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(9, 5), layout="constrained")
    for axes in (grid := figure.subplots(3, 6)).flat:
        axes.axis("off")
    for i, axes in zip(chosen, grid.flat, strict=False):
        axes.imshow(images[i].reshape(8, 8), cmap="gray_r")
        right = guesses[i] == labels[i]
        axes.set_title(f"{guesses[i]}{'' if right else f', is {labels[i]}'}", color="black" if right else "red")
    return figure
