"""Statements about a distribution: the sampled values against the distribution function."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ractheory.compare.context import Context
from ractheory.compare.decision import Decision
from ractheory.compare.observables import observe
from ractheory.evidence import Verdict, same_law
from ractheory.theorems import Statement, evaluate

Array = NDArray[np.float64]

LAW_TOLERANCE = 0.02
"""A law is confirmed up to this distance of distribution functions; sampling cannot confirm equality."""


def decide_law(statement: Statement, context: Context, rate: float, factor: float) -> Decision:
    """Decide P(left <= x) = right(x) from all links of all seeds, which the statement says are independent."""
    values = np.ravel(evaluate(statement.left, context.facts, observe(statement.left, context)))
    samples = values[~np.isnan(values)]

    def law(x: Array) -> Array:
        right = evaluate(statement.right, context.facts.including(x=x))
        return np.clip(factor * np.asarray(right), 0.0, 1.0)

    verdict, evidence = same_law(samples, law, rate / 2)
    if verdict is not Verdict.REFUTED:
        verdict, evidence = same_law(samples, law, rate / 2, LAW_TOLERANCE)
    if verdict is Verdict.CONFIRMED and context.masked:
        verdict = Verdict.UNDECIDED
    return Decision(verdict, evidence, evidence.confidence_bound, LAW_TOLERANCE)
