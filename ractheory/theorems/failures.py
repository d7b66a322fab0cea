"""What goes wrong with LoRA and its chains: smoothness is lost, steps that are safe for f are not for phi."""

from __future__ import annotations

import sympy as sp

from ractheory.theorems.obligations import Obligation
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import L, factored_quotient, s, x

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
            sp.Eq(factored_quotient(x), GROWTH),
            obligations=(
                Obligation(
                    "the quotient of the pair (x, x), (0, 0), from the definition of phi",
                    sp.Eq(QUOTIENT, GROWTH, evaluate=False),
                    ({L: sp.Rational(1, 3), s: sp.Integer(2), x: sp.Rational(7, 5)},),
                ),
                Obligation(
                    "it exceeds every claimed constant at x = sqrt((L_claimed + 1)/L)/s",
                    sp.Eq(QUOTIENT.subs(x, WITNESS) - claimed_L, 1, evaluate=False),
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

THEOREMS = (SMOOTHNESS_LOSS,)
