"""The register tiles and vectors against the plain products, for every size of a tile and beyond."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory import vectors
from ractheory.compiled import njit
from ractheory.engine import tiles
from ractheory.engine.factors import padded

EPS = float(np.finfo(float).eps)


@njit()
def sketch(F, rows, p, C, c, m, q, out, o):  # type: ignore[no-untyped-def]
    tiles.sketch(F, rows, p, C, c, m, q, out, o)


@njit()
def update(F, rows, p, C, c, m, q, M):  # type: ignore[no-untyped-def]
    tiles.update(F, rows, p, C, c, m, q, M)


@njit()
def update_measured(F, rows, p, C, c, m, q, M, weights, sums):  # type: ignore[no-untyped-def]
    return tiles.update_measured(F, rows, p, C, c, m, q, M, weights, sums)


@pytest.mark.parametrize("q", [1, 2, 3, 4, 5, 6, 13])
@pytest.mark.parametrize("rows", [1, 2, 7, 50])
@pytest.mark.parametrize("columns", [1, 9, 17, 25, 40])
def test_products(q: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng([q, rows, columns])
    p, m, before = padded(columns), padded(rows), 2
    F, C = rng.standard_normal((rows, p)), np.zeros((before + q, m))
    C[:, :rows] = rng.standard_normal((before + q, rows))
    M, weights = rng.standard_normal((q, p)), rng.random((2, m))
    out = np.zeros((1 + q, p))
    sketch(F.ravel(), rows, p, C.ravel(), before * m, m, q, out.ravel(), p)
    used = C[before:, :rows]
    allowed = rows * EPS * (np.abs(used) @ np.abs(F))
    assert np.all(np.abs(out[1:] - used @ F) <= allowed)
    assert not np.any(out[0])
    expected, size = F + used.T @ M, np.abs(F) + np.abs(used).T @ np.abs(M)
    moved = F.copy()
    update(moved.ravel(), rows, p, C.ravel(), before * m, m, q, M.ravel())
    assert np.all(np.abs(moved - expected) <= (q + 1) * EPS * size)
    again = F.copy()
    found = update_measured(
        again.ravel(), rows, p, C.ravel(), before * m, m, q, M.ravel(), weights.ravel(), np.empty(2 * vectors.WIDTH),
    )  # fmt: skip
    assert np.array_equal(again, moved)
    squares = weights[:, :rows] @ np.sum(moved**2, axis=1)
    assert np.all(np.abs(np.array(found) - squares) <= rows * p * EPS * squares)


@njit()
def sum_of(x):  # type: ignore[no-untyped-def]
    return vectors.total(vectors.load(x, 0))


@njit()
def widen(x, out):  # type: ignore[no-untyped-def]
    vectors.store(out, 1, vectors.widened(x, 2))


def test_lanes_are_summed_by_halves() -> None:
    x = np.random.default_rng(1).standard_normal(vectors.WIDTH)
    halves = x.copy()
    while len(halves) > 1:
        halves = halves[: len(halves) // 2] + halves[len(halves) // 2 :]
    assert sum_of(x) == halves[0]


def test_singles_are_widened() -> None:
    x = np.random.default_rng(2).standard_normal(vectors.WIDTH + 4).astype(np.float32)
    out = np.zeros(vectors.WIDTH + 2)
    widen(x, out)
    assert np.array_equal(out[1:-1], x[2:-2].astype(np.float64))
    assert out[0] == out[-1] == 0.0


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_aligned_arrays_begin_at_a_line(size: int) -> None:
    x = vectors.aligned(size)
    assert x.size == size
    assert not np.any(x)
    assert x.ctypes.data % 64 == 0
