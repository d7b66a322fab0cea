"""Beyond the paper, matrix smoothness: the effective dimension, exact links, and plain factor steps."""

from __future__ import annotations

import sympy as sp

from ractheory.assumptions import (
    PL,
    Attained,
    CertifiedAtEffectiveStep,
    Convex,
    CoordinateLaw,
    ExactMinimisation,
    FreshSketch,
    GaussianFactor,
    HaarLaw,
    LowerBounded,
    LowRankLinks,
    MatchingSide,
    MatrixQuadratic,
    MatrixSmooth,
    PlainStep,
    ProjectedQuadratic,
    ProjectedStep,
)
from ractheory.errors import UsageError
from ractheory.laws import gaussian_factor_moments, haar_moments, pair_inclusion
from ractheory.theorems.evaluation import evaluate
from ractheory.theorems.gradient import (
    CONTRACTION,
    DECREASE,
    GD_CONVEX,
    GD_NONCONVEX,
    GD_PL,
    STABLE_STEP,
    nonconvex_bound,
)
from ractheory.theorems.hypotheses import Assumes, Condition, Facts, Hypothesis
from ractheory.theorems.obligations import Obligation
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import (
    D0_sq,
    D0_sq_weighted,
    L,
    T,
    curved_grad_sq,
    d,
    eq,
    eta,
    gamma,
    gap,
    ge,
    grad_sq,
    k,
    lam_min,
    le,
    max_diag_K,
    mean_grad_sq,
    mu,
    r,
    s,
    support,
    t,
    tau,
    trace_K,
)

ISOTROPIC = sp.S(r) / d
"""rho of every isotropic law of rank r."""

_c1, _c2 = haar_moments(d, r)
_pair = pair_inclusion(d, r)

L_EFF_HAAR = sp.factor((_c1 * L + _c2 * trace_K) / ISOTROPIC)
"""E[H K H] <= rho L_eff I for a Haar sketch, d >= 2."""
L_EFF_COORDINATES = sp.factor(((ISOTROPIC - _pair) * max_diag_K + _pair * L) / ISOTROPIC)
"""The same for uniform coordinates."""
L_EFF_SIMPLE = ((r + 1) * L + trace_K) / (d + 1)
"""A simpler upper bound of the first."""

PROPER = Condition("a sketch that fits", sp.And(r <= d, d >= 2))


def effective_L(curvature: MatrixSmooth, rank: int, law: str = "haar") -> float:
    """Return L_eff of a Haar (or Gaussian) or a uniform coordinate sketch on K's own side.

    In dimension 1 it is L. Raises UsageError for any other law.

    >>> effective_L(MatrixSmooth((1.0, 0.5, 0.5), (1.0, 0.5, 0.5)), 1)
    0.8
    """
    formulas = {"haar": L_EFF_HAAR, "gaussian": L_EFF_HAAR, "coordinates": L_EFF_COORDINATES}
    if law not in formulas:
        raise UsageError.of("sketch", law, ", ".join(formulas), "its L_eff is not known")
    dimension = len(curvature.eigenvalues)
    if dimension == 1:
        return curvature.L
    values = {
        "L": curvature.L, "trace_K": curvature.trace, "max_diag_K": max(curvature.diagonal),
        "d": dimension, "r": min(rank, dimension),
    }  # fmt: skip
    return float(evaluate(formulas[law], Facts(values)))


def _effective(law: Hypothesis, L_eff: sp.Expr, prefix: str) -> tuple[Statement, ...]:
    """Return the rows of gd-* in expectation, with L_eff for L wherever smoothness was used.

    |G|^2 <= 2 L (f - f*) keeps the true L, so the geometric factor of gd-nonconvex keeps it too.
    """
    table = {L: L_eff, lam_min: ISOTROPIC, D0_sq_weighted: D0_sq / ISOTROPIC}
    gain = (DECREASE * lam_min).subs(table, simultaneous=True)
    basic = (law, PROPER, STABLE_STEP.subs(table))
    first, second = GD_NONCONVEX, GD_PL
    sharp = nonconvex_bound(gain, sp.Max(0, 1 - 2 * L * gain, evaluate=False))
    convex = tuple(h for h in GD_CONVEX.hypotheses if isinstance(h, Condition))
    short = tuple(h.subs(table) for h in convex if h.name == "step at most 1/L")
    return (
        first.statement("one step").subs(table, f"{prefix}one step", basic),
        Statement(f"{prefix}nonconvex", Form.EXPECTATION, le(mean_grad_sq(T), sharp), needs=basic),
        Statement(
            f"{prefix}pl",
            Form.EXPECTATION,
            second.statements[0].relation.subs(table, simultaneous=True),
            needs=(*basic, Assumes(PL)),
        ),
        Statement(
            f"{prefix}convex",
            Form.EXPECTATION,
            GD_CONVEX.statements[0].relation.subs(table, simultaneous=True),
            needs=(law, PROPER, *short, Assumes(Convex), Assumes(Attained)),
        ),
    )


_POINT = {
    L: sp.Integer(3), trace_K: sp.Integer(5), d: sp.Integer(7), r: sp.Integer(2),
}  # fmt: skip

EFFECTIVE_DIMENSION = Theorem(
    id="effective-dimension",
    title="The price of a sketch is tr K/L, not the dimension; steps far above 2/L are legal",
    source="new for LoRA; kin: Kozak et al., Stochastic Subspace Descent",
    hypotheses=(
        Assumes(MatrixSmooth),
        Assumes(MatchingSide),
        Assumes(LowerBounded),
        Assumes(FreshSketch),
        Assumes(ProjectedStep),
    ),
    statements=(
        *_effective(Assumes(HaarLaw), L_EFF_HAAR, ""),
        *_effective(Assumes(CoordinateLaw), L_EFF_COORDINATES, "coordinates "),
        Statement(
            "no worse",
            Form.EXACT,
            le(L_EFF_HAAR, sp.Min(L, L_EFF_SIMPLE, evaluate=False)),
            needs=(PROPER,),
            obligations=(
                Obligation(
                    "L - L_eff is a nonnegative multiple of d L - tr K",
                    eq(
                        L - L_EFF_HAAR,
                        (d - r) * (d * L - trace_K) / ((d - 1) * (d + 2)),
                    ),
                    (_POINT,),
                ),
                Obligation(
                    "the simple bound exceeds L_eff by nonnegative terms",
                    eq(
                        L_EFF_SIMPLE - L_EFF_HAAR,
                        (2 * L * (d - r) + (r * (d + 1) - 2) * trace_K)
                        / ((d - 1) * (d + 1) * (d + 2)),
                    ),
                    (_POINT,),
                ),
            ),
        ),
    ),
    tight="G a top eigenvector of K",
    note="`descent` is lost above 2/L. The sketch must act on the side of K: the wrong side diverges.",
)

EXACT_LINKS = Theorem(
    id="exact-links",
    title="Exact links pay the effective dimension without knowing it",
    source="new",
    hypotheses=(
        Assumes(MatrixSmooth),
        Assumes(MatchingSide),
        Assumes(PL),
        Assumes(LowerBounded),
        Assumes(FreshSketch),
        Assumes(HaarLaw),
        PROPER,
        Assumes(CertifiedAtEffectiveStep),
    ),
    statements=(
        Statement(
            "rate",
            Form.EXPECTATION,
            le(
                gap(T),
                CONTRACTION.subs({gamma: 1 / L, lam_min: ISOTROPIC}).subs(L, L_EFF_HAAR) ** T
                * gap(0),
            ),
            ceiling=gap(0),
            ceiling_needs=(Assumes(ExactMinimisation),),
        ),
    ),
)  # fmt: skip

BEST_LINK = 1 - sp.S(r) / support

LINK_LOWER_BOUND = Theorem(
    id="link-lower-bound",
    title="No chain whose sketch ignores the past is faster, whatever its inner solver",
    source="new",
    hypotheses=(
        Assumes(ProjectedQuadratic),
        Assumes(FreshSketch),
        Assumes(HaarLaw),
        Assumes(LowRankLinks),
        Condition("rank within the support", sp.And(r <= support, support <= d)),
    ),
    statements=(
        Statement("lower bound", Form.EXPECTATION, ge(gap(T), BEST_LINK**T * gap(0))),
        Statement("one step", Form.CONDITIONAL, ge(gap(t + 1), BEST_LINK * gap(t))),
        Statement(
            "attained",
            Form.EXPECTATION,
            eq(gap(T), BEST_LINK**T * gap(0)),
            needs=(Assumes(ExactMinimisation),),
            ceiling=gap(0),
        ),
    ),
    tight="exact links; at full support RAC-LoRA with gamma = 1/L",
)

_quadratic, _trace = gaussian_factor_moments(r)
L_PLAIN = sp.expand((_quadratic * L + _trace * trace_K) / r)
"""E[S K S] <= r L_plain I for S = B B^T: (r + 1) L + tr K."""


def plain_L(curvature: MatrixSmooth, rank: int) -> float:
    """Return L_plain of plain factor steps with an N(0, 1) factor on K's own side.

    >>> plain_L(MatrixSmooth((1.0, 0.5), (1.0, 0.5)), 1)
    3.5
    """
    return float(
        evaluate(L_PLAIN, Facts({"L": curvature.L, "trace_K": curvature.trace, "r": rank}))
    )


PLAIN = {gamma: eta * s**2, lam_min: r, L: L_PLAIN}
"""A plain factor step is a step c = eta s^2 with E[S] = r I and curvature L_plain."""
PLAIN_CONTRACTION = CONTRACTION.subs(PLAIN, simultaneous=True)
PLAIN_GAIN = (DECREASE * lam_min).subs(PLAIN, simultaneous=True)
PSEUDO_INVERSE_GAIN = sp.cancel((ISOTROPIC / L_EFF_HAAR / (r / L_PLAIN)).subs(trace_K, tau * L))
"""Best guaranteed rate with the pseudo-inverse over that without, tau = tr K/L."""

PLAIN_GRADIENT = Theorem(
    id="plain-gradient",
    title="Gradient steps on one factor, without the pseudo-inverse",
    source="new",
    hypotheses=(
        Assumes(MatrixSmooth),
        Assumes(MatchingSide),
        Assumes(LowerBounded),
        Assumes(FreshSketch),
        Assumes(GaussianFactor),
        Assumes(PlainStep),
        STABLE_STEP.subs(PLAIN),
    ),
    statements=(
        Statement(
            "one step", Form.CONDITIONAL, le(gap(t + 1), gap(t) - PLAIN_GAIN * grad_sq(t))
        ),
        Statement(
            "short step",
            Form.CONDITIONAL,
            le(gap(t + 1), gap(t) - eta * s**2 * r * grad_sq(t) / 2),
            needs=(Condition("step at most 1/((r+1) L + tr K)", eta * s**2 * L_PLAIN <= 1),),
        ),
        Statement(
            "nonconvex",
            Form.EXPECTATION,
            le(mean_grad_sq(T), nonconvex_bound(PLAIN_GAIN, sp.Max(0, 1 - 2 * L * PLAIN_GAIN, evaluate=False))),
        ),
        Statement(
            "pl",
            Form.EXPECTATION,
            le(gap(T), PLAIN_CONTRACTION**T * gap(0)),
            needs=(Assumes(PL),),
        ),
        Statement(
            "gain of the pseudo-inverse",
            Form.EXACT,
            le(PSEUDO_INVERSE_GAIN, (d + r + 1) / d),
            needs=(PROPER,),
            obligations=(
                Obligation(
                    "the gain misses its bound by a nonnegative multiple of d - tau",
                    eq(
                        (d + r + 1) / d - PSEUDO_INVERSE_GAIN,
                        (d - tau) * (r - 1) * (r + 2)
                        / (d * (d * (r + 1) - 2 + (d - r) * tau)),
                    ),
                    ({tau: sp.Rational(7, 3), d: sp.Integer(5), r: sp.Integer(2)},),
                ),
                Obligation(
                    "at r = 1 it is (d + 2)/d",
                    eq(PSEUDO_INVERSE_GAIN.subs(r, 1), (d + 2) / d),
                    ({tau: sp.Rational(7, 3), d: sp.Integer(5)},),
                ),
            ),
        ),
    ),
    tight="K = L I",
)  # fmt: skip

# On a quadratic the one-step inequality of a Haar sketch is an equality.

ROW_DIAGONAL = 1 - 2 * gamma * ISOTROPIC * k + gamma**2 * _c1 * k**2
"""Diagonal of M at eigenvalue k: s+ = M s, M = Diag(ROW_DIAGONAL) + ROW_COUPLING 1 (k*k)^T."""
ROW_COUPLING = gamma**2 * _c2
_column = ROW_DIAGONAL + ROW_COUPLING * trace_K * k
COLUMN_RATE = sp.Max(_column.subs(k, mu), _column.subs(k, L), evaluate=False)
"""Least q with k^T M <= q k^T over eigenvalues in [mu, L]: convex in k, so attained at an end."""

HAAR_ON_QUADRATIC: tuple[Hypothesis, ...] = (
    Assumes(MatrixQuadratic),
    Assumes(MatchingSide),
    Assumes(FreshSketch),
    Assumes(ProjectedStep),
    Assumes(HaarLaw),
    PROPER,
)
"""Where the recursion holds; `best-rate` rests on the same."""

EXACT_QUADRATIC = Theorem(
    id="exact-quadratic",
    title="On a quadratic the expectation follows an exact linear recursion",
    source="new",
    hypotheses=HAAR_ON_QUADRATIC,
    statements=(
        Statement(
            "one step",
            Form.CONDITIONAL,
            eq(
                gap(t + 1),
                gap(t) - gamma * ISOTROPIC * grad_sq(t)
                + gamma**2 / 2 * (_c1 * curved_grad_sq(t) + _c2 * trace_K * grad_sq(t)),
            ),
        ),
        Statement(
            "rate",
            Form.EXPECTATION,
            le(gap(T), COLUMN_RATE**T * gap(0)),
            needs=(Assumes(PL, "mu is the least positive eigenvalue of K"),),
        ),
    ),
    tight="exact",
    note="The row energies s_i = E|u_i^T D|^2 obey s+ = M s; E f_T = 1/2 k^T M^T s_0 + f*.",
)  # fmt: skip

THEOREMS = (
    EXACT_QUADRATIC, EFFECTIVE_DIMENSION, EXACT_LINKS, LINK_LOWER_BOUND, PLAIN_GRADIENT,
)  # fmt: skip
