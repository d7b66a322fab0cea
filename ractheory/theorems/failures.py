"""What goes wrong with LoRA and its chains: smoothness is lost, steps that are safe for f are not for phi."""

from __future__ import annotations

import sympy as sp

from ractheory.assumptions import (
    AdaptiveStep,
    BestRankPoint,
    FreshSketch,
    GaussianFactor,
    IsotropicQuadratic,
    JointSteps,
    LowerBounded,
    LSmooth,
    RankConstrained,
)
from ractheory.theorems.effective import PLAIN_CONTRACTION
from ractheory.theorems.hypotheses import Assumes, Condition, Hypothesis
from ractheory.theorems.obligations import Obligation
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import (
    D0_sq,
    L,
    T,
    V0_sq,
    d,
    eq,
    eta,
    factor_curvature,
    factor_grad_sq,
    factor_norms_sq,
    factor_sq,
    factored_quotient,
    gap,
    ge,
    gt,
    inner_steps,
    le,
    log_rate,
    lt,
    m,
    min_factor_grad_sq,
    mu,
    n,
    r,
    s,
    shift,
    sigma_1,
    step_size,
    step_sum,
    t,
    trace_K,
    x,
    z,
)

# phi(a, b) = f(s b a), f(w) = (L/2) w^2, and the pair of points (x, x), (0, 0).

a, b = sp.symbols("a b", real=True)
claimed_L = sp.Symbol("L_claimed", positive=True)
"""A smoothness constant that somebody claims for phi."""

PHI = L * (s * a * b) ** 2 / 2
_GRADIENT = sp.Matrix([PHI]).jacobian([a, b])


def _distance(left: sp.Matrix, right: sp.Matrix) -> sp.Expr:
    return sp.sqrt(sp.expand(sum((e**2 for e in left - right), sp.S.Zero)))


FAR, NEAR = {a: x, b: x}, {a: sp.S.Zero, b: sp.S.Zero}
QUOTIENT = _distance(_GRADIENT.subs(FAR), _GRADIENT.subs(NEAR)) / _distance(
    sp.Matrix([[x, x]]), sp.zeros(1, 2)
)
"""|grad phi(x, x) - grad phi(0, 0)| / |(x, x) - (0, 0)|, from the definition of phi."""
GROWTH = L * s**2 * x**2
WITNESS = sp.sqrt((claimed_L + 1) / L) / s
"""An x at which the quotient is above the claimed constant."""

SMOOTHNESS_LOSS = Theorem(
    id="smoothness-loss",
    title="The factored objective is not smooth, whatever constant is claimed",
    source="Sun et al., ICLR 2024; RAC-LoRA, section 3",
    hypotheses=(),
    statements=(
        Statement(
            "pair",
            Form.EXACT,
            eq(factored_quotient(x), GROWTH),
            obligations=(
                Obligation(
                    "the quotient of the pair (x, x), (0, 0), from the definition of phi",
                    eq(QUOTIENT, GROWTH),
                    ({L: sp.Rational(1, 3), s: sp.Integer(2), x: sp.Rational(7, 5)},),
                ),
                Obligation(
                    "it exceeds every claimed constant at x = sqrt((L_claimed + 1)/L)/s",
                    eq(QUOTIENT.subs(x, WITNESS) - claimed_L, 1),
                    tuple(
                        {L: sp.Rational(1, 3), s: sp.Rational(5, 2), claimed_L: sp.Integer(10) ** k}
                        for k in (-3, 0, 3, 12)
                    ),
                ),
            ),
        ),
    ),
    tight="exact",
    note="phi(a, b) = f(s b a) with f(w) = (L/2) w^2; the quotient grows without bound in x.",
)

# Sharpness of the best points.

_CURVATURE = L * s**2 * factor_norms_sq()
_LEAST = 2 * L * s * sigma_1

SHARPNESS = Theorem(
    id="sharpness",
    title="Every best point of LoRA is too sharp for the step at which gradient descent converges",
    source="new; the stable-manifold theorem is cited for almost every start",
    hypotheses=(
        Assumes(IsotropicQuadratic),
        Assumes(RankConstrained),
        Assumes(BestRankPoint),
    ),
    statements=(
        Statement("formula", Form.PATHWISE, eq(factor_curvature(), _CURVATURE)),
        Statement(
            "bound",
            Form.PATHWISE,
            ge(factor_curvature(), _LEAST),
            obligations=(
                Obligation(
                    "means of two singular values, s a b >= sigma_1",
                    eq(
                        L * s**2 * (a**2 + b**2) - 2 * L * s * (s * a * b),
                        L * s**2 * (a - b) ** 2,
                    ),
                    ({L: sp.S.One, s: sp.Integer(2), a: sp.Integer(3), b: sp.Rational(1, 2)},),
                ),
            ),
        ),
        Statement(
            "unstable",
            Form.PATHWISE,
            gt(eta * factor_curvature(), 2),
            needs=(Condition("a step beyond the sharpness", eta * _LEAST > 2),),
        ),
    ),
    tight="balanced factors, sigma_1(A) = sigma_1(B)",
    note="At the step 1/L every best point is linearly unstable once s sigma_1(W* - W_0) > 1.",
)

# Chain of LoRA, one inner step: a plain gradient step at K = L I.

COLA: tuple[Hypothesis, ...] = (
    Assumes(IsotropicQuadratic),
    Assumes(FreshSketch),
    Assumes(GaussianFactor),
    Assumes(JointSteps),
)
ONE_INNER_STEP = Condition("one inner step", eq(inner_steps, 1))

COLA_FACTOR = PLAIN_CONTRACTION.subs({mu: L, trace_K: d * L}, simultaneous=True)
"""q = 1 - 2 c r + c^2 r (d + r + 1), c = eta s^2 L."""

COLA_MEAN_SQUARE = Theorem(
    id="cola-mean-square",
    title="Chain of LoRA: no multiple of 1/L is safe in all dimensions",
    source="new",
    hypotheses=(*COLA, ONE_INNER_STEP),
    statements=(
        Statement("mean", Form.EXPECTATION, eq(gap(T), COLA_FACTOR**T * gap(0))),
        Statement("one step", Form.CONDITIONAL, eq(gap(t + 1), COLA_FACTOR * gap(t))),
        Statement(
            "growth",
            Form.EXPECTATION,
            gt(gap(T), gap(0)),
            needs=(
                Condition("a step beyond 2/(d+r+1)", eta * s**2 * L * (d + r + 1) > 2),
                Condition("a start off the minimiser", D0_sq > 0),
            ),
            obligations=(
                Obligation(
                    "the factor exceeds 1 exactly beyond c = 2/(d + r + 1)",
                    eq(
                        COLA_FACTOR - 1,
                        eta * s**2 * L * r * (eta * s**2 * L * (d + r + 1) - 2),
                    ),
                    ({eta: sp.Rational(1, 3), s: sp.Integer(2), L: sp.Integer(5),
                      d: sp.Integer(4), r: sp.Integer(2)},),
                ),
            ),
        ),
    ),
    tight="exact",
    note="d is n where B starts at zero and A is Gaussian. With entries of variance 1/d, read eta/d.",
)  # fmt: skip

_half = 1 / (2 * eta * s**2 * L)
DRIFT_AT_TWO = -sp.Ei(-_half) - sp.exp(-2 * _half) * (sp.Ei(2 * _half) - sp.Ei(_half))
"""E log(|D_{t+1}|/|D_t|) in dimension d = 2, r = 1; E1(b) is -Ei(-b)."""

COLA_ALMOST_SURE = Theorem(
    id="cola-almost-sure",
    title="Chain of LoRA diverges almost surely from dimension two on",
    source="new",
    hypotheses=(*COLA, ONE_INNER_STEP, Condition("rank one", eq(r, 1))),
    statements=(
        Statement(
            "divergence",
            Form.ALMOST_SURE,
            gt(log_rate(T), 0),
            needs=(
                Condition("the step 1/L", eq(eta * s**2 * L, 1)),
                Condition("two dimensions or more", d >= 2),
            ),
        ),
        Statement(
            "rate in two dimensions",
            Form.ALMOST_SURE,
            eq(log_rate(T), 2 * DRIFT_AT_TWO),
            needs=(Condition("two dimensions", eq(d, 2)),),
        ),
        Statement(
            "one dimension converges",
            Form.ALMOST_SURE,
            lt(log_rate(T), 0),
            needs=(
                Condition("the step 1/L", eq(eta * s**2 * L, 1)),
                Condition("one dimension", eq(d, 1)),
            ),
        ),
    ),
    tight="exact",
    note="f is quadratic, so the rate of f - f* is twice the drift of log |D|. In one dimension the "
    "mean doubles at each link while almost every run converges.",
)

# Chain of LoRA, two inner steps, scalars, s = 1, c = eta L.

_c, _D = eta * L, sp.Symbol("D", real=True)


def two_inner_steps(D: sp.Expr, first: sp.Expr, step: sp.Expr) -> sp.Expr:
    """Return D after two joint gradient steps from (first, 0) on (1/2)(D + b a)^2, step c, and a merge."""
    left, right = first, sp.S.Zero
    for _ in range(2):
        residual = D + right * left
        left, right = left - step * residual * right, right - step * residual * left
    return D + right * left


def link_factor(D_sq: sp.Expr, square: sp.Expr) -> sp.Expr:
    """Return D_{t+1}/D_t as a function of D_t^2 and z = a_t^2."""
    keep = 1 - _c * square
    return keep**2 - _c**3 * square * D_sq * (2 - _c * square) * keep


def gaussian_mean(polynomial: sp.Expr, square: sp.Symbol) -> sp.Expr:
    """Return the mean of a polynomial in z = a^2, a ~ N(0, 1): E z^k = (2k - 1)!!.

    >>> gaussian_mean(z**2 + 1, z)
    4
    """
    terms = sp.Poly(sp.expand(polynomial), square).terms()
    return sum((weight * sp.factorial2(2 * power - 1) for (power,), weight in terms), sp.S.Zero)


_D_sq = sp.Symbol("D_sq", nonnegative=True)
NEXT_MEAN_SQUARE = sp.collect(
    sp.expand(gaussian_mean(_D_sq * link_factor(_D_sq, z) ** 2, z)), _D_sq
)
"""E[D_{t+1}^2 | D_t] as a cubic in D_t^2."""

COLA_EVERY_STEP = Theorem(
    id="cola-every-step",
    title="Chain of LoRA with two inner steps fails at every fixed step",
    source="new",
    hypotheses=(
        *COLA,
        Condition("two inner steps", eq(inner_steps, 2)),
        Condition("scalars", sp.And(eq(m, 1), eq(n, 1))),
        Condition("unit scale", eq(s, 1)),
    ),
    statements=(
        Statement(
            "link",
            Form.PATHWISE,
            eq(shift(t + 1), shift(t) * link_factor(shift(t) ** 2, factor_sq(t))),
            obligations=(
                Obligation(
                    "two gradient steps on both factors and a merge",
                    eq(
                        two_inner_steps(_D, a, _c),
                        _D * link_factor(_D**2, a**2),
                    ),
                    ({_D: sp.Integer(3), a: sp.Rational(1, 2), eta: sp.S.One, L: sp.Integer(2)},),
                ),
            ),
        ),
        Statement(
            "mean square",
            Form.CONDITIONAL,
            eq(shift(t + 1) ** 2, NEXT_MEAN_SQUARE.subs(_D_sq, shift(t) ** 2)),
        ),
        Statement("escape", Form.ESCAPE, ge(shift(t + 1) ** 2, shift(t) ** 4)),
    ),
    note="So E D_t^2 grows doubly exponentially, which sampling does not show: from D_0 = 1 at "
    "c = 1/10 it is 0.729, 0.531, 0.388, then 3.0e66.",
)

# LoRA with a step that follows the iterate.

ADAPTIVE_DECREASE = sp.Rational(179, 500)
"""Below the least of 1 - x/2 - (y/2)(1 + x/2)^2 on x + y <= 1, x, y >= 0."""
_STEPS = {"c0": 2 * L * s**2 * V0_sq + s * sp.sqrt(2 * L * gap(0)), "c1": 8 * L * s**2 * gap(0)}
LEAST_STEP_SUM = (sp.sqrt(_STEPS["c0"] ** 2 + 2 * _STEPS["c1"] * T) - _STEPS["c0"]) / _STEPS["c1"]
_share = sp.Symbol("x_share", nonnegative=True)


def printed_rule(size_sq: sp.Expr, gradient: sp.Expr, smoothness: sp.Expr) -> sp.Expr:
    """Return min(1, 1/(4 sqrt 2 L (|V|^2 + |G|))), the rule as summarised from the paper."""
    return sp.Min(1, 1 / (4 * sp.sqrt(2) * smoothness * (size_sq + gradient)))


def _phi(left: sp.Expr, right: sp.Expr, smoothness: sp.Expr, target: sp.Expr) -> sp.Expr:
    return smoothness / 2 * (left * right - target) ** 2


def _printed_failure() -> sp.Basic:
    """phi rises in one step of the printed rule at L = 1/100, f = (L/2)(w - 1000)^2, (-1/10, 1/10)."""
    smooth, target, u, v = (
        sp.Rational(1, 100),
        sp.Integer(1000),
        sp.Rational(-1, 10),
        sp.Rational(1, 10),
    )
    G = smooth * (u * v - target)
    step = printed_rule(u**2 + v**2, abs(G), smooth)
    after = _phi(u - step * G * v, v - step * G * u, smooth, target)
    return gt(after, _phi(u, v, smooth, target))


def decrease_share(part: sp.Expr, other: sp.Expr) -> sp.Expr:
    """Return what phi loses in one step, per unit of eta |grad phi|^2, by the descent lemma.

    `part` is eta s |G|, `other` is eta L s^2 |V|^2.
    """
    return 1 - part / 2 - other / 2 * (1 + part / 2) ** 2


PRINTED_STEP = Condition(
    "a step of the printed rule, |V|^2 = V0_sq, |G| = x",
    4 * sp.sqrt(2) * L * eta * (V0_sq + x) <= 1,
)
PRINTED_RANGE = (
    Condition("a scale within range", s**2 <= 4 * sp.sqrt(2)),
    Condition("a scale within range of L", s <= 4 * sp.sqrt(2) * L),
)
_PRINTED_SHARE = decrease_share(eta * s * x, eta * L * s**2 * V0_sq)

LORA_ADAPTIVE = Theorem(
    id="lora-adaptive",
    title="LoRA gradient descent with an adaptive step: stationary points at rate 1/sqrt(T)",
    source="new rate; step rule after Mu and Klabjan, arXiv 2512.18248",
    hypotheses=(Assumes(LSmooth), Assumes(LowerBounded), Assumes(AdaptiveStep)),
    statements=(
        Statement(
            "descent",
            Form.PATHWISE,
            le(gap(t + 1), gap(t) - ADAPTIVE_DECREASE * step_size(t) * factor_grad_sq(t)),
            obligations=(
                Obligation(
                    "the decrease on the worst line x + y = 1",
                    ge(
                        1 - _share / 2 - (1 - _share) / 2 * (1 + _share / 2) ** 2,
                        ADAPTIVE_DECREASE,
                    ),
                    tuple({_share: sp.Rational(j, 60)} for j in range(61)),
                    where=le(_share, 1),
                ),
            ),
        ),
        Statement("steps", Form.PATHWISE, ge(step_sum(T), LEAST_STEP_SUM)),
        Statement("stationary", Form.PATHWISE, le(min_factor_grad_sq(T), 4 * gap(0) / step_sum(T))),
        Statement("rate", Form.PATHWISE, le(min_factor_grad_sq(T), 4 * gap(0) / LEAST_STEP_SUM)),
        Statement(
            "the printed rule within its range",
            Form.EXACT,
            ge(_PRINTED_SHARE, ADAPTIVE_DECREASE),
            needs=(PRINTED_STEP, *PRINTED_RANGE),
            obligations=(
                Obligation(
                    "at both ends of the range",
                    ge(_PRINTED_SHARE, ADAPTIVE_DECREASE),
                    tuple(
                        {s: sp.Integer(2), L: size, eta: sp.Rational(1, 40), V0_sq: v, x: sp.S.One}
                        for size, v in (
                            (sp.Rational(2, 5), sp.Integer(10)),
                            (sp.S.One, sp.Integer(0)),
                        )
                    ),
                    where=PRINTED_STEP.relation,
                ),
            ),
        ),
        Statement(
            "the printed rule can rise",
            Form.EXACT,
            gt(*_printed_failure().args),
            obligations=(
                Obligation("one step at L = 1/100, target 1000, (-1/10, 1/10)", _printed_failure()),
            ),
        ),
    ),
    note="Stationary for phi is not stationary for f: V = 0 always is stationary for phi. The printed "
    "rule, min(1, 1/(4 sqrt 2 L (|V|^2 + |G|))), keeps the decrease where s^2 and s/L are at most 4 sqrt 2.",
)

THEOREMS = (
    SMOOTHNESS_LOSS,
    SHARPNESS,
    COLA_MEAN_SQUARE,
    COLA_ALMOST_SURE,
    COLA_EVERY_STEP,
    LORA_ADAPTIVE,
)
