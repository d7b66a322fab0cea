"""Chains whose links move W inside the range of the sketch: W - gamma H G, or the exact minimum.

One call of `run_projected` simulates one seed. The plain transcription is in
`ractheory.engine.transcription`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.draw import IDENTITY, draw_factor, range_basis
from ractheory.engine.exact_link import exact_step
from ractheory.engine.gradients import gap_and_gradient
from ractheory.engine.random import BLOCK, Purpose, uniform

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


@njit(**INNER)
def overflowed(gap, start):  # type: ignore[no-untyped-def]
    """Return whether a run has left every bound: not a number, or beyond DIVERGED."""
    return not gap <= DIVERGED * (1.0 + start)


@njit(**KERNEL)
def fill_diverged(link, gaps, gradients, steps):  # type: ignore[no-untyped-def]
    """Make the records infinite from `link` on."""
    for t in range(link, gaps.size):
        gaps[t], gradients[t] = np.inf, np.inf
    for t in range(link, steps.size):
        steps[t] = np.inf


@njit(**INNER)
def link_side(plan, key, seed, link):  # type: ignore[no-untyped-def]
    """Return the side of the sketch in this link."""
    if plan.side != BERNOULLI:
        return plan.side
    return LEFT if uniform(key, seed, link, SIDE, 0) < plan.left_probability else RIGHT


@njit(**INNER)
def draw_bases(blocks, plan, side, key, seed, link, B, order, bases, ranks):  # type: ignore[no-untyped-def]
    """Draw the sketch of every block: orthonormal rows bases[b, :ranks[b], :d]."""
    for b in range(blocks.shape[0]):
        d = blocks[b, 1] if side == LEFT else blocks[b, 2]
        r = min(plan.rank, d)
        factor = B[: d * r].reshape(d, r)
        purpose = SKETCH + BLOCK * b
        draw_factor(plan.law, plan.probabilities, key, seed, link, purpose, order[:d], factor)
        ranks[b] = range_basis(factor, bases[b, :, :d])


@njit(**INNER)
def project(blocks, side, bases, ranks, g, out):  # type: ignore[no-untyped-def]
    """Write H G (left) or G H (right) of every block into out; return its squared norm."""
    out.fill(0.0)
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
def longest_side(blocks):  # type: ignore[no-untyped-def]
    """Return the largest number of rows or columns of a block."""
    size = 1
    for b in range(blocks.shape[0]):
        size = max(size, blocks[b, 1], blocks[b, 2])
    return size


@njit(**KERNEL)
def squared_norm(g):  # type: ignore[no-untyped-def]
    total = 0.0
    for x in g:
        total += x * x
    return total


@njit(**INNER)
def run_projected(problem, plan, key, seed, w, scratch, gaps, gradients, projections):  # type: ignore[no-untyped-def]
    """Simulate one seed from w (overwritten); fill gaps[0..T], gradients[0..T], projections[0..T-1].

    Return the link at which the run diverged (the rest of the arrays is infinite), or -1.
    """
    blocks = problem.blocks
    size = longest_side(blocks)
    rank = min(plan.rank, size) if plan.law != IDENTITY else 1
    B, order = np.empty(size * rank), np.empty(size, dtype=np.int64)
    bases = np.empty((blocks.shape[0], rank, size))
    ranks = np.zeros(blocks.shape[0], dtype=np.int64)
    g, step = np.empty(w.size), np.empty(w.size)
    links = projections.size
    length = 1.0 if plan.link == EXACT else plan.gamma
    for link in range(links + 1):
        gaps[link] = gap_and_gradient(problem, w, g, scratch)
        gradients[link] = squared_norm(g)
        if overflowed(gaps[link], gaps[0]):
            fill_diverged(link, gaps, gradients, projections)
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
                for k in range(w.size):
                    step[k] = g[k]
            else:
                norm = project(blocks, side, bases, ranks, g, step)
            if inner == 0:
                projections[link] = norm
            if plan.link == EXACT:
                exact_step(problem, side, bases, ranks, w, g, step)
            for k in range(w.size):
                w[k] -= length * step[k]
    return -1


@njit(**KERNEL)
def projected_block(problem, plan, key, seeds, scratch, final, gap, grad_sq, step_sq, diverged):  # type: ignore[no-untyped-def]
    """Simulate every seed of `seeds`; one row of each array a seed."""
    for i in range(seeds.size):
        diverged[i] = run_projected(
            problem, plan, key, seeds[i], final[i], scratch, gap[i], grad_sq[i], step_sq[i]
        )
