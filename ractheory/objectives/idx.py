"""Images in the IDX format of MNIST, from a folder that the user names.

A file begins with the bytes 0, 0, 8 (unsigned bytes) and the number of axes, then the size of every axis as four
bytes, the greatest first; then one byte an entry. It may be compressed by gzip.
"""

from __future__ import annotations

import gzip
import stat
import zlib
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError

LARGEST = 2**28
"""Entries of one file, at most; MNIST's largest has 47 million."""

PIXELS = (28, 28)
CLASSES = 10


class Images(NamedTuple):
    """Pixels by rows in [0, 1], and classes 0, ..., 9."""

    X: NDArray[np.float32]
    y: NDArray[np.int64]


def mnist(folder: str, part: str) -> Images:
    """Return the part "train" or "t10k" of the images of 28 x 28 pixels in `folder`.

    Raises
    ------
    UsageError : a file is missing, is no regular file, is cut short, or does not hold what its name says
    """
    images_at, labels_at = _find(folder, f"{part}-images", 3), _find(folder, f"{part}-labels", 1)
    images, labels = read_idx(images_at, 3), read_idx(labels_at, 1)
    if images.shape[1:] != PIXELS:
        given = " x ".join(map(str, images.shape[1:]))
        raise _refused(images_at, f"images of 28 x 28 pixels, these have {given}")
    if len(images) != len(labels):
        allowed = f"as many labels as images, {len(images)}; it has {len(labels)}"
        raise _refused(labels_at, allowed)
    if labels.max() >= CLASSES:
        raise _refused(labels_at, f"labels from 0 to 9; it has {labels.max()}")
    X = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return Images(X, labels.astype(np.int64))


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """Return the array in the IDX file at `path`, which has this number of axes."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _read(file, path, axes)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise _refused(path, f"a whole IDX file ({reason})") from error


def _read(file: BufferedIOBase, path: Path, axes: int) -> NDArray[np.uint8]:
    head = file.read(4 + 4 * axes)
    if len(head) < 4 + 4 * axes or head[:4] != bytes((0, 0, 8, axes)):
        raise _refused(path, f"an IDX file of bytes with {axes} axes")
    sizes = [int.from_bytes(head[4 + 4 * k : 8 + 4 * k], "big") for k in range(axes)]
    total = 1
    for size in sizes:
        total *= size  # integers of Python, which do not overflow
    words = " x ".join(map(str, sizes))
    if not 0 < total <= LARGEST:
        raise _refused(path, f"from 1 to {LARGEST} entries, its head says {words}")
    body = file.read(total + 1)  # no more, whatever a compressed file may still hold
    if len(body) != total:
        more = "more" if len(body) > total else f"{len(body)} of"
        raise _refused(path, f"the {total} bytes that its head says ({words}); it has {more} them")
    return np.frombuffer(body, dtype=np.uint8).reshape(sizes)


def _find(folder: str, name: str, axes: int) -> Path:
    names = [f"{name}{mark}idx{axes}-ubyte" for mark in ("-", ".")]
    every = [f"{n}{ending}" for n in names for ending in ("", ".gz")]
    for one in every:
        path = Path(folder) / one
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError):
            continue
        if not stat.S_ISREG(mode):
            raise _refused(path, "a regular file")
        return path
    allowed = f"a folder with the files of MNIST in the IDX format; it has no {every[0]}[.gz]"
    raise UsageError.of("data", folder, allowed, "name another folder, or leave data=digits")


def _refused(path: Path, allowed: str) -> UsageError:
    return UsageError.of("data", str(path), allowed, "put the original file there")
