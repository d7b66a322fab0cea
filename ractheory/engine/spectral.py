"""Sketched chains on a quadratic whose curvature acts on the sketched side, in the eigenbasis of the curvature.

With K = U diag(k) U^T, F = sqrt(K) U^T (W - W*) and a Haar sketch, U^T B has the law of B: so B is drawn in that
basis, and with C = sqrt(k) B one link costs O(m n r),

    F <- F - gamma C (B^T B)^{-1} C^T F,    f - f* = 1/2 |F|^2,    |G|^2 = sum_i k_i |F_i|^2.

Sketches do not depend on the state. Where |G|^2 is not asked for, links of a low rank are therefore made several
at once: all of their C^T F in one pass, what each changes in those of the next from C^T C, all of their moves
in a second pass; f follows from the sketches,

    f_+ - f = -gamma |H G|^2 + 1/2 |C M|^2,    M = -gamma (B^T B)^{-1} C^T F,

and is summed anew before its round-off shows. A row of eigenvalue zero holds W - W* itself: it moves, and
counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ractheory.compiled import INNER, KERNEL, LOOP, njit
from ractheory.engine.factors import (
    Grams,
    draw_factors,
    gram,
    inner,
    padded,
    room_for_grams,
    scale,
)
from ractheory.engine.plans import fresh_haar_step
from ractheory.engine.projected import fill_diverged, overflowed
from ractheory.engine.run import Run
from ractheory.engine.threads import over_threads, parts
from ractheory.engine.tiles import sketch, update, update_measured
from ractheory.methods import Method, Trains
from ractheory.objectives.base import Objective
from ractheory.objectives.structure import Family, Problem
from ractheory.vectors import WIDTH, aligned, load, multiply, splat, store, vfma

Array = NDArray[np.float64]
LEFT = 0
SIDES = (Trains.LEFT, Trains.RIGHT)

COLUMNS_AT_ONCE = 4
"""Columns of the factors of the links that are made at once."""

PASSES = 8
"""Passes after which f is summed anew."""

FALL = 2.0**-6
"""f is summed anew once it has fallen below this share of its largest value since it last was: so what round-off
the largest left is at most 64 times as large, in units of f."""


@dataclass(frozen=True)
class Spectrum:
    """A quadratic f* + 1/2 <D, K D> on one block, D = W - W*, as its eigenvalues and eigenvectors.

    `side` is the side of W that K acts on; `centre` is W* with that side as its rows.
    """

    eigenvalues: Array
    basis: Array
    centre: Array
    side: int


def spectrum(problem: Problem) -> Spectrum:
    """Return the spectral form of a one-block quadratic or squared loss."""
    _, m, n, side = problem.blocks[0]
    if problem.family == Family.MATRIX_QUADRATIC:
        size = m if side == LEFT else n
        k, U = np.linalg.eigh(problem.X[0].reshape(size, size))
        W = problem.Y[0].reshape(m, n)
        return Spectrum(_cut(k), U, W if side == LEFT else W.T, int(side))
    X, Y, ridge = problem.X, problem.Y, problem.scalars[1]
    k, U = np.linalg.eigh(X.T @ X / len(X) + ridge * np.eye(m))
    k = _cut(k)
    inverse = np.divide(1.0, k, out=np.zeros_like(k), where=k > 0)
    return Spectrum(k, U, U @ (inverse[:, None] * (U.T @ (X.T @ Y / len(X)))), LEFT)


def _cut(k: Array) -> Array:
    """Return the eigenvalues with those that are zero to round-off set to zero."""
    return np.where(k > len(k) * np.finfo(float).eps * k.max(), k, 0.0)


def qualifies(objective: Objective, problem: Problem, method: Method) -> bool:
    """Return whether this module runs the method: a fresh Haar range on the curved side of one block."""
    if len(problem.blocks) != 1 or not objective.constants.fstar_is_exact:
        return False
    squared = problem.family == Family.SQUARED and problem.scalars[2] == 0.0
    if not squared and problem.family != Family.MATRIX_QUADRATIC:
        return False
    curved = LEFT if squared else int(problem.blocks[0, 3])
    return fresh_haar_step(method) and method.trains is SIDES[curved]


@njit(**INNER)
def combine(X, S, r, q, w, gamma, A):  # type: ignore[no-untyped-def]
    """Write the matrix A, q x w, that makes the moves of q / r links from their sketches, M = A C^T F.

    The sketches are all of the F before the first of the links; X = C^T C, and S holds the inverses of B^T B along
    its diagonal. The sketch of link k, once those before it are made, is T_k + sum_l X_kl M_l, and M_k is -gamma S_k
    times that.
    """
    step = splat(-gamma)
    for i in range(q):
        k = i // r * r
        for j in range(0, w, WIDTH):
            x = load(S, i * w + j)
            for l in range(k, k + r):
                for earlier in range(k):
                    s = splat(S[i * w + l] * X[l * w + earlier])
                    x = vfma(s, load(A, earlier * w + j), x)
            store(A, i * w + j, multiply(step, x))


@njit(**INNER)
def follow(X, G, r, q, w, p, gamma, M, largest, gap, step_sq, s, link):  # type: ignore[no-untyped-def]
    """Follow f through q / r links of a seed with moves M, and write it and |H G|^2.

    X = C^T C, and G holds B^T B along its diagonal. Return how many links to make: fewer where f has fallen so far,
    against its largest value, that it has to be summed anew, or has left every bound.
    """
    made, k, sound = 0, 0, True
    while k < q and sound:
        curved = projected = 0.0
        for i in range(k, k + r):
            for j in range(k, k + r):
                both = inner(M, i * p, M, j * p, p)
                curved += X[i * w + j] * both
                projected += G[i * w + j] * both
        f = gap[s, link + made]
        step_sq[s, link + made] = projected / gamma**2
        made, k = made + 1, k + r
        gap[s, link + made] = f - projected / gamma + 0.5 * curved
        largest = max(largest, f)
        sound = FALL * largest <= gap[s, link + made] < np.inf
    return made


class Chain(NamedTuple):
    """What every seed shares: the curvature in its eigenbasis and the method, as numbers.

    Padded with zeros: the eigenvalues and the rows of the transposed basis as the columns of B are (length m), the
    rows of the centre as those of F are (length p). `roots` makes C of B, `moving` the move of F; `weights` are
    those of the rows of F in 2 f and in |G|^2.
    """

    d: int
    m: int
    p: int
    rank: int
    at_once: int
    unit: bool
    gamma: float
    key: NDArray[np.uint32]
    roots: Array
    moving: Array
    weights: Array
    basis: Array
    centre: Array


class Room(NamedTuple):
    """Scratch of one thread, named as in the formulas."""

    F: Array
    B: Array
    C: Array
    E: Array
    sketched: Array
    M: Array
    A: Array
    X: Array
    sums: Array
    grams: Grams


@njit(**KERNEL)
def room_for(chain):  # type: ignore[no-untyped-def]
    """Return the scratch that a chain needs."""
    q, w = chain.at_once * chain.rank, padded(chain.at_once * chain.rank)
    m, p, r = chain.m, chain.p, chain.rank
    return Room(
        aligned(chain.d * p), aligned(q * m), aligned(q * m), aligned(q * m), aligned(q * p), aligned(q * p),
        aligned(q * w), aligned(q * w), aligned(2 * WIDTH), room_for_grams(chain.d, r, chain.at_once),
    )  # fmt: skip


@njit(**LOOP)
def run_links(chain, room, seed, s, gap, grad_sq, step_sq):  # type: ignore[no-untyped-def]
    """Run one seed from room.F, and write row s of the records.

    Return the link at which it diverged, or -1. With chain.at_once > 1 grad_sq is not written.
    """
    d, m, p, r, at_once, gamma = chain.d, chain.m, chain.p, chain.rank, chain.at_once, chain.gamma
    F, B, C, E, sketched = room.F, room.B, room.C, room.E, room.sketched
    M, A, X = room.M, room.A, room.X
    w, links = padded(at_once * r), step_sq.shape[1]
    for j in range(M.size):
        M[j] = 0.0
    f, grad_sq[s, 0] = update_measured(F, d, p, E, 0, m, r, M, chain.weights, room.sums)
    largest = gap[s, 0] = 0.5 * f
    link, passes, diverged = 0, 0, 0 if overflowed(gap[s, 0], gap[s, 0]) else -1
    while link < links and diverged < 0:
        steps = min(at_once, links - link)
        q = steps * r
        draw_factors(chain.key, seed, link, steps, chain.unit, d, r, m, B, 0, w, room.grams)
        scale(chain.roots, B, m, q, C)
        scale(chain.moving, B, m, q, E)
        sketch(F, d, p, C, 0, m, q, sketched, 0)
        if at_once > 1:
            gram(C, 0, m, q, w, X, 0)
        combine(X, room.grams.S, r, q, w, gamma, A)
        sketch(sketched, q, p, A, 0, w, q, M, 0)
        made, passes = 1, passes + 1
        if at_once > 1:
            made = follow(X, room.grams.G, r, q, w, p, gamma, M, largest, gap, step_sq, s, link)
        else:
            step_sq[s, link] = inner(sketched, 0, M, 0, q * p) / -gamma
        end = link + made
        if at_once == 1 or made < steps or passes == PASSES:
            f, grad_sq[s, end] = update_measured(
                F, d, p, E, 0, m, made * r, M, chain.weights, room.sums
            )
            largest = gap[s, end] = 0.5 * f
            passes = 0
        else:
            update(F, d, p, E, 0, m, made * r, M)
        for t in range(link + 1, end + 1):
            largest = max(largest, gap[s, t])
            if diverged < 0 and overflowed(gap[s, t], gap[s, 0]):
                diverged = t
        link = end
    return diverged


@njit(**KERNEL)
def spectral_block(chain, starts, seeds, final, gap, grad_sq, step_sq, diverged):  # type: ignore[no-untyped-def]
    """Simulate every seed from its row of `starts`, F_0, or from the only one; `final` is W, flat, d x n."""
    room = room_for(chain)
    for s in range(seeds.size):
        start = s if starts.shape[0] > 1 else 0
        for j in range(room.F.size):  # an assignment of slices takes seconds to compile
            room.F[j] = starts[start, j]
        diverged[s] = run_links(chain, room, seeds[s], s, gap, grad_sq, step_sq)
        if diverged[s] >= 0:
            fill_diverged(diverged[s], gap[s], grad_sq[s], step_sq[s])
        write_back(chain, room.F, final[s])


@njit(**KERNEL)
def write_back(chain, F, w):  # type: ignore[no-untyped-def]
    """Write W = W* + U D into w, flat."""
    d, p, n, product = chain.d, chain.p, w.size // chain.d, aligned(chain.d * chain.p)
    for i in range(d):
        for j in range(i * p, (i + 1) * p):
            F[j] /= chain.moving[i]
    sketch(F, d, p, chain.basis, 0, chain.m, d, product, 0)
    for i in range(d):
        for j in range(n):
            w[i * n + j] = chain.centre[i * p + j] + product[i * p + j]


def simulate_spectral(
    problem: Problem,
    method: Method,
    key: NDArray[np.uint32],
    seeds: range,
    start: Array,
    links: int,
    threads: int | None,
    gradients: bool = True,
) -> Run:
    """Simulate every seed of a method that qualifies; without gradients grad_sq is nan."""
    q = spectrum(problem)
    shape = (int(problem.blocks[0, 1]), int(problem.blocks[0, 2]))
    d, n = q.centre.shape
    m, p = (-(-size // WIDTH) * WIDTH for size in (d, n))
    W = start.reshape(-1, *shape)
    roots = np.sqrt(q.eigenvalues)
    F = q.basis.T @ ((W if q.side == LEFT else W.swapaxes(1, 2)) - q.centre)
    numbers = np.array(seeds, dtype=np.int64)
    run = Run.begin(len(seeds), links, None, d * n)
    at_once = 1 if gradients else max(1, COLUMNS_AT_ONCE // method.rank)
    unit = d == 3 and method.rank == 1 and method.law.name == "haar"
    moving = np.where(roots > 0.0, roots, 1.0)
    F *= moving[:, None]
    weights = np.stack([roots > 0.0, q.eigenvalues])
    chain = Chain(
        d, m, p, method.rank, at_once, unit, method.step, key, _padded(roots, m), _padded(moving, m),
        _padded(weights, m), _padded(q.basis, m), _padded(q.centre, p),
    )  # fmt: skip
    starts = _padded(F, p).reshape(len(F), d * p)

    def work(part: slice) -> None:
        own = starts if len(starts) == 1 else starts[part]
        spectral_block(
            chain, own, numbers[part], run.final[part],
            run.gap[part], run.grad_sq[part], run.step_sq[part], run.diverged_at[part],
        )  # fmt: skip

    over_threads(work, parts(len(seeds), threads), threads)
    if q.side != LEFT:
        run.final[:] = run.final.reshape(-1, d, n).swapaxes(1, 2).reshape(len(seeds), d * n)
    if not gradients:
        run.grad_sq.fill(np.nan)
    return run


def _padded(rows: Array, length: int) -> Array:
    """Return an array with its rows filled up with zeros, flat."""
    extra = [(0, 0)] * (rows.ndim - 1) + [(0, length - rows.shape[-1])]
    return np.ascontiguousarray(np.pad(rows, extra)).ravel()
