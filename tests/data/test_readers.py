"""Readers give what was written, and say of damaged or odd files what is wrong, and where."""

import gzip
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from tinygrad_edu.data import DataError, load_mnist, read_columns, read_csv, read_idx, read_images

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(x):
    """The bytes of an IDX file."""
    head = bytes([0, 0, CODES[x.dtype.str[1:]], x.ndim])
    return head + np.array(x.shape, ">u4").tobytes() + x.astype(x.dtype.newbyteorder(">")).tobytes()


@given(st.data(), st.sampled_from(sorted(CODES)), st.booleans())
def test_idx_files_come_back(tmp_path_factory, data, dtype, packed):
    x = data.draw(nps.arrays(dtype, nps.array_shapes(max_dims=3, min_side=0, max_side=5)))
    file = tmp_path_factory.mktemp("idx") / "x"
    file.write_bytes(gzip.compress(idx(x)) if packed else idx(x))
    found = read_idx(file)
    assert (found.shape, found.dtype) == (x.shape, x.dtype)
    assert found.tobytes() == x.tobytes()


@pytest.mark.parametrize("packed", [False, True])
def test_every_truncation_of_an_idx_file_is_refused(tmp_path, packed):
    file, whole = tmp_path / "x", idx(np.arange(12, dtype="i2").reshape(3, 4))
    whole = gzip.compress(whole) if packed else whole
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(DataError):
            read_idx(file)
    file.write_bytes(whole if packed else whole + b"\0")
    if packed:
        assert read_idx(file).shape == (3, 4)
    else:
        with pytest.raises(DataError, match=r"has more bytes of numbers, where \[3, 4\] int16 have 24"):
            read_idx(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with , which no IDX file does"),
        (b"PNG\0", "begins with 50 4e 47 00, which no IDX file does"),
        (b"\0\0\x07\x01\0\0\0\0", "begins with 00 00 07 01"),
        (b"\0\0\x08\0", "begins with 00 00 08 00"),
        (b"\0\0\x08\x02\0\0", r"speaks of an array of shape \[0\], and is too short"),
        (b"\0\0\x0e\x03" + b"\xff" * 12 + bytes(9), r"shape \[4294967295, 4294967295, 4294967295\], and is too short"),
        (b"\0\0\x08\x01\0\0\0\x09" + bytes(7), r"has 7 bytes of numbers, where \[9\] uint8 have 9"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_no_idx_file_is_refused_before_anything_is_allocated(tmp_path, content, message, packed):
    file = tmp_path / "x"
    file.write_bytes(gzip.compress(content) if packed else content)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"read_idx: .*x (begins|speaks|has)"):
            read_idx(file)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    if not packed:
        with pytest.raises(DataError, match=message):
            read_idx(file)


def test_a_damaged_gzip_file_is_refused(tmp_path):
    whole = bytearray(gzip.compress(idx(np.arange(5000, dtype="i4"))))
    whole[len(whole) // 2] ^= 1
    (tmp_path / "x").write_bytes(whole)
    with pytest.raises(DataError, match="is damaged"):
        read_idx(tmp_path / "x")


def mnist(folder, n=6, suffix=""):
    """Write a small data set as MNIST is stored."""
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (n, 4, 3), dtype="u1"), np.arange(n, dtype="u1") % 10
    for part in ("train", "t10k"):
        for name, x in (("images-idx3", pixels), ("labels-idx1", labels)):
            content = gzip.compress(idx(x)) if suffix else idx(x)
            (folder / f"{part}-{name}-ubyte{suffix}").write_bytes(content)
    return pixels, labels


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_folder_as_mnist_is_stored(tmp_path, suffix):
    pixels, labels = mnist(tmp_path, suffix=suffix)
    for part in load_mnist(tmp_path):
        assert part.images.dtype == np.float32
        np.testing.assert_array_equal(part.images, pixels.reshape(6, 12).astype(np.float32) / 255)
        np.testing.assert_array_equal(part.labels, labels)
        assert part.labels.dtype == np.int64


def test_a_folder_in_which_something_is_wrong(tmp_path):
    with pytest.raises(DataError, match=r"there is no train-images-idx3-ubyte in .*, nor train-images-idx3-ubyte\.gz"):
        load_mnist(tmp_path)
    mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(5, "u1")))
    with pytest.raises(DataError, match=r"t10k has images \(6, 4, 3\) uint8 and labels \(5,\); expected"):
        load_mnist(tmp_path)


NAMES = st.text("abc _é", min_size=1, max_size=5).map(str.strip).filter(bool)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.data(), st.lists(NAMES, min_size=2, max_size=5, unique=True), st.integers(1, 6))
def test_csv_comes_back(tmp_path_factory, data, names, n):
    file = tmp_path_factory.mktemp("csv") / "t.csv"
    x = data.draw(st.lists(st.lists(NUMBERS, min_size=len(names), max_size=len(names)), min_size=n, max_size=n))
    target = data.draw(st.sampled_from(names))
    lines = [",".join(f'"{name}"' for name in names), *(",".join(map(repr, row)) for row in x)]
    file.write_text("\r\n".join(lines), encoding="utf-8")
    table = read_csv(file, target)
    at = names.index(target)
    rows = np.array(x)
    assert table.names == tuple(names[:at] + names[at + 1 :])
    np.testing.assert_array_equal(table.x, np.delete(rows, at, axis=1))
    if table.classes:
        assert all(value.is_integer() for value in rows[:, at])
        np.testing.assert_array_equal([float(table.classes[i]) for i in table.y], rows[:, at])
    else:
        np.testing.assert_array_equal(table.y, rows[:, at])


def test_classes_are_numbered_in_order(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("length,kind\n1.5,setosa\n2, virginica \n\n3,setosa\n")
    table = read_csv(file)
    assert (table.target, table.classes, table.y.tolist()) == ("kind", ("setosa", "virginica"), [0, 1, 0])
    file.write_text("kind;x\n10;1.5\n9;2\n")
    table = read_csv(file, "kind", delimiter=";")
    assert (table.classes, table.y.tolist(), table.x.tolist()) == (("9", "10"), [1, 0], [[1.5], [2.0]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"the first line of .* should name columns, .*; it is \[\]"),
        ("x\n1\n", "has no column but 'x', and so nothing to learn it from"),
        ("x,x\n1,2\n", "no two are the same"),
        ("1,2\n3,4\n", "not all are numbers"),
        ("x,y\n", "has no lines but the first"),
        ("x,y\n1,2\n1,2,3\n", "line 3 of .* has 3 entries, and there are 2 columns: x, y"),
        ("x,y\n1\n", "line 2 of .* has 1 entries"),
        ("x,z,y\n1,2,3\n1,two,3\n", "line 3 of .* has 'two', which is no finite number, in column 'z'"),
        ("x,y\n1,2\ninf,3\n", "line 3 of .* has 'inf', which is no finite number, in column 'x'"),
        ("x,y\n,2\n", "line 2 of .* has nothing, in column 'x'"),
        ("x,y\n1,\n", "has nothing in column 'y', in its entry number 1"),
        ('x,y\n"1,2\n', "is no CSV: unexpected end of data"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(tmp_path, text, message):
    file = tmp_path / "t.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_csv(file)


def test_columns_come_in_the_order_of_their_names(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a,kind,b\n1,x,2\n3,y,4\n")
    assert read_columns(file, ["b", "a"]).tolist() == [[2.0, 1.0], [4.0, 3.0]]
    with pytest.raises(DataError, match="has no column 'c'; there are a, kind, b"):
        read_columns(file, ["a", "c"])
    with pytest.raises(DataError, match=r"line 2 of .* has 'x', which is no finite number, in column 'kind'"):
        read_columns(file, ["kind"])


def test_a_column_that_is_not_there_and_what_is_no_text(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("x,y\n1,2\n")
    with pytest.raises(DataError, match="has no column 'z'; there are x, y"):
        read_csv(file, "z")
    file.write_bytes(b"x,y\n\xff\xfe,2\n")
    with pytest.raises(DataError, match="is no text in UTF-8"):
        read_csv(file)
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "none.csv")


def images(folder, mode="L", size=(3, 2)):
    """Write two images of each of two classes, and return their pixels in order."""
    pillow = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    written = []
    for kind in ("cat", "dog"):
        (folder / kind).mkdir()
        for i in range(2):
            shape = (size[1], size[0], 3) if mode == "RGB" else size[::-1]
            written.append(rng.integers(0, 256, shape, dtype="u1"))
            pillow.fromarray(written[-1]).save(folder / kind / f"{i}.png")
    (folder / "cat" / "notes.txt").write_text("not an image")
    return np.stack(written)


@pytest.mark.parametrize(("mode", "colours"), [("L", "grey"), ("RGB", "colour")])
def test_folders_of_images(tmp_path, mode, colours):
    written = images(tmp_path, mode)
    (found, labels), classes = read_images(tmp_path, colours)
    expected = written[:, None] if mode == "L" else written.transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(found, expected.astype(np.float32) / 255)
    assert (labels.tolist(), classes) == ([0, 0, 1, 1], ("cat", "dog"))


def test_folders_in_which_something_is_wrong(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="has no folders with images in them; make one for each class"):
        read_images(tmp_path)
    images(tmp_path)
    with pytest.raises(ValueError, match="colours is 'blue'; pass one of 'grey', 'colour'"):
        read_images(tmp_path, "blue")
    file = tmp_path / "dog" / "1.png"
    whole = file.read_bytes()
    for content in (b"no image", whole[: len(whole) // 2]):
        file.write_bytes(content)
        with pytest.raises(DataError, match=r"1\.png is damaged, or no image"):
            read_images(tmp_path)
    pytest.importorskip("PIL.Image").new("L", (5, 5)).save(file)
    with pytest.raises(DataError, match=r"1\.png has 5 × 5 pixels, and the first one 3 × 2; bring all to one size"):
        read_images(tmp_path)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ModuleNotFoundError, match=r"read_images needs pillow; pip install 'tinygrad_edu\[pillow\]'"):
        read_images(tmp_path)
