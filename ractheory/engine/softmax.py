"""Left-sketched chains on multinomial logistic regression, without the gradient: Z = X W is kept.

With V = X B and P = softmax(Z) - Y one link is

    B^T G = V^T P / N + ridge B^T W,    M = -gamma (B^T B)^{-1} B^T G,    Z <- Z + V M,    W <- W + B M

so that it costs O(N m r + N c r) where the gradient alone costs O(N m c). V does not depend on the state: it is
made some links ahead, and one pass over the rows updates Z, takes the softmax and the loss, and V^T P of the
next link. Samples are innermost in memory: Z, P and Y are c x N, V is r x N, X is m x N.
|grad f|^2 would need the gradient and is not recorded.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ractheory.compiled import INNER, KERNEL, LOOP, njit
from ractheory.engine.factors import Grams, draw_factors, padded, room_for_grams, solve
from ractheory.engine.plans import fresh_haar_step
from ractheory.engine.projected import fill_diverged, overflowed
from ractheory.engine.run import Run
from ractheory.engine.threads import over_threads, parts
from ractheory.engine.tiles import sketch, update_measured
from ractheory.method import Method, Trains
from ractheory.objectives.structure import Family, Problem
from ractheory.vectors import (
    LOWEST,
    WIDTH,
    add,
    aligned,
    divide,
    exp,
    larger,
    load,
    multiply,
    splat,
    store,
    subtract,
    total,
    vfma,
)

Array = NDArray[np.float64]

AHEAD = 4
"""Links whose V = X B are made in one pass over X, which does not fit the first-level cache."""

FACTORS = 32
"""Sums of exponentials that are multiplied before a logarithm is taken: each lies between 1 and the number of
classes, so that their product is finite below a thousand million classes."""


def qualifies(problem: Problem, method: Method) -> bool:
    """Return whether this module runs the method, for a caller who does not want |grad f|^2."""
    return (
        problem.family == Family.SOFTMAX
        and len(problem.blocks) == 1
        and problem.scalars[2] == 0.0
        and fresh_haar_step(method)
        and method.trains is Trains.LEFT
    )


@njit(**INNER)
def pass_over_rows(Z, Y, V, last, M, following, r, c, N, width, e, lanes, T):  # type: ignore[no-untyped-def]
    """Z <- Z + V M; return the sum of the losses, and write V_+^T P into T, V_+ that of the next link.

    V of the last and of the next link begin at those entries of their array. M and T are r x width, flat. Two vectors
    of samples at a time; N is a multiple of that. `e` is scratch for the exponentials, and behind them for r c
    vectors of partial sums, `lanes` for one vector.
    """
    chunk = 2 * WIDTH
    sums = chunk * c
    for k in range(r * c):
        store(e, sums + WIDTH * k, splat(0.0))
    one = splat(1.0)
    loss, product, logs, factors = splat(0.0), one, 0.0, 0
    for s in range(0, N, chunk):
        t0 = t1 = splat(-np.inf)
        for j in range(c):
            at = j * N + s
            x0, x1 = load(Z, at), load(Z, at + WIDTH)
            for k in range(r):
                m, q = splat(M[k * width + j]), last + k * N + s
                x0, x1 = vfma(m, load(V, q), x0), vfma(m, load(V, q + WIDTH), x1)
            store(Z, at, x0)
            store(Z, at + WIDTH, x1)
            t0, t1 = larger(x0, t0), larger(x1, t1)
        w0 = w1 = splat(0.0)
        for j in range(c):
            at = j * N + s
            x0, x1 = subtract(load(Z, at), t0), subtract(load(Z, at + WIDTH), t1)
            loss = subtract(loss, multiply(load(Y, at), x0))
            loss = subtract(loss, multiply(load(Y, at + WIDTH), x1))
            x0, x1 = exp(x0), exp(x1)
            store(e, chunk * j, x0)
            store(e, chunk * j + WIDTH, x1)
            w0, w1 = add(w0, x0), add(w1, x1)
        product, factors = multiply(product, multiply(w0, w1)), factors + 2
        if factors == FACTORS or s + chunk >= N:
            store(lanes, 0, product)
            for k in range(WIDTH):
                logs += math.log(lanes[k])
            product, factors = one, 0
        w0, w1 = divide(one, w0), divide(one, w1)
        for j in range(c):
            at = j * N + s
            x0 = subtract(multiply(load(e, chunk * j), w0), load(Y, at))
            x1 = subtract(multiply(load(e, chunk * j + WIDTH), w1), load(Y, at + WIDTH))
            for k in range(r):
                place, q = sums + WIDTH * (k * c + j), following + k * N + s
                part = vfma(load(V, q), x0, load(e, place))
                store(e, place, vfma(load(V, q + WIDTH), x1, part))
    for k in range(r):
        for j in range(c):
            T[k * width + j] = total(load(e, sums + WIDTH * (k * c + j)))
    return logs + total(loss)


class Chain(NamedTuple):
    """What every seed shares: the data and the method, as numbers.

    X is d x N and Y c x N, N filled up to whole chunks; m and `width` are d and c filled up.
    """

    X: Array
    Y: Array
    samples: int
    d: int
    c: int
    rank: int
    unit: bool
    ridge: float
    fstar: float
    gamma: float
    key: NDArray[np.uint32]


class Room(NamedTuple):
    """Scratch of one thread, named as in the formulas.

    B and V hold the links of two passes over X, one after the other.
    """

    W: Array
    Z: Array
    B: Array
    V: Array
    T: Array
    BtW: Array
    M: Array
    ones: Array
    sums: Array
    e: Array
    lanes: Array
    grams: Grams


@njit(**KERNEL)
def room_for(chain):  # type: ignore[no-untyped-def]
    """Return the scratch that a chain needs."""
    d, c, r = chain.d, chain.c, chain.rank
    N, m, width, q = chain.Y.size // c, padded(d), padded(c), AHEAD * r
    ones = aligned(2 * m)
    for i in range(d):
        ones[i] = 1.0
    return Room(
        aligned(d * width), aligned(c * N), aligned(2 * q * m), aligned(2 * q * N), aligned(r * width),
        aligned(r * width), aligned(r * width), ones, aligned(2 * WIDTH), aligned(WIDTH * c * (2 + r)),
        aligned(WIDTH), room_for_grams(d, r, AHEAD),
    )  # fmt: skip


@njit(**INNER)
def look_ahead(chain, room, seed, link, first):  # type: ignore[no-untyped-def]
    """Draw the factors of AHEAD links from `link` on; write their B and V from row `first` on, and (B^T B)^{-1}."""
    d, r, m, N = chain.d, chain.rank, padded(chain.d), chain.Y.size // chain.c
    q = AHEAD * r
    draw_factors(
        chain.key, seed, link, AHEAD, chain.unit, d, r, m, room.B, first * m, padded(q), room.grams
    )
    sketch(chain.X, d, N, room.B, first * m, m, q, room.V, first * N)


@njit(**LOOP)
def run_links(chain, room, seed, s, gap, step_sq):  # type: ignore[no-untyped-def]
    """Run one seed from room.W and room.Z, its X W, and write row s of the records; return where it diverged, or -1."""
    d, c, r, Y, N = chain.d, chain.c, chain.rank, chain.Y, chain.Y.size // chain.c
    W, Z, V, T, M = room.W, room.Z, room.V, room.T, room.M
    m, width, q, links = padded(d), padded(c), AHEAD * r, step_sq.shape[1]
    for j in range(M.size):
        M[j] = 0.0
    diverged, link, before = -1, 0, 0  # `before`: the row of B and V at which the last link's begin
    while link <= links and diverged < 0:
        now = link % (2 * AHEAD) * r
        if link % AHEAD == 0:
            look_ahead(chain, room, seed, link, now)
        loss = pass_over_rows(
            Z, Y, V, before * N, M, now * N, r, c, N, width, room.e, room.lanes, T
        )
        square, _ = update_measured(W, d, width, room.B, before * m, m, r, M, room.ones, room.sums)
        gap[s, link] = loss / chain.samples + 0.5 * chain.ridge * square - chain.fstar
        if overflowed(gap[s, link], gap[s, 0]):
            diverged = link
        elif link < links:
            sketch(W, d, width, room.B, now * m, m, r, room.BtW, 0)
            for j in range(r * width):
                T[j] = T[j] / chain.samples + chain.ridge * room.BtW[j]
            at = now % q
            step_sq[s, link] = solve(
                room.grams.S, at * padded(q) + at, padded(q), r, T, width, chain.gamma, M
            )
        before = now
        link += 1
    return diverged


@njit(**KERNEL)
def softmax_block(chain, Z0, seeds, final, gap, step_sq, diverged):  # type: ignore[no-untyped-def]
    """Simulate every seed from its row of `final` (overwritten) and of Z0, that row's X W, or from the only one."""
    room = room_for(chain)
    c, width = chain.c, padded(chain.c)
    for s in range(seeds.size):
        for i in range(chain.d):
            for j in range(c):
                room.W[i * width + j] = final[s, i * c + j]
        start = s if Z0.shape[0] > 1 else 0
        for j in range(room.Z.size):  # an assignment of slices takes seconds to compile
            room.Z[j] = Z0[start, j]
        diverged[s] = run_links(chain, room, seeds[s], s, gap, step_sq)
        if diverged[s] >= 0:
            fill_diverged(diverged[s], gap[s], gap[s], step_sq[s])
        for i in range(chain.d):
            for j in range(c):
                final[s, i * c + j] = room.W[i * width + j]


def simulate_softmax(
    problem: Problem,
    method: Method,
    key: NDArray[np.uint32],
    seeds: range,
    start: Array,
    links: int,
    threads: int | None,
) -> Run:
    """Simulate every seed of a method that qualifies; grad_sq is nan."""
    N, d = problem.X.shape
    c = problem.Y.shape[1]
    whole = -(-N // (2 * WIDTH)) * 2 * WIDTH
    X, Y = aligned(d * whole).reshape(d, whole), aligned(c * whole).reshape(c, whole)
    X[:, :N], Y[:, :N] = problem.X.T, problem.Y.T
    run = Run.begin(len(seeds), links, start, d * c)
    run.grad_sq.fill(np.nan)
    numbers = np.array(seeds, dtype=np.int64)
    chain = Chain(
        X.ravel(), Y.ravel(), N, d, c, method.rank,
        d == 3 and method.rank == 1 and method.law.name == "haar",
        float(problem.scalars[1]), float(problem.scalars[0]), method.step, key,
    )  # fmt: skip
    starts = start.reshape(-1, d, c)

    def work(part: slice) -> None:
        own = starts if len(starts) == 1 else starts[part]
        Z = np.full((len(own), c, whole), LOWEST)
        Z[:, 0] = 0.0  # a sample that is not there has no loss
        Z[:, :, :N] = (problem.X @ own).swapaxes(1, 2)
        softmax_block(
            chain, Z.reshape(len(own), -1), numbers[part], run.final[part],
            run.gap[part], run.step_sq[part], run.diverged_at[part],
        )  # fmt: skip

    over_threads(work, parts(len(seeds), threads), threads)
    return run
