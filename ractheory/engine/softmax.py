"""Left-sketched chains on multinomial logistic regression, without the gradient: Z = X W is kept.

With V = X B and P = softmax(Z) - Y one link is

    B^T G = V^T P / N + ridge B^T W,    M = gamma (B^T B)^{-1} B^T G,    Z <- Z - V M,    W <- W - B M

so that it costs O(N m r + N c r) where the gradient alone costs O(N m c). V does not depend on the state: it is
made some links ahead, and one pass over the rows updates Z, takes the softmax and the loss, and V^T P of the
next link. Samples are innermost in memory: Z, P and Y are c x N, V is r x N, X is m x N.
|grad f|^2 would need the gradient and is not recorded.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.compiled import KERNEL, njit
from ractheory.engine.plans import fresh_haar_step
from ractheory.engine.projected import fill_diverged, overflowed
from ractheory.engine.random import scratch_for_normals
from ractheory.engine.run import Run
from ractheory.engine.spectral import (
    ILL_CONDITIONED,
    cholesky,
    draw,
    orthogonalise,
    sketch,
    solve,
)
from ractheory.engine.threads import over_threads
from ractheory.engine.vectors import (
    LOWEST,
    add,
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
from ractheory.method import Method, Trains
from ractheory.objectives.structure import Family, Problem

Array = NDArray[np.float64]

AHEAD = 4
"""Links whose V = X B are made in one pass over X, which does not fit the first-level cache."""


def qualifies(problem: Problem, method: Method) -> bool:
    """Return whether this module runs the method, for a caller who does not want |grad f|^2."""
    return (
        problem.family == Family.SOFTMAX
        and len(problem.blocks) == 1
        and problem.scalars[2] == 0.0
        and fresh_haar_step(method)
        and method.trains is Trains.LEFT
    )


@njit(**KERNEL)
def pass_over_rows(Z, Y, V, M, ahead, r, c, N, width, e, T):  # type: ignore[no-untyped-def]
    """Z <- Z - V M; return the sum of the losses, and write ahead^T P into T (r x width).

    Sixteen samples at a time; N is a multiple of that. M is r x width, flat; `e` is scratch: 16 c
    exponentials, and behind them r c vectors of partial sums.
    """
    sums = 16 * c
    e[sums:].fill(0.0)
    loss, product, logs, lanes = splat(0.0), splat(1.0), 0.0, np.empty(4)
    for s in range(0, N, 16):
        t0 = t1 = t2 = t3 = splat(-np.inf)
        for j in range(c):
            at = j * N + s
            x0, x1, x2, x3 = load(Z, at), load(Z, at + 4), load(Z, at + 8), load(Z, at + 12)
            for k in range(r):
                m, q = splat(-M[k * width + j]), k * N + s
                x0, x1 = vfma(m, load(V, q), x0), vfma(m, load(V, q + 4), x1)
                x2, x3 = vfma(m, load(V, q + 8), x2), vfma(m, load(V, q + 12), x3)
            store(Z, at, x0)
            store(Z, at + 4, x1)
            store(Z, at + 8, x2)
            store(Z, at + 12, x3)
            t0, t1, t2, t3 = larger(x0, t0), larger(x1, t1), larger(x2, t2), larger(x3, t3)
        w0 = w1 = w2 = w3 = splat(0.0)
        for j in range(c):
            at = j * N + s
            x0, x1 = subtract(load(Z, at), t0), subtract(load(Z, at + 4), t1)
            x2, x3 = subtract(load(Z, at + 8), t2), subtract(load(Z, at + 12), t3)
            loss = subtract(loss, multiply(load(Y, at), x0))
            loss = subtract(loss, multiply(load(Y, at + 4), x1))
            loss = subtract(loss, multiply(load(Y, at + 8), x2))
            loss = subtract(loss, multiply(load(Y, at + 12), x3))
            x0, x1, x2, x3 = exp(x0), exp(x1), exp(x2), exp(x3)
            store(e, 16 * j, x0)
            store(e, 16 * j + 4, x1)
            store(e, 16 * j + 8, x2)
            store(e, 16 * j + 12, x3)
            w0, w1, w2, w3 = add(w0, x0), add(w1, x1), add(w2, x2), add(w3, x3)
        product = multiply(product, multiply(multiply(w0, w1), multiply(w2, w3)))
        if s % 64 == 48 or s + 16 >= N:  # the product of sixteen sums, between 1 and c each
            store(lanes, 0, product)
            logs += math.log(lanes[0]) + math.log(lanes[1])
            logs += math.log(lanes[2]) + math.log(lanes[3])
            product = splat(1.0)
        one = splat(1.0)
        w0, w1, w2, w3 = divide(one, w0), divide(one, w1), divide(one, w2), divide(one, w3)
        for j in range(c):
            at = j * N + s
            x0 = subtract(multiply(load(e, 16 * j), w0), load(Y, at))
            x1 = subtract(multiply(load(e, 16 * j + 4), w1), load(Y, at + 4))
            x2 = subtract(multiply(load(e, 16 * j + 8), w2), load(Y, at + 8))
            x3 = subtract(multiply(load(e, 16 * j + 12), w3), load(Y, at + 12))
            for k in range(r):
                at, q = sums + 4 * (k * c + j), k * N + s
                a = vfma(load(ahead, q), x0, load(e, at))
                b = vfma(load(ahead, q + 8), x2, multiply(load(ahead, q + 4), x1))
                store(e, at, vfma(load(ahead, q + 12), x3, add(a, b)))
    for k in range(r):
        for j in range(c):
            T[k * width + j] = total(load(e, sums + 4 * (k * c + j)))
    return logs + total(loss)


@njit(**KERNEL)
def residual_sketch(B, W, d, m, r, c, N, ridge, width, T):  # type: ignore[no-untyped-def]
    """T <- T / N + ridge B^T W: the sketched gradient."""
    for k in range(r):
        for j in range(c):
            inner = 0.0
            for i in range(d):
                inner += B[k * m + i] * W[i * c + j]
            T[k * width + j] = T[k * width + j] / N + ridge * inner


@njit(**KERNEL)
def move(W, B, M, d, m, r, c, width):  # type: ignore[no-untyped-def]
    """W <- W - B M; return |W|^2."""
    square = 0.0
    for i in range(d):
        for j in range(c):
            x = W[i * c + j]
            for k in range(r):
                x -= B[k * m + i] * M[k * width + j]
            W[i * c + j] = x
            square += x * x
    return square


@njit(**KERNEL)
def softmax_block(  # type: ignore[no-untyped-def]
    X, Y, Z0, N, d, c, ridge, fstar, gamma, r, unit, key, seeds, final, gap, step_sq, diverged
):
    """Simulate every seed from its row of `final` (overwritten) and of Z0 (that row's X W)."""
    links, padded = step_sq.shape[1], Y.size // c
    m, width = X.size // padded, (c + 3) // 4 * 4
    Z, e = np.empty(c * padded), np.empty(c * (16 + 4 * r))
    factors, sketched, L = (
        np.zeros(AHEAD * r * m),
        np.zeros(AHEAD * r * padded),
        np.empty((AHEAD, r, r)),
    )
    B, V = np.zeros(r * m), np.zeros(r * padded)
    M, T, flat = np.zeros(r * width), np.zeros(r * width), np.empty(d * r)
    words, normals = scratch_for_normals(d * r)
    for s in range(seeds.size):
        W = final[s]
        for k in range(Z.size):
            Z[k] = Z0[s, k]
        M.fill(0.0)
        diverged[s] = -1
        for link in range(links + 1):
            place = link % AHEAD
            if place == 0:
                for q in range(AHEAD):
                    factor = factors[q * r * m : (q + 1) * r * m]
                    draw(key, seeds[s], link + q, unit, d, r, words, normals, flat, factor, m)
                    if not cholesky(factor, m, r, L[q]) > ILL_CONDITIONED:
                        orthogonalise(factor, m, d, r, L[q])
                sketch(X, m, padded, factors, AHEAD * r, sketched)
            ahead = sketched[place * r * padded : (place + 1) * r * padded]
            loss = pass_over_rows(Z, Y, V, M, ahead, r, c, padded, width, e, T)
            square = move(W, B, M, d, m, r, c, width)
            gap[s, link] = loss / N + 0.5 * ridge * square - fstar
            if overflowed(gap[s, link], gap[s, 0]):
                fill_diverged(link, gap[s], gap[s], step_sq[s])
                diverged[s] = link
                break
            if link < links:
                for k in range(r * m):
                    B[k] = factors[place * r * m + k]
                for k in range(r * padded):
                    V[k] = ahead[k]
                residual_sketch(B, W, d, m, r, c, N, ridge, width, T)
                for k in range(M.size):
                    M[k] = T[k]
                step_sq[s, link] = solve(L[place], r, width, gamma, M)


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
    m, padded = -(-d // 4) * 4, -(-N // 16) * 16
    X, Y = np.zeros((m, padded)), np.zeros((c, padded))
    X[:d, :N], Y[:, :N] = problem.X.T, problem.Y.T
    run = Run.begin(len(seeds), links, start, d * c)
    run.grad_sq.fill(np.nan)
    numbers = np.array(seeds, dtype=np.int64)
    fstar, ridge = problem.scalars[0], problem.scalars[1]
    unit = d == 3 and method.rank == 1 and method.law.name == "haar"

    def work(s: int) -> None:
        part = slice(s, s + 1)
        Z = np.full((1, c, padded), LOWEST)
        Z[:, 0] = 0.0  # a sample that is not there has no loss
        Z[0, :, :N] = (problem.X @ run.final[s].reshape(d, c)).T
        softmax_block(
            X.ravel(), Y.ravel(), Z.reshape(1, -1), N, d, c, ridge, fstar, method.step, method.rank,
            unit, key, numbers[part], run.final[part], run.gap[part], run.step_sq[part],
            run.diverged_at[part],
        )  # fmt: skip

    over_threads(work, range(len(seeds)), threads)
    return run
