"""Voices: a recurrent network says a word, frame after frame, and a source through a filter makes it a sound.

frame  how loud each of BANDS is, then whether there is a voice or breath, then its pitch: (…, FRAME)
asked  which word, at which pitch: (n, 11); beside the last frame, the network is told it and how late it is
"""

import io
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.rules import Array
from tinygrad_edu.lessons.gallery import Shown
from tinygrad_edu.lessons.gallery.sounds import (
    BANDS,
    DECIBELS,
    FRAME,
    HOP,
    LENGTH,
    NUMERALS,
    RATE,
    SILENCE,
    analyse,
    sound,
    speak,
)

VOICE, LEARNT, HELD_OUT = "en-us", range(0, 100, 7), (24, 38, 66)  # pitches
SIZE, EPOCHS, NOISE, BATCH = 128, 50, 0.5, 16


@dataclass(frozen=True, eq=False, repr=False)
class Speaker(tg.nn.Module):
    """From the frame before and what it is asked to say, the next frame."""

    enter: tg.nn.Linear
    memory: tg.nn.GRU
    leave: tg.nn.Linear

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self._set(enter=tg.nn.Linear(FRAME + 12, size, rng, dtype=np.float32))
        self._set(memory=tg.nn.GRU(size, size, rng, dtype=np.float32))
        self._set(leave=tg.nn.Linear(size, FRAME, rng, dtype=np.float32))

    def run(self, x: Array, carry: Any = None) -> tuple[Array, Any]:
        """The next frames (n, t, FRAME), and what is carried on."""
        h, carry = self.memory.run(np.tanh(self.enter(x)), carry)
        return self.leave(h), carry


def inputs(before: Array, asked: Array, start: int = 0) -> Array:
    """What the network sees at each step: the frame before, (n, t, FRAME), what is asked, and how late it is."""
    n, t, _ = before.shape
    late = np.linspace(-1, 1, LENGTH, dtype=np.float32)[start : start + t, None]
    others = (np.broadcast_to(x, (n, t, x.shape[-1])) for x in (asked[:, None], late))
    return np.concatenate([before, *others], axis=-1)


def loss(network: Any, x: Array, frames: Array) -> Array:
    """The squared distance of each next frame, after the right ones before it."""
    return tg.losses.squared_error(network.run(x)[0], frames)


@tg.no_grad()
def say(network: Any, asked: Array) -> Array:
    """Frames (n, LENGTH, FRAME), each after those that it has said itself."""
    said, carry = np.broadcast_to(SILENCE, (len(asked), 1, FRAME)), None
    for i in range(LENGTH):
        following, carry = network.run(inputs(said[:, -1:], asked, i), carry)
        said = np.concatenate([said, following.data], axis=1)
    return said[:, 1:]


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn ten words at some pitches, and say them at others."""
    rng = np.random.default_rng(seed)
    pitches = (*([0, 99] if quick else LEARNT), *HELD_OUT)
    with ThreadPoolExecutor() as pool:
        spoken = [pool.submit(speak, word, VOICE, pitch) for pitch in pitches for word in NUMERALS]
    frames = np.stack([analyse(each.result()) for each in spoken])
    asked = np.array([[*row, pitch / 50 - 1] for pitch in pitches for row in np.eye(10)], np.float32)
    x = inputs(np.concatenate([np.broadcast_to(SILENCE, (len(frames), 1, FRAME)), frames[:, :-1]], axis=1), asked)
    train, test = slice(-10 * len(HELD_OUT)), slice(-10 * len(HELD_OUT), None)
    epochs = 1 if quick else EPOCHS
    rate = tg.optim.one_cycle(0.004, epochs * -(-len(frames[train]) // BATCH))

    def noisy(rng: np.random.Generator, x: Array, frames: Array) -> tuple[Array, Array]:
        noise = np.pad(NOISE * rng.normal(size=frames.shape), ((0, 0), (0, 0), (0, 12)))
        return x + noise.astype(np.float32), frames

    said, first = {}, Speaker(SIZE, rng)
    for who, augment in (("the network", noisy), ("taught without noise", None)):
        trainer = tg.train.Trainer(first, loss, tg.optim.adam(rate), batch_size=BATCH, seed=seed, augment=augment)
        trainer.fit((x[train], frames[train]), epochs)
        said[who] = say(trainer.network, asked[test])
    said["the mean of all words, frame by frame"] = frames[train].mean(axis=0)
    said["the mean frame repeated"] = frames[train].mean(axis=(0, 1))
    far = {who: DECIBELS * np.abs(each - frames[test])[..., :BANDS] for who, each in said.items()}
    scores = {who: float(np.sqrt((each**2).mean())) for who, each in far.items()}
    each = np.sqrt((far["the network"] ** 2).mean(axis=(1, 2)))
    top = np.abs(frames[train]).max()
    most = np.abs(said["the network"]).max()
    word = 17  # seven, at the second pitch
    made = sound(said["the network"][word], rng)
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, RATE, 0, "NONE", ""))
        wav.writeframes((32767 * made / max(1, np.abs(made).max())).astype("<i2").tobytes())
    pair = {f"{NUMERALS[word % 10]}, by the program": frames[test][word], "by the network": said["the network"][word]}
    pair["taught without noise"] = said["taught without noise"][word]
    return Shown(
        measure="decibels off, of words at pitches that were not learnt from (root mean square over bands)",
        scores=scores,
        more_is_better=False,
        lines=[f"It does not diverge: its numbers go to {most:.1f}, those that it learnt from to {top:.1f}."],
        pictures={"Loudness of bands of pitch, low to high, over time.": lambda: draw(pair)},
        files={"seven.wav": file.getvalue()},
        failure=f"it says {NUMERALS[each.argmax() % 10]!r} worst, {each.max():.1f} decibels off.",
    )


def draw(frames: dict[str, Array]) -> Any:
    """Words as bands over time."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(9, 3), layout="constrained")
    for axes, (title, each) in zip(figure.subplots(1, len(frames), sharey=True), frames.items(), strict=True):
        seconds = LENGTH * HOP / RATE
        axes.imshow(
            each[:, :BANDS].T,
            origin="lower",
            aspect="auto",
            extent=(0, seconds, 0, BANDS),
            cmap="magma",
            vmin=-1,
            vmax=3,
        )
        axes.set_title(title)
        axes.set_xlabel("seconds")
    return figure
