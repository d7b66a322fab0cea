"""Subgradient chains with a constant step and with Polyak's step."""

from __future__ import annotations

import sympy as sp

from ractheory.assumptions import (
    Attained,
    Convex,
    FreshSketch,
    IsotropicLaw,
    Lipschitz,
    PolyakStep,
    SubgradientStep,
)
from ractheory.theorems.hypotheses import Assumes, Condition, Hypothesis
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import (
    G0,
    D0_sq,
    T,
    dist_sq,
    gamma,
    gap,
    gap_of_mean,
    le,
    min_gap,
    rho,
    t,
)

NONSMOOTH: tuple[Hypothesis, ...] = (
    Assumes(Convex),
    Assumes(Lipschitz),
    Assumes(Attained),
    Assumes(FreshSketch),
    Assumes(IsotropicLaw),
    Condition("positive rho", rho > 0),
)

SUBGRADIENT = Theorem(
    id="subgradient",
    title="Subgradients with a constant step",
    source="Bernoulli-LoRA, nonsmooth section",
    hypotheses=(*NONSMOOTH, Assumes(SubgradientStep)),
    statements=(
        Statement(
            "mean iterate",
            Form.EXPECTATION,
            le(gap_of_mean(T), D0_sq / (2 * gamma * rho * T) + gamma * G0**2 / 2),
            # A link moves by at most gamma G0, so the mean of T iterates by (T - 1)/2 of that.
            ceiling=gap(0) + gamma * G0**2 * (T - 1) / 2,
        ),
        Statement(
            "one step",
            Form.CONDITIONAL,
            le(dist_sq(t + 1), dist_sq(t) - 2 * gamma * rho * gap(t) + gamma**2 * rho * G0**2),
        ),
    ),
    tight="rho = 1",
)

POLYAK = Theorem(
    id="polyak",
    title="Subgradients with Polyak's step",
    source="Bernoulli-LoRA, nonsmooth section",
    hypotheses=(*NONSMOOTH, Assumes(PolyakStep)),
    statements=(
        Statement(
            "best iterate",
            Form.EXPECTATION,
            le(min_gap(T), G0 * sp.sqrt(D0_sq) / sp.sqrt(rho * T)),
            ceiling=gap(0),
        ),
        Statement(
            "one step",
            Form.CONDITIONAL,
            le(dist_sq(t + 1), dist_sq(t) - rho * gap(t) ** 2 / G0**2),
        ),
    ),
    tight="rho = 1 and T = 1",
    note="The step uses the full subgradient; (f - f*)/|H g|^2 would not be covered.",
)

THEOREMS = (SUBGRADIENT, POLYAK)
