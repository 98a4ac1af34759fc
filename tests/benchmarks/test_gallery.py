"""Each exhibit of the gallery has a step to time, and what is timed agrees on value and gradients."""

import pytest

from benchmarks import gallery
from tinygrad_edu.lessons.gallery import GALLERY


def test_every_exhibit_has_a_step():
    assert {*gallery.STEPS} == {each.name for each in GALLERY}


@pytest.mark.parametrize("name", gallery.STEPS)
def test_a_step_agrees_eagerly_and_compiled(name):
    try:
        best = gallery.seconds(name, rounds=1)  # it compares before it times
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    assert {"eager", "compiled"} <= {*best}
