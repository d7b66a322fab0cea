"""Statements about the expectation of one link, given its start.

A statement E[left | W_t] relation right(W_t) "whatever W_t is" is confirmed for all W_t at once where f is a
quadratic whose moments are known: both sides are then quadratic forms in D = W - W*, and the statement
says that one of them is nowhere larger. Runs test it by betting: along a chain, and over the seeds,
prod (1 + lam (left/right - 1)) is a supermartingale under "at most". So runs can refute; they can
confirm only that it holds on average over the links that were seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.context import MEASURES, Context
from ractheory.compare.decision import Decision, computed
from ractheory.compare.exactly import Moments, row_norm
from ractheory.compare.observables import noise, observe, restricted
from ractheory.compare.scalar import mean_square_of_a_link
from ractheory.compare.visited import decide_at_visited_points
from ractheory.compare.worlds import World
from ractheory.evidence import Evidence, Verdict, log_e_value, round_off
from ractheory.methods import Polyak, Subgradient
from ractheory.theorems import Facts, Statement, evaluate, symbols
from ractheory.theorems.symbols import Observable

Array = NDArray[np.float64]

POWERS = {
    symbols.dist_sq: (0, 1.0),
    symbols.gap: (1, 0.5),
    symbols.grad_sq: (2, 1.0),
    symbols.curved_grad_sq: (3, 1.0),
}
"""Observables that are quadratic forms scale <D, K^power D>."""


def decide_conditional(
    statement: Statement, context: Context, rate: float, factor: float
) -> Decision:
    """Decide E[left | W_t] relation right at every t."""
    exact = None
    if context.computable:
        exact = _everywhere(statement, context, factor)
        exact = exact or everywhere_in_a_world(statement, context.world, context.facts, factor)
        exact = exact or mean_square_of_a_link(statement, context, factor)
        exact = exact or decide_at_visited_points(statement, context, factor)
    return computed(exact, _along_the_runs(statement, context, rate, factor))


# Everywhere, by quadratic forms.


def _everywhere(statement: Statement, context: Context, factor: float) -> Decision | None:
    moments = context.moments
    linear = _linear(statement.right, context.facts)
    if moments is None or linear is None or statement.left != symbols.gap(symbols.t + 1):
        return None
    weights, constant = linear
    if constant:
        return None
    after = moments.next_value()
    terms = _bound_terms(weights, moments, factor)
    if not all(np.isfinite(form).all() for form in (*after, *(t for part in terms for t in part))):
        return None
    sides = [
        Sides(Q, np.sum(part, axis=0), size + sum(row_norm(term) for term in part))
        for Q, part, size in zip(after, terms, moments.next_sizes, strict=True)
    ]
    return _compare_forms(statement, sides, moments.operations)


def everywhere_in_a_world(
    statement: Statement, world: World | None, facts: Facts, factor: float = 1.0
) -> Decision | None:
    """Decide E[f(W_{t+1}) - f* | W_t] relation right for all W_t, all draws of the link counted, or None."""
    linear = _linear(statement.right, facts)
    if world is None or not world.markov or linear is None:
        return None
    if statement.left != symbols.gap(symbols.t + 1):
        return None
    weights, constant = linear
    rest = np.zeros(world.start.shape)
    rest[-1, -1] = factor * constant
    terms = [rest]
    for kind, weight in weights.items():
        power, scale = POWERS[kind]
        terms.append(factor * weight * scale * world.form(power))
    here = world.form(1) / 2
    link = float(np.max(np.sum(np.abs(world.chain.transfers[0]), axis=1)))
    size = link * float(np.abs(here).sum()) + sum(row_norm(term) for term in terms)
    sides = Sides(world.chain.pulled_back(here), np.sum(terms, axis=0), size)
    return _compare_forms(statement, [sides], int(world.chain.operations))


@dataclass(frozen=True)
class Sides:
    """The quadratic forms of both sides of a statement, and the size of the terms that they are sums of.

    What the terms add up to may be far smaller than they are, at gamma L = 1 say; round-off is theirs.
    """

    left: Array
    right: Array
    size: float


def _bound_terms(
    weights: Mapping[type[Observable], float], moments: Moments, factor: float
) -> list[tuple[Array, ...]]:
    """Return for every part the forms that add up to the right side, one an observable."""
    table = [
        moments.form(power, factor * w * scale)
        for (power, scale), w in ((POWERS[kind], w) for kind, w in weights.items())
    ]
    return list(zip(*table, strict=True))


def _linear(right: sp.Expr, facts: Facts) -> tuple[dict[type[Observable], float], float] | None:
    """Return `right` as coefficients of quadratic forms at t and a constant, or None where it is not."""
    applied = sorted(right.atoms(Observable), key=str)
    if not applied or any(type(e) not in POWERS or e.args != (symbols.t,) for e in applied):
        return None
    stand_ins = {e: sp.Dummy() for e in applied}
    bare = right.xreplace(stand_ins)
    slopes = [bare.diff(place) for place in stand_ins.values()]
    rest = bare.xreplace(dict.fromkeys(stand_ins.values(), sp.S.Zero))
    linear = not any(s.has(*stand_ins.values()) for s in slopes)
    if not linear:
        return None
    weights = {type(e): float(evaluate(s, facts)) for e, s in zip(applied, slopes, strict=True)}
    return weights, float(evaluate(rest, facts))


def _compare_forms(statement: Statement, pairs: Sequence[Sides], operations: int) -> Decision:
    """Decide <D, left D> relation <D, right D> for all D and all pairs; the worst ratio is reported."""
    worst, verdict, largest = (0.0, 0.0), Verdict.CONFIRMED, -np.inf
    sign = -1.0 if statement.is_lower_bound else 1.0
    for sides in pairs:
        Q, R = sides.left, sides.right
        allowance = float(round_off(operations, sides.size))
        slack, axes = np.linalg.eigh(sign * (R - Q))
        both = isinstance(statement.relation, sp.Equality)
        violation = max(-slack[0], slack[-1] if both else 0.0)
        if violation > allowance:
            verdict = Verdict.REFUTED
        ratio, v = _worst_direction(Q, R, axes[:, 0], sign)
        if ratio > largest:
            largest, worst = ratio, (float(v @ Q @ v), float(v @ R @ v))
    detail = "quadratic forms of E[f(W+) - f* | W] and of the bound, compared for all W"
    return Decision(verdict, Evidence("exact", 0.0, None, None, 0, detail), *worst)


def _worst_direction(Q: Array, R: Array, fallback: Array, sign: float) -> tuple[float, Array]:
    """Return the largest ratio of <D, Q D> to <D, R D> (or its inverse, for sign -1), and a D of it."""
    level, axes = np.linalg.eigh(R)
    noise = round_off(8 * len(R), np.abs(level).max())
    live = level > noise
    if not np.all(level > -noise) or not live.any():
        return np.inf, fallback
    root = axes[:, live] / np.sqrt(level[live])
    ratios, vectors = np.linalg.eigh(root.T @ Q @ root)
    pick = -1 if sign > 0 else 0
    return sign * float(ratios[pick]), root @ vectors[:, pick]


# Along the runs, by betting.


def _along_the_runs(statement: Statement, context: Context, rate: float, factor: float) -> Decision:
    observed = observe(statement.left - statement.right, context)
    seen = restricted(statement.right, observed)
    left = np.asarray(evaluate(statement.left, context.facts, restricted(statement.left, observed)))
    right = factor * np.asarray(evaluate(statement.right, context.facts, seen))
    grain = noise(statement.left, context, context.facts, observed)
    grain = grain + factor * noise(statement.right, context, context.facts, observed)
    grain = np.broadcast_to(grain, left.shape)
    right = np.broadcast_to(right, left.shape)
    if np.any(np.isfinite(right) & (right < -grain)):
        return _below_zero(right)
    # Whether a link counts is known at its start, so that the bets stay fair.
    counts = np.isfinite(right) & (right > 0.0) & (grain <= GRAIN * right)
    seen_left = np.where(np.isfinite(left), left, np.where(context.lost, np.inf, np.nan))
    ratio = seen_left[counts] / right[counts]
    slip = grain[counts] / right[counts]
    ceiling = _ceilings(statement, context, left.shape)
    top = None if ceiling is None else ceiling[counts] / right[counts]
    above = _log_e(ratio - slip)
    below = 0.0 if top is None else _log_e_below(ratio + slip, top)
    return _bets(statement, above, below, rate, ratio, len(left))


GRAIN = 1e-6
"""Relative round-off that a link may have to count."""


def _below_zero(right: Array) -> Decision:
    detail = f"the bound on a quantity that is never negative is {np.nanmin(right):.6g}"
    evidence = Evidence("pathwise", 0.0, None, None, len(right), detail)
    return Decision(Verdict.REFUTED, evidence, 0.0, float(np.nanmin(right)))


def _ceilings(statement: Statement, context: Context, shape: tuple[int, ...]) -> Array | None:
    """Return a sure bound of the left side given W_t, where there is one.

    f(W_{t+1}) - f* is at most f(W_t) - f* where no link can raise f; |W_{t+1} - W*| is at most |W_t - W*|
    and the length of a subgradient step, as long as if nothing were projected.
    """
    if statement.is_upper_bound and context.masked:
        return None  # it could only confirm
    if statement.left == symbols.gap(symbols.t + 1) and context.never_rises:
        return context.run.gap[:, : shape[1]]
    method = context.experiment.method
    if statement.left != symbols.dist_sq(symbols.t + 1) or not context.own:
        return None
    if not isinstance(method.inner, Subgradient | Polyak):
        return None
    distance, slope = (
        np.sqrt(MEASURES[symbols.dist_sq](context, symbols.t, [])),
        np.sqrt(context.run.grad_sq),
    )
    length = method.step * slope
    if isinstance(method.inner, Polyak):
        length *= context.run.gap / np.where(slope > 0.0, slope, np.inf) ** 2
    return np.asarray((distance + length)[:, : shape[1]] ** 2)


def _log_e(ratio: Array) -> float:
    return float(log_e_value(ratio, 1.0)) if len(ratio) else 0.0


def _log_e_below(ratio: Array, top: Array) -> float:
    """Return the log e-value against E[ratio | past] >= 1, for ratio <= top known beforehand."""
    room = top > 1.0
    if not np.all(room):
        # A ceiling under the bound: the statement "at most" holds surely on that link.
        return np.inf if not np.any(room) else _log_e_below(ratio[room], top[room])
    return _log_e((top - np.minimum(ratio, top)) / (top - 1.0))


def _bets(
    statement: Statement, above: float, below: float, rate: float, ratio: Array, seeds: int
) -> Decision:
    threshold = float(np.log(2.0 / rate))
    lower = statement.is_lower_bound
    against, opposite = (below, above) if lower else (above, below)
    equality = isinstance(statement.relation, sp.Equality)
    verdict = Verdict.UNDECIDED
    if opposite >= threshold:
        verdict = Verdict.REFUTED if equality else Verdict.CONFIRMED
    if against >= threshold:
        verdict = Verdict.REFUTED
    mean = float(np.mean(ratio)) if len(ratio) else np.nan
    power = against / np.log(10.0)
    detail = (
        f"{len(ratio)} links of {seeds} seeds, mean of left over right {mean:.6g}; log10 e-values "
        f"{power:.4g} against, {opposite / np.log(10.0):.4g} for (on average over these links)"
    )
    e_value = 10.0**power if power < 308.0 else np.inf
    evidence = Evidence("statistical", rate, e_value, None, seeds, detail, log10_e_value=power)
    return Decision(verdict, evidence, mean, 1.0)
