"""Checkpoints come back to the bit, damaged ones are refused, and writing one never loses the one before."""

import errno
import hashlib
import json
import os
import resource
import stat
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from tinygrad_edu.train import Checkpoint, CheckpointError, checkpoint, writing

DTYPES = st.one_of(
    nps.floating_dtypes(), nps.integer_dtypes(), nps.unsigned_integer_dtypes(), nps.boolean_dtypes(),
    nps.complex_number_dtypes(),
)  # fmt: skip
SHAPES = nps.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
NOTES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda deeper: st.lists(deeper) | st.dictionaries(st.text(), deeper),
    max_leaves=5,
)
FLIPS = 10_000 if settings().max_examples >= 50 else 500


@st.composite
def arrays(draw):
    x = draw(nps.arrays(DTYPES, SHAPES, elements=None))
    return np.transpose(x, draw(st.permutations(range(x.ndim))))


@given(st.dictionaries(st.text(), arrays(), max_size=4), st.dictionaries(st.text(), NOTES, max_size=3))
def test_all_comes_back_to_the_bit(tmp_path_factory, kept, notes):
    file = tmp_path_factory.mktemp("kept") / "a checkpoint"
    Checkpoint(kept, notes).write(file)
    found = Checkpoint.read(file)
    assert [*found.arrays] == [*kept]
    assert found.notes == notes
    for x, y in zip(kept.values(), found.arrays.values(), strict=True):
        assert x.shape == y.shape
        assert x.dtype.newbyteorder("<") == y.dtype
        assert x.astype(y.dtype).tobytes() == y.tobytes()
        longer = [i for i in range(x.ndim) if x.shape[i] > 1]
        if x.size:  # laid out the same, so that programs that are made for it are the same
            assert sorted(longer, key=lambda i: -x.strides[i]) == sorted(longer, key=lambda i: -y.strides[i])


def test_numbers_come_back_as_numbers(tmp_path):
    Checkpoint({"x": 1.5, "i": np.int64(3)}).write(tmp_path / "c")
    found = Checkpoint.read(tmp_path / "c").arrays
    assert type(found["x"]) is np.float64
    assert type(found["i"]) is np.int64


def test_what_cannot_be_kept_is_refused_before_anything_is_written(tmp_path):
    file = tmp_path / "c"
    with pytest.raises(TypeError, match="x is of dtype object; arrays of numbers can be kept"):
        Checkpoint({"x": np.array([None])}).write(file)
    with pytest.raises(TypeError, match="not JSON serializable"):
        Checkpoint({}, {"x": object()}).write(file)
    with pytest.raises(ValueError, match="not JSON compliant"):
        Checkpoint({}, {"x": float("nan")}).write(file)
    with pytest.raises(CheckpointError, match=r"the header has 20,000,\d+ bytes; keep large notes as arrays"):
        Checkpoint({}, {"x": "a" * 20_000_016}).write(file)
    assert os.listdir(tmp_path) == []


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The bytes of a small checkpoint, and where to write damaged ones."""
    file = tmp_path_factory.mktemp("kept") / "c"
    Checkpoint({"w": np.arange(6.0).reshape(2, 3), "b": np.float32(0.5)}, {"epoch": 3}).write(file)
    return file, file.read_bytes()


def test_every_truncation_is_refused(kept):
    file, whole = kept
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"no checkpoint of tinygrad_edu|it is damaged"):
            Checkpoint.read(file)
    file.write_bytes(whole + b"\0")
    with pytest.raises(CheckpointError, match="it is damaged"):
        Checkpoint.read(file)


def test_every_flipped_bit_is_refused(kept):
    file, whole = kept
    rng = np.random.default_rng()
    places = rng.permutation(8 * len(whole))
    for place in rng.choice(places, FLIPS) if len(places) > FLIPS else np.resize(places, FLIPS):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << (place % 8)
        file.write_bytes(damaged)
        with pytest.raises(CheckpointError):
            Checkpoint.read(file)


def forged(path, header, rest=b"", length=None):
    """Write a file whose checksum holds, and whose header says what it likes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    head = checkpoint._head(len(text) if length is None else length)
    path.write_bytes(head + hashlib.blake2b(head + text, digest_size=32).digest() + text + rest)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"no json", "a header that is no JSON"),
        (b"[" * 100_000, "a header that is no JSON"),
        (b"1" * 10_000, "a header that is no JSON"),
        ([], "a header without arrays and notes"),
        ({"arrays": []}, "a header without arrays and notes"),
        ({"arrays": [], "notes": 3}, "a header without arrays and notes"),
        ({"arrays": 3, "notes": {}}, "list of arrays cannot be read"),
        ({"arrays": [[]], "notes": {}}, "list of arrays cannot be read"),
        ({"arrays": [[1, "<f8", [], [], ""]], "notes": {}}, "list of arrays cannot be read"),
        ({"arrays": [["x", "|O", [], [], ""]], "notes": {}}, "which is none"),
        ({"arrays": [["x", "<f8", [-1], [0], ""]], "notes": {}}, "which is none"),
        ({"arrays": [["x", "<f8", [2.0], [0], ""]], "notes": {}}, "which is none"),
        ({"arrays": [["x", "<f8", [True], [0], ""]], "notes": {}}, "which is none"),
        ({"arrays": [["x", "<f8", [1, 1], [0, 0], ""]], "notes": {}}, "which is none"),
        ({"arrays": [["x", "<f8", [1], [], ""]], "notes": {}}, "which is none"),
        ({"arrays": [["x", "<f8", [1] * 100, [*range(100)], ""]], "notes": {}}, "which is none"),
        ({"arrays": [["x", "<f3", [], [], ""]], "notes": {}}, "which there is not on this machine"),
        ({"arrays": [["x", "<f8", [0, 2**62, 2**62], [0, 1, 2], ""]], "notes": {}}, "not on this machine"),
        ({"arrays": [["x", "<f8", [2**50], [0], ""]], "notes": {}}, "its header speaks of 9,007,199,254,741,"),
        ({"arrays": [["x", "<f8", [2**40, 2**20], [0, 1], ""]], "notes": {}}, "not on this machine"),
        ({"arrays": [["x", "<f8", [], [], "00"]], "notes": {}}, "an array that does not match its checksum"),
    ],
)
def test_a_header_that_lies_is_refused_before_anything_is_allocated(tmp_path, header, message):
    file = tmp_path / "c"
    forged(file, header, bytes(8) if "checksum" in message else b"")
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match=message):
            Checkpoint.read(file)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_what_is_no_checkpoint_is_refused(tmp_path):
    file = tmp_path / "c"
    forged(file, {}, length=2**60)
    with pytest.raises(CheckpointError, match="has 50 bytes where its header alone should have"):
        Checkpoint.read(file)
    file.write_bytes(b"tgedu\r\n\x02" + bytes(100))
    with pytest.raises(CheckpointError, match="is of version 2 of the format, and this tinygrad_edu reads 1"):
        Checkpoint.read(file)
    with pytest.raises(FileNotFoundError):
        Checkpoint.read(tmp_path / "none")
    with pytest.raises(CheckpointError, match="is no file that could be a checkpoint"):
        Checkpoint.read("/dev/null")


def test_reading_needs_little_more_memory_than_the_file(tmp_path):
    file = tmp_path / "c"
    Checkpoint({f"{i}": np.full((500, 1000), float(i)) for i in range(5)}).write(file)
    size = file.stat().st_size
    tracemalloc.start()
    try:
        found = Checkpoint.read(file)
        found.write(tmp_path / "d")
        assert size < tracemalloc.get_traced_memory()[1] < 1.1 * size
    finally:
        tracemalloc.stop()
    assert found.arrays["4"].sum() == 2_000_000
    assert (tmp_path / "d").read_bytes() == file.read_bytes()


class Full:
    """The functions of `os` on a disk that has room for so many bytes, and then for none."""

    def __init__(self, fails, room):
        self.fails, self.room = fails, room

    def __getattr__(self, name):
        real = getattr(os, name)
        return real if name != self.fails else self.fail

    def fail(self, *args):
        if self.fails == "write" and self.room >= len(args[1]):
            self.room -= len(args[1])
            return os.write(*args)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(("fails", "room"), [("write", 0), ("write", 700), ("fsync", 0), ("replace", 0), ("open", 0)])
def test_a_full_disk_loses_nothing(tmp_path, monkeypatch, fails, room):
    file = tmp_path / "c"
    Checkpoint({"x": 1.0}).write(file)
    before = file.read_bytes()
    monkeypatch.setattr(writing, "os", Full(fails, room))
    with pytest.raises(CheckpointError, match="could not be written: No space left on device; the file that was there"):
        Checkpoint({"x": np.arange(1000.0), "y": 1.0}).write(file)
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["c"]


LIMITED = """
import resource, sys
import numpy as np
from tinygrad_edu.train import Checkpoint, CheckpointError

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    Checkpoint({"x": np.zeros(100_000)}).write(sys.argv[1])
except CheckpointError as error:
    print(error)
"""


def test_a_file_that_may_not_be_so_large_loses_nothing(tmp_path):
    file = tmp_path / "c"
    Checkpoint({"x": 1.0}).write(file)
    done = subprocess.run([sys.executable, "-c", LIMITED, str(file)], capture_output=True, text=True, check=True)
    assert "could not be written: File too large" in done.stdout
    assert Checkpoint.read(file).arrays == {"x": 1.0}
    assert os.listdir(tmp_path) == ["c"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100_000


READ_ONLY = """
import os, sys
from tinygrad_edu.train import Checkpoint, CheckpointError

if os.getuid() == 0:
    os.setuid(65534)
try:
    Checkpoint({"x": 2.0}).write(sys.argv[1])
except CheckpointError as error:
    print(error)
"""


def test_a_folder_that_is_read_only_loses_nothing(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "c"
    Checkpoint({"x": 1.0}).write(file)
    folder.chmod(0o555)
    for each in [folder, *folder.parents][:-1]:  # nobody may look at it, but not write
        if each.stat().st_uid == os.getuid() and each.is_relative_to(tmp_path.parents[1]):
            each.chmod(each.stat().st_mode | 0o055)
    done = subprocess.run([sys.executable, "-c", READ_ONLY, str(file)], capture_output=True, text=True, check=True)
    assert "could not be written: Permission denied; the file that was there before is untouched" in done.stdout
    assert Checkpoint.read(file).arrays == {"x": 1.0}


def test_mode_and_link_are_kept(tmp_path):
    file, link = tmp_path / "c", tmp_path / "link"
    link.symlink_to(file)
    Checkpoint({"x": 1.0}).write(link)
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~umask
    file.chmod(0o640)
    Checkpoint({"x": 2.0}).write(link)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert Checkpoint.read(file).arrays == {"x": 2.0}


def test_two_do_not_write_one_file_at_a_time(tmp_path):
    file = tmp_path / "c"
    with (
        writing._opened(f"{file}.partial"),
        pytest.raises(CheckpointError, match="could not be written: Resource temporarily unavailable"),
    ):
        Checkpoint({"x": 1.0}).write(file)
    Checkpoint({"x": 1.0}).write(file)
    (tmp_path / "c.partial").write_bytes(b"left by one that was killed")
    Checkpoint({"x": 2.0}).write(file)
    assert os.listdir(tmp_path) == ["c"]
    assert Checkpoint.read(file).arrays == {"x": 2.0}


def test_it_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    done = []

    class Noted:
        def __getattr__(self, name):
            if name in ("write", "fsync", "replace"):
                done.append(name)
            return getattr(os, name)

    monkeypatch.setattr(writing, "os", Noted())
    Checkpoint({"x": 1.0}).write(tmp_path / "c")
    assert done == ["write", "write", "fsync", "replace", "fsync"]
