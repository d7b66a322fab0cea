"""A subgradient link W - gamma H g with a constant or Polyak's step, and the mean of the iterates."""

from __future__ import annotations

from ractheory.compiled import INNER, njit
from ractheory.engine.gradients import gap_and_gradient
from ractheory.engine.sketching import apply_sketch, move


@njit(**INNER)
def mean_iterate_gap(problem, link, w, room, scratch):  # type: ignore[no-untyped-def]
    """Take w = W_t into the running mean, vector 0; return f - fstar at the mean of W_0, ..., W_t."""
    mean, unused = room.vectors[:2]
    for k in range(w.size):
        mean[k] += (w[k] - mean[k]) / (link + 1)
    return gap_and_gradient(problem, mean, unused, scratch)


@njit(**INNER)
def subgradient_link(problem, plan, side, w, g, gap, grad_sq, room):  # type: ignore[no-untyped-def]
    """Move w by -gamma H g; return |H g|^2.

    With Polyak's step gamma is multiplied by gap/|g|^2, g the whole subgradient, and is 0 where g = 0.
    """
    step = room.vectors[2]
    projected = apply_sketch(problem.blocks, plan.sketch, side, room.space, g, step)
    gamma = plan.sketch.gamma
    if plan.polyak:
        gamma *= gap / grad_sq if grad_sq > 0.0 else 0.0
    move(w, gamma, step, w)
    return projected
