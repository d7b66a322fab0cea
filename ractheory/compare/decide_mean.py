"""Statements in expectation: by the exact recursion where there is one, and by the mean over the runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.ceilings import sure_gap
from ractheory.compare.context import Context
from ractheory.compare.decision import Decision, combined, exact_decision
from ractheory.compare.measures.chain import step_weights
from ractheory.compare.observables import observe
from ractheory.evidence import Evidence, Verdict, mean_at_least, mean_at_most, round_off
from ractheory.theorems import Facts, Statement, evaluate, symbols
from ractheory.theorems.printing import SIGNS

Array = NDArray[np.float64]


def decide_expectation(
    statement: Statement, context: Context, rate: float, factor: float
) -> Decision:
    """Decide E[left] relation right: by the runs, and where they leave it open by the recursion."""
    bound = factor * _from_start(statement.right, context)
    exact = _computed(statement, context, bound)
    return combined(exact, _sampled(statement, context, rate, bound))


def _from_start(expression: sp.Expr, context: Context) -> float:
    """Evaluate an expression of constants and of the start, which all seeds share."""
    observed = {e: v[0] for e, v in observe(expression, context).items()}
    return float(np.ravel(evaluate(expression, context.facts, observed))[0])


# By sampling.


def _sampled(statement: Statement, context: Context, rate: float, bound: float) -> Decision:
    samples = np.ravel(evaluate(statement.left, context.facts, observe(statement.left, context)))
    samples = np.where(np.isfinite(samples), samples, np.where(context.lost[:, 0], np.inf, np.nan))
    ceiling = _ceiling(statement, context)
    grain = float(np.max(context.gap_noise[:, 0])) * _sensitivity(ceiling, context)
    if not np.isfinite(grain):
        detail = "the round-off of the samples is not known: numbers too large to hold"
        evidence = Evidence("statistical", rate, None, None, len(samples), detail)
        return Decision(Verdict.UNDECIDED, evidence, float(np.mean(samples)), bound)
    if isinstance(statement.relation, sp.Equality):
        verdict, evidence = _two_sided(samples, bound, ceiling, rate, grain)
    else:
        test = mean_at_most if statement.is_upper_bound else mean_at_least
        verdict, evidence = test(samples, bound, ceiling, rate, grain)
    return Decision(verdict, evidence, float(np.mean(samples)), bound)


def _two_sided(
    samples: Array, bound: float, ceiling: float | None, rate: float, grain: float
) -> tuple[Verdict, Evidence]:
    """Refute an equality from either side; sampling cannot confirm one."""
    sides = [
        test(samples, bound, ceiling, rate / 2, grain) for test in (mean_at_most, mean_at_least)
    ]
    for verdict, evidence in sides:
        if verdict is Verdict.REFUTED:
            return verdict, evidence
    return Verdict.UNDECIDED, sides[0][1]


def _ceiling(statement: Statement, context: Context) -> float | None:
    """Return a sure ceiling of the left side, where the run has what it rests on.

    That of the theorem, or f(W_0) - f* of a run that cannot rise, confirms "at most"; the latter refutes
    "at least".
    """
    rests = context.never_rises and statement.left == symbols.gap(symbols.T)
    start = float(context.run.gap[0, 0]) if rests else None
    if not statement.is_upper_bound:
        return start
    if context.masked:
        return None
    if statement.ceiling is None or not all(
        h.check(context.facts).holds for h in statement.ceiling_needs
    ):
        return start if rests else _sure_ceiling(statement, context)
    return _from_start(statement.ceiling, context)


def _sure_ceiling(statement: Statement, context: Context) -> float | None:
    """Return a sure ceiling that a chain which samples components has of itself (`compare.ceilings`)."""
    ran, kind = context.experiment, type(statement.left)
    if not context.own or kind not in (symbols.gap, symbols.weighted_grad_sq):
        return None
    links = int(evaluate(statement.left.args[0], context.facts))
    gap, L = sure_gap(ran.objective, ran.method, ran.start, links), ran.objective.constants.L
    if gap is None or kind is symbols.gap:
        return gap
    return None if L is None else 2 * L * gap


def _sensitivity(ceiling: float | None, context: Context) -> float:
    """Return how the round-off of f scales to that of the sample: by the ratio of their ceilings."""
    start = float(context.run.gap[0, 0])
    return ceiling / start if ceiling is not None and start > 0.0 else 1.0


# By recursion.


def _computed(statement: Statement, context: Context, bound: float) -> Decision | None:
    moments = context.expectations
    found = None if moments is None else expected_value(statement.left, moments, context.facts)
    if found is None:
        return None
    value, noise = found
    # Powers of a rate lose about one unit a step.
    noise += float(round_off(64 + 8 * context.facts["T"], abs(bound)))
    sign = SIGNS[type(statement.relation)][1]
    return exact_decision(sign, value, bound, noise, "second moments of D, by recursion")


class Expectations(Protocol):
    """Whatever knows E <D_t, K^power D_t> and its round-off at t = 0, ..., steps."""

    def expected(self, power: int, steps: int) -> tuple[Array, Array]: ...


def expected_value(
    left: sp.Expr, moments: Expectations, facts: Facts
) -> tuple[float, float] | None:
    """Return the exact expectation of the observable `left` and its round-off, or None."""
    if type(left) not in LINEAR:
        return None
    T = int(evaluate(left.args[0], facts))
    power, weights = LINEAR[type(left)](T, [float(evaluate(a, facts)) for a in left.args[1:]])
    values, errors = moments.expected(power, len(weights) - 1)
    return float(weights @ values), float(weights @ errors)


def _at_end(power: int, scale: float) -> Callable[[int, list[float]], tuple[int, Array]]:
    return lambda T, rest: (power, np.append(np.zeros(T), scale))


LINEAR: dict[type, Callable[[int, list[float]], tuple[int, Array]]] = {
    symbols.gap: _at_end(1, 0.5),
    symbols.grad_sq: _at_end(2, 1.0),
    symbols.dist_sq: _at_end(0, 1.0),
    symbols.curved_grad_sq: _at_end(3, 1.0),
    symbols.mean_grad_sq: lambda T, rest: (2, np.full(T, 1.0 / T)),
    symbols.weighted_grad_sq: lambda T, rest: (2, step_weights(T, rest[0])),
}
"""Observables that are linear in the second moments: the power of K, and the weights of the steps."""
