"""Beyond the paper: any inner solver, all times at once, acceleration, and facts of practice."""

from __future__ import annotations

import sympy as sp

from ractheory.assumptions import (
    PL,
    AcceleratedLinks,
    Attained,
    CertifiedLinks,
    Convex,
    FreshSketch,
    GaussianFactor,
    HaarLaw,
    IsotropicLaw,
    IsotropicQuadratic,
    LowRankLinks,
    LSmooth,
    MatchingSide,
    MatrixSmooth,
    RoundedMerges,
    SignLinks,
)
from ractheory.theorems.effective import L_EFF_HAAR, PROPER, effective_L
from ractheory.theorems.gradient import (
    CHAIN,
    CONTRACTION,
    GD_NONCONVEX,
    GD_PL,
    SHORT_STEP,
    SMOOTH,
    STABLE_STEP,
)
from ractheory.theorems.hypotheses import Assumes, Condition
from ractheory.theorems.obligations import Obligation
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import (
    A_acc,
    D0_sq,
    L,
    T,
    alpha,
    d,
    eq,
    eta,
    gamma,
    gap,
    ge,
    grad_sq,
    le,
    link_ratio,
    log_rate,
    m,
    merge_error,
    merge_norms,
    min_column_sq,
    n,
    r,
    rank_D0,
    rank_of_change,
    rho,
    roundoff,
    s,
    swallowed_share,
    t,
    unchanged_share,
    width,
    x,
)

INNER_SOLVER = Theorem(
    id="inner-solver",
    title="Any inner solver, if each link ends no higher than one exact projected step",
    source="new",
    hypotheses=(*SMOOTH, Assumes(CertifiedLinks), STABLE_STEP),
    statements=(
        *(st.subs({}, f"nonconvex {st.name}") for st in GD_NONCONVEX.statements),
        *(st.subs({}, f"pl {st.name}", (Assumes(PL),)) for st in GD_PL.statements),
    ),
    note="A certified fraction of the links proves nothing: certification depends on the sketch. "
    "The safeguard takes the exact step where the solver's is not certified.",
)

TIME_UNIFORM = Theorem(
    id="time-uniform",
    title="One bound for all times, and almost-sure rates",
    source="new",
    hypotheses=(*CHAIN, STABLE_STEP),
    statements=(
        Statement(
            "all times",
            Form.TIME_UNIFORM,
            le(gap(t), CONTRACTION**t * gap(0) / alpha),
            needs=(Assumes(PL), Condition("an error level", alpha < 1)),
        ),
        GD_PL.statement("one step").subs({}, "supermartingale", (Assumes(PL),)),
        Statement(
            "almost-sure rate",
            Form.ALMOST_SURE,
            le(log_rate(T), sp.log(CONTRACTION)),
            needs=(Assumes(PL), Condition("a positive factor", CONTRACTION > 0)),
        ),
        Statement("vanishing gradient", Form.ALMOST_SURE, eq(grad_sq(T), 0)),
        *(
            Statement(name, form, relation, needs=(
                Assumes(IsotropicQuadratic),
                Assumes(HaarLaw),
                Condition("step 1/L", eq(gamma * L, 1)),
                Condition("a shift of rank one", eq(rank_D0, 1)),
                Condition("a proper sketch", r < d),
            ))
            for name, form, relation in (
                (
                    "law of a link",
                    Form.LAW,
                    eq(link_ratio(t), sp.betainc_regularized((d - r) / 2, r / sp.S(2), 0, x)),
                ),
                (
                    "rate of the product",
                    Form.ALMOST_SURE,
                    eq(log_rate(T), sp.digamma((d - r) / 2) - sp.digamma(d / sp.S(2))),
                ),
            )
        ),
    ),
    tight="the rate of the product is exact",
    note="gap(t)/q^t is itself an e-process. The links' ratios are independent Beta((d-r)/2, r/2).",
)  # fmt: skip

# Acceleration: A_+ = A + rho b(A), A_0 = 0.

_A = sp.Symbol("A_before", nonnegative=True)
MOMENTUM_STEP = gamma * (rho + sp.sqrt(rho**2 + 4 * _A / gamma)) / 2
"""b as a function of A; then A_+ = A + rho b and tau = rho b/A_+."""


def accelerated_weight(steps: int, gamma: float, rho: float) -> float:
    """Return A_T after `steps` links.

    >>> accelerated_weight(1, 0.5, 1.0)
    0.5
    """
    weight = 0.0
    step = sp.lambdify([_A, "gamma", "rho"], MOMENTUM_STEP, modules="math")
    for _ in range(steps):
        weight += rho * step(weight, gamma, rho)
    return weight


_accelerated_hypotheses = (
    Assumes(Convex),
    Assumes(Attained),
    Assumes(FreshSketch),
    Assumes(IsotropicLaw),
    Condition("positive rho", rho > 0),
    Assumes(AcceleratedLinks),
)
_short = (Assumes(LSmooth), SHORT_STEP)
_effective = (
    Assumes(MatrixSmooth), Assumes(MatchingSide), Assumes(HaarLaw), PROPER,
    Condition("step at most 1/L_eff", SHORT_STEP.relation.subs(L, L_EFF_HAAR)),
)  # fmt: skip
_SHARP = le(gap(T), D0_sq / (2 * A_acc))
_SIMPLE = le(gap(T), 2 * D0_sq / (gamma * rho**2 * T**2))

ACCELERATED = Theorem(
    id="accelerated",
    title="Accelerated RAC-LoRA on convex functions",
    source="new for LoRA",
    hypotheses=_accelerated_hypotheses,
    statements=(
        Statement("sharp", Form.EXPECTATION, _SHARP, needs=_short),
        Statement(
            "simple",
            Form.EXPECTATION,
            _SIMPLE,
            needs=_short,
            obligations=(
                Obligation(
                    "b^2 = gamma (A + rho b), so sqrt(A) grows by at least rho sqrt(gamma)/2",
                    eq(MOMENTUM_STEP**2, gamma * (_A + rho * MOMENTUM_STEP)),
                    ({gamma: sp.Rational(1, 2), rho: sp.Rational(1, 3), _A: sp.Integer(2)},),
                ),
            ),
        ),
        Statement("effective", Form.EXPECTATION, _SHARP, needs=_effective),
    ),
    note="W_t of the statement is x_t. At gamma = 1/L the simple form is 2 L |D_0|^2/(rho T)^2.",
)

SIGN_FLOOR = Theorem(
    id="sign-floor",
    title="Sign steps in fresh Gaussian directions cannot converge with a fixed step",
    source="new",
    hypotheses=(
        Assumes(IsotropicQuadratic),
        Assumes(FreshSketch),
        Assumes(GaussianFactor),
        Assumes(SignLinks),
        Condition("every column starts off the minimiser", min_column_sq > 0),
    ),
    statements=(
        Statement(
            "floor",
            Form.EXPECTATION,
            ge(gap(T), L / 2 * eta**2 * s**2 * width * r * (d - 2 / sp.pi)),
        ),
    ),
    note="A column of W_0 - W* that is zero stays zero, since sign(0) = 0; then its share is missing.",
)

ACCUMULATED_RANK = Theorem(
    id="accumulated-rank",
    title="T links of rank r change W by rank T r at most",
    source="new",
    hypotheses=(Assumes(LowRankLinks),),
    statements=(Statement("bound", Form.PATHWISE, le(rank_of_change(t), sp.Min(m, n, t * r))),),
)

MERGE_PRECISION = Theorem(
    id="merge-precision",
    title="Merging into rounded weights loses what is below the unit round-off",
    source="new; the standard model of floating-point arithmetic",
    hypotheses=(Assumes(RoundedMerges),),
    statements=(
        Statement("error", Form.PATHWISE, le(merge_error(t), roundoff * merge_norms(t))),
        Statement(
            "swallowed",
            Form.PATHWISE,
            ge(unchanged_share(t), swallowed_share(t, roundoff / 2)),
        ),
    ),
    note="u = 2^-8 for bfloat16, 2^-11 for float16, 2^-24 for float32. Next to |w| the numbers of the "
    "format are at least u |w| apart, so a change below u |w|/2 rounds back.",
)

THEOREMS = (
    INNER_SOLVER, TIME_UNIFORM, ACCELERATED, SIGN_FLOOR, ACCUMULATED_RANK, MERGE_PRECISION,
)  # fmt: skip

__all__ = ["THEOREMS", "accelerated_weight", "effective_L"]
