"""The table of conventions says what the engine does."""

import numpy as np

import tinygrad_edu as tg
from benchmarks import conventions


def test_column_of_the_engine_is_what_it_gives():
    rows = [line.split(" | ") for line in conventions.PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    written = {(row[0].strip("| `"), row[1]): row[2] for row in rows}
    places = [", ".join(map(str, np.ravel(point))) for _, point in conventions.CASES]
    texts = [text for text, _ in conventions.CASES]
    assert written == dict(zip(zip(texts, places, strict=True), conventions.own_cells(), strict=True))


def test_table_without_peers_has_a_row_for_each_case():
    assert len(conventions.table().splitlines()) == 2 + len(conventions.CASES)


def test_large_norm_overflows_as_numpys():
    with np.errstate(over="ignore"):
        assert np.linalg.norm(tg.Value([3e200, 4e200])).data == np.linalg.norm([3e200, 4e200]) == np.inf
    assert np.hypot(tg.Value(3e200), 4e200).data == np.hypot(3e200, 4e200) < 6e200
