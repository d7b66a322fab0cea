"""Floors: what LoRA and AsymLoRA cannot get below, and the counterexample of RAC-LoRA."""

from __future__ import annotations

import sympy as sp

from ractheory.assumptions import (
    CounterexampleQuadratic,
    FreshSketch,
    FrozenFactor,
    IndependentFactor,
    IsotropicLaw,
    IsotropicQuadratic,
    MatrixQuadratic,
    PositiveExpectedProjection,
    ProjectedStep,
    Quadratic,
    RankConstrained,
)
from ractheory.theorems.gradient import GD_PL, MONOTONE, STABLE_STEP
from ractheory.theorems.hypotheses import Assumes, Condition
from ractheory.theorems.obligations import Obligation
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import (
    L,
    T,
    W0_sq,
    eq,
    frozen_residual_sq,
    gap,
    ge,
    i,
    lam_min,
    mu,
    p_sigma,
    r,
    rho,
    sigma,
    t,
)

RANK_FLOOR = Theorem(
    id="rank-floor",
    title="LoRA cannot pass the best approximation of rank r",
    source="classical (Eckart and Young, 1936)",
    hypotheses=(Assumes(MatrixQuadratic), Assumes(RankConstrained)),
    statements=(
        Statement(
            "floor", Form.PATHWISE, ge(gap(t), sp.Sum(sigma[i] ** 2, (i, r, p_sigma - 1)) / 2)
        ),
    ),
    tight="W_0 + (K^{1/2})^+ Y_r, Y_r the best rank-r approximation of K^{1/2} (W* - W_0)",
    note="K may be singular. At r = min(m, n) the floor is 0.",
)

SUBSPACE_FLOOR = Theorem(
    id="subspace-floor",
    title="AsymLoRA cannot leave the range of its frozen factor",
    source="new in closed form",
    hypotheses=(Assumes(Quadratic), Assumes(FrozenFactor)),
    statements=(
        Statement("floor", Form.PATHWISE, ge(gap(t), frozen_residual_sq() / 2)),
        Statement(
            "expected",
            Form.EXPECTATION,
            ge(gap(T), (1 - rho) * gap(0)),
            needs=(
                Assumes(IsotropicQuadratic),
                Assumes(IsotropicLaw),
                Assumes(IndependentFactor),
                Condition("a proper subspace", rho < 1),
            ),
        ),
    ),
    tight="least squares in the trained factor: attained in the limit",
    note="For a Haar subspace of rank r, rho = r/m (B frozen) or r/n (A frozen).",
)

# The counterexample: f - f* as a function of W, and the best point of rank one.

SIZE = 3
FIRST_WEIGHT = 10
"""M = Diag(10, 1, ..., 1); the Hessian is 2 M."""


def counterexample_gap(W: sp.Matrix) -> sp.Expr:
    """Return f(W) - f* of the counterexample: sum_k M_kk (x_k + 1/(2 M_kk))^2, x = vec(W).

    >>> counterexample_gap(sp.zeros(3, 3))
    81/40
    """
    weights = [FIRST_WEIGHT] + [1] * (SIZE * SIZE - 1)
    return sum(
        (w * (x + sp.Rational(1, 2 * w)) ** 2 for w, x in zip(weights, W, strict=True)), sp.S.Zero
    )


BEST_RANK_ONE = sp.Rational(13, 45)
BEST_MULTIPLIER = sp.Rational(-16, 5)
p, q, u, v = sp.symbols("p q u v", real=True)
SYMMETRIC = sp.Matrix([[p, q, q], [u, v, v], [u, v, v]])
"""Columns 2, 3 and rows 2, 3 equal: averaging them keeps rank one and does not raise f."""
BEST_POINT = {
    p: sp.Rational(-5, 36), q: sp.Rational(-5, 18), u: sp.Rational(-5, 18), v: sp.Rational(-5, 9),
}  # fmt: skip
_p, _q, _u, _v = (x - BEST_POINT[x] for x in (p, q, u, v))
SQUARES = (
    10 * (_p - sp.Rational(4, 25) * _v) ** 2
    + sp.Rational(468, 125) * _v**2
    + 2 * (_q + sp.Rational(4, 5) * _u) ** 2
    + sp.Rational(18, 25) * _u**2
)
SOME_POINTS = ({p: sp.S.One, q: sp.Integer(2), u: sp.Rational(-1, 3), v: sp.Integer(5)}, BEST_POINT)

FLOOR_OBLIGATIONS = (
    Obligation(
        "the best point has rank one",
        eq((p * v - q * u).subs(BEST_POINT), 0),
    ),
    Obligation(
        "the floor is attained there",
        eq(counterexample_gap(SYMMETRIC).subs(BEST_POINT), BEST_RANK_ONE),
    ),
    Obligation(
        "on p v = q u the gap exceeds the floor by squares",
        eq(
            counterexample_gap(SYMMETRIC) + BEST_MULTIPLIER * (p * v - q * u) - BEST_RANK_ONE,
            SQUARES,
        ),
        SOME_POINTS,
    ),
)

CONSTANTS = {L: 2 * FIRST_WEIGHT, mu: 2}
"""L and mu of the counterexample: the extreme eigenvalues of its Hessian."""

RATE = GD_PL.statements[0].relation.subs(CONSTANTS)
STEP = Condition(STABLE_STEP.name, STABLE_STEP.relation.subs(CONSTANTS))
NO_RISE = Condition(MONOTONE.name, MONOTONE.relation.subs(CONSTANTS))

COUNTEREXAMPLE = Theorem(
    id="counterexample",
    title="The 3 x 3 quadratic: adapters of rank one stall, gradient descent and RAC-LoRA converge",
    source="RAC-LoRA, section 3; the floor 13/45 and its proof are new",
    hypotheses=(Assumes(CounterexampleQuadratic),),
    statements=(
        Statement(
            "floor",
            Form.PATHWISE,
            ge(gap(t), BEST_RANK_ONE),
            needs=(
                Assumes(RankConstrained),
                Condition("rank one", eq(r, 1)),
                Condition("start at zero", eq(W0_sq, 0)),
            ),
            obligations=FLOOR_OBLIGATIONS,
        ),
        Statement(
            "gradient descent",
            Form.PATHWISE,
            RATE.subs({lam_min: 1, T: t}),
            needs=(Assumes(ProjectedStep), Condition("no sketch", eq(lam_min, 1)), STEP),
        ),
        Statement(
            "rac-lora",
            Form.EXPECTATION,
            RATE,
            needs=(
                Assumes(ProjectedStep),
                Assumes(FreshSketch),
                Assumes(PositiveExpectedProjection),
                Condition("positive lam_min", lam_min > 0),
                STEP,
            ),
            ceiling=gap(0),
            ceiling_needs=(NO_RISE,),
        ),
    ),
    tight="W = [[-5/36, -5/18, -5/18], [-5/18, -5/9, -5/9], [-5/18, -5/9, -5/9]]",
    note="The curvature does not act on rows, so rank-floor does not apply.",
)

THEOREMS = (RANK_FLOOR, SUBSPACE_FLOOR, COUNTEREXAMPLE)
