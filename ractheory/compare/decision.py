"""A verdict with its evidence, and how exact and sampled evidence on one statement combine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ractheory.evidence import Evidence, Verdict


@dataclass(frozen=True)
class Decision:
    """A verdict, what it rests on, and the two numbers that were compared."""

    verdict: Verdict
    evidence: Evidence
    observed: float | None
    bound: float | None


CRUDE = 1e-3
"""An expectation that is known no better than by this part of the bound decides nothing."""


def exact_decision(
    relation: str, value: float, bound: float, noise: float, detail: str
) -> Decision:
    """Decide `value relation bound` where both are computed, up to the absolute round-off `noise`.

    `relation` is "<=", ">=", "<", ">" or "=". Equality within the round-off confirms all but the strict ones.

    >>> exact_decision("<=", 1.0, 1.0 - 1e-17, 1e-15, "").verdict.value
    'confirmed'
    """
    slack = {"<=": bound - value, "<": bound - value, "=": -abs(value - bound)}.get(
        relation, value - bound
    )
    if not noise <= CRUDE * max(abs(bound), abs(value)) and abs(slack) <= noise:
        verdict = Verdict.UNDECIDED
    elif relation in ("<", ">"):
        verdict = Verdict.CONFIRMED if slack > noise else Verdict.UNDECIDED
    else:
        verdict = Verdict.CONFIRMED if slack >= -noise else Verdict.REFUTED
    if relation in ("<", ">") and slack < -noise:
        verdict = Verdict.REFUTED
    if not np.isfinite(slack):  # one of the two is a number too large to hold, or none at all
        verdict = Verdict.UNDECIDED
    words = f"{detail}; {value:.12g} {relation} {bound:.12g}, round-off at most {noise:.2g}"
    return Decision(verdict, Evidence("exact", 0.0, None, None, 0, words), value, bound)


def combined(exact: Decision | None, sampled: Decision) -> Decision:
    """Return the decision of the runs where they decide, else the computed one.

    The runs go first: a fault of what makes them shows in them alone. Whatever refutes, refutes.
    """
    if exact is None or exact.verdict is Verdict.UNDECIDED:
        return sampled
    if sampled.verdict is Verdict.REFUTED and exact.verdict is Verdict.CONFIRMED:
        return _with_detail(sampled, f"{sampled.evidence.detail}; but {exact.evidence.detail}")
    if sampled.verdict is exact.verdict:
        return _with_detail(sampled, f"{sampled.evidence.detail}; also {exact.evidence.detail}")
    return computed(exact, sampled)


def computed(exact: Decision | None, sampled: Decision) -> Decision:
    """Return the computed decision, with what the runs say added; runs that refute go before it."""
    if exact is None or exact.verdict is Verdict.UNDECIDED:
        return sampled
    if exact.verdict is Verdict.CONFIRMED and sampled.verdict is Verdict.REFUTED:
        return combined(exact, sampled)
    runs = sampled.evidence
    evidence = replace(
        exact.evidence, seeds=runs.seeds, e_value=runs.e_value, log10_e_value=runs.log10_e_value,
        confidence_bound=runs.confidence_bound,
        detail=f"{exact.evidence.detail}; runs: {runs.detail}",
    )  # fmt: skip
    return replace(exact, evidence=evidence)


def _with_detail(decision: Decision, detail: str) -> Decision:
    return replace(decision, evidence=replace(decision.evidence, detail=detail))
