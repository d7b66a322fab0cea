"""The generator against its published vectors, and the laws of what is made from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ractheory.engine.elementary import half_circle, minus_two_log, normal_pair
from ractheory.engine.random import (
    fill_normal,
    fill_sign,
    fill_sphere,
    philox,
    shuffle,
    stream_key,
    uniform,
)

KEY = stream_key("tests of the generator")
ERROR_RATE = 1e-6
"""Chance that a correct generator fails one statistical test here (the streams are fixed)."""

UNIT32 = float(np.finfo(np.float32).eps)

ONES = 0xFFFFFFFF
PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)
VECTORS = [  # kat_vectors of Random123, philox4x32 with 10 rounds: counter, key, result
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (*PI, (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_philox_known_answers(
    counter: tuple[int, ...], key: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert philox(*map(np.uint32, counter + key)) == expected


def normals(size: int, link: int = 0) -> np.ndarray:
    out = np.empty(size)
    fill_normal(KEY, 1, link, 0, out)
    return out


def test_normal_law() -> None:
    x = normals(400_000)
    assert stats.kstest(x, "norm").pvalue > ERROR_RATE
    quarters = x.reshape(4, -1)  # the two of one pair, and the pairs of one block of words
    bound = stats.norm.isf(ERROR_RATE / 24) / np.sqrt(quarters.shape[1])
    off = ~np.eye(4, dtype=bool)
    assert np.all(np.abs(np.corrcoef(quarters))[off] < bound)
    assert np.all(np.abs(np.corrcoef(quarters**2))[off] < bound)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7])
def test_odd_sizes_are_filled(size: int) -> None:
    assert np.all(normals(size) != 0.0)
    assert len(set(normals(size))) == size


def test_sphere_law() -> None:
    points = np.empty((60_000, 3))
    for link, row in enumerate(points):
        fill_sphere(KEY, 5, link, 0, row, 0)
    assert np.abs(np.linalg.norm(points, axis=1) - 1).max() < 8 * UNIT32
    for column in points.T:  # Archimedes: every coordinate is uniform
        assert stats.kstest(column, "uniform", (-1, 2)).pvalue > ERROR_RATE
    moments = points.T @ points / len(points)
    bound = stats.norm.isf(ERROR_RATE / 12) * np.sqrt(1 / 5) / np.sqrt(len(points))
    assert np.abs(moments - np.eye(3) / 3).max() < bound  # E x^4 = 1/5 bounds every variance


def test_draws_are_functions_of_their_place() -> None:
    assert np.array_equal(normals(10, link=3), normals(10, link=3))
    places = [(s, k, p) for s in range(3) for k in range(3) for p in range(3)]
    assert len({uniform(KEY, *place, 0) for place in places}) == len(places)


def test_signs_are_balanced() -> None:
    signs = np.empty(100_000)
    fill_sign(KEY, 0, 0, 0, signs)
    assert set(signs) == {-1.0, 1.0}
    assert abs(signs.sum()) < stats.norm.isf(ERROR_RATE / 2) * np.sqrt(signs.size)


def test_shuffle_is_uniform() -> None:
    counts: dict[tuple[int, ...], int] = {}
    for link in range(6000):
        order = np.arange(4)
        shuffle(KEY, 2, link, 0, 4, order)
        counts[tuple(map(int, order))] = counts.get(tuple(map(int, order)), 0) + 1
    assert len(counts) == 24
    assert stats.chisquare(list(counts.values())).pvalue > ERROR_RATE


def test_elementary_functions() -> None:
    """Single precision: the fits are below 2e-8, and some ten roundings of half a unit follow."""
    t = np.linspace(-1, 1, 4001, dtype=np.float32)
    circle = np.array([half_circle(x) for x in t])
    angle = np.pi / 2 * t.astype(float)
    assert np.abs(circle - np.stack([np.cos(angle), np.sin(angle)], 1)).max() < 5 * UNIT32
    u = np.float32(2.0) ** np.linspace(-32, 0, 4001, dtype=np.float32)
    log = np.array([minus_two_log(x) for x in u])
    exact = -2 * np.log(u.astype(float))
    assert np.all(np.abs(log - exact) <= 5 * UNIT32 * np.maximum(exact, 1.0))


@pytest.mark.parametrize("first", [-1, -2, -129, -513, 2**31 - 1])
@pytest.mark.parametrize("second", [-(2**31), -(2**31) + 1, 2**31 - 1, 2**31 - 64, -1, 0])
def test_the_first_of_two_normals_is_never_zero(first: int, second: int) -> None:
    """At the ends of the words, where single precision rounds u to 1 and the cosine to 0.

    A factor of one zero entry spans nothing, where almost every factor spans everything.
    """
    one, two = normal_pair(np.int32(first), np.int32(second))
    assert np.isfinite([one, two]).all()
    assert one != 0.0
