"""Translation: numbers in words, from French into English, by an encoder and a decoder with attention.

source  French words (n, s), as numbers of a vocabulary: END behind the last, and then PAD
target  English words (n, t), with BEGIN before the first
h       what the encoder makes of each French word, (n, s, 2 size)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.rules import Array
from tinygrad_edu.lessons.gallery import Shown
from tinygrad_edu.lessons.gallery.sentences import END, PAD, Decoder, Sentence, Vocabulary, loss, say

LEARNT, HELD_OUT, BELOW = 500, 1000, 10_000
SIZE, EPOCHS, BATCH = 32, 15, 16


def words(number: int, language: str) -> Sentence:
    """A number in words, without hyphens and commas."""
    try:
        from num2words import num2words  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        what = "gallery: translation needs num2words; pip install 'tinygrad_edu[gallery]'"
        raise ModuleNotFoundError(what, name=error.name) from error
    return str(num2words(number, lang=language)).replace("-", " ").replace(",", "").split()


@dataclass(frozen=True, eq=False, repr=False)
class Translator(tg.nn.Module):
    """Reads French from both ends, and decodes it."""

    word: tg.nn.Embedding
    encoder: tg.nn.Bidirectional
    decoder: Decoder

    def __init__(self, french: int, english: int, size: int, rng: np.random.Generator) -> None:
        self._set(word=tg.nn.Embedding(french, size, rng, dtype=np.float32))
        both = (tg.nn.GRU(size, size, rng, dtype=np.float32) for _ in range(2))
        self._set(encoder=tg.nn.Bidirectional(*both))
        self._set(decoder=Decoder(english, size, 2 * size, rng))

    def read(self, source: Array) -> Array:
        """The h of each word."""
        return self.encoder(self.word(source))

    def scores(self, source: Array, said: Array) -> Array:
        """The decoder's scores."""
        return self.decoder.scores(self.read(source), said, (source != PAD)[:, None])


def nearest(source: Array, asked: Array) -> list[int]:
    """A baseline: which sentence (n, s) has the most words in common with each one asked for."""
    bags, wanted = (tg.functions.one_hot(each, source.max() + 1).sum(axis=1) for each in (source, asked))
    found: list[int] = np.minimum(wanted[:, None], bags)[..., END + 1 :].sum(axis=-1).argmax(axis=1).tolist()
    return found


def word_for_word(french: list[Sentence], english: list[Sentence], asked: list[Sentence]) -> list[Sentence]:
    """A baseline: for each word the one that is most nearly there whenever it is."""
    there = {word: np.array([word in each for each in english]) for word in Vocabulary(english).words[END + 1 :]}
    here = {word: np.array([word in each for each in french]) for word in Vocabulary(french).words[END + 1 :]}

    def together(a: str, b: str) -> float:
        return float((here[a] & there[b]).sum() / (here[a] | there[b]).sum())

    best = {a: max(there, key=lambda b: together(a, b)) for a in here}
    return [[best.get(word, word) for word in each] for each in asked]


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn from some hundred numbers below 10,000; translate others, and longer ones."""
    rng = np.random.default_rng(seed)
    learnt, count = (60, 20) if quick else (LEARNT, HELD_OUT)
    numbers = [*rng.permutation(BELOW)[: learnt + count], *rng.integers(BELOW, 10 * BELOW, count)]
    french, english = ([words(int(i), language) for i in numbers] for language in ("fr", "en"))
    read, write, held_out = Vocabulary(french), Vocabulary(english), slice(learnt, None)
    source, target = read.encode(french), write.encode(english, begin=True)
    epochs = 1 if quick else EPOCHS
    rate = tg.optim.one_cycle(0.01, epochs * -(-learnt // BATCH))
    network = Translator(len(read.words), len(write.words), SIZE, rng)
    trainer = tg.train.Trainer(network, loss, tg.optim.adam(rate), batch_size=BATCH, seed=seed)
    trainer.fit((source[:learnt], target[:learnt]), epochs)
    network, asked = trainer.network, french[held_out]
    said = write.decode(say(network, source[held_out], target.shape[1]))
    found = {
        "the network": said,
        "word for word": word_for_word(french[:learnt], english[:learnt], asked),
        "the nearest that was learnt": [english[i] for i in nearest(source[:learnt], source[held_out])],
    }
    right = {who: [a == b for a, b in zip(each, english[held_out], strict=True)] for who, each in found.items()}
    example = max(range(count), key=lambda i: len(asked[i]))
    return Shown(
        measure=f"share of numbers translated exactly, of {count:,} below {BELOW:,} that were not learnt from",
        scores={who: float(np.mean(each[:count])) for who, each in right.items()},
        more_is_better=True,
        lines=[f"{' '.join(asked[i])} → {' '.join(said[i])}" for i in range(6)],
        pictures={
            "How much it looks at each French word when it says an English one.": lambda: draw(
                network, write, source[learnt + example], asked[example], said[example]
            )
        },
        failure=f"of {count:,} numbers from {BELOW:,}, longer than those it learnt from, "
        f"{np.mean(right['the network'][count:]):.1%} are right: {' '.join(asked[-1])} → {' '.join(said[-1])}.",
    )


@tg.no_grad()
def draw(network: Translator, write: Vocabulary, source: Array, french: Sentence, english: Sentence) -> Any:
    """The attention of the decoder: a row for each English word."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    said = write.encode([english], begin=True)[:, :-1]
    h = network.read(source[None])
    weights = network.decoder.look(h, said, (source != PAD)[None, None])[0]
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    axes.imshow(weights[: len(english) + 1, : len(french) + 1], cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(french) + 1), [*french, "(end)"], rotation=45, ha="right")
    axes.set_yticks(range(len(english) + 1), [*english, "(end)"])
    return figure
