"""The figure of a claim: its runs against its bound, from the record alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.report.svg import Band, Chart, Interval, Line, Mark
from ractheory.theorems import THEOREMS, Facts, Form, Statement, evaluate
from ractheory.theorems.symbols import T, gap, mean_grad_sq, t

Array = NDArray[np.float64]
Claim = Mapping[str, Any]

GAP = "f(W) \u2212 f*"
MEAN_GRADIENT = "mean of |\u2207f|\u00b2 before t"


def statement_of(claim: Claim) -> Statement | None:
    """Return the statement that `claim` checks, or None where the registry has no such theorem."""
    known = THEOREMS.get(claim["theorem"])
    if known is None:
        return None
    name = claim["parameters"].get("statement")
    return next((s for s in known.statements if s.name == name), known.statement())


def chart_of(claim: Claim, curves: Mapping[str, Array]) -> Chart | None:
    """Return the chart of `claim`, or None where its record has no curve of a run."""
    if "t" not in curves or "mean" not in curves or not np.size(curves["t"]):
        return None
    statement = statement_of(claim)
    expects = statement is not None and statement.form is Form.EXPECTATION
    if expects and statement is not None and statement.left == mean_grad_sq(T):
        label, marks = MEAN_GRADIENT, _running_mean(curves)
    else:
        label, marks = GAP, _runs(curves)
    if statement is not None and _is_drawn(statement):
        marks += _bound(claim, statement, curves)
        marks += _interval(claim) if expects else []
    return Chart(tuple(marks), label, f"Runs against the bound: {claim['id']}")


def _is_drawn(statement: Statement) -> bool:
    """Whether the left side of `statement` is what the chart shows."""
    return statement.left in (mean_grad_sq(T), gap(T), gap(t))


def _runs(curves: Mapping[str, Array]) -> list[Mark]:
    marks: list[Mark] = []
    if "low" in curves and "high" in curves:
        marks.append(Band(curves["t"], curves["low"], curves["high"]))
    return [*marks, Line(curves["t"], curves["mean"], "run")]


def _running_mean(curves: Mapping[str, Array]) -> list[Mark]:
    """Return the mean over the steps before T = 1, 2, ..., which is the mean of the runs' means."""
    steps = curves["t"][1:]
    return [Line(steps, np.cumsum(curves["grad_sq"][:-1]) / steps, "run")]


def _bound(claim: Claim, statement: Statement, curves: Mapping[str, Array]) -> list[Mark]:
    if "bound" in curves:
        return [Line(curves["t"], curves["bound"], "bound")]
    values = {k: v for k, v in claim["parameters"].items() if isinstance(v, (int, float))}
    steps = curves["t"]
    facts = Facts({**values, "t": steps, "T": steps})
    try:
        # The mean over no step has no bound: what is not a number is not drawn.
        with np.errstate(divide="ignore", invalid="ignore"):
            right = evaluate(statement.right, facts, {gap(0): curves["mean"][0]})
    except KeyError:  # a constant, or an observable of a run, that no record holds
        return []
    factor = float(values.get("bound_factor", 1.0))
    return [Line(steps, factor * np.broadcast_to(right, steps.shape), "bound")]


def _interval(claim: Claim) -> list[Mark]:
    bound, observed = claim["evidence"].get("confidence_bound"), claim["observed"]
    horizon = claim["parameters"].get("T")
    numbers = all(isinstance(value, (int, float)) for value in (bound, observed, horizon))
    return [Interval(horizon, min(observed, bound), max(observed, bound))] if numbers else []
