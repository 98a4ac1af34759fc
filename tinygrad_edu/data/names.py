"""First names of the US Census of 1990: 5,163 words of 2 to 11 letters, to learn to spell from."""

from importlib.resources import files

import numpy as np


def load_names() -> tuple[list[str], list[str]]:
    """Load the names to train on, and those held out to test with: each in lower case, a to z only, once.

    Held out is every fifth name of the alphabetical list, always the same, so that scores can be compared;
    4,131 names are left to train on and 1,032 to test with. Both lists are in alphabetical order, so shuffle
    them before you take a part. Names have relatives, so
    spellings like "kathryn" and "katherine" can be on either side; no name is on both.

    >>> train, test = load_names()
    >>> len(train), len(test)
    (4131, 1032)
    >>> train[:5], test[:2]
    (['aaron', 'abbey', 'abbie', 'abby', 'abe'], ['abdul', 'abram'])

    Source: US Census Bureau, "Frequently Occurring First Names and Surnames From the 1990 Census", public domain;
    see LICENSE-names.txt.
    """
    with files("tinygrad_edu.data").joinpath("names.npz").open("rb") as file:
        names: list[str] = np.load(file, allow_pickle=False)["names"].astype(str).tolist()
    held_out = names[4::5]
    del names[4::5]
    return names, held_out
