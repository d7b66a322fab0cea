"""Matrix smoothness: `effective-dimension`, `exact-links`, `plain-gradient`, `exact-quadratic`.

f(W + X) <= f(W) + <G, X> + 1/2 <X, K X>. One link W_+ = W - gamma H G gives on every realisation

    delta_+ <= delta - gamma <G, H G> + (gamma^2/2) <H G, K H G>,

and the second moment E[H K H] of the law turns the mean of the last term into a multiple of |G|^2:
for the Haar law E[H K H] = c1 K + c2 tr(K) I <= rho L_eff I. So L_eff takes the place of L in the
expected descent, E delta_+ <= delta - gamma rho (1 - gamma L_eff/2)|G|^2; the rates follow as for
full gradients. What remains of L itself is |G|^2 <= 2 L delta, and rho L <= L_eff, which keeps the
contraction factors nonnegative. A plain factor step has S = B B^T in place of H.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.algebra import Operator, Vector, dot, norm_sq
from proofs_check.chance import Chance, Law
from proofs_check.conclusions import finish
from proofs_check.curvature import (
    curvature_at_most_L,
    diagonal_at_most_its_maximum,
    matrix_smooth,
    smooth_by_matrix,
    trace_bounds,
)
from proofs_check.families.gradient import Descent, contraction, geometric, mean_gradient_rate
from proofs_check.kernel import Fact, Session, le, lt
from proofs_check.links import Link, certified_step, projected_step, quantity
from proofs_check.means import Mean
from proofs_check.moments import coordinates, haar
from proofs_check.points import auxiliary, convex, minimiser, mu_at_most_L
from proofs_check.proof import Proof, dropped, scaled, substituted
from proofs_check.recursion import induction, instance
from ractheory.assumptions import CertifiedAtEffectiveStep
from ractheory.laws import haar_moments, pair_inclusion
from ractheory.theorems.effective import (
    ISOTROPIC,
    L_EFF_COORDINATES,
    L_EFF_HAAR,
    L_EFF_SIMPLE,
)
from ractheory.theorems.symbols import (
    D0_sq,
    L,
    T,
    d,
    gamma,
    gap,
    grad_sq,
    max_diag_K,
    mu,
    r,
    t,
    trace_K,
)

half = sp.Rational(1, 2)
one = sp.Integer(1)


@dataclass(frozen=True)
class Sketch:
    """A law with E[H K H] <= rho L_eff I, and where its proofs find their conditions.

    `rho` and `L_eff` stand for r/d and the formula `full` until the conclusions spell them out.
    `order` gives the fact r L/d <= L_eff, `bounds` the terms that turn the mean of <G, H K H G> into
    rho L_eff |G|^2.
    """

    prefix: str
    rho: sp.Symbol
    L_eff: sp.Symbol
    full: sp.Expr
    law: Callable[[Session], Law]
    order: Callable[[Session, Fact], Fact]
    bounds: Callable[[Session, Vector], list[tuple[sp.Expr, Fact]]]


def sketch(
    prefix: str, name: str, full: sp.Expr, law: Callable[[Session], Law], order: Any, bounds: Any
) -> Sketch:
    """Return a law with symbols of its own."""
    rho, L_eff = (sp.Symbol(f"{x}_{name}", positive=True) for x in ("rho", "L"))
    return Sketch(prefix, rho, L_eff, full, law, order, bounds)


def fits(s: Session, statement: str | None = None) -> Fact:
    """r <= d and d >= 2; hence d - 1 > 0. Return the second."""
    facts = s.conditions("a sketch that fits", statement)
    least = next(fact for fact in facts if fact.expr.free_symbols == {d})
    s.prove("d > 1", lt(0, d - 1), terms=[(1, least)], squares=[(1, one)])
    return least


def haar_order(s: Session, least: Fact) -> Fact:
    """c1 >= 0; and rho L <= L_eff, as
    L_eff - rho L = (c2/rho)(tr K - L) + (2 (d - r)/(d (d + 2))) L.
    """
    c1, c2 = haar_moments(d, r)
    room = r / ((d - 1) * d * (d + 2))
    s.prove("c1 >= 0", le(0, c1), [((r + 1) * room, least)], [(2 * r * room, one)])
    above, _, _ = trace_bounds(s)
    return s.prove(
        "r L/d <= L_eff", le(ISOTROPIC * L, L_EFF_HAAR),
        terms=[(c2 / ISOTROPIC, above)], squares=[(2 * (d - r) / (d * (d + 2)) * L, one)],
    )  # fmt: skip


def haar_bounds(s: Session, G: Vector) -> list[tuple[sp.Expr, Fact]]:
    """c1 <G, K G> <= c1 L |G|^2."""
    return [(haar_moments(d, r)[0], curvature_at_most_L(s, G))]


def coordinates_order(s: Session, least: Fact) -> Fact:
    """rho L <= L_eff: L_eff - rho L = ((d - r)/(d (d - 1))) (d max K_ii - tr K + tr K - L)."""
    above, _, diagonal = trace_bounds(s)
    s.whole(r)
    c = (d - r) / (d * (d - 1))
    return s.prove(
        "r L/d <= L_eff", le(ISOTROPIC * L, L_EFF_COORDINATES), [(c, above), (c, diagonal)]
    )


def coordinates_bounds(s: Session, G: Vector) -> list[tuple[sp.Expr, Fact]]:
    """(rho - P) <G, diag(K) G> + P <G, K G>, P = P(i, j), by max K_ii and L."""
    pair = pair_inclusion(d, r)
    return [
        (ISOTROPIC - pair, diagonal_at_most_its_maximum(s, G)),
        (pair, curvature_at_most_L(s, G)),
    ]


HAAR = sketch("", "Haar", L_EFF_HAAR, haar, haar_order, haar_bounds)
COORDINATES = sketch(
    "coordinates ", "coordinates", L_EFF_COORDINATES,
    coordinates, coordinates_order, coordinates_bounds,
)  # fmt: skip


@dataclass(frozen=True)
class Effective:
    """The expected descent of one link, with rho L <= L_eff and the two symbols in full."""

    descent: Descent
    order: Fact
    full: Fact
    share: Fact


def named(s: Session, law: Sketch, least: Fact) -> tuple[Fact, Fact, Fact]:
    """Name rho and L_eff; return rho L <= L_eff, and what the two names stand for."""
    name, rho, L_eff = law.prefix, law.rho, law.L_eff
    long_order = law.order(s, least)
    s.prove(f"L_eff > 0, {name}", lt(0, law.full), [(1, long_order)], [(ISOTROPIC * L, one)])
    share, full = s.abbreviate(rho, ISOTROPIC), s.abbreviate(L_eff, law.full)
    order = s.prove(
        f"rho L <= L_eff, {name}", le(rho * L, L_eff), [(1, long_order), (L, share), (-1, full)]
    )
    return order, share, full


def expected(
    s: Session, step: Link, H: Operator, descends: Fact, law: Sketch, g: sp.Expr,
    names: tuple[Fact, Fact, Fact],
) -> Effective:  # fmt: skip
    """E delta_+ <= delta - g rho (1 - g L_eff/2)|G|^2 for the step g."""
    name, rho, L_eff = law.prefix, law.rho, law.L_eff
    order, share, full = names
    averaged = step.chance.average(f"average over the sketch, {name}", descends, H)
    bounds = law.bounds(s, step.here.g)
    gain, G_sq = g * rho * (1 - g * L_eff / 2), norm_sq(step.here.g)
    slope = sp.Rational(1, 2) * g**2 * G_sq
    fact = s.prove(
        f"expected descent, {name}", le(step.mean(gap(t + 1)), gap(t) - gain * grad_sq(t)),
        terms=[
            (1, averaged), *((g**2 / 2 * c, bound) for c, bound in bounds),
            (g * G_sq - slope * L_eff, share), (-slope * ISOTROPIC, full),
        ],
    )  # fmt: skip
    return Effective(Descent(step, fact, gain, smooth_by_matrix), order, full, share)


def nonnegative(
    s: Session, e: Effective, law: Sketch, g: sp.Expr, c: sp.Expr, small: Fact | None
) -> None:
    """0 <= 1 - c g rho (2 - g L_eff) for c <= L: it is at least (1 - g L_eff)^2 as rho L <= L_eff."""
    slope = g * (2 - g * law.L_eff)
    terms = [(slope, e.order)] + ([(slope * law.rho, small)] if small else [])
    s.prove(
        f"a factor is nonnegative, {law.prefix}{c}", le(0, 1 - 2 * c * e.descent.gain), terms,
        [(1, 1 - g * law.L_eff)],
    )  # fmt: skip


def effective_rates(s: Session, law: Sketch) -> None:
    """The four statements of one law."""
    name = law.prefix
    least = fits(s, f"{name}one step")
    chance = Chance(s)
    H = chance.sketch("H", law.law(s))
    step = projected_step(s, chance, H)
    names = named(s, law, least)
    e = expected(s, step, H, matrix_smooth(s, step.here, step.there), law, gamma, names)
    stable = s.condition("step below 2/L", f"{name}one step")
    s.prove(f"gamma L_eff < 2, {name}", lt(gamma * law.L_eff, 2), [(1, stable), (gamma, e.full)])
    nonnegative(s, e, law, gamma, L, None)
    whole, empty, mean = mean_gradient_rate(s, e.descent, 1 - 2 * L * e.descent.gain)
    small = mu_at_most_L(s, step.here, smooth_by_matrix)
    nonnegative(s, e, law, gamma, mu, small)
    contracts = chance.total(f"contraction over the run, {name}", contraction(s, e.descent))
    linear = geometric(s, 1 - 2 * mu * e.descent.gain, contracts)
    sublinear = effective_convex(s, e, law)
    s.spell_out(law.rho, law.L_eff)
    finish(s, f"{name}one step", terms=[(1, e.descent.fact)], along=step)
    (extreme,) = s.theorem.statement(f"{name}nonconvex").right.atoms(sp.Max)
    s.resolve(extreme, next(a for a in extreme.args if a != 0))
    finish(s, f"{name}nonconvex", terms=[(1 / T, whole), (1 / T, empty), (1, mean)])
    finish(s, f"{name}pl", terms=[(1, linear)])
    finish(s, f"{name}convex", terms=[(1, sublinear)])


def effective_convex(s: Session, e: Effective, law: Sketch) -> Fact:
    """Follow (a_0 + t) delta_t + |D_t|^2/(2 gamma rho) with a_0 = 1/rho - 1, as in `gd-convex`.

    E|D_+|^2 = |D|^2 - 2 gamma rho <G, D> + gamma^2 rho |G|^2, and delta <= <G, D>.
    """
    name, step, rho = law.prefix, e.descent.step, law.rho
    chance, G = step.chance, step.here.g
    (H,) = step.draws
    short = s.condition("step at most 1/L", f"{name}convex")
    s.prove(f"gamma L_eff <= 1, {name}", le(gamma * law.L_eff, 1), [(1, short), (gamma, e.full)])
    star = minimiser(s)
    D = step.here.x - star.x
    distance, at_start = quantity(s, f"|D|^2 {name}", lambda p: norm_sq(p.x - star.x), step, D0_sq)
    after_link = s.prove(f"distance after a link, {name}", le(
        distance(t + 1), distance(t) - 2 * gamma * dot(H(G), D) + gamma**2 * norm_sq(H(G))
    ))  # fmt: skip
    moved = chance.average(f"the mean distance, {name}", after_link, H)
    a_0 = 1 / rho - 1
    after, energy = a_0 + t + 1, (a_0 + t) * gap(t) + distance(t) / (2 * gamma * rho)
    s.prove(f"weights, {name}", le(0, after), squares=[(1 / rho + t, one)])
    falls = chance.total(f"the potential falls, {name}", s.prove(
        f"the potential falls given the past, {name}",
        le(after * step.mean(gap(t + 1)) + step.mean(distance(t + 1)) / (2 * gamma * rho), energy),
        terms=[
            (after, e.descent.fact), (1 / (2 * gamma * rho), moved), (1, convex(s, step.here, star)),
            ((2 * gamma * dot(G, D) - gamma**2 * norm_sq(G)) / (2 * gamma * rho), e.share),
        ],
        squares=[(gamma * rho / 2 * after * (1 - gamma * law.L_eff), G), (gamma * rho * t / 2, G)],
    ))  # fmt: skip
    total = (a_0 + t) * Mean(gap(t)) + Mean(distance(t)) / (2 * gamma * rho)
    bound = induction(
        s, f"the potential stays below its start, {name}",
        le(total, a_0 * gap(0) + distance(0) / (2 * gamma * rho)), over=t,
        base=([], []), step=lambda previous: ([(1, previous()), (1, falls)], []),
    )  # fmt: skip
    positive = chance.total(f"|D|^2 >= 0, {name}", s.prove(
        f"a square, {name}", le(0, distance(t)), squares=[(1, D)]
    ))  # fmt: skip
    bottom = 1 - rho + rho * T
    s.prove(
        f"denominator, {name}", lt(0, bottom), [(1, e.share)], [((d - r) / d, one), (rho * T, one)]
    )
    c = rho / bottom
    return s.prove(
        f"rate of convex functions, {name}",
        le(Mean(gap(T)), (D0_sq / (2 * gamma) + (1 - rho) * gap(0)) / bottom),
        terms=[
            (c, instance(s, bound, {t: T})), (c / (2 * gamma * rho), instance(s, positive, {t: T})),
            (c / (2 * gamma * rho), at_start),
        ],
    )  # fmt: skip


def effective_dimension_rows(s: Session) -> None:
    """Both laws, and what L_eff is at most."""
    effective_rates(s, HAAR)
    effective_rates(s, COORDINATES)
    fits(s, "no worse")
    _, below, _ = trace_bounds(s)
    statement = s.theorem.statement("no worse")
    room = 1 / ((d - 1) * (d + 2))
    least = next(
        f for f in s.conditions("a sketch that fits", "no worse") if f.expr.free_symbols == {d}
    )
    extra = r * (d + 1) - 2
    s.prove("r (d + 1) >= 2", le(0, extra), [(r, least), (3, s.whole(r))], [(1, one)])
    proofs = {
        L: s.prove("L_eff <= L", le(L_EFF_HAAR, L), [((d - r) * room, below)]),
        L_EFF_SIMPLE: s.prove(
            "L_eff is at most the simple bound", le(L_EFF_HAAR, L_EFF_SIMPLE),
            squares=[(room / (d + 1) * (2 * L * (d - r) + extra * trace_K), one)],
        ),
    }  # fmt: skip
    fact = s.below_all("both bounds", statement.right, [proofs[a] for a in statement.right.args])
    finish(s, "no worse", terms=[(1, fact)])


def exact_links(s: Session) -> None:
    """Each link ends no higher than the exact step with gamma = 1/L_eff, whose descent it inherits:
    E delta_+ <= delta - (rho/(2 L_eff))|G|^2, and PL makes the factor 1 - mu rho/L_eff."""
    least = fits(s)
    law, g = HAAR, 1 / HAAR.L_eff
    chance = Chance(s)
    H = chance.sketch("H", law.law(s))
    names = named(s, law, least)
    step, certified = certified_step(s, chance, H, CertifiedAtEffectiveStep)
    exact = auxiliary(s, chance, step.here.x - g * H(step.here.g))
    smooth = matrix_smooth(s, step.here, exact)
    descends = s.prove(
        "descent of a certified link", le(gap(t + 1), smooth.goal.right),
        terms=[(1, certified(exact)), (1, smooth)],
    )  # fmt: skip
    e = expected(s, step, H, descends, law, g, names)
    nonnegative(s, e, law, g, mu, mu_at_most_L(s, step.here, smooth_by_matrix))
    contracts = chance.total("contraction over the run", contraction(s, e.descent))
    linear = geometric(s, 1 - 2 * mu * e.descent.gain, contracts)
    s.spell_out(law.rho, law.L_eff)
    finish(s, "rate", terms=[(1, linear)])


PROOFS = (
    Proof("effective-dimension", effective_dimension_rows, (
        dropped("MatchingSide"),
        dropped("FreshSketch"),
        scaled("nonconvex", sp.Rational(99, 100)),
        substituted("pl", mu, 2 * mu),
        scaled("convex", half),
        substituted("coordinates one step", max_diag_K, max_diag_K / 2),
    )),
    Proof("exact-links", exact_links, (
        dropped("CertifiedAtEffectiveStep"),
        dropped("FreshSketch"),
        dropped("PL"),
        substituted("rate", mu, 2 * mu),
        substituted("rate", trace_K, trace_K / 2),
    )),
)  # fmt: skip
