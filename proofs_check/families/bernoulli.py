"""Bernoulli-LoRA: the rates of RAC-LoRA for a chain that draws the side of each link.

Given the side, H is a left projection X -> H_B X or a right one X -> X H_A, an orthogonal projection
of the space of matrices either way. So E[H] = p E[H_left] + (1 - p) E[H_right], and its extreme
eigenvalues lie between p low_left + (1 - p) low_right and p high_left + (1 - p) high_right: these
two bounds are proved first (`Chance.draw_sides`), and the proofs of the rates are those of one side.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.families.gradient import gd_nonconvex, gd_pl
from proofs_check.families.stochastic import sgd_nonconvex, sgd_pl
from proofs_check.proof import Proof, dropped, scaled, substituted
from ractheory.theorems.symbols import C, lam_max_right, lam_min_left, mu, p_left

PROOFS = (
    Proof("bernoulli-gd-nonconvex", gd_nonconvex, (
        dropped("BernoulliSide"),
        dropped("a probability"),
        scaled("sharp", sp.Rational(99, 100)),
        substituted("sharp", p_left, p_left / 2),
    )),
    Proof("bernoulli-gd-pl", gd_pl, (
        dropped("BernoulliSide"),
        dropped("PL"),
        substituted("sharp", mu, 2 * mu),
        substituted("paper", lam_min_left, 2 * lam_min_left),
    )),
    Proof("bernoulli-sgd-nonconvex", sgd_nonconvex, (
        dropped("BernoulliSide"),
        dropped("UnbiasedGradient"),
        substituted("weighted", C, C / 2),
        substituted("weighted", lam_max_right, lam_max_right / 2),
    )),
    Proof("bernoulli-sgd-pl", sgd_pl, (
        dropped("BernoulliSide"),
        dropped("FreshSketch"),
        substituted("sharp", C, C / 2),
        substituted("paper", mu, 2 * mu),
    )),
)  # fmt: skip
