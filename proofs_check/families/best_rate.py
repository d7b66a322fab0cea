"""`best-rate`: the best fixed step on a quadratic, between the guaranteed rate and eight times it.

M is the matrix of the exact recursion, see `proofs_check.radius`; rho L_eff = c1 L + c2 tr K.

1. At h = 1/L_eff, quotient(k, h) = 1 - 2 h rho k + h^2 k (c1 k + c2 tr K) <= 1 - rho k/L_eff, as k <= L;
   and k >= mu: c* >= rho mu/L_eff. For h < 2/L_eff the quotient stays below 1: gamma_lim >= 2/L_eff.
2. diagonal(mu, h) >= 1 - 2 h rho mu, so c(h) <= 2 rho mu h, and h <= gamma_lim: c* <= 2 rho mu gamma_lim.
3. A stable step has h (c1 + c2) L < 2 rho by its diagonal, and h c2 tr K < 2 rho by a quotient; the sum
   of the two gives h rho L_eff < 4 rho. So gamma_lim <= 4/L_eff, and c* <= 8 rho mu/L_eff.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.conclusions import finish
from proofs_check.kernel import Fact, Session, le, lt
from proofs_check.proof import Proof, dropped, scaled, substituted
from proofs_check.radius import Recursion, h, k
from proofs_check.recursion import Certificate
from ractheory.laws import haar_moments
from ractheory.theorems.effective import ISOTROPIC, L_EFF_HAAR
from ractheory.theorems.symbols import L, d, mu, r, step_limit, trace_K

one = sp.Integer(1)
rho, L_eff = ISOTROPIC, L_EFF_HAAR
c1, c2 = haar_moments(d, r)
room = r / ((d - 1) * d * (d + 2))


def recursion(s: Session) -> Recursion:
    """c1 >= rho^2, c2 >= 0, and diagonal(k, h) = (1 - h rho k)^2 + h^2 (c1 - rho^2 + c2) k^2."""
    least = next(f for f in s.conditions("a sketch that fits") if f.expr.free_symbols == {d})
    most = next(f for f in s.conditions("a sketch that fits") if f.expr.free_symbols == {d, r})
    s.prove("d > 1", lt(0, d - 1), terms=[(1, least)], squares=[(1, one)])
    s.prove("c1 >= 0", le(0, c1), [((r + 1) * room, least)], [(2 * r * room, one)])
    s.prove("c2 >= 0", le(0, c2), [(room, most)])
    spread = r * (d - r) / (d * (d - 1) * (d + 2))
    c1_spread = r * (d - 2) * (d - r) / (d**2 * (d - 1) * (d + 2))

    def nonnegative(fits: list[Fact]) -> Certificate:
        return [], [(1, 1 - h * rho * k), (h**2 * k**2 * (c1_spread + spread), one)]

    return Recursion(s, nonnegative)


def best_rate(s: Session) -> None:
    """The five statements."""
    M = recursion(s)
    top = (d * (r + 1) - 2) * L + (d - r) * trace_K
    s.prove(
        "the numerator of L_eff is positive", lt(0, top), terms=[(L * d, s.whole(r))],
        squares=[(2 * L * (d - 1), one), (trace_K * (d - r), one)],
    )  # fmt: skip
    s.prove_sign("L_eff > 0", lt(0, L_eff))

    def at_one_step(low: Fact, high: Fact) -> Certificate:
        return [(k * c1 / L_eff**2, high), (rho / L_eff, low)], []

    guaranteed = M.contracts_at(1 / L_eff, 1 - rho * mu / L_eff, at_one_step)
    finish(s, "at least the guaranteed rate", terms=[(1, guaranteed)])

    def short(low: Fact, high: Fact, below: Fact) -> Certificate:
        return [(h**2 * k * c1, high), (h * rho * k * L_eff, below)], []

    finish(s, "limit at least 2/L_eff", terms=[(1, M.stable_below(2 / L_eff, short))])

    def stable(diagonal: Fact, quotient: Fact) -> Certificate:
        c = 1 / (h * rho * L_eff)
        return (
            [(c / L, diagonal), (c / k, quotient)],
            [(c * h**2 * c2 * L, one), (c * h**2 * c1 * k, one)],
        )

    beyond = finish(s, "limit at most 4/L_eff", terms=[(1, M.unstable_beyond(4 / L_eff, stable))])

    def slope(below: Fact) -> Certificate:
        return [(2 * rho * mu, below)], [(h**2 * (c1 + c2) * mu**2, one)]

    most = M.contracts_at_most(2 * rho * mu * step_limit, slope)
    finish(s, "at most the slope times the limit", terms=[(1, most)])
    finish(s, "at most eight times it", terms=[(1, most), (2 * rho * mu, beyond)])


PROOFS = (
    Proof("best-rate", best_rate, (
        dropped("HaarLaw"),
        dropped("PL"),
        dropped("MatchingSide"),
        scaled("at least the guaranteed rate", 2),
        substituted("at most eight times it", mu, mu / 2),
        substituted("limit at least 2/L_eff", trace_K, trace_K / 2),
        scaled("limit at most 4/L_eff", sp.Rational(1, 2)),
    )),
)  # fmt: skip
