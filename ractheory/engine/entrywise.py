"""Rank-one chains on a small quadratic with a weight per entry: seeds innermost.

One block of LANES seeds runs through all links together. Every array has the seeds as its last axis, so each
line below is one vector operation, and the state of a block stays in the first-level cache. The update is
the one of `ractheory.engine.projected` (W <- W - gamma b (b^T G) / |b|^2 on D = W - W*), with the same draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ractheory.compiled import INNER, LOOP, njit
from ractheory.engine.elementary import fma, normal_pair, sphere_point
from ractheory.engine.plans import fresh_haar_step
from ractheory.engine.projected import DIVERGED
from ractheory.engine.random import Purpose, words
from ractheory.engine.run import Run
from ractheory.engine.threads import over_threads
from ractheory.methods import Method, Trains
from ractheory.objectives.structure import Family, Problem
from ractheory.vectors import WIDTH, add, aligned, load, splat, subtract, total, vfma

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


@njit(**INNER)
def lane_moments(row, count):  # type: ignore[no-untyped-def]
    """Return the mean of row[:count] and the sum of squares about it; what lies behind is overwritten.

    Summed in four vectors, in an order that does not depend on the processor.
    """
    for s in range(count, LANES):
        row[s] = 0.0
    a = b = c = d = splat(0.0)
    for s in range(0, LANES, 4 * WIDTH):
        a, b = add(a, load(row, s)), add(b, load(row, s + WIDTH))
        c, d = add(c, load(row, s + 2 * WIDTH)), add(d, load(row, s + 3 * WIDTH))
    mean = total(add(add(a, b), add(c, d))) / count
    for s in range(count, LANES):
        row[s] = mean
    centre = splat(mean)
    a = b = c = d = splat(0.0)
    for s in range(0, LANES, 4 * WIDTH):
        x, y = subtract(load(row, s), centre), subtract(load(row, s + WIDTH), centre)
        a, b = vfma(x, x, a), vfma(y, y, b)
        x, y = (
            subtract(load(row, s + 2 * WIDTH), centre),
            subtract(load(row, s + 3 * WIDTH), centre),
        )
        c, d = vfma(x, x, c), vfma(y, y, d)
    return mean, total(add(add(a, b), add(c, d)))


@njit(**INNER)
def merge_moments(moments, t, before, mean, squares, count):  # type: ignore[no-untyped-def]
    """Merge the moments of `count` more numbers into column t, those of `before` numbers (Chan et al., 1979)."""
    shift = mean - moments[0, t]
    moments[0, t] += shift * (count / (before + count))
    moments[1, t] += squares + shift * shift * (before * count / (before + count))


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


@njit(**INNER)
def advance_lean(m, n, unit, D, weights, b, first, gamma, limit, alive, gap):  # type: ignore[no-untyped-def]
    """The same, recording f alone: each column is updated as soon as its b^T G is known; b is read from `first` on.

    A run that has left every bound, `alive` no more, stays where the next link has taken it. A unit vector in single
    precision has a square of 1 - e with e below 2^-21: 1/|b|^2 = 1 + e + e^2 to within e^3, below the round-off.
    """
    for s in range(LANES):
        norm = 0.0
        for i in range(m):
            x = np.float64(b[first + i * LANES + s])
            norm = fma(x, x, norm)
        e = 1.0 - norm
        inverse = fma(e, fma(e, 1.0, 1.0), 1.0) if unit else 1.0 / norm
        scale = -gamma * inverse * alive[s]
        f = 0.0
        for j in range(n):
            inner = 0.0
            for i in range(m):
                d = D[(i * n + j) * LANES + s]
                g = weights[i * n + j] * d
                f = fma(g, d, f)
                inner = fma(np.float64(b[first + i * LANES + s]), g, inner)
            k = scale * inner
            for i in range(m):
                at = (i * n + j) * LANES + s
                D[at] = fma(k, np.float64(b[first + i * LANES + s]), D[at])
        gap[s] = 0.5 * f
        alive[s] = alive[s] if 0.5 * f <= limit[s] else 0.0


@njit(**INNER)
def draw_columns(key, seeds, link, m, unit, block, drawn):  # type: ignore[no-untyped-def]
    """Draw the sketch of one link for every seed, m x LANES; return where in `drawn` it begins.

    Two directions of R^3 are drawn together.
    """
    if not unit:
        draw_normals(key, seeds, link, m, block, drawn)
    elif link % 2 == 0:
        draw_spheres(key, seeds, link, block, drawn)
    return 3 * (link % 2) * LANES if unit else 0


class Lanes(NamedTuple):
    """Scratch of one block, the seeds innermost: the state, the draws, the records of a link, who is in bounds."""

    D: Array
    words: NDArray[np.int32]
    drawn: NDArray[np.float32]
    b: Array
    c: Array
    gap: Array
    grad_sq: Array
    step_sq: Array
    limit: Array
    alive: Array
    seeds: NDArray[np.int64]

    @classmethod
    def of(cls, m: int, n: int) -> Lanes:
        drawn = max(6, 4 * ((m + 3) // 4))
        words, columns = np.empty(4 * LANES, np.int32), np.empty(drawn * LANES, np.float32)
        b, c, gap, grad_sq, step_sq, limit, alive = (
            aligned(k * LANES) for k in (m, n, 1, 1, 1, 1, 1)
        )
        return cls(
            aligned(m * n * LANES), words, columns, b, c, gap, grad_sq, step_sq, limit, alive,
            np.empty(LANES, np.int64),
        )  # fmt: skip


@cache
def record_kernel(m: int, n: int, unit: bool) -> Any:
    """Return the kernel of one block for m x n matrices and a sketch of the m rows: records of every link.

    The sizes are constants of the kernel, so that its short loops are unrolled and the one over seeds is
    vectorised. `unit` tells a direction of R^3 from a Gaussian column. A compiled function among what it
    closes over would have a name of its own in every process, and the kernel would never be found again.
    """

    @njit(**LOOP)
    def run_block(weights, gamma, key, lanes, gap, grad_sq, step_sq):  # type: ignore[no-untyped-def]
        """Simulate lanes.seeds from lanes.D (overwritten); one row of each record a link."""
        D, b, limit = lanes.D, lanes.b, lanes.limit
        links = gap.shape[0] - 1
        for s in range(LANES):
            limit[s] = np.inf
        for link in range(links + 1):
            step = gamma if link < links else 0.0
            at = draw_columns(key, lanes.seeds, link, m, unit, lanes.words, lanes.drawn)
            for k in range(m * LANES):
                b[k] = np.float64(lanes.drawn[at + k])
            advance(
                m, n, D, weights, b, lanes.c, step, limit, gap[link], grad_sq[link], step_sq[link]
            )
            if link == 0:
                for s in range(LANES):
                    limit[s] = DIVERGED * (1.0 + gap[0, s])

    return run_block


@cache
def moment_kernel(m: int, n: int, unit: bool, lean: bool) -> Any:
    """Return the kernel of many blocks that keeps moments alone; a `lean` one those of f alone."""

    @njit(**LOOP)
    def run_blocks(weights, gamma, key, first, count, start, lanes, moments, diverged):  # type: ignore[no-untyped-def]
        """Write the moments of the seeds first, ..., first + count - 1 at every link, and how many have diverged.

        moments is 3 x 2 x (links + 1), or 1 x 2 x (links + 1) where lean, and like diverged zero before.
        """
        D, b, c, gap, grad_sq, step_sq = (
            lanes.D, lanes.b, lanes.c, lanes.gap, lanes.grad_sq, lanes.step_sq,
        )  # fmt: skip
        limit, alive, seeds = lanes.limit, lanes.alive, lanes.seeds
        links = diverged.size - 1
        for before in range(0, count, LANES):
            here, gone = min(LANES, count - before), False
            for s in range(LANES):
                seeds[s] = first + before + min(s, here - 1)
                limit[s], alive[s] = np.inf, 1.0
                for k in range(m * n):
                    D[k * LANES + s] = start[0, k]
            for link in range(links + 1):
                step = gamma if link < links else 0.0
                at = draw_columns(key, seeds, link, m, unit, lanes.words, lanes.drawn)
                if lean:
                    advance_lean(m, n, unit, D, weights, lanes.drawn, at, step, limit, alive, gap)
                else:
                    for k in range(m * LANES):
                        b[k] = np.float64(lanes.drawn[at + k])
                    advance(m, n, D, weights, b, c, step, limit, gap, grad_sq, step_sq)
                    for s in range(LANES):
                        alive[s] = alive[s] if gap[s] <= limit[s] else 0.0
                if link == 0:
                    for s in range(LANES):
                        limit[s] = DIVERGED * (1.0 + gap[s])
                mean, squares = lane_moments(gap, here)
                merge_moments(moments[0], link, before, mean, squares, here)
                gone = gone or not mean * LANES < DIVERGED
                if gone:
                    for s in range(here):
                        diverged[link] += alive[s] == 0.0
                if not lean:
                    mean, squares = lane_moments(grad_sq, here)
                    merge_moments(moments[1], link, before, mean, squares, here)
                    mean, squares = lane_moments(step_sq, here)
                    merge_moments(moments[2], link, before, mean, squares, here)

    return run_blocks


@dataclass(frozen=True)
class Chain:
    """A rank-one chain ready to run: its shape and what the kernels read.

    A right sketch is a left one of the transposed problem; `start` is W_0 - W* as that problem sees it, a
    row for each seed or one row for all.
    """

    shape: tuple[int, int]
    unit: bool
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
        unit = shape[0] == 3 and method.law.name == "haar"
        return cls(shape, unit, turned, weights[0], centre, method.step, key, w - centre)

    def records(self, seeds: range, records: list[Array], at: int) -> Array:
        """Simulate seeds[at : at + LANES], write their records; return W, a row a seed."""
        start = self.start[at : at + LANES] if len(self.start) > 1 else self.start
        m, n = self.shape
        lanes = Lanes.of(m, n)
        lanes.D.reshape(m * n, LANES)[:] = np.resize(start, (LANES, m * n)).T
        lanes.seeds[:] = np.resize(np.array(seeds[at : at + LANES]), LANES)
        kernel = record_kernel(m, n, self.unit)
        kernel(self.weights, self.gamma, self.key, lanes, *records)
        W = lanes.D.reshape(m * n, LANES).T + self.centre
        return _turn(W, m, n, True) if self.turned else W

    def moments(self, seeds: range, moments: Array, diverged: NDArray[np.int64]) -> None:
        """Write the moments of consecutive seeds with one start at every link, for as many records as fit."""
        kernel = moment_kernel(*self.shape, self.unit, len(moments) == 1)
        kernel(
            self.weights, self.gamma, self.key, seeds.start, len(seeds), self.start,
            Lanes.of(*self.shape), moments, diverged,
        )  # fmt: skip


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
