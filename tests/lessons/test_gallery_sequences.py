"""What the exhibits of words and sounds are made of: vocabularies, frames of sound and back, what may be missing."""

import io
import os
import sys
import wave

import numpy as np
import pytest

from tinygrad_edu.lessons.gallery import handwriting, sounds, translation, voices
from tinygrad_edu.lessons.gallery.sentences import BEGIN, END, PAD, Vocabulary

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


def test_sentences_come_back_from_their_numbers():
    sentences = [["two", "above", "two"], ["one"], []]
    vocabulary = Vocabulary(sentences)
    rows = vocabulary.encode(sentences, begin=True)
    assert (rows[:, 0] == BEGIN).all()
    assert rows[2].tolist() == [BEGIN, END, PAD, PAD, PAD]
    assert vocabulary.decode(rows[:, 1:]) == sentences


@pytest.mark.parametrize("hertz", [90.0, 150.0, 240.0])
def test_the_source_has_the_pitch_of_the_frames(hertz):
    frames = np.full((sounds.LENGTH, sounds.FRAME), 2, np.float32)  # as loud as speech
    frames[:, -2:] = 1, 2 * np.log(hertz / sounds.PITCH)
    again = sounds.analyse(sounds.sound(frames, np.random.default_rng(0)))[5:-10]
    assert (again[:, -2] == 1).all()
    found = sounds.RATE / (sounds.PITCH * np.exp(again[:, -1].astype(float) / 2))
    assert np.abs(np.median(found) - sounds.RATE / hertz) <= 1  # a period is found to a sample


def test_breath_has_no_voice():
    frames = np.full((sounds.LENGTH, sounds.FRAME), 2, np.float32)  # as loud as speech
    frames[:, -2] = -1
    again = sounds.analyse(sounds.sound(frames, np.random.default_rng(0)))[5:-10]
    assert (again[:, -2] == -1).mean() > 0.9


def test_silence_stays_silent():
    frames = np.tile(sounds.SILENCE, (sounds.LENGTH, 1))
    made = sounds.sound(frames, np.random.default_rng(0))
    assert np.abs(made).max() < 1e-3  # rounding of the floor, in single precision; speech is near 1


def test_a_sound_is_written_as_wav_and_never_clipped():
    made = np.array([0.0, 0.5, -0.25])
    for scale in (1, 2, 8):
        with wave.open(io.BytesIO(sounds.wav(scale * made))) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, sounds.RATE)
            found = np.frombuffer(file.readframes(3), "<i2") / 32767
        assert np.abs(found - scale * made / max(1, scale / 2)).max() <= 1 / 32767  # cut to whole steps


def test_the_nearest_recording_is_of_the_word_and_made_as_long():
    learnt = np.array([[50, 100, 0], [50, 100, 1]])
    frames = np.arange(sounds.LENGTH)[None, :, None] + np.array([0.0, 1000.0])[:, None, None]
    near, stretched = voices.nearest(learnt, frames, np.array([[50, 200, 1], [80, 50, 0]]))
    assert np.array_equal(near, frames[[1, 0]])
    last = sounds.LENGTH - 1
    assert np.array_equal(stretched[0, :, 0], 1000 + np.minimum(2 * np.arange(sounds.LENGTH), last))
    assert np.array_equal(stretched[1, :, 0], np.arange(sounds.LENGTH) / 2)


def test_speech_names_the_package_it_needs(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"gallery: .*; apt-get install espeak-ng"):
        sounds.speak("one", "en")


def test_translation_names_the_extra_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "num2words", None)
    with pytest.raises(ModuleNotFoundError, match=r"gallery: .*tinygrad_edu\[gallery\]"):
        translation.words(1, "fr")


def test_a_baseline_knows_words_that_stand_for_one():
    french, english = [["deux", "mille"], ["deux"], ["mille"]], [["two", "thousand"], ["two"], ["thousand"]]
    assert translation.word_for_word(french, english, [["mille", "deux"]]) == [["thousand", "two"]]


@pytest.mark.skipif(not THOROUGH, reason="it takes seconds: HYPOTHESIS_PROFILE=thorough")
def test_names_are_likelier_to_the_speller_than_to_the_bigram():
    spelt = handwriting.learn_names(quick=False, seed=0)[1]
    assert spelt["ours"] < spelt["bigram"]
