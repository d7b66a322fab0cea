"""`time-uniform`: one bound for all times, and what happens almost surely.

Under PL, E_t delta_{t+1} <= q delta_t, so delta_t/q^t is a nonnegative supermartingale. Without PL
the expected descent makes sum E|G_t|^2 finite. On (L/2)|D|^2 with gamma = 1/L and a start of rank
one every link multiplies delta by an independent Beta((d - r)/2, r/2) variable.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.conclusions import finish
from proofs_check.families.gradient import (
    contraction,
    expected_descent,
    nonnegative_factor,
)
from proofs_check.kernel import Session
from proofs_check.limits import (
    all_times,
    beta_ratio,
    geometric_rate,
    mean_log_of_beta,
    projection_of_rank_one,
    strong_law,
    vanishing_gradient,
)
from proofs_check.points import bounded_below, mu_at_most_L
from proofs_check.proof import Proof, dropped, scaled, substituted, weakened
from proofs_check.quadratics import isotropic_link
from ractheory.theorems.gradient import CONTRACTION
from ractheory.theorems.symbols import L, d, gamma, lam_min, mu, r


def time_uniform(s: Session) -> None:
    """The supermartingale and what follows from it; the sum of squared gradients; the exact law."""
    descent = expected_descent(s)
    step, chance = descent.step, descent.step.chance
    contracts = contraction(s, descent)
    finish(s, "supermartingale", terms=[(1, contracts)], along=step)
    nonnegative_factor(s, chance, mu, mu_at_most_L(s, step.here))
    s.condition("an error level")
    all_times(s, "all times", step, contracts, CONTRACTION)
    s.condition("a positive factor")
    geometric_rate(s, "almost-sure rate", step, contracts, CONTRACTION)
    falls = chance.total("expected descent, over the run", descent.fact)
    positive = chance.total("f >= f*", bounded_below(s, step.here))
    vanishing_gradient(s, "vanishing gradient", falls, descent.gain, positive)
    s.new_setting()
    step, H = isotropic_link(s)
    link = projection_of_rank_one(s, step, H)
    beta_ratio(s, "law of a link", link)
    strong_law(s, "rate of the product", mean_log_of_beta(s, link))


PROOFS = (
    Proof("time-uniform", time_uniform, (
        dropped("FreshSketch"),
        dropped("LowerBounded"),
        weakened("step below 2/L", gamma * L < 4),
        weakened("a positive factor", gamma * mu * lam_min < 2),
        scaled("all times", sp.Rational(1, 2)),
        substituted("law of a link", r, r + 1),
        substituted("rate of the product", d, d + 1),
        substituted("supermartingale", mu, 2 * mu),
    )),
)  # fmt: skip
