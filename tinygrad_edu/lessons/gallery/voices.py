"""Voices: a network says words at speeds and pitches it has not heard, and a source through a filter makes them sound.

frames  how loud each of BANDS is, then whether there is a voice or breath, then its pitch: (n, LENGTH, FRAME)
asked   what is to be said: at which pitch, how many words a minute, which word (n, 3)
x       what the network sees at each moment: the word, pitch, speed, and how far the word is (n, LENGTH, SEEN)
"""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.rules import Array
from tinygrad_edu.lessons.gallery import Shown, sounds
from tinygrad_edu.lessons.gallery.sounds import BANDS, DECIBELS, FRAME, HOP, LENGTH, NUMERALS, RATE

VOICE, FASTEST = "en-us", 320
LEARNT = (0, 33, 66, 99), (110, 150, 190, 230)  # pitches, and words a minute
HELD_OUT, TOO_FAST = ((16, 50, 83), (130, 170, 210)), ((50,), (300,))
WAVES, SIZE, EPOCHS, BATCH = 24, 192, 40, 128
SEEN = 10 + 2 + 2 * WAVES


def recordings(pitches: tuple[int, ...], speeds: tuple[int, ...]) -> tuple[Array, Array]:
    """What was asked of the program that speaks, ten words at each pitch and speed, and its frames."""
    asked = np.array(list(itertools.product(pitches, speeds, range(10))))
    with ThreadPoolExecutor() as pool:
        spoken = pool.map(lambda each: sounds.speak(NUMERALS[each[2]], VOICE, each[0], each[1]), asked.tolist())
        return asked, np.stack([sounds.analyse(each) for each in spoken])


def seen(asked: Array) -> Array:
    """The x of what is asked; how far the word is, as waves of it, so that what changes quickly can be told apart."""
    pitch, speed, word = asked.T
    place = speed[:, None] / FASTEST * np.arange(LENGTH) / LENGTH
    angles = np.pi * place[..., None] * np.arange(1, WAVES + 1)
    same = np.column_stack([np.eye(10)[word], pitch / 50 - 1, speed / 60 - 3])
    same = np.broadcast_to(same[:, None], (len(asked), LENGTH, 12))
    return np.concatenate([same, np.sin(angles), np.cos(angles)], axis=-1).astype(np.float32)


def speaker(rng: np.random.Generator) -> tg.nn.Sequential:
    """A network that makes a frame of what it sees at one moment."""
    first, second, last = (
        tg.nn.Linear(a, b, rng, dtype=np.float32) for a, b in itertools.pairwise((SEEN, SIZE, SIZE, FRAME))
    )
    return tg.nn.Sequential([first, np.tanh, second, np.tanh, last])


def loss(network: Any, x: Array, frames: Array) -> Array:
    """How far the frames it makes are from the right ones, squared."""
    return tg.losses.squared_error(network(x), frames)


def learn(x: Array, frames: Array, epochs: int, seed: int) -> Any:
    """The network that has learnt these frames, each moment of each word an example of its own."""
    x, frames = x.reshape(-1, SEEN), frames.reshape(-1, FRAME)
    rate = tg.optim.one_cycle(0.004, epochs * -(-len(x) // BATCH))
    network = speaker(np.random.default_rng(seed))
    trainer = tg.train.Trainer(network, loss, tg.optim.adam(rate), batch_size=BATCH, seed=seed)
    trainer.fit((x, frames), epochs)
    return trainer.network


@tg.no_grad()
def say(network: Any, x: Array) -> Array:
    """The frames (n, LENGTH, FRAME) of words."""
    frames: Array = network(x).data
    return frames


def nearest(learnt: Array, frames: Array, asked: Array) -> tuple[Array, Array]:
    """Baselines: of recordings of the same word the nearest in pitch and speed; and that made as long as is asked."""
    far = np.abs(asked[:, None] - learnt) / (33, 40, 1e-9)
    best = (far**2).sum(axis=-1).argmin(axis=1)
    at = asked[:, 1:2] / learnt[best, 1:2] * np.arange(LENGTH)
    low = np.minimum(at.astype(int), LENGTH - 2)
    part = np.minimum(at - low, 1)[..., None]
    each = np.arange(len(best))[:, None]
    return frames[best], (1 - part) * frames[best][each, low] + part * frames[best][each, low + 1]


def off(said: Array, right: Array) -> float:
    """How far frames are from the right ones: root mean square over bands, in decibels."""
    return float(DECIBELS * np.sqrt(tg.losses.squared_error(said[..., :BANDS], right[..., :BANDS])))


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn ten words at some pitches and speeds, say them at others between those, and at one that is too fast."""
    pitches, speeds = LEARNT if not quick else ((0, 99), (110, 230))
    (learnt, frames), (asked, right) = recordings(pitches, speeds), recordings(*HELD_OUT)
    hasty, hurried = recordings(*TOO_FAST)
    network = learn(seen(learnt), frames, 1 if quick else EPOCHS, seed)
    ours, (near, stretched) = say(network, seen(asked)), nearest(learnt, frames, asked)
    by_word = np.stack([frames[learnt[:, 2] == word].mean(axis=0) for word in range(10)])
    said = {
        "the network": ours,
        "the nearest recording, made as long": stretched,
        "the nearest recording": near,
        "the mean of the word": by_word[asked[:, 2]],
        "the mean frame repeated": np.broadcast_to(frames.mean(axis=(0, 1)), right.shape),
    }
    voiced = (ours[..., -2] > 0) & (right[..., -2] > 0)
    semitones = 6 / np.log(2) * np.abs(ours - right)[voiced, -1].mean() if voiced.any() else np.nan
    fast, late = (off(each, hurried) for each in (say(network, seen(hasty)), nearest(learnt, frames, hasty)[1]))
    shown = {"by the program": right, **{who: said[who] for who in said if who != "the nearest recording"}}
    return Shown(
        measure="decibels off, of words between the pitches and speeds learnt (root mean square over bands)",
        scores={who: off(each, right) for who, each in said.items()},
        more_is_better=False,
        lines=[
            f"It does not diverge: its numbers go to {np.abs(ours).max():.1f}, the right to {np.abs(right).max():.1f}.",
            f"Where there is a voice, its pitch is {semitones:.2f} semitones off.",
        ],
        pictures={
            "Seven: loudness of bands, low to high, and of all.": lambda: draw({k: v[47] for k, v in shown.items()})
        },
        files={"seven.wav": sounds.wav(sounds.sound(ours[47], np.random.default_rng(seed)))},
        failure=f"faster than it has heard, at {TOO_FAST[1][0]} words a minute, it is {fast:.1f} decibels off; "
        f"the nearest recording, made as long, {late:.1f}.",
    )


def draw(frames: dict[str, Array]) -> Any:
    """A word as bands over time, and below how loud it is."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure, seconds = Figure(figsize=(11, 3.8), layout="constrained"), LENGTH * HOP / RATE
    above, below = figure.subplots(2, len(frames), sharex=True, sharey="row", height_ratios=(2, 1))
    for top, under, (title, each) in zip(above, below, frames.items(), strict=True):
        bands, box = each[:, :BANDS], (0, seconds, 0, BANDS)
        top.imshow(
            bands.T, origin="lower", aspect="auto", extent=box, cmap="magma", vmin=-1, vmax=3, interpolation="nearest"
        )
        top.set_title(title.replace(", ", ",\n"), fontsize=10)
        under.plot(np.linspace(0, seconds, LENGTH), DECIBELS * bands.mean(axis=1))
        under.set_xlabel("seconds")
    above[0].set_ylabel("band")
    below[0].set_ylabel("decibels")
    return figure
