"""The tape as a table."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Value


def test_entries_come_in_the_order_they_were_made():
    x, w = Value([1.0, 2.0], name="x"), Value(3.0)
    z = np.sum(np.tanh(x * w), axis=0)
    tape = tg.Tape(z)
    assert len(tape) == 5
    assert tape[0] is x
    assert tape[-1] is z
    made = [entry.function for entry in tape]
    assert made == [None, None, np.multiply, np.tanh, np.sum]
    places = {entry: i for i, entry in enumerate(tape)}
    for entry, i in places.items():
        assert all(places[parent] < i for parent in entry.inputs if isinstance(parent, Value))


def test_the_table_names_everything():
    x = Value(np.ones((3, 4)), name="weights")
    z = np.sum(x * 2.0, axis=0)
    np.sum(z).backward()
    text = str(tg.Tape(z))
    for part in ("entry", "weights", "np.multiply", "0, 2.0", "np.sum", "1, axis=0", "shape (3, 4)", "gradient"):
        assert part in text
    assert all(len(line) <= 120 for line in text.splitlines())


def test_a_long_tape_is_summarised():
    z = Value(1.0)
    for _ in range(12_345):
        z = z + 1.0
    lines = str(tg.Tape(z)).splitlines()
    assert len(lines) < 50
    assert any("12,306 entries left out" in line for line in lines)


@pytest.mark.parametrize("wrong", [3.0, None, np.ones(2), [Value(1.0)]])
def test_only_values_have_tapes(wrong):
    with pytest.raises(TypeError, match="no tape"):
        tg.Tape(wrong)
