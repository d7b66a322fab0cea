"""Statements on one link, and what follows from them over many, against the formulas worked out by hand."""

from __future__ import annotations

from fractions import Fraction as Q

import pytest
import sympy as sp

from ractheory.theorems import Facts, evaluate, symbols, theorem
from tests.theorems.test_values import (
    GENERIC,
    START,
    Leff,
    T,
    bound,
    eta,
    floats,
    g,
    mix_hi,
    mix_lo,
    trK,
)

GRAD = Q(9, 2)
"""|grad f(W_t)|^2, beside f(W_t) - f* = START."""

FORM = Q(13, 4)
"""<grad f, K grad f> at W_t."""

L, Lm, mu, lo, hi, rho, A, C, N, d, r, D0, G0 = (GENERIC[k] for k in (
    "L", "L_max", "mu", "lam_min", "lam_max", "rho", "A", "C", "N", "d", "r", "D0_sq", "G0"))  # fmt: skip
t = symbols.t
SEEN = {
    symbols.gap(t): START, symbols.grad_sq(t): GRAD, symbols.projected_sq(t): Q(3, 2),
    symbols.curved_grad_sq(t): FORM, symbols.dist_sq(t): D0, symbols.factor_grad_sq(t): Q(5, 2),
    symbols.step_size(t): Q(1, 7), symbols.gap(sp.Integer(0)): START, symbols.step_sum(symbols.T): Q(6, 5),
    symbols.merge_norms(t): Q(64),
}  # fmt: skip

zeta_sq = GENERIC["zeta"] ** 2
c2 = Q(r * (d - r), (d - 1) * d * (d + 2))
c1 = Q(r * (r + 2), d * (d + 2)) - c2
rest = Q(d - r, d - 1)
Lcoord = L * Q(r - 1, d - 1) + GENERIC["max_diag_K"] * rest
Lplain = (r + 1) * L + trK
sgd = (1 + L * g**2 * hi * A) * START - lo * g * GRAD / 2 + L * g**2 * hi * C / 2
sgd_mix = (1 + L * g**2 * mix_hi * A) * START - mix_lo * g * GRAD / 2 + L * g**2 * mix_hi * C / 2


def reshuffled(noise: Q) -> Q:
    size = g**3 * Lm**2 * N**2 * hi
    return (1 + size * A) * START - Q(3, 8) * g * N * lo * GRAD + size * noise / 2


def descends(rate: Q, curvature: Q, step: Q = g) -> Q:
    return START - rate * step * (1 - step * curvature / 2) * GRAD


BY_HAND = {
    ("descent", "sharp"): START - g * (1 - g * L / 2) * Q(3, 2),
    ("gd-nonconvex", "one step"): descends(lo, L),
    ("gd-pl", "one step"): (1 - g * mu * lo * (2 - g * L)) * START,
    ("sgd-nonconvex", "one step"): sgd,
    ("sgd-pl", "one step"): sgd,
    ("rr-nonconvex", "one step"): reshuffled(C),
    ("rr-pl", "one step"): reshuffled(C),
    ("fed-rr-nonconvex", "one step"): reshuffled(C + N * zeta_sq),
    ("fed-rr-pl", "one step"): reshuffled(C + N * zeta_sq),
    ("bernoulli-gd-nonconvex", "one step"): descends(mix_lo, L),
    ("bernoulli-gd-pl", "one step"): (1 - g * mu * mix_lo * (2 - g * L)) * START,
    ("bernoulli-sgd-nonconvex", "one step"): sgd_mix,
    ("bernoulli-sgd-pl", "one step"): sgd_mix,
    ("subgradient", "one step"): D0 - 2 * g * rho * START + g**2 * rho * G0**2,
    ("polyak", "one step"): D0 - rho * START**2 / G0**2,
    ("exact-quadratic", "one step"): START - g * Q(r, d) * GRAD + g**2 / 2 * (c1 * FORM + c2 * trK * GRAD),
    ("effective-dimension", "one step"): descends(Q(r, d), Leff),
    ("effective-dimension", "coordinates one step"): descends(Q(r, d), Lcoord),
    ("link-lower-bound", "one step"): (1 - Q(r, 5)) * START,
    ("plain-gradient", "one step"): START - eta * r * (1 - eta * Lplain / 2) * GRAD,
    ("plain-gradient", "short step"): START - eta * r * GRAD / 2,
    ("inner-solver", "nonconvex one step"): descends(lo, L),
    ("inner-solver", "pl one step"): (1 - g * mu * lo * (2 - g * L)) * START,
    ("time-uniform", "supermartingale"): (1 - g * mu * lo * (2 - g * L)) * START,
    ("cola-mean-square", "one step"): (1 - 2 * eta * L * r + (eta * L) ** 2 * r * (d + r + 1)) * START,
    ("lora-adaptive", "descent"): START - Q(179, 500) * Q(1, 7) * Q(5, 2),
    ("lora-adaptive", "stationary"): 4 * START / Q(6, 5),
    ("merge-precision", "error"): Q(64, 256),
    ("federated-bias", "shared sketch"): Q(0),
    ("sharpness", "bound"): 2 * L * 3,
}  # fmt: skip


@pytest.mark.parametrize(("name", "statement"), BY_HAND)
def test_a_link_is_worth_what_the_formula_says(name: str, statement: str) -> None:
    right = theorem(name).statement(statement).right
    seen = {e: float(v) for e, v in SEEN.items() if right.has(e)}
    value = evaluate(right, Facts(floats()), seen)
    assert value == pytest.approx(float(BY_HAND[name, statement]), rel=1e-12, abs=1e-15)


def gained(gain: Q, step_gain: Q) -> Q:
    """Return the mean of |grad f|^2 over T links that each gain `gain` of it, f being L-smooth."""
    return START * (1 - max(Q(0), 1 - 2 * L * step_gain) ** T) / (T * gain)


gain_left, gain_mix, gain_plain = (
    lo * g * (1 - g * L / 2), mix_lo * g * (1 - g * L / 2), eta * r * (1 - eta * Lplain / 2),
)  # fmt: skip
gain_haar, gain_coord = (Q(r, d) * g * (1 - g * x / 2) for x in (Leff, Lcoord))
q_mix = 1 - g * mu * mix_lo + L * g**2 * mix_hi * A
q_sgd = 1 - g * mu * lo + L * g**2 * hi * A
q_fed = 1 - Q(3, 4) * g * N * mu * lo + g**3 * Lm**2 * N**2 * hi * A
quadratic = [1 - 2 * g * k * Q(r, d) + g**2 * k * (c1 * k + c2 * trK) for k in (L, mu)]
convex = (D0 / (2 * g) + (1 - Q(r, d)) * START) / (1 - Q(r, d) + T * Q(r, d))

MANY_LINKS = {
    ("bernoulli-gd-nonconvex", "sharp"): gained(gain_mix, gain_mix),
    ("bernoulli-gd-pl", "paper"): (1 - g * mu * mix_lo) ** T * START,
    ("bernoulli-sgd-pl", "sharp"): q_mix**T * START
    + (1 - q_mix**T) * L * g**2 * mix_hi * C / 2 / (1 - q_mix),
    ("sgd-pl", "sharp"): q_sgd**T * START + (1 - q_sgd**T) * L * g**2 * hi * C / 2 / (1 - q_sgd),
    ("fed-rr-pl", "sharp"): q_fed**T * START
    + (1 - q_fed**T) * g**3 * Lm**2 * N**2 * hi * (C + N * zeta_sq) / 2 / (1 - q_fed),
    ("exact-quadratic", "rate"): max(quadratic) ** T * START,
    ("effective-dimension", "nonconvex"): gained(gain_haar, gain_haar),
    ("effective-dimension", "coordinates nonconvex"): gained(gain_coord, gain_coord),
    ("effective-dimension", "coordinates pl"): (1 - g * mu * Q(r, d) * (2 - g * Lcoord)) ** T * START,
    ("effective-dimension", "convex"): convex,
    ("effective-dimension", "coordinates convex"): convex,
    ("link-lower-bound", "attained"): (1 - Q(r, 5)) ** T * START,
    ("plain-gradient", "nonconvex"): gained(gain_plain, gain_plain),
    ("inner-solver", "nonconvex sharp"): gained(gain_left, gain_left),
    ("inner-solver", "nonconvex paper"): 2 * START / (lo * g * T),
    ("inner-solver", "pl sharp"): (1 - g * mu * lo * (2 - g * L)) ** T * START,
    ("inner-solver", "pl paper"): (1 - g * mu * lo) ** T * START,
    ("accelerated", "effective"): D0 / (2 * Q(3, 4)),
    ("counterexample", "rac-lora"): (1 - 2 * lo * g * (2 - 20 * g)) ** T * START,
    ("counterexample", "gradient descent"): (1 - 2 * g * (2 - 20 * g)) ** T * START,
    ("counterexample", "floor"): Q(13, 45),
    ("rank-floor", "floor"): Q(1, 2),
    ("cola-mean-square", "growth"): START,
}  # fmt: skip


@pytest.mark.parametrize(("name", "statement"), MANY_LINKS)
def test_many_links_are_worth_what_the_formula_says(name: str, statement: str) -> None:
    assert bound(name, statement) == pytest.approx(float(MANY_LINKS[name, statement]), rel=1e-12)
