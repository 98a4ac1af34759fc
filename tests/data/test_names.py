"""The names are those of the census, split once and for all."""

from importlib.resources import files

import numpy as np

from tinygrad_edu.data import load_names

# How often each letter, a to z, is in the census files' distinct names, counted in the files themselves.
# fmt: off
LETTERS = [4632, 432, 884, 1080, 3937, 218, 431, 935, 2668, 374, 475, 2434, 946,
           2775, 1442, 187, 54, 2313, 1301, 1453, 550, 315, 169, 36, 807, 111]
# fmt: on


def test_names_are_words_in_alphabetical_order():
    for names, n, longest in zip(load_names(), (4131, 1032), (11, 10), strict=True):
        assert len(names) == len(set(names)) == n
        assert names == sorted(names)
        assert all(type(name) is str and name.isascii() and name.isalpha() and name.islower() for name in names)
        assert (min(map(len, names)), max(map(len, names))) == (2, longest)


def test_every_fifth_is_held_out_and_none_is_on_both_sides():
    train, test = load_names()
    assert not set(train) & set(test)
    everything = sorted(train + test)
    assert everything[4::5] == test


def test_the_names_are_those_of_the_census():
    train, test = load_names()
    everything = {*train, *test}
    assert {"mary", "patricia", "linda", "james", "john", "robert"} <= everything  # the most frequent of either file
    assert {"angila", "allyn", "broderick", "alonso"} <= everything  # the rarest
    letters = np.bincount([ord(letter) - ord("a") for name in everything for letter in name])
    assert letters.tolist() == LETTERS


def test_each_call_gives_lists_of_its_own():
    load_names()[0].clear()
    assert load_names()[0][0] == "aaron"


def test_the_licence_is_beside_them():
    text = files("tinygrad_edu.data").joinpath("LICENSE-names.txt").read_text(encoding="utf-8")
    assert all(part in text for part in ("Census", "public domain", "names 0.3.0", "What was changed"))
