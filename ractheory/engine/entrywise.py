"""Rank-one chains on a small quadratic with a weight per entry: seeds innermost.

One block of LANES seeds runs through all links together. Every array has the seeds as its last axis, so each
line below is one vector operation, and the state of a block stays in the first-level cache. The update is
the one of `ractheory.engine.projected` (W <- W - gamma b (b^T G) / |b|^2 on D = W - W*), with the same draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.compiled import INNER, KERNEL, njit
from ractheory.engine.elementary import fma, normal_pair, sphere_point
from ractheory.engine.plans import fresh_haar_step
from ractheory.engine.projected import DIVERGED
from ractheory.engine.random import Purpose, words
from ractheory.engine.run import Run
from ractheory.engine.threads import over_threads
from ractheory.methods import Method, Trains
from ractheory.objectives.structure import Family, Problem

LANES = 128
"""Seeds of one block: a 3 x 3 state, its sketch and its records take 20 KiB."""

LARGEST = 16
"""Entries up to which the loops over rows and columns are unrolled."""

SKETCH = int(Purpose.SKETCH)
Array = NDArray[np.float64]


def qualifies(problem: Problem, method: Method) -> bool:
    """Return whether this module runs the method: one block, one column, a fresh Haar range each link."""
    return (
        problem.family == Family.ENTRY_QUADRATIC
        and len(problem.blocks) == 1
        and problem.X.size <= LARGEST
        and fresh_haar_step(method)
        and method.rank == 1
    )


@njit(**INNER)
def draw_spheres(key, seeds, link, block, b):  # type: ignore[no-untyped-def]
    """Draw the directions in R^3 of two links, link even, for every seed: b is 2 x 3 x LANES, flat."""
    for s in range(LANES):
        w0, w1, w2, w3 = words(key, seeds[s], link // 2, SKETCH, 0)
        block[s], block[LANES + s] = np.int32(w0), np.int32(w1)
        block[2 * LANES + s], block[3 * LANES + s] = np.int32(w2), np.int32(w3)
    for half in range(2):
        words_at, at = 2 * half * LANES, 3 * half * LANES
        for s in range(LANES):
            x, y, z = sphere_point(block[words_at + s], block[words_at + LANES + s])
            b[at + s], b[at + LANES + s], b[at + 2 * LANES + s] = x, y, z


@njit(**INNER)
def draw_normals(key, seeds, link, d, block, b):  # type: ignore[no-untyped-def]
    """Draw d normal entries for every seed in the order of `fill_normal`; b holds 4 ceil(d/4) x LANES."""
    quarter = (d + 3) // 4
    for i in range(quarter):
        for s in range(LANES):
            w0, w1, w2, w3 = words(key, seeds[s], link, SKETCH, i)
            block[s], block[LANES + s] = np.int32(w0), np.int32(w1)
            block[2 * LANES + s], block[3 * LANES + s] = np.int32(w2), np.int32(w3)
        for half in range(2):
            words_at, at = 2 * half * LANES, (2 * half * quarter + i) * LANES
            for s in range(LANES):
                x, y = normal_pair(block[words_at + s], block[words_at + LANES + s])
                b[at + s], b[at + quarter * LANES + s] = x, y


@njit(**KERNEL)
def lane_moments(row, count, out, link, halves):  # type: ignore[no-untyped-def]
    """Write the mean of row[:count] and the sum of squares about it into out[:, link].

    Summed by halves, in an order that does not depend on the width of the vectors.
    """
    mean = 0.0
    for power in range(2):
        for s in range(LANES):
            x = row[s] - mean if s < count else 0.0
            halves[s] = x if power == 0 else x * x
        width = LANES // 2
        while width > 0:
            for s in range(width):
                halves[s] += halves[s + width]
            width //= 2
        if power == 0:
            mean = halves[0] / count
    out[0, link], out[1, link] = mean, halves[0]


@njit(**INNER)
def advance(m, n, D, weights, b, c, gamma, limit, gap, grad_sq, step_sq):  # type: ignore[no-untyped-def]
    """One link of an m x n chain: record f and |G|^2 of D, then D <- D - gamma b (b^T G) / |b|^2; c is scratch."""
    for s in range(LANES):
        norm = 0.0
        for i in range(m):
            norm = fma(b[i * LANES + s], b[i * LANES + s], norm)
        f, squares, projected = 0.0, 0.0, 0.0
        for j in range(n):
            inner = 0.0
            for i in range(m):
                e = D[(i * n + j) * LANES + s]
                g = weights[i * n + j] * e
                f = fma(g, e, f)
                squares = fma(g, g, squares)
                inner = fma(b[i * LANES + s], g, inner)
            projected = fma(inner, inner, projected)
            c[j * LANES + s] = inner
        gap[s] = 0.5 * f
        grad_sq[s] = squares
        step_sq[s] = projected / norm
        # A run that has left every bound stays where it is.
        scale = -gamma / norm if 0.5 * f <= limit[s] else 0.0
        for j in range(n):
            k = scale * c[j * LANES + s]
            for i in range(m):
                at = (i * n + j) * LANES + s
                D[at] = fma(k, b[i * LANES + s], D[at])


@cache
def block_kernel(m: int, n: int, unit: bool) -> Any:
    """Return the kernel of one block for m x n matrices and a sketch of the m rows.

    The sizes are constants of the kernel, so that its short loops are unrolled and the one over seeds is
    vectorised. `unit` tells a direction of R^3 from a Gaussian column. A compiled function among what it
    closes over would have a name of its own in every process, and the kernel would never be found again.
    """

    @njit(**KERNEL)
    def run_block(weights, gamma, key, seeds, D, gap, grad_sq, step_sq, count, moments, diverged):  # type: ignore[no-untyped-def]
        """Simulate LANES seeds from D (m n x LANES, flat, overwritten); one row of each record a link.

        With moments (3 x 2 x (links + 1)) the records are one row each, used again and again: every link
        is reduced to the moments of its first `count` lanes, and to how many of them have diverged.
        """
        quarter = (m + 3) // 4
        block = np.empty(4 * LANES, dtype=np.int32)
        drawn = np.empty(max(6, 4 * quarter) * LANES, dtype=np.float32)
        b, c = np.empty(m * LANES), np.empty(n * LANES)
        limit = np.full(LANES, np.inf)
        reducing = count > 0
        links = diverged.size - 1
        for link in range(links + 1):
            first = 0
            if link == links:
                gamma = 0.0
            elif unit:
                if link % 2 == 0:
                    draw_spheres(key, seeds, link, block, drawn)
                first = 3 * (link % 2) * LANES
            else:
                draw_normals(key, seeds, link, m, block, drawn)
            for k in range(m * LANES):
                b[k] = np.float64(drawn[first + k])
            row = 0 if reducing else link
            advance(m, n, D, weights, b, c, gamma, limit, gap[row], grad_sq[row], step_sq[row])
            if link == 0:
                for s in range(LANES):
                    limit[s] = DIVERGED * (1.0 + gap[0, s])
            if reducing:
                lane_moments(gap[0], count, moments[0], link, c)
                lane_moments(grad_sq[0], count, moments[1], link, c)
                lane_moments(step_sq[0], count, moments[2], link, c)
                for s in range(count):
                    diverged[link] += not gap[0, s] <= limit[s]

    return run_block


@dataclass(frozen=True)
class Chain:
    """A rank-one chain ready to run: the kernel of its shape and what the kernel reads.

    A right sketch is a left one of the transposed problem; `start` is W_0 - W* as that problem sees it, a
    row for each seed or one row for all.
    """

    kernel: Any
    shape: tuple[int, int]
    turned: bool
    weights: Array
    centre: Array
    gamma: float
    key: NDArray[np.uint32]
    start: Array

    @classmethod
    def of(cls, problem: Problem, method: Method, key: NDArray[np.uint32], start: Array) -> Chain:
        """Return the chain of a method that qualifies."""
        m, n = int(problem.blocks[0, 1]), int(problem.blocks[0, 2])
        turned = method.trains is Trains.RIGHT
        weights, centre, w = (_turn(x, m, n, turned) for x in (problem.X, problem.Y, start))
        shape = (n, m) if turned else (m, n)
        kernel = block_kernel(*shape, shape[0] == 3 and method.law.name == "haar")
        return cls(kernel, shape, turned, weights[0], centre, method.step, key, w - centre)

    def records(self, seeds: range, records: list[Array], at: int) -> Array:
        """Simulate seeds[at : at + LANES], write their records; return W, a row a seed."""
        D = self._lanes(at)
        diverged = np.zeros(len(records[0]), dtype=np.int64)
        numbers = _padded(seeds[at : at + LANES])
        self.kernel(
            self.weights, self.gamma, self.key, numbers, D, *records, 0, NO_MOMENTS, diverged
        )
        m, n = self.shape
        W = D.reshape(m * n, LANES).T + self.centre
        return _turn(W, m, n, True) if self.turned else W

    def moments(self, seeds: range, moments: Array, diverged: NDArray[np.int64]) -> None:
        """Write the moments of up to LANES seeds at every link: 3 x 2 x (links + 1)."""
        row = np.empty((3, 1, LANES))
        diverged.fill(0)
        self.kernel(
            self.weights, self.gamma, self.key, _padded(seeds), self._lanes(0), *row,
            len(seeds), moments, diverged,
        )  # fmt: skip

    def _lanes(self, at: int) -> Array:
        """Return the start of the seeds from `at` on, seeds innermost, flat."""
        start = self.start[at : at + LANES] if len(self.start) > 1 else self.start
        return np.ascontiguousarray(np.resize(start, (LANES, start.shape[1])).T).ravel()


NO_MOMENTS = np.empty((0, 0, 0))


def _padded(seeds: range) -> NDArray[np.int64]:
    return np.resize(np.array(seeds, dtype=np.int64), LANES)


def simulate_entries(chain: Chain, seeds: range, links: int, threads: int | None) -> Run:
    """Simulate every seed; the records have the seeds innermost in memory."""
    padded = -(-len(seeds) // LANES) * LANES
    records = [np.empty((links + 1, padded)) for _ in range(3)]
    final = np.empty((padded, chain.weights.size))

    def work(at: int) -> None:
        part = slice(at, at + LANES)
        final[part] = chain.records(seeds, [record[:, part] for record in records], at)

    over_threads(work, range(0, padded, LANES), threads)
    gap, grad_sq, step_sq = (record[:, : len(seeds)].T for record in records)
    diverged = np.full(len(seeds), -1, dtype=np.int64)
    return _mark_diverged(Run(gap, grad_sq, step_sq[:, :-1], diverged, final[: len(seeds)]))


def _turn(x: Array, m: int, n: int, turned: bool) -> Array:
    """Return the rows of x, flat m x n matrices, as flat n x m matrices if `turned`."""
    x = x.reshape(-1, m * n)
    return (
        np.ascontiguousarray(x.reshape(-1, m, n).swapaxes(1, 2)).reshape(x.shape) if turned else x
    )


def _mark_diverged(run: Run) -> Run:
    """Make the records infinite from the first link out of bounds; a run that left never comes back."""
    with np.errstate(over="ignore"):  # no bound that is too large to hold is left
        limits = DIVERGED * (1.0 + run.gap[:, 0])
    for s in np.flatnonzero(~(run.gap[:, -1] <= limits)):
        out = ~(run.gap[s] <= limits[s])
        t = int(np.argmax(out))
        run.gap[s, t:] = run.grad_sq[s, t:] = run.step_sq[s, t:] = np.inf
        run.diverged_at[s] = t
    return run
