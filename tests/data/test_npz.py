"""NumPy's files come back as they were written; what is damaged, lies or holds objects is refused by its name."""

import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from tinygrad_edu.data import DataError, read_npz
from tinygrad_edu.data.npz import open_npy

ARRAYS = nps.arrays(
    st.one_of(nps.floating_dtypes(), nps.integer_dtypes(), nps.boolean_dtypes()),
    nps.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(st.dictionaries(st.sampled_from("abc"), ARRAYS), st.booleans(), st.booleans())
def test_arrays_come_back(tmp_path_factory, arrays, packed, columns):
    file = tmp_path_factory.mktemp("npz") / "a.npz"
    arrays = {name: np.asfortranarray(x) if columns else x for name, x in arrays.items()}
    (np.savez_compressed if packed else np.savez)(file, **arrays)
    found = read_npz(file)
    assert found.keys() == arrays.keys()
    for name, x in arrays.items():
        assert (found[name].shape, found[name].dtype) == (x.shape, x.dtype)
        assert found[name].tobytes() == x.tobytes()


def test_a_large_one_comes_back(tmp_path):
    x = np.arange(700_000.0)
    np.savez_compressed(tmp_path / "a.npz", x=x)
    np.testing.assert_array_equal(read_npz(tmp_path / "a.npz")["x"], x)


def test_damage_is_refused(tmp_path):
    file = tmp_path / "a.npz"
    np.savez(file, x=np.arange(30.0), y=np.arange(4))
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        with pytest.raises(DataError):
            read_npz(file)
    for place in rng.integers(0, 8 * len(whole), 300):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << (place % 8)
        file.write_bytes(damaged)
        try:
            found = read_npz(file)
        except DataError:
            continue
        # Not all of a zip archive is covered by its checksums: dates and names are not.
        assert {x.tobytes() for x in found.values()} == {np.arange(30.0).tobytes(), np.arange(4).tobytes()}


def header(text):
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (b"text", "is no array of NumPy's"),
        (b"\x93NUMPY\x09\x00", "is no array of NumPy's"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }"), "which are no array of"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"), "arrays of numbers are read, and no"),
        (header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }") + b"cos\nsystem\n", "and no objects"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }") + bytes(24), "which are no array of"),
        (header("{'descr': '<U9', 'fortran_order': False, 'shape': (1,), }") + bytes(36), "and no objects"),
    ],
)
def test_what_lies_is_refused_before_anything_is_allocated(tmp_path, member, message):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", member)
    (tmp_path / "a.npy").write_bytes(member)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=message):
            read_npz(tmp_path / "a.npz")
        with pytest.raises(DataError, match=r"a\.npy"):
            open_npy(tmp_path / "a.npy")
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_an_array_without_numbers_cannot_be_mapped(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((0, 3)))
    with pytest.raises(DataError, match=r"holds an array of shape \(0, 3\), without numbers"):
        open_npy(tmp_path / "a.npy")
