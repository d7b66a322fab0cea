"""One loop for every method beyond the basic ones: record, draw the sketch, make the link.

All of them are one kernel, so that they are compiled once: what a link does is in the module of its kind.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.accelerated import accelerated_link
from ractheory.engine.adaptive import Rule, adaptive_link, first_pair
from ractheory.engine.factored import FactorPlan, factor_offsets
from ractheory.engine.federated import Epochs, epoch_link
from ractheory.engine.gradients import gap_and_gradient
from ractheory.engine.merging import merged_link, round_all
from ractheory.engine.nonsmooth import mean_iterate_gap, subgradient_link
from ractheory.engine.projected import Plan, fill_diverged, overflowed, squared_norm
from ractheory.engine.safeguard import safeguarded_link
from ractheory.engine.sketching import Room, draw_sketch, sketch_space
from ractheory.engine.stochastic import Sampling, sampled_link

SAMPLED, EPOCHS, SUBGRADIENT, ACCELERATED, SAFEGUARDED, ADAPTIVE, MERGED = range(7)


class ExtendedPlan(NamedTuple):
    """A method as numbers. `kind` says which of the parts its links read, besides the sketch.

    `polyak` is of SUBGRADIENT, `rho` of ACCELERATED, `digits` and `smallest` (e of the least positive
    number 2^e) of MERGED, `factors` of SAFEGUARDED and ADAPTIVE.
    """

    kind: int
    sketch: Plan
    factors: FactorPlan
    sampling: Sampling
    epochs: Epochs
    adaptive: Rule
    polyak: bool
    rho: float
    digits: int
    smallest: int


@njit(**INNER)
def make_room(problem, plan, size):  # type: ignore[no-untyped-def]
    """Return the room of one run."""
    table, total = factor_offsets(problem.blocks, plan.factors.rank)
    N = plan.sampling.components if plan.kind == SAMPLED else plan.epochs.components
    vectors = (
        np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size),
        np.zeros(size),
    )  # fmt: skip
    return Room(
        sketch_space(problem.blocks, plan.sketch), vectors, table, np.zeros(total),
        np.zeros(total), np.zeros((2, total)), np.empty(N, dtype=np.int64),
        np.empty(plan.epochs.clients, dtype=np.int64),
    )  # fmt: skip


@njit(**KERNEL)
def extended_block(  # type: ignore[no-untyped-def]
    problem, plan, key, seeds, scratch, final, gap, grad_sq, step_sq, diverged, extra
):
    """Simulate every seed of `seeds` from its row of `final` (overwritten); one row of each array a seed.

    As `ractheory.engine.projected.projected_block`, with one more record a link. The links are called from
    here and not through one more function: every level of calls is compiled, and optimised, again.
    """
    links, size, kind, side = step_sq.shape[1], final.shape[1], plan.kind, 0
    g = np.empty(size)
    for i in range(seeds.size):
        seed, w, A = seeds[i], final[i], 0.0
        room = make_room(problem, plan, size)
        if kind == ADAPTIVE:
            first_pair(problem, plan, key, seed, w, room)
        elif kind == MERGED:
            round_all(w, plan.digits, plan.smallest)
        diverged[i] = -1
        for t in range(links + 1):
            gap[i, t] = gap_and_gradient(problem, w, g, scratch)
            grad_sq[i, t] = squared_norm(g)
            if overflowed(gap[i, t], gap[i, 0]):
                diverged[i] = t
                fill_diverged(t, gap[i], grad_sq[i], step_sq[i])
                extra[i, t:] = np.inf
                break
            if t == links:
                break
            norm, record = 0.0, 0.0
            if kind != ADAPTIVE:
                side = draw_sketch(problem.blocks, plan.sketch, key, seed, t, room.space)
            if kind == SAMPLED:
                norm = sampled_link(problem, plan, key, seed, t, side, w, g, room, scratch)
            elif kind == EPOCHS:
                norm = epoch_link(problem, plan, key, seed, t, side, w, g, room, scratch)
            elif kind == SUBGRADIENT:
                record = mean_iterate_gap(problem, t, w, room, scratch)
                norm = subgradient_link(problem, plan, side, w, g, gap[i, t], grad_sq[i, t], room)
            elif kind == ACCELERATED:
                norm, A = accelerated_link(problem, plan, t, side, w, A, room, scratch)
            elif kind == SAFEGUARDED:
                norm, record = safeguarded_link(
                    problem, plan, key, seed, t, side, w, g, room, scratch
                )
            elif kind == ADAPTIVE:
                norm, record = adaptive_link(problem, plan, w, g, grad_sq[i, t], room)
            else:
                norm, record = merged_link(problem, plan, side, w, g, room)
            step_sq[i, t], extra[i, t] = norm, record
