"""RAC-LoRA with full gradients: descent of one link, and the rates that follow from it."""

from __future__ import annotations

import sympy as sp

from ractheory.assumptions import (
    PL,
    Attained,
    Convex,
    FreshSketch,
    LowerBounded,
    LSmooth,
    PositiveExpectedProjection,
    ProjectedStep,
)
from ractheory.theorems.hypotheses import Assumes, Condition, Hypothesis
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import (
    D0_sq,
    D0_sq_weighted,
    L,
    T,
    gamma,
    gap,
    grad_sq,
    lam_min,
    le,
    mean_grad_sq,
    mu,
    projected_sq,
    t,
)

STABLE_STEP = Condition("step below 2/L", gamma * L < 2)
SHORT_STEP = Condition("step at most 1/L", gamma * L <= 1)
MONOTONE = Condition("f never rises", gamma * L <= 2)

SKETCHED: tuple[Hypothesis, ...] = (
    Assumes(LowerBounded),
    Assumes(FreshSketch),
    Assumes(PositiveExpectedProjection),
    Condition("positive lam_min", lam_min > 0),
)
"""What every rate assumes of the sketch."""

SMOOTH: tuple[Hypothesis, ...] = (Assumes(LSmooth), *SKETCHED)

CHAIN: tuple[Hypothesis, ...] = (*SMOOTH, Assumes(ProjectedStep))
"""What every rate of a full-gradient chain assumes, its step aside."""

DECREASE = gamma * (1 - gamma * L / 2)
"""Guaranteed decrease of f in one link, per unit of |H G|^2."""

DESCENT = Theorem(
    id="descent",
    title="Every link decreases f",
    source="RAC-LoRA, arXiv 2410.08305, proof of Theorem 5.3",
    hypotheses=(Assumes(LSmooth), Assumes(ProjectedStep), STABLE_STEP),
    statements=(
        Statement("sharp", Form.PATHWISE, le(gap(t + 1), gap(t) - DECREASE * projected_sq(t))),
    ),
    tight="f = (L/2) |W - W*|^2",
)


def nonconvex_bound(gain: sp.Expr, q: sp.Expr) -> sp.Expr:
    """Return the bound on the mean squared gradient when each link gains `gain` times |G|^2.

    It needs 0 <= q <= 1 - 2 L gain, where |G|^2 <= 2 L (f - f*): a smaller q is a weaker bound.
    """
    return gap(0) * (1 - q**T) / (gain * T)


GAIN = DECREASE * lam_min
"""Expected decrease of f in one link, per unit of |G|^2."""

GEOMETRIC = 1 - gamma * L * lam_min * (2 - gamma * L)
"""q of `gd-nonconvex`: how fast (L/2) |D|^2 contracts."""

CONTRACTION = 1 - gamma * mu * lam_min * (2 - gamma * L)
"""q of `gd-pl`; at mu = L it is `GEOMETRIC`."""

GD_NONCONVEX = Theorem(
    id="gd-nonconvex",
    title="Smooth functions: the mean squared gradient vanishes like 1/T",
    source="RAC-LoRA, Theorem 5.3; the factor 1 - q^T is new",
    hypotheses=(*CHAIN, STABLE_STEP),
    statements=(
        Statement(
            "sharp",
            Form.EXPECTATION,
            le(mean_grad_sq(T), nonconvex_bound(GAIN, GEOMETRIC)),
            ceiling=2 * L * gap(0),
            ceiling_needs=(MONOTONE,),
        ),
        Statement(
            "paper",
            Form.EXPECTATION,
            le(mean_grad_sq(T), 2 * gap(0) / (lam_min * gamma * T)),
            needs=(SHORT_STEP,),
            ceiling=2 * L * gap(0),
        ),
        Statement("one step", Form.CONDITIONAL, le(gap(t + 1), gap(t) - GAIN * grad_sq(t))),
    ),
    tight="f = (L/2) |W - W*|^2, every T and gamma",
)

GD_PL = Theorem(
    id="gd-pl",
    title="Polyak-Lojasiewicz functions: linear convergence",
    source="RAC-LoRA, Theorem 5.5; sharp step dependence added",
    hypotheses=(*CHAIN, Assumes(PL), STABLE_STEP),
    statements=(
        Statement(
            "sharp",
            Form.EXPECTATION,
            le(gap(T), CONTRACTION**T * gap(0)),
            ceiling=gap(0),
            ceiling_needs=(MONOTONE,),
        ),
        Statement(
            "paper",
            Form.EXPECTATION,
            le(gap(T), (1 - gamma * mu * lam_min) ** T * gap(0)),
            needs=(SHORT_STEP,),
            ceiling=gap(0),
        ),
        Statement("one step", Form.CONDITIONAL, le(gap(t + 1), CONTRACTION * gap(t))),
    ),
    tight="mu = L, every gamma in (0, 2/L)",
)

GD_CONVEX = Theorem(
    id="gd-convex",
    title="Convex functions: suboptimality vanishes like 1/T, for any law with lam_min > 0",
    source="new",
    hypotheses=(*CHAIN, Assumes(Convex), Assumes(Attained), SHORT_STEP),
    statements=(
        Statement(
            "sharp",
            Form.EXPECTATION,
            le(
                gap(T),
                (lam_min * D0_sq_weighted / (2 * gamma) + (1 - lam_min) * gap(0))
                / (1 - lam_min + lam_min * T),
            ),
            ceiling=gap(0),
        ),
        Statement(
            "simple",
            Form.EXPECTATION,
            le(gap(T), (D0_sq / (2 * gamma) + gap(0)) / (1 + lam_min * T)),
            ceiling=gap(0),
        ),
    ),
    note="For an isotropic law the sharp form is the smaller one once lam_min T >= "
    "|W_0 - W*|^2/(2 gamma (f(W_0) - f*)); before, the simple form is.",
)

THEOREMS = (DESCENT, GD_NONCONVEX, GD_PL, GD_CONVEX)
