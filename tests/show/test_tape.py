"""The tape as a table."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.show.drawn import chain
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


def test_of_a_long_tape_any_part_can_be_seen():
    tape = tg.Tape(chain(100))
    text, table = tape.explain(), str(tape)
    assert text.count("gradient of") == table.count("np.") - 3 == 39  # the leaf has no input; three stand in the hint
    hint = ".explain(entries=range(140, 160)) shows some"
    assert f"261 entries left out: 87 np.multiply, 87 np.add, 87 np.sin; {hint}" in text.replace("\n", " ")
    assert ".table(entries=range(140, 160))" in table
    part = tape.explain(entries=range(140, 142))
    assert [line.partition(" ")[0] for line in part.splitlines() if line[:1] == "#"] == ["#300", "#141", "#140"]
    assert [line.split()[0] for line in tape.table(entries=range(140, 142)).splitlines()] == ["entry", "140", "141"]
    assert tape.explain(entries=range(0)).count("\n") == 0


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        (range(299, 302), ValueError, r"got range\(299, 302\), and the tape has 301, from 0 to 300"),
        (range(-1, 3), ValueError, "from 0 to 300"),
        ([1, 2], TypeError, r"give a range of places on the tape, such as range\(10, 20\)"),
    ],
)
def test_entries_are_a_range_on_the_tape(wrong, error, said):
    for method in (tg.Tape(chain(100)).explain, tg.Tape(chain(100)).table):
        with pytest.raises(error, match=said):
            method(entries=wrong)


@pytest.mark.parametrize("wrong", [3.0, None, np.ones(2), [Value(1.0)]])
def test_only_values_have_tapes(wrong):
    with pytest.raises(TypeError, match="no tape"):
        tg.Tape(wrong)
