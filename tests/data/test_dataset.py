"""Rows stay together, whether they lie in memory or on the disk, and batches come in advance without being lost."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.data import DataError, Dataset, deal, minibatches, prefetched


@given(st.integers(2, 30), st.floats(0.05, 0.95), st.integers(0, 99))
def test_a_split_has_every_row_once(n, part, seed):
    data = Dataset(np.arange(n), np.arange(n) ** 2)
    if not 0 < round(part * n) < n:
        with pytest.raises(ValueError, match="leaves one side empty; pass a part between 0 and 1"):
            data.split(part, seed)
        return
    first, second = data.split(part, seed)
    assert len(second) == round(part * n)
    assert sorted([*first.arrays[0], *second.arrays[0]]) == [*range(n)]
    assert all(np.array_equal(x**2, y) for x, y in (first, second))


@pytest.mark.parametrize("rows", [3, slice(1, 5, 2), [0, 2, 2], np.array([4, 1]), np.arange(6) % 2 == 0])
def test_rows_are_those_of_each_array(tmp_path, rows):
    arrays = np.arange(12.0).reshape(6, 2), np.arange(6)
    data = Dataset(*arrays)
    data.save(tmp_path / "folder")
    for each in (data, Dataset.open(tmp_path / "folder")):
        assert len(each) == 6
        for x, y in zip(each[rows], arrays, strict=True):
            np.testing.assert_array_equal(x, y[rows])
            assert x.dtype == y.dtype


def test_lists_become_arrays_and_a_data_set_stays():
    data = Dataset([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    assert repr(data) == "Dataset(2 examples: (2,) float64, () int64)"
    assert Dataset.of(data) is data
    assert not data.on_disk


def test_many_arrays_keep_their_order(tmp_path):
    Dataset(*(np.full(2, i) for i in range(12))).save(tmp_path)
    assert [x[0] for x in Dataset.open(tmp_path)] == [*range(12)]


@pytest.mark.parametrize(
    ("arrays", "shapes"), [((), r"\[\]"), ((1.0,), r"\[\(\)\]"), (([],), r"\[\(0,\)\]"), (([1], [1, 2]), r"\(2,\)")]
)
def test_what_is_no_data_set_is_refused(arrays, shapes):
    with pytest.raises(ValueError, match=rf"got arrays of shapes .*{shapes}"):
        Dataset(*arrays)


def test_a_folder_without_arrays_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds no \.npy files; Dataset\.save writes them"):
        Dataset.open(tmp_path)


@given(st.integers(1, 30), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
def test_dealing_depends_on_four_numbers_only(n, count, seed, epoch):
    dealt, again = deal(n, count, seed, epoch), deal(n, count, seed, epoch)
    assert len(dealt) == count
    assert all(np.array_equal(x, y) for x, y in zip(dealt, again, strict=True))
    assert sorted(np.concatenate([np.arange(n)[rows] for rows in dealt])) == [*range(n)]


@given(st.integers(0, 20), st.integers(0, 4))
def test_what_is_made_in_advance_is_the_same(n, ahead):
    assert [*prefetched(iter(range(n)), ahead)] == [*range(n)]


def test_batches_made_in_advance_are_the_same():
    x = np.arange(50)
    now, ahead = (minibatches(x, size=7, epochs=3, seed=1, prefetch=ahead) for ahead in (0, 2))
    assert all(np.array_equal(a, b) for (a,), (b,) in zip(now, ahead, strict=True))


def test_no_more_is_made_than_asked_for_and_the_thread_ends():
    made = []

    def items():
        for i in range(100):
            made.append(i)
            yield i

    before = threading.active_count()
    ahead = prefetched(items(), 3)
    assert next(ahead) == 0
    time.sleep(0.3)
    assert len(made) <= 5  # the one taken, three that are ready, and one that waits for room
    assert threading.active_count() == before + 1
    ahead.close()
    assert threading.active_count() == before


def test_an_error_comes_in_its_place():
    def items():
        yield 1
        raise OSError("gone")

    ahead = prefetched(items(), 2)
    assert next(ahead) == 1
    with pytest.raises(OSError, match="gone"):
        next(ahead)
