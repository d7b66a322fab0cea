"""Tightness claims: the tightest instance of a family, against 1 and against what the claim says it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ractheory.claims.claim import Claim
from ractheory.compare.decide import Decision
from ractheory.evidence import Evidence, Verdict
from ractheory.exact.arithmetic import decimal
from ractheory.theorems import Checked, Condition, Facts, Statement, Theorem, theorem
from ractheory.tightness import Instance, family, search


@dataclass(frozen=True)
class Tightest:
    """The outcome of one search: the decision, the conditions of the theorem, and what was found."""

    decision: Decision
    hypotheses: tuple[Checked, ...]
    facts: Facts
    parameters: Mapping[str, Any]
    curves: Mapping[str, Any] = field(default_factory=dict)


def tightest(claim: Claim, seed: str) -> Tightest:
    """Search the family of `claim` and decide: refuted above the bound, confirmed from `reach` on.

    A search that ends below `reach` leaves the claim undecided: it has proved nothing.
    """
    chosen = family(claim.objective.name)
    the_theorem = theorem(chosen.row)
    statement = the_theorem.statement(chosen.statement)
    found = search(chosen, seed)
    facts = Facts({name: float(v) for name, v in found.constants.items()})
    hypotheses = _conditions(the_theorem, statement, facts)
    assert claim.reach is not None
    verdict = verdict_of(found, claim.reach, hypotheses)
    words = "; ".join(f"{name} {value}" for name, value in found.description.items())
    detail = f"{chosen.compares} on {chosen.says}: ratio {found.ratio:.6g} at {words}"
    decision = Decision(
        verdict,
        Evidence("exact", 0.0, None, None, 0, detail),
        float(found.left),
        float(found.right),
    )
    parameters = {
        **{name: value for name, value in facts.values.items() if name.isidentifier()},
        "statement": statement.name, "family": chosen.says, "compares": chosen.compares,
        "reach": claim.reach, "instance": dict(found.description), "seed": seed,
    }  # fmt: skip
    return Tightest(decision, hypotheses, facts, parameters, {"ratio": np.array([found.ratio])})


def _conditions(th: Theorem, statement: Statement, facts: Facts) -> tuple[Checked, ...]:
    """Check the conditions on constants; the assumptions hold by the construction of the family."""
    every = (*th.hypotheses, *statement.needs)
    return tuple(
        h.check(facts) for h in every
        if isinstance(h, Condition) and all(str(v) in facts for v in h.relation.free_symbols)
    )  # fmt: skip


def verdict_of(found: Instance, reach: float, hypotheses: tuple[Checked, ...]) -> Verdict:
    """Return what an instance proves of the theorem and of the claim."""
    if not all(h.holds for h in hypotheses):
        return Verdict.NOT_APPLICABLE
    if found.fails:
        return Verdict.REFUTED
    return Verdict.CONFIRMED if found.reaches(decimal(reach)) else Verdict.UNDECIDED
