"""Bernoulli-LoRA: the rates of RAC-LoRA with the extreme eigenvalues of the mixture of two sides."""

from __future__ import annotations

from dataclasses import replace

from ractheory.assumptions import BernoulliSide
from ractheory.laws import bernoulli_mean_extremes
from ractheory.theorems.gradient import GD_NONCONVEX, GD_PL
from ractheory.theorems.hypotheses import Assumes, Condition, substituted
from ractheory.theorems.statement import Theorem
from ractheory.theorems.stochastic import SGD_NONCONVEX, SGD_PL
from ractheory.theorems.symbols import (
    lam_max,
    lam_max_left,
    lam_max_right,
    lam_min,
    lam_min_left,
    lam_min_right,
    p_left,
)

_low, _high = bernoulli_mean_extremes(
    p_left, (lam_min_left, lam_max_left), (lam_min_right, lam_max_right)
)
MIXTURE = {lam_min: _low, lam_max: _high}
"""lam_min and lam_max of p E[H_left] (x) I + (1 - p) I (x) E[H_right]."""


def bernoulli(base: Theorem) -> Theorem:
    """Return `base` for a chain that draws the side of each link."""
    return replace(
        base,
        id=f"bernoulli-{base.id}",
        title=f"{base.title}; the side of each link is drawn",
        source=f"Bernoulli-LoRA, arXiv 2508.03820, from {base.id}",
        hypotheses=(
            Assumes(BernoulliSide),
            Condition("a probability", p_left <= 1),
            *substituted(base.hypotheses, MIXTURE),
        ),
        statements=tuple(s.subs(MIXTURE) for s in base.statements),
    )


THEOREMS = tuple(bernoulli(base) for base in (GD_NONCONVEX, GD_PL, SGD_NONCONVEX, SGD_PL))
