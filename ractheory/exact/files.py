"""Vectors of numbers in files: text, .csv and .npy. Nothing in a file is ever executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ractheory.errors import UsageError, readable


def read_numbers(name: str, path: Path) -> list[Any]:
    """Return the numbers of a file: floats of a .npy vector, else words as they are written.

    Text and .csv files hold numbers separated by commas, semicolons, spaces or line ends; what
    follows # on a line is a comment. A .npy file holds one real vector; object arrays, which would have
    to be unpickled, are refused. Raises UsageError.
    """
    readable(f"file of the {name}", path, "a text, .csv or .npy file of numbers")
    numbers = _npy(name, path) if path.suffix.lower() == ".npy" else _words(name, path)
    if not numbers:
        raise UsageError.of(f"file of the {name}", str(path), "at least one number", "it is empty")
    return numbers


def _unreadable(name: str, path: Path, error: Exception) -> UsageError:
    reason = getattr(error, "strerror", None) or str(error)
    return UsageError.of(
        f"file of the {name}",
        str(path),
        "a readable file of numbers",
        f"reading it failed: {reason}",
    )


def _words(name: str, path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(name, path, error) from None
    bare = (line.split("#")[0] for line in text.splitlines())
    return [word for line in bare for word in line.replace(",", " ").replace(";", " ").split()]


def _npy(name: str, path: Path) -> list[float]:
    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False)
    except (
        OSError,
        ValueError,
        EOFError,
        MemoryError,
        OverflowError,
        SyntaxError,
        BadZipFile,
    ) as error:
        raise _unreadable(name, path, error) from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise UsageError.of(
            f"file of the {name}", str(path), "a .npy array of real numbers", "save a float vector"
        )
    if max(array.shape, default=1) != array.size:
        raise UsageError.of(
            f"shape of the {name}", array.shape, "a vector", "save the values, not a matrix"
        )
    return [float(v) for v in array.ravel()]
