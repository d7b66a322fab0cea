"""One statement against one set of runs: the verdict and its evidence, by the form of the statement."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.context import Context
from ractheory.compare.decide_forever import decide_almost_sure, decide_escape, decide_time_uniform
from ractheory.compare.decide_law import decide_law
from ractheory.compare.decide_link import decide_conditional
from ractheory.compare.decide_mean import decide_expectation
from ractheory.compare.decision import CRUDE, Decision
from ractheory.compare.observables import magnitude, noise, observe, restricted
from ractheory.evidence import Evidence, Verdict, pathwise, round_off
from ractheory.theorems import Form, Statement, evaluate

Array = NDArray[np.float64]

ARITHMETIC = 16
"""Rounded operations of a statement itself, on terms of the sizes of its sides."""


def decide(
    statement: Statement, context: Context, error_rate: float, bound_factor: float = 1.0
) -> Decision:
    """Decide `statement` on the runs of `context`, its right side multiplied by `bound_factor`.

    What needs the hypotheses of the theorem (a sure ceiling, an exact expectation) is used only where
    the run itself has them: a masked control can be refuted, and confirmed only by every single run.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return DECIDERS[statement.form](statement, context, error_rate, bound_factor)


def _pathwise(statement: Statement, context: Context, rate: float, factor: float) -> Decision:
    expression = statement.left - statement.right
    observed = observe(expression, context)
    steps = max((v.shape[1] for v in observed.values()), default=1)
    facts = context.facts.including(t=np.arange(steps, dtype=float)[None, :])
    left = np.asarray(evaluate(statement.left, facts, restricted(statement.left, observed)))
    seen = restricted(statement.right, observed)
    right = factor * np.asarray(evaluate(statement.right, facts, seen))
    allowance = round_off(ARITHMETIC, _finite(left) + _finite(right)) + sum(
        weight * noise(side, context, facts, observed)
        for side, weight in ((statement.left, 1.0), (statement.right, factor))
    )
    slack = _slack(statement, left, right, context.lost)
    verdict, evidence = pathwise(slack, np.broadcast_to(allowance, slack.shape))
    if _strict(statement) and verdict is Verdict.CONFIRMED and not np.all(slack > allowance):
        verdict = Verdict.UNDECIDED
    if verdict is Verdict.CONFIRMED:
        size = np.abs(left) + np.abs(right) + magnitude(expression, context, facts, observed)
        if not np.any(allowance <= CRUDE * size):
            verdict = Verdict.UNDECIDED  # all of it is round-off
    above = np.where(np.isnan(slack + allowance), np.inf, slack + allowance)
    at = np.unravel_index(int(np.argmin(above)), slack.shape)
    ends = (float(np.broadcast_to(side, slack.shape)[at]) for side in (left, right))
    return Decision(verdict, evidence, *ends)


def _slack(statement: Statement, left: Array, right: Array, lost: NDArray[np.bool_]) -> Array:
    """Return by how much the relation holds: NaN where that is not known, as of numbers too large to hold.

    The left side of a run that is lost is infinite: it breaks an upper bound below infinity, however far
    below (the step that lost it has no length), and keeps a lower one.
    """
    if isinstance(statement.relation, sp.Equality):
        slack = np.asarray(-np.abs(left - right))
    else:
        slack = np.asarray(left - right if statement.is_lower_bound else right - left)
    known = np.isfinite(left) & np.isfinite(right)
    slack = np.where(np.broadcast_to(known, slack.shape), slack, np.nan)
    beyond = np.broadcast_to(lost & ~np.isfinite(left) & (right < np.inf), slack.shape)
    return np.where(beyond, np.inf if statement.is_lower_bound else -np.inf, slack)


def _strict(statement: Statement) -> bool:
    return isinstance(statement.relation, (sp.StrictLessThan, sp.StrictGreaterThan))


def _finite(values: Array) -> Array:
    array = np.abs(values)
    return np.where(np.isfinite(array), array, 0.0)


def _exact(statement: Statement, context: Context, rate: float, factor: float) -> Decision:
    checks = [(o if factor == 1.0 else o.scaled(factor)).check() for o in statement.obligations]
    holds = bool(checks) and all(c.holds for c in checks)
    verdict = Verdict.CONFIRMED if holds else Verdict.REFUTED
    detail = "; ".join(f"{c.name}: {c.reason}" for c in checks)
    return Decision(verdict, Evidence("exact", 0.0, None, None, 0, detail), None, None)


DECIDERS: dict[Form, Callable[[Statement, Context, float, float], Decision]] = {
    Form.PATHWISE: _pathwise,
    Form.EXPECTATION: decide_expectation,
    Form.CONDITIONAL: decide_conditional,
    Form.TIME_UNIFORM: decide_time_uniform,
    Form.LAW: decide_law,
    Form.ALMOST_SURE: decide_almost_sure,
    Form.ESCAPE: decide_escape,
    Form.EXACT: _exact,
}
