"""The dictionary and the rules for chains of LoRA with two inner steps, on scalars.

f = (L/2) D^2, c = eta L. A link starts from B = 0 and a Gaussian a, takes two gradient steps on
(L/2)(D + b a)^2 in both factors, and merges: D_+ = D + b_2 a_2.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import sympy as sp

from proofs_check.algebra import zero
from proofs_check.chance import Chance
from proofs_check.drifts import enclosed_sign
from proofs_check.kernel import Goal, Rejected, Session, eq, le, lt
from proofs_check.links import Link
from proofs_check.points import Point
from proofs_check.recursion import induction
from ractheory import assumptions as vocabulary
from ractheory.theorems import Form
from ractheory.theorems.symbols import L, eta, factor_sq, shift, t

a = sp.Symbol("a_t", real=True)
"""The Gaussian factor of a link."""
c = eta * L


@dataclass(frozen=True)
class TwoSteps:
    """One link, D_{t+1} as a polynomial in D_t and a, and what it rests on."""

    step: Link
    after: sp.Expr
    tags: frozenset[str]


def two_inner_steps(s: Session) -> TwoSteps:
    """JointSteps with two inner steps, on scalars with unit scale."""
    kinds = (vocabulary.JointSteps, vocabulary.IsotropicQuadratic, vocabulary.GaussianFactor)
    tags = frozenset().union(*(s.requires(kind) for kind in kinds))
    for name in ("two inner steps", "scalars", "unit scale"):
        for fact in s.conditions(name):
            tags |= fact.uses
    D, first, second = shift(t), a, sp.Integer(0)
    for _ in range(2):
        slope = L * (D + second * first)
        first, second = first - eta * slope * second, second - eta * slope * first
    after = sp.expand(D + second * first)
    chance = Chance(s)
    tags |= s.requires(vocabulary.FreshSketch)
    chance.source(a, gaussian_power, tags)
    chance.depends([shift(t + 1)], frozenset([a]))
    s.define(shift(t + 1), after)
    s.define(factor_sq(t), a**2)
    point = Point(zero(), zero(), shift(t))
    link = Link(chance, point, Point(zero(), zero(), shift(t + 1)), sp.Tuple(a))
    s.assumed.append("one link: two gradient steps on both factors from (a, 0), then a merge")
    return TwoSteps(link, after, tags)


def gaussian_power(x: sp.Expr) -> sp.Expr | None:
    """E a^k for a ~ N(0, 1): (k - 1)!! for even k, 0 for odd k."""
    base, power = x.as_base_exp()
    if base != a or not power.is_Integer:
        return None
    return sp.factorial2(power - 1) if power % 2 == 0 else sp.Integer(0)


X, h, delta = sp.symbols("X h delta", positive=True)


def growth_off_the_bad_set(s: Session) -> None:
    """With e = 1 - c a^2 and X = |D|, D_+/D = e^2 - c^2 X^2 e (1 - e^2). Let h = |e| and
    delta = 4/(c^2 X) <= 1/2, X >= 1. If h and |h - 1| are at least delta, then |D_+/D| >= X.

    |D_+/D| >= c^2 X^2 h |1 - h^2| - h^2. For h <= 1 - delta, h (1 - h^2) >= delta/2 makes it at least
    2 X - 1; for h >= 1 + delta, h (h^2 - 1) >= delta h (h + 1) makes it at least 4 X h (h + 1) - h^2.
    """
    c2, one = 4 / (delta * X), sp.Integer(1)  # c^2, from delta = 4/(c^2 X)
    regime = (le(1, X), le(2 * delta, 1))
    with s.supposing(*regime, le(delta, h), le(h, 1 - delta)) as (large, small, least, most):
        between = s.product("(h - delta)(1 - delta - h)", least, most)
        below = s.prove("h <= 1", le(h, 1), [(1, most)], [(delta, one)])
        hump = s.prove(
            "h (1 - h^2) >= delta/2", le(delta / 2, h * (1 - h**2)),
            [(1, between), (h**2, below), (delta / 2, small)],
        )  # fmt: skip
        s.prove(
            "growth inside", le(X, c2 * X**2 * h * (1 - h**2) - h**2),
            [(c2 * X**2, hump), (1, large), (1 + h, below)],
        )  # fmt: skip
    with s.supposing(*regime, le(1 + delta, h)) as (large, small, beyond):
        above = s.prove("h >= 1", le(1, h), [(1, beyond)], [(delta, one)])
        s.prove(
            "growth outside", le(X, c2 * X**2 * h * (h**2 - 1) - h**2),
            [(c2 * X**2 * h * (h + 1), beyond), (h**2, large), (X, above)],
            [(3 * X * h**2, one), (3 * X * h, one)],
        )  # fmt: skip


def probability_of_the_bad_set(s: Session) -> None:
    """P(h < delta or |h - 1| < delta) <= (16/5) sqrt(delta/c).

    Then a^2 lies in (1 -+ delta)/c, in [0, delta/c] or in (2 -+ delta)/c, intervals of the lengths
    2 delta/c, delta/c, 2 delta/c. P(a^2 in [u, u + l]) = 2 P(sqrt u <= a <= sqrt(u + l)) is at most
    2 (2/5) sqrt(l): the density stays below 2/5 and sqrt(u + l) <= sqrt(u) + sqrt(l).
    """
    p, q = sp.symbols("p q", nonnegative=True)
    s.prove("sqrt(u + l) <= sqrt u + sqrt l", le(p**2 + q**2, (p + q) ** 2),
            squares=[(2 * p * q, sp.Integer(1))])  # fmt: skip
    enclosed_sign(s, "the density is below 2/5", sp.Rational(2, 5) - 1 / sp.sqrt(2 * sp.pi))
    enclosed_sign(s, "2 sqrt 2 + 1 < 4", 3 - 2 * sp.sqrt(2))


def survival(s: Session) -> None:
    """From X_0 on, while no link is bad, X_t >= X_0^(2^t); the bad probabilities C X_t^(-1/2) sum to
    at most C q/(1 - q) with q = X_0^(-1/2), as 2^t >= t + 1; and that is below 1 at q = 1/(2 C + 2)."""
    power = 2**t
    induction(
        s, "2^t >= t + 1", le(t + 1, power), over=t, base=([], []),
        step=lambda previous: ([(2, previous())], [(t, sp.Integer(1))]),
    )  # fmt: skip
    C = sp.Symbol("C", positive=True)
    q = 1 / (2 * C + 2)
    s.prove("the bad links have total probability below 1", lt(C * q / (1 - q), 1),
            squares=[((C + 1) / (2 * C + 1), sp.Integer(1))])  # fmt: skip


def reach(s: Session, link: TwoSteps) -> None:
    """From D != 0 a link reaches |D_+| > R with positive probability, whatever R: D_+ is a polynomial
    in a whose leading coefficient is a nonzero multiple of D^3, and a Gaussian is unbounded."""
    start = time.perf_counter()
    leading = sp.Poly(link.after, a).LC()
    ratio = sp.cancel(leading / shift(t) ** 3)
    if ratio.has(shift(t)) or sp.Poly(link.after, a).degree() == 0:
        raise Rejected("the leading coefficient is no multiple of D^3")
    s.sign(-ratio, "minus the leading coefficient over D^3", strict=True)
    s.derive("leading coefficient in a", Goal(leading, leading, equal=True), frozenset(), start)


def escape(s: Session, name: str, link: TwoSteps) -> None:
    """D_{t+1}^2 >= D_t^4 from some link on, with positive probability. For D_0 = 0 it is 0 >= 0; else
    `reach` a large |D|, then stay off the bad set for ever (`survival`), where |D_+| >= |D|^2."""
    e = 1 - c * a**2
    factor = e**2 - c**2 * shift(t) ** 2 * e * (1 - e**2)
    s.prove("the factor of a link", eq(link.after, shift(t) * factor))
    growth_off_the_bad_set(s)
    probability_of_the_bad_set(s)
    survival(s)
    reach(s, link)
    s.assumed.append(
        "argument: `reach` gives a large |D| with positive probability; from there the bad links have "
        "total probability below one, and off them |D_+| >= |D|^2"
    )
    start = time.perf_counter()
    goal = Goal(shift(t) ** 4, shift(t + 1) ** 2)
    s.conclude_limit(s.theorem.statement(name), Form.ESCAPE, goal, link.tags, start)
