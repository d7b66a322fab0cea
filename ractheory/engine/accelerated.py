"""Accelerated RAC-LoRA: y = (1 - tau) x + tau z, x+ = y - gamma H G(y), z+ = z - b H G(y).

b = gamma (rho + sqrt(rho^2 + 4 A/gamma))/2, A+ = A + rho b, tau = rho b/A+, from A = 0 and z = x. The
sequence A_t does not depend on the run: the theorem's bound is |D_0|^2/(2 A_T).
"""

from __future__ import annotations

import math

from ractheory.compiled import INNER, njit
from ractheory.engine.gradients import gap_and_gradient
from ractheory.engine.sketching import apply_sketch, move


@njit(**INNER)
def next_step(gamma, rho, A):  # type: ignore[no-untyped-def]
    """Return (b, A+): the step on z and the next A."""
    b = gamma * (rho + math.sqrt(rho * rho + 4.0 * A / gamma)) / 2.0
    return b, A + rho * b


@njit(**INNER)
def accelerated_link(problem, plan, link, side, w, A, room, scratch):  # type: ignore[no-untyped-def]
    """Move w = x; z is vector 0. Return (|H G(y)|^2, A+)."""
    z, y, g, step = room.vectors[:4]
    if link == 0:
        move(w, 0.0, w, z)
    gamma, rho = plan.sketch.gamma, plan.rho
    b, following = next_step(gamma, rho, A)
    tau = rho * b / following
    for k in range(w.size):
        y[k] = (1.0 - tau) * w[k] + tau * z[k]
    gap_and_gradient(problem, y, g, scratch)
    projected = apply_sketch(problem.blocks, plan.sketch, side, room.space, g, step)
    move(y, gamma, step, w)
    move(z, b, step, z)
    return projected, following
