"""The transformer that spells names, trained in full: the code of its page, which trains it in short."""

import doctest
import os
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/examples/names.md"


@pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "thorough", reason="it takes a minute: HYPOTHESIS_PROFILE=thorough"
)
def test_in_full_a_transformer_beats_the_bigram_by_far():
    code = "".join(example.source for example in doctest.DocTestParser().get_examples(PAGE.read_text("utf-8")))
    for short, full in (("epochs = 2\n", "epochs = 20\n"), ("speller(), epochs", "speller(48, blocks=2), epochs")):
        assert code.count(short) == 1
        code = code.replace(short, full)
    shown: dict[str, float] = {}
    exec(code, shown)
    print(f"bigram {shown['bigram']:.3f}, transformer {shown['transformer']:.3f}")
    assert shown["transformer"] < 1.95 < shown["bigram"] - 0.35
