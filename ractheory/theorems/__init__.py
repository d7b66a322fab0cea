"""Theorems as values; the registry of all of them, by id."""

from ractheory.errors import UsageError
from ractheory.theorems import (
    bernoulli,
    best_rate,
    beyond,
    effective,
    failures,
    federated,
    floors,
    gradient,
    nonsmooth,
    pl_step,
    stochastic,
)
from ractheory.theorems.evaluation import evaluate
from ractheory.theorems.hypotheses import Assumes, Checked, Condition, Facts
from ractheory.theorems.statement import Form, Statement, Theorem

FAMILIES = (
    gradient,
    pl_step,
    stochastic,
    federated,
    bernoulli,
    nonsmooth,
    effective,
    best_rate,
    beyond,
    floors,
    failures,
)
THEOREMS: dict[str, Theorem] = {th.id: th for family in FAMILIES for th in family.THEOREMS}


def theorem(name: str) -> Theorem:
    """Return the theorem with the id `name`.

    >>> theorem("gd-pl").source[:8]
    'RAC-LoRA'
    """
    if name not in THEOREMS:
        raise UsageError.of(
            "theorem", name, ", ".join(sorted(THEOREMS)), "see 'ractheory list theorems'"
        )
    return THEOREMS[name]


__all__ = [
    "THEOREMS",
    "Assumes",
    "Checked",
    "Condition",
    "Facts",
    "Form",
    "Statement",
    "Theorem",
    "evaluate",
    "theorem",
]
