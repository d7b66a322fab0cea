"""Statistics of a column that is read in pieces: in bounded memory, the same bits for any pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CHUNK = 1024
"""Rows that are summed at once. Sums depend on where they are cut: here, whatever the pieces are."""

DIGIT = 16
"""Bits of a number that one pass of `order_statistics` settles."""


def rechunked(pieces: Iterable[Array], size: int = CHUNK) -> Iterator[Array]:
    """Yield the rows of `pieces` in chunks of `size`, the last one shorter.

    >>> [len(chunk) for chunk in rechunked([np.zeros(3), np.zeros(4)], 5)]
    [5, 2]
    """
    held: list[Array] = []
    missing = size
    for piece in pieces:
        at = 0
        while len(piece) - at >= missing:
            yield np.concatenate([*held, piece[at : at + missing]])
            held, at, missing = [], at + missing, size
        if at < len(piece):
            held.append(piece[at:])
            missing -= len(piece) - at
    if held:
        yield np.concatenate(held)


@dataclass
class Mean:
    """Mean and variance of the rows added so far (Chan, Golub, LeVeque, 1979).

    >>> mean = Mean()
    >>> mean.add(np.array([1.0, 2.0, 3.0]))
    >>> mean.value, round(mean.standard_error(), 12)
    (2.0, 0.57735026919)
    """

    count: int = 0
    value: float = 0.0
    squares: float = 0.0

    def add(self, rows: Array) -> None:
        """Add a chunk of `rechunked`."""
        with np.errstate(invalid="ignore", over="ignore"):
            mean = float(np.mean(rows))
            squares = float(np.sum((rows - mean) ** 2))
            total = self.count + len(rows)
            shift = mean - self.value
            self.value += shift * (len(rows) / total)
            self.squares += squares + shift**2 * (self.count * len(rows) / total)
            self.count = total
        if not np.isfinite(self.value):  # Once infinite, infinite: also where inf - inf came out.
            self.value = inf

    def standard_error(self) -> float | None:
        """Return the standard error of the mean; None where it is not finite, or of one row."""
        if self.count < 2 or not np.isfinite(self.value) or not np.isfinite(self.squares):
            return None
        return sqrt(self.squares / (self.count - 1) / self.count)


def quantiles(
    pieces: Callable[[], Iterable[Array]], count: int, percents: Sequence[int]
) -> list[float]:
    """Return the quantiles of a column of `count` rows: the smallest value with at least that many
    percent at or below it. `pieces()` yields the column anew at each call.

    >>> quantiles(lambda: [np.array([3.0, 1.0]), np.array([2.0])], 3, [50, 100])
    [2.0, 3.0]
    """
    return order_statistics(pieces, [max(-(-p * count // 100) - 1, 0) for p in percents])


def order_statistics(pieces: Callable[[], Iterable[Array]], ranks: Sequence[int]) -> list[float]:
    """Return the values of these ranks (0 is the smallest), exactly, by radix selection.

    Each pass over the column settles 16 more bits of every answer, and keeps a count for each of their
    2^16 values: four passes, for any number of rows.
    """
    found = [0] * len(ranks)
    left = list(ranks)
    for shift in range(64 - DIGIT, -1, -DIGIT):
        prefixes = sorted(set(found))
        counts = {p: np.zeros(1 << DIGIT, dtype=np.int64) for p in prefixes}
        for piece in pieces():
            keys = _ordered(piece)
            for p in prefixes:
                here = keys if shift == 64 - DIGIT else keys[keys >> np.uint64(shift + DIGIT) == p]
                digits = (here >> np.uint64(shift)) & np.uint64((1 << DIGIT) - 1)
                counts[p] += np.bincount(digits.astype(np.int64), minlength=1 << DIGIT)
        for k, p in enumerate(found):
            below = np.cumsum(counts[p])
            digit = int(np.searchsorted(below, left[k], side="right"))
            left[k] -= int(below[digit - 1]) if digit else 0
            found[k] = (p << DIGIT) | digit
    return [float(x) for x in _numbers(np.array(found, dtype=np.uint64))]


SIGN = np.uint64(1 << 63)


def _ordered(values: Array) -> NDArray[np.uint64]:
    """Return the bits of the numbers, turned so that they are in the order of the numbers."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    return np.where(bits & SIGN, ~bits, bits | SIGN)


def _numbers(keys: NDArray[np.uint64]) -> Array:
    return np.where(keys & SIGN, keys & ~SIGN, ~keys).view(np.float64)
