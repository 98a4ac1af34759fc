"""The adding problem over 100 steps, by the code of its page, which asks it over 20."""

import doctest
import os
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/examples/adding.md"


@pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "thorough", reason="it takes two minutes: HYPOTHESIS_PROFILE=thorough"
)
def test_over_100_steps_an_lstm_learns_what_an_rnn_does_not():
    code = "".join(example.source for example in doctest.DocTestParser().get_examples(PAGE.read_text("utf-8")))
    page: dict[str, object] = {}
    exec(code, page)
    learnt, nn = page["learnt"], page["nn"]
    lstm, rnn = learnt(nn.LSTM, 100, steps=2000), learnt(nn.RNN, 100, steps=4000)
    print(f"LSTM {lstm:.4f}, RNN {rnn:.3f}, a guess {1 / 6:.3f}")
    assert lstm < 0.01
    assert rnn > 0.1
