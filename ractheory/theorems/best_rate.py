"""The best fixed step of RAC-LoRA on a quadratic: a law for its rate over rank and effective dimension.

With a Haar sketch let c(gamma) be one minus the spectral radius of the exact recursion on the positive
eigenvalues of K, c* its maximum over gamma, and gamma_lim the supremum of the mean-square stable steps.

- c* >= c(1/L_eff) >= rho mu/L_eff: one link at 1/L_eff contracts E f by this much from any start
  (`effective-dimension` and PL), that is k^T M <= q k^T; so the radius of M >= 0 is at most q.
- c* <= 2 rho mu gamma_lim: M has no negative entry, as c1 >= rho^2, so its radius is at least its
  diagonal entry at mu, which is at least 1 - 2 gamma rho mu; and a step with c(gamma) > 0 is below gamma_lim.
- gamma_lim >= 2/L_eff: below it every link contracts E f.
- gamma_lim <= 4/L_eff: stability asks for gamma c1 L < 2 rho and, since every denominator of the criterion
  is at most 2 rho, for gamma c2 tr K < 2 rho. Their sum is gamma rho L_eff < 4 rho.

The constants cannot be improved: K = L I attains the first and the third. The others are approached
together, with r and d/r growing, by one eigenvalue L, many small ones with a trace of (r + 1) L, and one
that vanishes: then c rises with slope 2 rho mu nearly up to gamma_lim, and gamma_lim L_eff tends to 4.
"""

from __future__ import annotations

import sympy as sp

from ractheory.assumptions import PL
from ractheory.laws import haar_moments
from ractheory.theorems.effective import HAAR_ON_QUADRATIC, ISOTROPIC, L_EFF_HAAR
from ractheory.theorems.gradient import CONTRACTION
from ractheory.theorems.hypotheses import Assumes
from ractheory.theorems.obligations import Obligation
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import (
    L,
    best_contraction,
    d,
    eq,
    gamma,
    ge,
    lam_min,
    le,
    mu,
    r,
    step_limit,
    trace_K,
)

_c1, _c2 = haar_moments(d, r)

GUARANTEED = ISOTROPIC * mu / L_EFF_HAAR
"""Contraction of a link at 1/L_eff from every start: that of `effective-dimension` with PL."""

_POINT = {
    L: sp.Integer(3), mu: sp.Rational(1, 4), trace_K: sp.Integer(5), d: sp.Integer(7), r: sp.Integer(2),
}  # fmt: skip
_EFFECTIVE = {gamma: 1 / L_EFF_HAAR, lam_min: ISOTROPIC, L: L_EFF_HAAR}

_RATE = Obligation(
    "the contraction of gd-pl at 1/L_eff, L_eff for L",
    eq(1 - CONTRACTION.subs(_EFFECTIVE, simultaneous=True), GUARANTEED),
    (_POINT,),
)
_NONNEGATIVE = Obligation(
    "c1 - rho^2 is a nonnegative multiple of (d - 2)(d - r), so that M has no negative entry",
    eq(_c1 - ISOTROPIC**2, r * (d - 2) * (d - r) / (d**2 * (d - 1) * (d + 2))),
    (_POINT,),
)
_PARTS = Obligation(
    "rho L_eff is the sum of the two terms of the stability criterion",
    eq(ISOTROPIC * L_EFF_HAAR, _c1 * L + _c2 * trace_K),
    (_POINT,),
)

BEST_RATE = Theorem(
    id="best-rate",
    title="The best fixed step on a quadratic gains at most eight times the guaranteed rate",
    source="new",
    hypotheses=(
        *HAAR_ON_QUADRATIC,
        Assumes(PL, "mu is the least positive eigenvalue of K"),
    ),
    statements=(
        Statement(
            "at most the slope times the limit",
            Form.EXACT,
            le(best_contraction, 2 * ISOTROPIC * mu * step_limit),
            obligations=(_NONNEGATIVE,),
        ),
        Statement(
            "at least the guaranteed rate",
            Form.EXACT,
            ge(best_contraction, GUARANTEED),
            obligations=(_RATE,),
        ),
        Statement(
            "at most eight times it",
            Form.EXACT,
            le(best_contraction, 8 * GUARANTEED),
            obligations=(_NONNEGATIVE, _PARTS),
        ),
        Statement(
            "limit at least 2/L_eff", Form.EXACT, ge(step_limit, 2 / L_EFF_HAAR), obligations=(_RATE,)
        ),
        Statement(
            "limit at most 4/L_eff", Form.EXACT, le(step_limit, 4 / L_EFF_HAAR), obligations=(_PARTS,)
        ),
    ),
    tight="K = L I for the lower bounds; for the upper ones, in the limit, one large eigenvalue, many small "
    "ones and a vanishing one",
    note="c* is one minus the least spectral radius over all fixed steps, gamma_lim the limit of "
    "mean-square stability. Both are roots of secular equations: see `ractheory exact`.",
)  # fmt: skip

THEOREMS = (BEST_RATE,)
