"""Sounds: a program that speaks, and bands of pitch, which speech and voices have in common.

sound  (samples,), at RATE samples a second, from -1 to 1
frame  BANDS of loudness as logarithms, then whether there is a voice (1) or breath (-1), then its pitch: (…, FRAME)
"""

import io
import shutil
import subprocess
import wave
from typing import Any

import numpy as np

from tinygrad_edu.core.rules import Array

NUMERALS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
RATE = 22_050
WINDOW, HOP, BANDS, LENGTH = 1024, 256, 32, 80  # samples, samples, and how many bands and frames
FRAME, FLOOR, MEAN, SPREAD, PITCH = BANDS + 2, 1e-3, -4.0, 3.0, 100.0
SILENCE = np.append(np.full(BANDS, (np.log(FLOOR) - MEAN) / SPREAD), [-1, 0]).astype(np.float32)
DECIBELS = 10 / np.log(10) * SPREAD  # that a step of 1 in a band is
HANN = np.hanning(WINDOW)


def speak(text: str, voice: str, pitch: int = 50, speed: int = 160) -> Array:
    """The sound of a text; pitch is from 0 to 99, speed in words a minute."""
    if shutil.which("espeak-ng") is None:
        raise FileNotFoundError("gallery: speech and voices need espeak-ng, which speaks; apt-get install espeak-ng")
    command = ["espeak-ng", "--stdout", "-v", voice, "-p", str(pitch), "-s", str(speed), text]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(wav[44:], "<i2") / 32768  # behind the header


def places(window: int, bands: int) -> tuple[Array, Array]:
    """Where the frequencies of a window's transform and the middles of bands are, in steps that an ear finds equal.

    Source: Stevens, Volkmann and Newman, 1937, in O'Shaughnessy's form.
    """
    frequencies = 2595 * np.log10(1 + np.fft.rfftfreq(window, 1 / RATE) / 700)
    return frequencies, np.linspace(100, frequencies[-1], bands + 2)[1:-1]


def filters(window: int, bands: int) -> Array:
    """How much each frequency of a window's transform counts in each band, (window / 2 + 1, bands): triangles."""
    frequencies, middles = places(window, bands)
    return np.maximum(0, 1 - np.abs(frequencies[:, None] - middles) / (middles[1] - middles[0]))


def padded(rows: list[Any]) -> tuple[Array, Array]:
    """Rows of unequal length as an array, with zeros behind each, and their lengths."""
    lengths = np.array([len(row) for row in rows])
    made = np.zeros((len(rows), lengths.max(), *np.shape(rows[0])[1:]), np.asarray(rows[0]).dtype)
    for row, to in zip(rows, made, strict=True):
        to[: len(row)] = row
    return made, lengths


def analyse(sound: Array) -> Array:
    """The frames of a word, (LENGTH, FRAME), from its first sound on."""
    bank = filters(WINDOW, BANDS)
    start = max(int(np.argmax(np.abs(sound) > 0.01)) - HOP, 0)
    sound = np.pad(sound[start:], (WINDOW // 2, LENGTH * HOP + WINDOW))[: (LENGTH - 1) * HOP + WINDOW]
    cut = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP] * HANN
    bands = np.log(np.abs(np.fft.rfft(cut)) ** 2 @ (bank / bank.sum(axis=0)) + FLOOR)
    like = np.fft.irfft(np.abs(np.fft.rfft(cut, 2 * WINDOW)) ** 2)  # itself, so many samples later
    first, last = RATE // 400, RATE // 60
    period = first + like[:, first:last].argmax(axis=1)
    voiced = like[np.arange(LENGTH), period] > 0.4 * like[:, 0] + 0.01
    pitch = np.where(voiced, 2 * np.log(RATE / period / PITCH), 0)
    return np.column_stack([(bands - MEAN) / SPREAD, np.where(voiced, 1, -1), pitch]).astype(np.float32)


def sound(frames: Array, rng: np.random.Generator) -> Array:
    """The sound of frames: pulses where there is a voice and noise where there is breath, filtered to their bands."""
    pitch = np.repeat(PITCH * np.exp(frames[:, -1].astype(np.float64) / 2), HOP)
    pulses = np.diff(np.floor(np.cumsum(pitch / RATE)), prepend=0) * np.sqrt(RATE / pitch)
    source = np.where(np.repeat(frames[:, -2] > 0, HOP), pulses, rng.normal(size=pitch.shape))
    source = np.pad(source, WINDOW // 2)
    power = np.maximum(np.exp(frames[:, :BANDS] * SPREAD + MEAN) - FLOOR, 0)
    place, centres = places(WINDOW, BANDS)
    made = np.zeros_like(source)
    for i, row in enumerate(power):
        at = slice(i * HOP, i * HOP + WINDOW)
        filtered = np.fft.rfft(source[at] * HANN) * np.sqrt(np.interp(place, centres, row) / (HANN**2).sum())
        made[at] += np.fft.irfft(filtered) * HANN
    return made * HOP / (HANN**2).sum()


def wav(sound: Array) -> bytes:
    """The sound as a WAV file of 16 bits, made softer where it is louder than 1."""
    file = io.BytesIO()
    with wave.open(file, "wb") as to:
        to.setparams((1, 2, RATE, 0, "NONE", ""))
        to.writeframes((32767 * sound / max(1, np.abs(sound).max())).astype("<i2").tobytes())
    return file.getvalue()
