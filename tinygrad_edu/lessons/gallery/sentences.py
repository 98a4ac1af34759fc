"""Sentences said word by word: the decoder that translation and captions have in common.

h       what the encoder makes of what it sees, a vector for each place: (n, s, seen)
q       what the decoder knows after each word that it has said, (n, t, seen)
said    words as numbers of a vocabulary, (n, t): BEGIN before the first, END behind the last, and then PAD
source  what the encoder sees
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.rules import Array

PAD, BEGIN, END = range(3)
Sentence = list[str]


class Vocabulary:
    """The words of some sentences, as numbers above PAD, BEGIN and END."""

    def __init__(self, sentences: list[Sentence]) -> None:
        self.words = ["", "", "", *sorted({word for sentence in sentences for word in sentence})]
        self.numbers = {word: i for i, word in enumerate(self.words)}

    def encode(self, sentences: list[Sentence], begin: bool = False) -> Array:
        """The sentences, (n, length)."""
        rows = [[BEGIN] * begin + [self.numbers[word] for word in each] + [END] for each in sentences]
        length = max(map(len, rows))
        return np.array([row + [PAD] * (length - len(row)) for row in rows])

    def decode(self, rows: Array) -> list[Sentence]:
        """The sentences, each up to its END."""
        return [[self.words[i] for i in row[: [*row, END].index(END)]] for row in rows.tolist()]


@dataclass(frozen=True, eq=False, repr=False)
class Decoder(tg.nn.Module):
    """Says which word comes next, from the words before and what it looks at among the h."""

    word: tg.nn.Embedding
    memory: tg.nn.GRU
    mix: tg.nn.Linear
    score: tg.nn.Linear

    def __init__(self, words: int, size: int, seen: int, rng: np.random.Generator) -> None:
        self._set(word=tg.nn.Embedding(words, size, rng, dtype=np.float32))
        self._set(memory=tg.nn.GRU(size, seen, rng, dtype=np.float32))
        self._set(mix=tg.nn.Linear(2 * seen, size, rng, dtype=np.float32))
        self._set(score=tg.nn.Linear(size, words, rng, dtype=np.float32))

    def scores(self, h: Array, said: Array, mask: Array | None = None) -> Array:
        """Scores (n, t, words) for the word that follows each of those that are said, (n, t)."""
        q = self.memory(self.word(said))
        seen = tg.functions.attention(q, h, h, mask)
        return self.score(np.tanh(self.mix(np.concatenate([q, seen], axis=-1))))

    def look(self, h: Array, said: Array, mask: Array | None = None) -> Array:
        """How much it looks at each of the h after each word, (n, t, s); they add up to 1."""
        return tg.functions.attention(self.memory(self.word(said)), h, np.eye(np.shape(h)[1]), mask)


def loss(network: Any, source: Array, target: Array) -> Array:
    """The cross-entropy of each word of the target, after those before it."""
    return tg.losses.cross_entropy(network.scores(source, target[:, :-1]), target[:, 1:], ignore_index=PAD)


@tg.no_grad()
def say(network: Any, source: Array, length: int) -> Array:
    """Sentences (n, length): each time the likeliest word after those that it has said."""
    said = np.full((len(source), 1), BEGIN)
    for _ in range(length):
        said = np.concatenate([said, network.scores(source, said)[:, -1:].argmax(axis=-1)], axis=1)
    return said[:, 1:]
