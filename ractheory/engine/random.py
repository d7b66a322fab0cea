"""Random words by counter: Philox4x32-10, and what is made from it.

Every draw of the suite is a pure function of (stream, seed, link, purpose, index): no state, so the
numbers do not depend on threads, on blocks of seeds, or on what was drawn before. The stream is the
hash of a name. Source of the generator: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as
easy as 1, 2, 3", SC 2011; the tests hold its published known-answer vectors.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum

import numpy as np

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.elementary import normal_pair, sphere_point
from ractheory.vectors import WIDTH, store, widened


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
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


@njit(**INNER)
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Return the four words of Philox4x32-10 for one counter and key, all uint32.

    The words live in the low halves of 64-bit lanes, whose high halves are never read: then a product is
    one vector instruction and no lane is ever packed.
    """
    x0, x1, x2, x3 = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    key0, key1 = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        p0 = _M0 * (x0 & _LOW)
        p1 = _M1 * (x2 & _LOW)
        x0, x1 = (p1 >> _SHIFT) ^ x1 ^ key0, p1
        x2, x3 = (p0 >> _SHIFT) ^ x3 ^ key1, p0
        key0 += _W0
        key1 += _W1
    return np.uint32(x0), np.uint32(x1), np.uint32(x2), np.uint32(x3)


@njit(**INNER)
def words(key, seed, link, purpose, index):  # type: ignore[no-untyped-def]
    """Return the four words number `index` of a purpose, in one link of one seed."""
    return philox(
        np.uint32(index), np.uint32(link), np.uint32(seed), np.uint32(purpose), key[0], key[1]
    )


@njit(**INNER)
def unit(word):  # type: ignore[no-untyped-def]
    """Return a uniform number in (0, 1) from one word: the middle of one of 2^32 cells."""
    return (np.float64(word) + 0.5) * (1.0 / 4294967296.0)


@njit(**KERNEL)
def fill_words(key, seed, link, purpose, out):  # type: ignore[no-untyped-def]
    """Fill the rows of out (4 x q, int32) with the words number 0, ..., q - 1 of a purpose."""
    for i in range(out.shape[1]):
        a, b, c, d = words(key, seed, link, purpose, i)
        out[0, i], out[1, i] = np.int32(a), np.int32(b)
        out[2, i], out[3, i] = np.int32(c), np.int32(d)


AT_ONCE = 16
"""Normals are made in multiples of so many of each of the four words: whole vectors, whatever is asked for."""


@njit(**KERNEL)
def scratch_for_normals(size, times):  # type: ignore[no-untyped-def]
    """Return what `fill_normal_in` needs: two arrays of words, two of deviates, and so many times `size` normals."""
    quarter = ((size + 3) // 4 + AT_ONCE - 1) // AT_ONCE * AT_ONCE
    return (
        np.empty(2 * quarter, np.int32), np.empty(2 * quarter, np.int32),
        np.empty(2 * quarter, np.float32), np.empty(2 * quarter, np.float32),
        np.empty(times * size + quarter + AT_ONCE),
    )  # fmt: skip


@njit(**INNER)
def fill_normal_in(key, seed, link, purpose, size, first, second, x, y, out, at):  # type: ignore[no-untyped-def]
    """Fill out[at : at + size] with independent N(0, 1) deviates; the arrays are those of `scratch_for_normals`.

    With q a quarter of the size, rounded up, the words number i make the entries i, q + i, 2q + i, 3q + i:
    so every loop runs over contiguous arrays. A quarter is written past its end, and the next one over that.
    """
    q, quarter = first.size // 2, (size + 3) // 4
    for i in range(q):
        a, b, c, d = words(key, seed, link, purpose, i)
        first[i], second[i] = np.int32(a), np.int32(b)
        first[q + i], second[q + i] = np.int32(c), np.int32(d)
    for i in range(2 * q):
        x[i], y[i] = normal_pair(first[i], second[i])
    for half in range(2):
        for i in range(0, q, WIDTH):
            store(out, at + 2 * half * quarter + i, widened(x, half * q + i))
        for i in range(0, q, WIDTH):
            store(out, at + (2 * half + 1) * quarter + i, widened(y, half * q + i))


@njit(**KERNEL)
def fill_normal(key, seed, link, purpose, out):  # type: ignore[no-untyped-def]
    """Fill the flat array `out` with independent N(0, 1) deviates."""
    first, second, x, y, room = scratch_for_normals(out.size, 1)
    fill_normal_in(key, seed, link, purpose, out.size, first, second, x, y, room, 0)
    for i in range(out.size):
        out[i] = room[i]


@njit(**INNER)
def fill_sphere(key, seed, link, purpose, out, at):  # type: ignore[no-untyped-def]
    """Fill out[at : at + 3] with a uniform direction; two links share one block of words."""
    a, b, c, d = words(key, seed, link // 2, purpose, 0)
    if link % 2 == 0:
        x, y, z = sphere_point(np.int32(a), np.int32(b))
    else:
        x, y, z = sphere_point(np.int32(c), np.int32(d))
    out[at], out[at + 1], out[at + 2] = np.float64(x), np.float64(y), np.float64(z)


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
