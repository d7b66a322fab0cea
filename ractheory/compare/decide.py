"""One statement against one set of runs: the verdict and its evidence, by the form of the statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.observables import Context, observe
from ractheory.evidence import Evidence, Verdict, mean_at_least, mean_at_most, pathwise, round_off
from ractheory.theorems import Form, Statement, evaluate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """A verdict, what it rests on, and the two numbers that were compared."""

    verdict: Verdict
    evidence: Evidence
    observed: float | None
    bound: float | None


def decide(
    statement: Statement, context: Context, error_rate: float, bound_factor: float = 1.0
) -> Decision:
    """Decide `statement` on the runs of `context`, its right side multiplied by `bound_factor`.

    The sure ceiling that a confirmation needs is used only where the run itself has the hypotheses
    that the theorem was handed: a masked control can be refuted, never confirmed, in expectation.
    """
    if statement.form not in DECIDERS:
        raise KeyError(f"no decider for {statement.form}")
    with np.errstate(over="ignore", invalid="ignore"):
        return DECIDERS[statement.form](statement, context, error_rate, bound_factor)


def resolution(context: Context) -> Array:
    """Return the round-off of each recorded f(W_t) - fstar, shape (S, T+1).

    Two parts: the value itself is a sum of so many terms of its own size (f is nonnegative but for
    fstar, which is subtracted); and W_t is rounded at every link, which moves f along its gradient.
    """
    f, run = context.experiment.objective, context.run
    operations = f.dim + f.components + 64
    size = np.maximum(np.linalg.norm(run.final, axis=1), np.linalg.norm(context.experiment.start))[
        :, None
    ]
    finite = np.where(np.isfinite(run.gap), np.abs(run.gap), 0.0)
    slope = np.where(np.isfinite(run.grad_sq), np.sqrt(run.grad_sq), 0.0)
    size = np.where(np.isfinite(size), size, 0.0)
    value = round_off(operations, finite + abs(f.constants.fstar))
    L = f.constants.L or 0.0
    shift = np.finfo(float).eps * operations * size
    return value + slope * shift + 0.5 * L * shift**2


def _pathwise(statement: Statement, context: Context, rate: float, factor: float) -> Decision:
    expression = statement.left - statement.right
    observed = observe(expression, context)
    facts = context.facts.including(t=np.arange(context.run.links + 1)[None, : _steps(observed)])
    left = evaluate(statement.left, facts, _only(statement.left, observed))
    right = factor * np.asarray(evaluate(statement.right, facts, _only(statement.right, observed)))
    slack = (right - left) if statement.is_upper_bound else (left - right)
    slack = np.broadcast_to(slack, np.broadcast_shapes(np.shape(left), np.shape(right)))
    allowance = resolution(context)
    steps = slack.shape[1]
    worst = np.maximum(allowance[:, :steps], allowance[:, -steps:])
    operations = 16  # arithmetic of the statement itself, on terms of the sizes below
    worst = worst * 4 + round_off(operations, _finite(left) + _finite(right))
    left = np.broadcast_to(left, slack.shape)
    right = np.broadcast_to(right, slack.shape)
    diverged = ~np.isfinite(left)
    slack = np.where(diverged, -np.inf if statement.is_upper_bound else np.inf, slack)
    verdict, evidence = pathwise(slack, worst)
    at = np.unravel_index(int(np.argmin(slack + worst)), slack.shape)
    return Decision(verdict, evidence, float(left[at]), float(right[at]))


def _steps(observed: Mapping[sp.Expr, Array]) -> int:
    return max(values.shape[1] for values in observed.values())


def _finite(values: object) -> Array:
    array = np.abs(np.asarray(values, dtype=float))
    return np.where(np.isfinite(array), array, 0.0)


def _only(expression: sp.Expr, observed: Mapping[sp.Expr, Array]) -> dict[sp.Expr, Array]:
    return {e: v for e, v in observed.items() if expression.has(e)}


def _expectation(statement: Statement, context: Context, rate: float, factor: float) -> Decision:
    samples = np.ravel(evaluate(statement.left, context.facts, observe(statement.left, context)))
    samples = np.where(np.isnan(samples), np.inf, samples)
    bound = factor * _from_start(statement.right, context)
    ceiling = None
    if (
        not context.masked
        and statement.ceiling is not None
        and all(h.check(context.facts).holds for h in statement.ceiling_needs)
    ):
        ceiling = _from_start(statement.ceiling, context)
    grain = float(np.max(resolution(context)[:, 0])) * float(_sensitivity(ceiling, context))
    test = mean_at_most if statement.is_upper_bound else mean_at_least
    verdict, evidence = test(samples, bound, ceiling, rate, grain)
    return Decision(verdict, evidence, float(np.mean(samples)), bound)


def _sensitivity(ceiling: float | None, context: Context) -> float:
    """Return how the round-off of f scales to that of the sample: by the ratio of their ceilings."""
    start = float(context.run.gap[0, 0])
    return ceiling / start if ceiling is not None and start > 0.0 else 1.0


def _from_start(expression: sp.Expr, context: Context) -> float:
    """Evaluate an expression of constants and of the start, which all seeds share."""
    observed = {e: v[0] for e, v in observe(expression, context).items()}
    return float(np.ravel(evaluate(expression, context.facts, observed))[0])


def _exact(statement: Statement, context: Context, rate: float, factor: float) -> Decision:
    checks = [o.check() for o in statement.obligations]
    holds = bool(checks) and all(c.holds for c in checks)
    verdict = Verdict.CONFIRMED if holds else Verdict.REFUTED
    detail = "; ".join(f"{c.name}: {c.reason}" for c in checks)
    return Decision(verdict, Evidence("exact", 0.0, None, None, 0, detail), None, None)


DECIDERS: dict[Form, Callable[[Statement, Context, float, float], Decision]] = {
    Form.PATHWISE: _pathwise,
    Form.EXPECTATION: _expectation,
    Form.EXACT: _exact,
}
