"""A link of any factor solver, certified: one that ends above the exact projected step takes that step."""

from __future__ import annotations

from ractheory.compiled import INNER, njit
from ractheory.engine.factored import compose, draw_pair, factor_gradients, update_factors
from ractheory.engine.gradients import gap_and_gradient
from ractheory.engine.sketching import apply_sketch, move


@njit(**INNER)
def solve_link(problem, plan, side, key, seed, link, base, room, scratch, w, g):  # type: ignore[no-untyped-def]
    """Run the solver of one link from `base`, moments at zero; w is where it ends."""
    factors, slope, moments = room.factors, room.slope, room.moments
    blocks, order = problem.blocks, room.space[1]
    draw_pair(blocks, plan, side, key, seed, link, room.table, order, factors)
    for k in range(factors.size):
        moments[0, k], moments[1, k] = 0.0, 0.0
    move(base, 0.0, base, w)
    for inner in range(plan.inner_steps):
        gap_and_gradient(problem, w, g, scratch)
        factor_gradients(blocks, plan, side, room.table, factors, g, slope)
        update_factors(plan, side, blocks, room.table, moments, inner + 1, slope, factors)
        compose(blocks, plan, room.table, base, factors, w)


@njit(**INNER)
def safeguarded_link(problem, plan, key, seed, link, side, w, g, room, scratch):  # type: ignore[no-untyped-def]
    """Move w; return (|H G|^2, 1 where the end of the solver was kept and 0 otherwise)."""
    step, solved, exact, slope = room.vectors[:4]
    projected = apply_sketch(problem.blocks, plan.sketch, side, room.space, g, step)
    move(w, plan.sketch.gamma, step, exact)
    solve_link(problem, plan.factors, side, key, seed, link, w, room, scratch, solved, slope)
    reached = gap_and_gradient(problem, solved, slope, scratch)
    kept = reached <= gap_and_gradient(problem, exact, slope, scratch)
    end = solved if kept else exact
    move(end, 0.0, end, w)
    return projected, 1.0 if kept else 0.0
