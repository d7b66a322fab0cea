"""A LoRA gradient step on both factors whose size follows the iterate."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ractheory.compiled import INNER, njit
from ractheory.engine.factored import compose, draw_pair, factor_gradients
from ractheory.engine.projected import LEFT, squared_norm
from ractheory.engine.sketching import move

PROVED, PRINTED = 0, 1


class Rule(NamedTuple):
    """An adaptive step as numbers; `initial` holds the first A and B of each block, or nothing."""

    rule: int
    L: float
    initial: np.ndarray


@njit(**INNER)
def adaptive_step(rule, s, factor_sq, grad_sq):  # type: ignore[no-untyped-def]
    """Return eta from |V|^2 = |A|^2 + |B|^2 and |G|^2; infinite where both are zero ("proved")."""
    slope = math.sqrt(grad_sq)
    if rule.rule == PROVED:
        return 1.0 / (rule.L * s * s * factor_sq + s * slope)
    bound = 4.0 * math.sqrt(2.0) * rule.L * (factor_sq + slope)
    return min(1.0, 1.0 / bound) if bound > 0.0 else 1.0


@njit(**INNER)
def first_pair(problem, plan, key, seed, w, room):  # type: ignore[no-untyped-def]
    """Draw or copy the first factors, keep W_0 in vector 0, and move w to W_0 + s B A."""
    factors, base = room.factors, room.vectors[0]
    move(w, 0.0, w, base)
    order = room.space[1]
    draw_pair(problem.blocks, plan.factors, LEFT, key, seed, 0, room.table, order, factors)
    if plan.adaptive.initial.size > 0:
        move(plan.adaptive.initial, 0.0, factors, factors)
    compose(problem.blocks, plan.factors, room.table, base, factors, w)


@njit(**INNER)
def adaptive_link(problem, plan, w, g, grad_sq, room):  # type: ignore[no-untyped-def]
    """Move both factors and w; return (|grad phi|^2, eta). A pair with grad phi = 0 stays."""
    factors, slope = room.factors, room.slope
    factor_gradients(problem.blocks, plan.factors, LEFT, room.table, factors, g, slope)
    total = squared_norm(slope)
    size = adaptive_step(plan.adaptive, plan.factors.scale, squared_norm(factors), grad_sq)
    eta = plan.factors.eta * size
    if total > 0.0:
        move(factors, eta, slope, factors)
        compose(problem.blocks, plan.factors, room.table, room.vectors[0], factors, w)
    return total, eta
