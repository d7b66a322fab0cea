"""Random words by counter: Philox4x32-10, and what is made from it.

Every draw of the suite is a pure function of (stream, seed, link, purpose, index): no state, so the
numbers do not depend on threads, on blocks of seeds, or on what was drawn before. The stream is the
hash of a name. Source of the generator: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as
easy as 1, 2, 3", SC 2011; the tests hold its published known-answer vectors.
"""

from __future__ import annotations

import hashlib
import math
from enum import IntEnum

import numpy as np
from numba import njit

KERNEL = {"cache": True, "nogil": True, "error_model": "numpy"}
"""How every kernel is compiled: cached on disk, without the lock of the interpreter, IEEE arithmetic."""


class Purpose(IntEnum):
    """What a draw is for; draws of different purposes are independent."""

    SKETCH = 0
    SIDE = 1
    INITIAL_FACTOR = 2
    NOISE = 3
    BATCH = 4
    START = 5
    SHUFFLE = 6
    COIN = 7


SECOND = 8
"""Added to a purpose: a second, independent stream of draws for the same purpose."""

BLOCK = 16
"""Added once per block of the parameter: every block draws for itself."""


def stream_key(name: str) -> np.ndarray:
    """Return the two 32-bit key words of the stream called `name`.

    >>> stream_key("ractheory").dtype
    dtype('uint32')
    """
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return np.frombuffer(digest, dtype=np.uint32).copy()


_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


@njit(inline="always", **KERNEL)
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Return the four words of Philox4x32-10 for one counter and key, all uint32."""
    for _ in range(10):
        p0 = _M0 * np.uint64(c0)
        p1 = _M1 * np.uint64(c2)
        h0, l0 = np.uint32(p0 >> _SHIFT), np.uint32(p0 & _LOW)
        h1, l1 = np.uint32(p1 >> _SHIFT), np.uint32(p1 & _LOW)
        c0, c1, c2, c3 = np.uint32(h1 ^ c1 ^ k0), l1, np.uint32(h0 ^ c3 ^ k1), l0
        k0 = np.uint32(k0 + _W0)
        k1 = np.uint32(k1 + _W1)
    return c0, c1, c2, c3


@njit(inline="always", **KERNEL)
def words(key, seed, link, purpose, index):  # type: ignore[no-untyped-def]
    """Return the four words number `index` of a purpose, in one link of one seed."""
    return philox(
        np.uint32(index), np.uint32(link), np.uint32(seed), np.uint32(purpose), key[0], key[1]
    )


@njit(inline="always", **KERNEL)
def unit(word):  # type: ignore[no-untyped-def]
    """Return a uniform number in (0, 1) from one word: the middle of one of 2^32 cells."""
    return (np.float64(word) + 0.5) * (1.0 / 4294967296.0)


@njit(**KERNEL)
def fill_normal(key, seed, link, purpose, out):  # type: ignore[no-untyped-def]
    """Fill the flat array `out` with independent N(0, 1) deviates (Box-Muller)."""
    size = out.size
    for start in range(0, size, 4):
        a, b, c, d = words(key, seed, link, purpose, start // 4)
        radius, angle = math.sqrt(-2.0 * math.log(unit(a))), 2.0 * math.pi * unit(b)
        out[start] = radius * math.cos(angle)
        if start + 1 < size:
            out[start + 1] = radius * math.sin(angle)
        if start + 2 < size:
            radius, angle = math.sqrt(-2.0 * math.log(unit(c))), 2.0 * math.pi * unit(d)
            out[start + 2] = radius * math.cos(angle)
            if start + 3 < size:
                out[start + 3] = radius * math.sin(angle)


@njit(**KERNEL)
def fill_sign(key, seed, link, purpose, out):  # type: ignore[no-untyped-def]
    """Fill the flat array `out` with independent signs +1 and -1."""
    for start in range(0, out.size, 128):
        block = words(key, seed, link, purpose, start // 128)
        for i in range(start, min(start + 128, out.size)):
            word = block[(i - start) // 32]
            out[i] = 1.0 - 2.0 * np.float64((word >> np.uint32(i % 32)) & np.uint32(1))


@njit(**KERNEL)
def uniform(key, seed, link, purpose, index):  # type: ignore[no-untyped-def]
    """Return one uniform number in (0, 1)."""
    return unit(words(key, seed, link, purpose, index)[0])


@njit(**KERNEL)
def shuffle(key, seed, link, purpose, first, out):  # type: ignore[no-untyped-def]
    """Permute the integers in `out` so that its first `first` entries are a uniform ordered sample."""
    size = out.size
    for i in range(min(first, size - 1)):
        a, b, _, _ = words(key, seed, link, purpose, i)
        word = (np.uint64(a) << _SHIFT) | np.uint64(b)
        j = i + np.int64(word % np.uint64(size - i))  # bias below 2^-50 for any size met here
        out[i], out[j] = out[j], out[i]
