"""Images from files that the user names: read whole, or refused in one line."""

import gzip
import os

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.objectives import idx


def body(array):
    head = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return head + array.astype(np.uint8).tobytes()


IMAGES = (np.arange(3 * 28 * 28) % 256).reshape(3, 28, 28)
LABELS = np.array([5, 0, 9])
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")


def write(folder, images=None, labels=None, names=NAMES):
    contents = (
        body(IMAGES) if images is None else images,
        body(LABELS) if labels is None else labels,
    )
    for name, content in zip(names, contents, strict=True):
        data = gzip.compress(content) if name.endswith(".gz") else content
        (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    "names",
    [NAMES, tuple(f"{n}.gz" for n in NAMES), ("train-images.idx3-ubyte", "train-labels.idx1-ubyte.gz")],
    ids=["plain", "compressed", "dots"],
)  # fmt: skip
def test_what_was_written_is_read(tmp_path, names):
    write(tmp_path, names=names)
    X, y = idx.mnist(str(tmp_path), "train")
    assert X.dtype == np.float32
    assert np.array_equal(X * np.float32(255), IMAGES.reshape(3, -1).astype(np.float32))
    assert y.tolist() == [5, 0, 9]


def truncated(data, by):
    return data[: len(data) - by]


def huge():
    return bytes((0, 0, 8, 3)) + (2**31).to_bytes(4, "big") * 3


BAD = {
    "cut short": ({"images": truncated(body(IMAGES), 1)}, "2351 of them"),
    "only a head": ({"images": body(IMAGES)[:16]}, "0 of them"),
    "half a head": ({"images": body(IMAGES)[:7]}, "3 axes"),
    "empty": ({"labels": b""}, "1 axes"),
    "too long": ({"images": body(IMAGES) + b"x"}, "more them"),
    "other magic": ({"images": b"\x00\x00\x0d\x03" + body(IMAGES)[4:]}, "3 axes"),
    "sizes beyond memory": ({"images": huge()}, "2147483648 x 2147483648"),
    "no entries": ({"images": body(IMAGES[:0])}, "from 1 to"),
    "other pixels": ({"images": body(IMAGES[:, :27])}, "27 x 28"),
    "labels beyond 9": ({"labels": body(np.array([1, 2, 10]))}, "it has 10"),
    "fewer labels": ({"labels": body(LABELS[:2])}, "it has 2"),
    "text": ({"labels": b"<html>not found</html>"}, "1 axes"),
}


@pytest.mark.parametrize(("files", "says"), BAD.values(), ids=BAD.keys())
def test_what_is_no_mnist_is_refused_in_one_line(tmp_path, files, says):
    write(tmp_path, **files)
    with pytest.raises(UsageError) as caught:
        idx.mnist(str(tmp_path), "train")
    said = str(caught.value)
    assert says in said
    assert "\n" not in said
    assert "idx" in said


@pytest.mark.parametrize("broken", [b"\x1f\x8b", b"plain", gzip.compress(body(IMAGES))[:-9]])
def test_a_broken_archive_is_refused(tmp_path, broken):
    write(tmp_path)
    (tmp_path / NAMES[0]).unlink()
    (tmp_path / f"{NAMES[0]}.gz").write_bytes(broken)
    with pytest.raises(UsageError, match="a whole IDX file"):
        idx.mnist(str(tmp_path), "train")


def test_an_archive_is_not_unpacked_beyond_what_its_head_says(tmp_path, monkeypatch):
    """Ten bytes of head, then zeros without end: no more than one byte too many is read."""
    write(tmp_path)
    (tmp_path / NAMES[0]).unlink()
    bomb = gzip.compress(body(IMAGES) + bytes(10**7))
    (tmp_path / f"{NAMES[0]}.gz").write_bytes(bomb)
    seen = []
    read = gzip.GzipFile.read

    def counting(self, size=-1):
        seen.append(size)
        return read(self, size)

    monkeypatch.setattr(gzip.GzipFile, "read", counting)
    with pytest.raises(UsageError, match="more them"):
        idx.mnist(str(tmp_path), "train")
    assert max(seen) == IMAGES.size + 1
    assert min(seen) >= 0


@pytest.mark.parametrize("folder", ["", "no-such-folder", "a\0b", "x" * 5000])
def test_a_folder_without_the_files_is_refused(tmp_path, folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="train-images-idx3-ubyte"):
        idx.mnist(folder, "train")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    write(tmp_path)
    (tmp_path / NAMES[0]).unlink()
    os.mkfifo(tmp_path / NAMES[0])
    with pytest.raises(UsageError, match="a regular file"):
        idx.mnist(str(tmp_path), "train")
