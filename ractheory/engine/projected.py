"""Chains whose links move W inside the range of the sketch: W - gamma H G, or the exact minimum.

One call of `run_projected` simulates one seed. The plain transcription is in
`ractheory.engine.transcription`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from ractheory.engine.draw import IDENTITY, draw_factor, range_basis
from ractheory.engine.gradients import (
    MATRIX_QUADRATIC,
    gap_and_gradient,
)
from ractheory.engine.random import BLOCK, KERNEL, Purpose, uniform

SKETCH, SIDE = int(Purpose.SKETCH), int(Purpose.SIDE)
LEFT, RIGHT, BERNOULLI = 0, 1, 2
PSEUDO_INVERSE, EXACT = 0, 1

DIVERGED = 1e100
"""A run counts as diverged once f - fstar exceeds DIVERGED times its start (plus one)."""


class Plan(NamedTuple):
    """A projected method as numbers.

    `side` is LEFT, RIGHT or BERNOULLI; a frozen sketch (redraw False) always uses the draw of link 0.
    """

    law: int
    rank: int
    side: int
    left_probability: float
    redraw: bool
    link: int
    inner_steps: int
    gamma: float
    probabilities: np.ndarray


@njit(**KERNEL)
def overflowed(gap, start):  # type: ignore[no-untyped-def]
    """Return whether a run has left every bound: not a number, or beyond DIVERGED."""
    return not gap <= DIVERGED * (1.0 + start)


@njit(**KERNEL)
def link_side(plan, key, seed, link):  # type: ignore[no-untyped-def]
    """Return the side of the sketch in this link."""
    if plan.side != BERNOULLI:
        return plan.side
    return LEFT if uniform(key, seed, link, SIDE, 0) < plan.left_probability else RIGHT


@njit(**KERNEL)
def draw_bases(blocks, plan, side, key, seed, link, B, order, bases, ranks):  # type: ignore[no-untyped-def]
    """Draw the sketch of every block: orthonormal rows bases[b, :ranks[b], :d]."""
    for b in range(blocks.shape[0]):
        d = blocks[b, 1] if side == LEFT else blocks[b, 2]
        r = min(plan.rank, d)
        factor = B[: d * r].reshape(d, r)
        purpose = SKETCH + BLOCK * b
        draw_factor(plan.law, plan.probabilities, key, seed, link, purpose, order[:d], factor)
        ranks[b] = range_basis(factor, bases[b, :, :d])


@njit(**KERNEL)
def project(blocks, side, bases, ranks, g, out):  # type: ignore[no-untyped-def]
    """Write H G (left) or G H (right) of every block into out; return its squared norm."""
    out[:] = 0.0
    total = 0.0
    for b in range(blocks.shape[0]):
        offset, m, n, _ = blocks[b]
        for k in range(ranks[b]):
            q = bases[b, k]
            if side == LEFT:
                for j in range(n):
                    inner = 0.0
                    for i in range(m):
                        inner += q[i] * g[offset + i * n + j]
                    total += inner * inner
                    for i in range(m):
                        out[offset + i * n + j] += inner * q[i]
            else:
                for i in range(m):
                    inner = 0.0
                    for j in range(n):
                        inner += q[j] * g[offset + i * n + j]
                    total += inner * inner
                    for j in range(n):
                        out[offset + i * n + j] += inner * q[j]
    return total


@njit(**KERNEL)
def exact_step(problem, side, bases, ranks, w, g, out):  # type: ignore[no-untyped-def]
    """Write into out the step to the minimum of a quadratic over the range of the sketch."""
    start = 0
    out[:] = 0.0
    for b in range(problem.blocks.shape[0]):
        offset, m, n, curved = problem.blocks[b]
        Q = np.ascontiguousarray(bases[b, : ranks[b], : (m if side == LEFT else n)])
        G = g[offset : offset + m * n].reshape(m, n)
        if problem.family == MATRIX_QUADRATIC:
            size = m if curved == 0 else n
            K = problem.X[0, start : start + size * size].reshape(size, size)
            start += size * size
            step = _exact_matrix(K, curved, side, Q, G, w, problem.Y[0], offset)
        else:
            weights = problem.X[0, offset : offset + m * n].reshape(m, n)
            step = _exact_entry(weights, side, Q, G)
        out[offset : offset + m * n] = step.reshape(m * n)


@njit(**KERNEL)
def _exact_matrix(K, curved, side, Q, G, w, centre, offset):  # type: ignore[no-untyped-def]
    m, n = G.shape
    if curved == side:
        inverse = np.linalg.pinv(np.dot(np.dot(Q, K), Q.T))
        if side == LEFT:
            return -np.dot(Q.T, np.dot(inverse, np.dot(Q, G)))
        return -np.dot(np.dot(np.dot(G, Q.T), inverse), Q)
    # The curvature acts on the other side: along the range of the sketch the minimum is W* itself.
    D = (w[offset : offset + m * n] - centre[offset : offset + m * n]).reshape(m, n)
    if side == LEFT:
        return -np.dot(Q.T, np.dot(Q, D))
    return -np.dot(np.dot(D, Q.T), Q)


@njit(**KERNEL)
def _exact_entry(weights, side, Q, G):  # type: ignore[no-untyped-def]
    m, n = G.shape
    step = np.zeros((m, n))
    if side == LEFT:
        for j in range(n):
            column = np.ascontiguousarray(weights[:, j])
            inverse = np.linalg.pinv(np.dot(Q * column, Q.T))
            step[:, j] = -np.dot(Q.T, np.dot(inverse, np.dot(Q, np.ascontiguousarray(G[:, j]))))
    else:
        for i in range(m):
            inverse = np.linalg.pinv(np.dot(Q * weights[i], Q.T))
            step[i] = -np.dot(Q.T, np.dot(inverse, np.dot(Q, G[i])))
    return step


@njit(**KERNEL)
def squared_norm(g):  # type: ignore[no-untyped-def]
    total = 0.0
    for x in g:
        total += x * x
    return total


@njit(**KERNEL)
def run_projected(problem, plan, key, seed, w, scratch, gaps, gradients, projections):  # type: ignore[no-untyped-def]
    """Simulate one seed from w (overwritten); fill gaps[0..T], gradients[0..T], projections[0..T-1].

    Return the link at which the run diverged (the rest of the arrays is infinite), or -1.
    """
    blocks = problem.blocks
    size = max(blocks[:, 1].max(), blocks[:, 2].max())
    rank = min(plan.rank, size) if plan.law != IDENTITY else 1
    B, order = np.empty(size * rank), np.empty(size, dtype=np.int64)
    bases = np.empty((blocks.shape[0], rank, size))
    ranks = np.zeros(blocks.shape[0], dtype=np.int64)
    g, step = np.empty(w.size), np.empty(w.size)
    links = projections.size
    for link in range(links + 1):
        gaps[link] = gap_and_gradient(problem, w, g, scratch)
        gradients[link] = squared_norm(g)
        if overflowed(gaps[link], gaps[0]):
            gaps[link:], gradients[link:], projections[link:] = np.inf, np.inf, np.inf
            return link
        if link == links:
            break
        side = link_side(plan, key, seed, link if plan.redraw else 0)
        if plan.law != IDENTITY and (plan.redraw or link == 0):
            draw_bases(blocks, plan, side, key, seed, link, B, order, bases, ranks)
        for inner in range(plan.inner_steps):
            if inner > 0:
                gap_and_gradient(problem, w, g, scratch)
            norm = gradients[link]
            if plan.law == IDENTITY:
                step[:] = g
            else:
                norm = project(blocks, side, bases, ranks, g, step)
            if inner == 0:
                projections[link] = norm
            if plan.link == EXACT:
                exact_step(problem, side, bases, ranks, w, g, step)
                w += step
            else:
                for k in range(w.size):
                    w[k] -= plan.gamma * step[k]
    return -1


@njit(**KERNEL)
def projected_block(problem, plan, key, seeds, scratch, final, gap, grad_sq, step_sq, diverged):  # type: ignore[no-untyped-def]
    """Simulate every seed of `seeds`; one row of each array a seed."""
    for i in range(seeds.size):
        diverged[i] = run_projected(
            problem, plan, key, seeds[i], final[i], scratch, gap[i], grad_sq[i], step_sq[i]
        )
