"""Speech: digits in a row, spoken by voices that it has not heard, read from their spectrogram by a recurrent network.

x       spectrograms (n, t, BANDS): how loud each band of pitch is at each moment, as a logarithm
steps   how many of the t moments are sound
labels  the digits plus one, (n, s); 0 is the blank, which says nothing
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.rules import Array
from tinygrad_edu.functions import relu, softmax
from tinygrad_edu.lessons.gallery import Shown
from tinygrad_edu.lessons.gallery.sounds import NUMERALS, RATE, filters, padded, speak

HEARD = ("en-us", "en-us+m3", "en-us+f2", "en-us+f1", "en-us-nyc+m5", "en-gb+m2", "en-gb+m4", "en-gb-x-rp+f4",
         "en-gb-scotland", "en-gb-x-gbclan+f5", "en-029+m7", "en-029+f3")  # fmt: skip
UNHEARD = "en-us+steph", "en-gb+klatt2", "en-gb-x-gbcwmd+Andrea"
WHISPER = ("en-us+whisper",)
WINDOW, BANDS = 1024, 24
LEARNT, HELD_OUT, EPOCHS, BATCH, SIZE = 480, 120, 25, 16, 48


def spectrogram(sound: Array) -> Array:
    """How loud each band is at each moment, (t, BANDS), in units of how much it varies."""
    padded = np.pad(sound, WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:: WINDOW // 2] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames)) ** 2
    x = np.log(power @ filters(WINDOW, BANDS) + 1e-3)
    return np.asarray((x - x.mean()) / x.std(), np.float32)


def utterances(voices: tuple[str, ...], count: int, rng: np.random.Generator) -> tuple[list[Array], list[list[int]]]:
    """Spectrograms of one to four digits, each by one of the voices, at a pitch and a speed of its own."""
    digits = [rng.integers(10, size=rng.integers(1, 5)).tolist() for _ in range(count)]
    texts = [" ".join(NUMERALS[i] for i in each) for each in digits]
    with ThreadPoolExecutor() as pool:
        sounds = pool.map(
            *(speak, texts, (voices[i % len(voices)] for i in range(count))),
            *(rng.integers(low, high, count).tolist() for low, high in ((20, 80), (120, 200))),
        )
        return [spectrogram(sound) for sound in sounds], digits


@dataclass(frozen=True, eq=False, repr=False)
class Listener(tg.nn.Module):
    """A convolution over time, which halves its moments, and two recurrent layers, one from each end."""

    sounds: tg.nn.Conv1d
    memory: tg.nn.Bidirectional
    score: tg.nn.Linear

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self._set(sounds=tg.nn.Conv1d(BANDS, size, 5, rng, stride=2, padding=2, dtype=np.float32))
        self._set(memory=tg.nn.Bidirectional(*(tg.nn.GRU(size, size, rng, dtype=np.float32) for _ in range(2))))
        self._set(score=tg.nn.Linear(2 * size, 11, rng, dtype=np.float32))

    def __call__(self, x: Array) -> Array:
        """Scores (n, t / 2, 11) for the blank and each digit."""
        return self.score(self.memory(np.swapaxes(relu(self.sounds(np.swapaxes(x, 1, 2))), 1, 2)))


def loss(network: Any, x: Array, steps: Array, labels: Array, counts: Array) -> Array:
    """How unlikely the digits are, wherever each of them is said."""
    return tg.losses.ctc(network(x), labels, logit_lengths=(steps + 1) // 2, label_lengths=counts)


def noisy(rng: np.random.Generator, x: Array, *rest: Array) -> tuple[Array, ...]:
    """The spectrograms with some bands louder and noise everywhere, as of another microphone."""
    tone = 0.5 * rng.normal(size=(len(x), 1, BANDS)) + 0.3 * rng.normal(size=x.shape)
    return x + tone.astype(np.float32), *rest


@tg.no_grad()
def hear(network: Any, sounds: list[Array]) -> list[list[int]]:
    """The digits: of the likeliest class at each step, those that differ from the one before."""
    found = []
    for x in sounds:
        best = network(x[None])[0].argmax(axis=-1)
        found.append([int(i) - 1 for i in best[np.diff(best, prepend=0) != 0] if i])
    return found


def nearest(learnt: list[Array], asked: list[Array]) -> list[int]:
    """A baseline: which of the spectrograms learnt is the nearest to each, when all are as long as each other."""
    a, b = (np.stack([each[len(each) * np.arange(40) // 40].ravel() for each in x]) for x in (learnt, asked))
    found: list[int] = ((a**2).sum(axis=1) - 2 * b @ a.T).argmin(axis=1).tolist()
    return found


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn from twelve voices, and listen to three others; and to a whisper."""
    rng = np.random.default_rng(seed)
    learnt, count, epochs = (24, 6, 1) if quick else (LEARNT, HELD_OUT, EPOCHS)
    (train, digits), (test, right) = utterances(HEARD, learnt, rng), utterances(UNHEARD, count, rng)
    whispered, meant = utterances(WHISPER, count // 3, rng)
    x, steps = padded(train)
    labels, counts = padded([[i + 1 for i in each] for each in digits])
    network = Listener(SIZE, rng)
    rate = tg.optim.one_cycle(0.005, epochs * -(-learnt // BATCH))
    trainer = tg.train.Trainer(network, loss, tg.optim.adam(rate), batch_size=BATCH, seed=seed, augment=noisy)
    trainer.fit((x, steps, labels, counts), epochs)
    network = trainer.network
    parts = [part for each, k in zip(train, digits, strict=True) for part in np.array_split(each, len(k))]
    said = [i for each in digits for i in each]
    cut = [nearest(parts, np.array_split(each, len(k))) for each, k in zip(test, right, strict=True)]
    heard, whisper = hear(network, test), hear(network, whispered)
    found = {
        "the network": heard,
        "cut in equal parts, each the nearest": [[said[i] for i in each] for each in cut],
        "the nearest spectrogram": [digits[i] for i in nearest(train, test)],
    }
    right_whispers = sum(a == b for a, b in zip(whisper, meant, strict=True))
    first = max(range(6), key=lambda i: len(right[i]))
    return Shown(
        measure=f"share heard exactly, of {count} utterances of one to four digits by voices that were not learnt from",
        scores={who: float(np.mean([a == b for a, b in zip(each, right, strict=True)])) for who, each in found.items()},
        more_is_better=True,
        lines=[f"{words(b)}: heard {words(a)}" for a, b in zip(heard[:6], right[:6], strict=True)],
        pictures={f"What it is told, and what it hears: {words(heard[first])}.": lambda: draw(network, test[first])},
        failure=f"of a whisper, which has no pitch, it hears {right_whispers} of {len(meant)} exactly, "
        f"such as {words(whisper[0])} for {words(meant[0])}.",
    )


def words(digits: list[int]) -> str:
    """Digits in words."""
    return " ".join(NUMERALS[i] for i in digits) or "nothing"


@tg.no_grad()
def draw(network: Any, x: Array) -> Any:
    """A spectrogram, and how likely the network finds each digit at each moment."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    likely = softmax(network(x[None])[0])[:, 1:]
    figure = Figure(figsize=(8, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    seconds = len(x) * WINDOW / 2 / RATE
    above.imshow(x.T, origin="lower", aspect="auto", extent=(0, seconds, 0, BANDS), cmap="magma")
    above.set_ylabel("band")
    below.imshow(likely.T, origin="lower", aspect="auto", extent=(0, seconds, -0.5, 9.5), cmap="Blues", vmin=0, vmax=1)
    below.set_yticks(range(10), NUMERALS)
    below.set_xlabel("seconds")
    return figure
