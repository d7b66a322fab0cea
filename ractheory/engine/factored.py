"""Chains that train the factors themselves: LoRA, CoLA, and one-sided chains with plain or AdamW steps.

The adapted point is W = base + s B A. A link trains the chosen factors for `inner_steps` steps; a chain
then merges s B A into the base and draws a fresh pair. One call of `run_factored` simulates one seed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.draw import GAUSSIAN, draw_factor
from ractheory.engine.gradients import gap_and_gradient
from ractheory.engine.projected import (
    LEFT,
    fill_diverged,
    link_side,
    longest_side,
    overflowed,
    squared_norm,
)
from ractheory.engine.random import BLOCK, Purpose

SKETCH = int(Purpose.SKETCH)
BOTH = 3
GRADIENT, ADAMW, MOMENTUM, SIGN = 0, 1, 2, 3


class FactorPlan(NamedTuple):
    """A factored method as numbers; `side` is LEFT, RIGHT, BERNOULLI or BOTH; beta1 also of MOMENTUM."""

    law: int
    rank: int
    side: int
    left_probability: float
    redraw: bool
    solver: int
    inner_steps: int
    eta: float
    scale: float
    initial_std: float
    gaussian_is_A: bool
    beta1: float
    beta2: float
    epsilon: float
    weight_decay: float
    reset: bool
    probabilities: np.ndarray


@njit(**INNER)
def factor_offsets(blocks, rank):  # type: ignore[no-untyped-def]
    """Return the offsets of the A and B factors of each block in one flat vector, and its length."""
    table = np.empty((blocks.shape[0], 2), dtype=np.int64)
    total = 0
    for b in range(blocks.shape[0]):
        table[b, 0] = total
        total += rank * blocks[b, 2]
        table[b, 1] = total
        total += blocks[b, 1] * rank
    return table, total


@njit(**INNER)
def draw_pair(blocks, plan, side, key, seed, link, table, order, factors):  # type: ignore[no-untyped-def]
    """Draw the factors of every block: the drawn one from the law, the trained one zero."""
    r = plan.rank
    factors.fill(0.0)
    for b in range(blocks.shape[0]):
        m, n = blocks[b, 1], blocks[b, 2]
        A = factors[table[b, 0] : table[b, 0] + r * n].reshape(r, n)
        B = factors[table[b, 1] : table[b, 1] + m * r].reshape(m, r)
        purpose = SKETCH + BLOCK * b
        draws_A = plan.gaussian_is_A if plan.side == BOTH else side != LEFT
        if draws_A:
            drawn = np.empty((n, r))
            draw_factor(plan.law, plan.probabilities, key, seed, link, purpose, order[:n], drawn)
            for k in range(r):
                for j in range(n):
                    A[k, j] = drawn[j, k]
        else:
            draw_factor(plan.law, plan.probabilities, key, seed, link, purpose, order[:m], B)
    if plan.law == GAUSSIAN:
        factors *= plan.initial_std


@njit(**INNER)
def compose(blocks, plan, table, base, factors, w):  # type: ignore[no-untyped-def]
    """Write base + s B A into w."""
    r = plan.rank
    for b in range(blocks.shape[0]):
        offset, m, n, _ = blocks[b]
        a, c = table[b]
        for i in range(m):
            for j in range(n):
                inner = 0.0
                for k in range(r):
                    inner += factors[c + i * r + k] * factors[a + k * n + j]
                w[offset + i * n + j] = base[offset + i * n + j] + plan.scale * inner


@njit(**INNER)
def factor_gradients(blocks, plan, side, table, factors, g, out):  # type: ignore[no-untyped-def]
    """Write the gradients s B^T G (for A) and s G A^T (for B) into out, zero for a frozen factor."""
    r = plan.rank
    out.fill(0.0)
    for b in range(blocks.shape[0]):
        offset, m, n, _ = blocks[b]
        a, c = table[b]
        for i in range(m):
            for j in range(n):
                entry = plan.scale * g[offset + i * n + j]
                for k in range(r):
                    if side == LEFT or plan.side == BOTH:
                        out[a + k * n + j] += factors[c + i * r + k] * entry
                    if side != LEFT or plan.side == BOTH:
                        out[c + i * r + k] += factors[a + k * n + j] * entry


@njit(**INNER)
def update_factors(plan, side, blocks, table, moments, count, gradient, factors):  # type: ignore[no-untyped-def]
    """One step of the solver on the trained factors; `count` numbers the AdamW steps from 1."""
    if plan.solver != ADAMW:  # the gradient of a frozen factor is zero
        for k in range(factors.size):
            if plan.solver == MOMENTUM:
                moments[0, k] = plan.beta1 * moments[0, k] + gradient[k]
                factors[k] -= plan.eta * moments[0, k]
            elif plan.solver == SIGN:
                factors[k] -= plan.eta * np.sign(gradient[k])
            else:
                factors[k] -= plan.eta * gradient[k]
        return
    r = plan.rank
    first = 1.0 - plan.beta1**count
    second = 1.0 - plan.beta2**count
    for b in range(blocks.shape[0]):
        m, n = blocks[b, 1], blocks[b, 2]
        for which in range(2):
            trained = plan.side == BOTH or (which == 0) == (side == LEFT)
            length = r * n if which == 0 else m * r
            if not trained:
                continue
            for k in range(table[b, which], table[b, which] + length):
                moments[0, k] = plan.beta1 * moments[0, k] + (1.0 - plan.beta1) * gradient[k]
                moments[1, k] = plan.beta2 * moments[1, k] + (1.0 - plan.beta2) * gradient[k] ** 2
                direction = (
                    moments[0, k] / first / (math.sqrt(moments[1, k] / second) + plan.epsilon)
                )
                factors[k] -= plan.eta * (direction + plan.weight_decay * factors[k])


@njit(**INNER)
def run_factored(problem, plan, key, seed, w, scratch, gaps, gradients, factor_norms):  # type: ignore[no-untyped-def]
    """Simulate one seed from w (overwritten); arrays as in `run_projected`.

    factor_norms[t] is the squared norm of the gradient on the trained factors at the start of link t.
    Return the link at which the run diverged, or -1.
    """
    blocks = problem.blocks
    table, total = factor_offsets(blocks, plan.rank)
    size = longest_side(blocks)
    order = np.empty(size, dtype=np.int64)
    factors, slope = np.empty(total), np.empty(total)
    moments = np.zeros((2, total))
    base, g = w.copy(), np.empty(w.size)
    links, count, side = factor_norms.size, 0, LEFT
    for link in range(links + 1):
        gaps[link] = gap_and_gradient(problem, w, g, scratch)
        gradients[link] = squared_norm(g)
        if overflowed(gaps[link], gaps[0]):
            fill_diverged(link, gaps, gradients, factor_norms)
            return link
        if link == links:
            break
        if plan.redraw or link == 0:
            side = link_side(plan, key, seed, link)
            for k in range(w.size):
                base[k] = w[k]
            draw_pair(blocks, plan, side, key, seed, link, table, order, factors)
            if plan.reset:
                moments.fill(0.0)
                count = 0
        for inner in range(plan.inner_steps):
            if inner > 0:
                gap_and_gradient(problem, w, g, scratch)
            factor_gradients(blocks, plan, side, table, factors, g, slope)
            if inner == 0:
                factor_norms[link] = squared_norm(slope)
            count += 1
            update_factors(plan, side, blocks, table, moments, count, slope, factors)
            compose(blocks, plan, table, base, factors, w)
    return -1


@njit(**KERNEL)
def factored_block(problem, plan, key, seeds, scratch, final, gap, grad_sq, step_sq, diverged):  # type: ignore[no-untyped-def]
    """Simulate every seed of `seeds`; one row of each array a seed."""
    for i in range(seeds.size):
        diverged[i] = run_factored(
            problem, plan, key, seeds[i], final[i], scratch, gap[i], grad_sq[i], step_sq[i]
        )
