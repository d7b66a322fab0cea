"""One link from points that a run visited, over all that it can draw: E[f(W+) - f* | W] without sampling.

For any finite sum, where the sketch is one of finitely many and batches, orders and clients are few enough to
be listed. A statement about one link is thus decided at those points, as statements about every single run are;
for least squares `ractheory.compare.worlds` decides it for all W at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations, product
from math import comb, factorial

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.context import Context
from ractheory.compare.decision import Decision
from ractheory.compare.worlds import one_step_only, sketches_of
from ractheory.evidence import Evidence, Verdict, round_off
from ractheory.methods import Method
from ractheory.objectives.base import Objective
from ractheory.oracles import FullGradient, LocalEpochs, MiniBatch, Reshuffle
from ractheory.theorems import Statement, evaluate, symbols
from ractheory.theorems.symbols import Observable

Array = NDArray[np.float64]

MOST_ENDS = 4_000
"""Ends of links that are evaluated, over all points."""
MOST_POINTS = 8


def draws(f: Objective, method: Method) -> int | None:
    """Return how many equally likely ends a link has for one sketch, or None where they are not finite."""
    N = f.components
    match method.oracle:
        case FullGradient():
            return 1
        case MiniBatch(batch, replacement):
            return N**batch if replacement else comb(N, batch)
        case Reshuffle(mode):
            return factorial(N) if mode == "random" else 1 if mode == "incremental" else None
        case LocalEpochs(clients, _, mode) if method.oracle.takes_part == clients:
            each = factorial(N // clients) if mode == "random" else 1
            return None if mode == "once" else each**clients
        case _:
            return None


def ends(f: Objective, method: Method, H: Array, w: Array) -> Iterator[Array]:
    """Yield the equally likely ends of a link from w with the projection H on the flat parameters."""
    oracle, gamma, N = method.oracle, method.step, f.components
    match oracle:
        case FullGradient():
            yield w - gamma * H @ f.flat_gradient(w)
        case MiniBatch(batch, replacement):
            parts = [f.flat_component_gradient(i, w) for i in range(N)]
            chosen = (
                product(range(N), repeat=batch) if replacement else combinations(range(N), batch)
            )
            for indices in chosen:
                yield w - gamma / batch * H @ np.sum([parts[i] for i in indices], axis=0)
        case Reshuffle(mode):
            for order in _orders(range(N), mode):
                yield _epoch(f, gamma, H, w, order)
        case LocalEpochs(clients, _, mode):
            size = N // clients
            lists = [
                [_epoch(f, gamma, H, w, o) for o in _orders(range(c * size, (c + 1) * size), mode)]
                for c in range(clients)
            ]
            for each in product(*lists):
                yield np.mean(each, axis=0)


def _orders(components: range, mode: str) -> Iterator[tuple[int, ...]]:
    return permutations(components) if mode == "random" else iter([tuple(components)])


def _epoch(f: Objective, gamma: float, H: Array, w: Array, order: tuple[int, ...]) -> Array:
    for i in order:
        w = w - gamma * H @ f.flat_component_gradient(i, w)
    return w


def expected_gap(f: Objective, method: Method, w: Array) -> float | None:
    """Return E[f(W+) - f* | W = w] over all draws of a link, or None where they cannot be listed.

    >>> from ractheory.methods import rac_lora_sgd
    >>> from ractheory.objectives import objective
    >>> f = objective("signed-targets", N=2)
    >>> expected_gap(f, rac_lora_sgd(0.5), np.zeros(1))
    0.125
    """
    sketches = _listed(f, method)
    if sketches is None:
        return None
    total = 0.0
    for H, weight in zip(*sketches, strict=True):
        gaps = [f.flat_gap(end) for end in ends(f, method, H, w)]
        total += float(weight) * float(np.mean(gaps))
    return total


def _listed(f: Objective, method: Method) -> tuple[Array, Array] | None:
    """Return the sketches and their probabilities, where all ends of a link can be listed."""
    count = draws(f, method)
    if count is None or count > MOST_ENDS or len(f.shapes) != 1 or not one_step_only(method):
        return None
    sketches = sketches_of(method, f.shapes[0], exact=True)
    few = sketches is not None and count * len(sketches[0]) <= MOST_ENDS
    return sketches if few else None


def decide_at_visited_points(
    statement: Statement, context: Context, factor: float
) -> Decision | None:
    """Decide E[f(W_{t+1}) - f* | W_t] <= right at points of the runs, all draws of a link listed, or None."""
    f, method = context.experiment.objective, context.experiment.method
    gap, grad_sq = symbols.gap(symbols.t), symbols.grad_sq(symbols.t)
    known = statement.right.atoms(Observable) <= {gap, grad_sq}
    sketches = _listed(f, method)
    if not (context.own and known and statement.is_upper_bound) or sketches is None:
        return None
    if statement.left != symbols.gap(symbols.t + 1):
        return None
    each = len(sketches[0]) * (draws(f, method) or 1)
    points = _points(context, max(1, min(MOST_POINTS, MOST_ENDS // each)))
    found = []
    for w in points:
        left = expected_gap(f, method, w)
        assert left is not None
        g = f.flat_gradient(w)
        seen: dict[sp.Expr, float] = {gap: f.flat_gap(w), grad_sq: float(g @ g)}
        right = factor * float(evaluate(statement.right, context.facts, _of(statement.right, seen)))
        size = abs(left) + abs(right) + abs(f.constants.fstar)
        found.append((left, right, float(round_off(context.operations, size))))
    return _verdict(found, each, context.masked)


def _of(expression: sp.Expr, seen: dict[sp.Expr, float]) -> dict[sp.Expr, float]:
    return {e: v for e, v in seen.items() if expression.has(e)}


def _points(context: Context, count: int) -> list[Array]:
    """Return the start and the ends of the first runs, as far as they are finite."""
    final = [w for w in context.run.final[: count - 1] if np.all(np.isfinite(w))]
    return [context.experiment.start, *final]


def _verdict(found: list[tuple[float, float, float]], each: int, masked: bool) -> Decision:
    verdict = Verdict.CONFIRMED if not masked else Verdict.UNDECIDED
    left, right, noise = max(found, key=lambda p: (p[0] - p[1]) / (abs(p[1]) + p[2]))
    if left - right > noise:
        verdict = Verdict.REFUTED
    detail = (
        f"all {each} ends of a link listed, at {len(found)} points that the runs visited; closest "
        f"{left:.12g} <= {right:.12g}, round-off at most {noise:.2g}"
    )
    return Decision(verdict, Evidence("pathwise", 0.0, None, None, 0, detail), left, right)
