"""`gd-pl-isotropic`: one link on a smooth PL function, from what is known of its two ends.

W_+ = W - gamma H G, G and N the gradients at W and W_+, E[H] = rho I, p = E N given W. Known are

    ends      delta_+ <= delta - (gamma/2)<G + N, H G> + (L gamma^2/4)|H G|^2 - |G - N|^2/(4 L)
    PL+       mu delta_+ <= |N|^2/2
    copies    E|N|^2 - |p|^2 <= gamma^2 L^2 rho (1 - rho)|G|^2
    PL        mu delta <= |G|^2/2
    distance  |G - N|^2 <= gamma^2 L^2 |H G|^2

The first is the descent lemma from W and from W_+ to one point between; the third compares N with
the gradient at the mean of W_+, and a variance is the least mean square. In each regime of the step
the means of these facts, with the multipliers of the theorem, and two squares,

    |N - p + gamma L (H G - rho G)|^2 / (4 L)   and   |p - a G|^2,

add up to (1 + 2 (mu/L) beta)(F delta - E delta_+) >= 0, beta the multiplier of PL+. Then F >= 0 and
an induction over the links give E delta_T <= F^T delta_0.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from proofs_check.algebra import Vector, dot, norm_sq
from proofs_check.chance import Chance
from proofs_check.conclusions import finish
from proofs_check.families.gradient import geometric
from proofs_check.kernel import Fact, Gram, Session, eq, le, lt
from proofs_check.links import Link, projected_step
from proofs_check.moments import isotropic, isotropic_share
from proofs_check.points import (
    auxiliary,
    bounded_below,
    lipschitz_gradient,
    mu_at_most_L,
    polyak_lojasiewicz,
    smooth,
    smooth_from_below,
)
from proofs_check.proof import Proof, dropped, substituted, weakened
from ractheory.theorems import pl_step as row
from ractheory.theorems.symbols import L, gamma, gap, mu, rho, t

half, one = sp.Rational(1, 2), sp.Integer(1)
u = gamma * L * rho
x = mu / L


def constants(expression: sp.Expr) -> sp.Expr:
    """Return an expression of the theorem's g and mu/L in the constants of the theory."""
    return expression.subs({row.g: gamma * L, row.ratio: x}, simultaneous=True)


DRIFT, SPREAD, FALL, LEVEL = map(constants, (row.DRIFT, row.SPREAD, row.FALL, row.LEVEL))
WIDE_SLACK = constants(row.WIDE_SLACK)
a, WORST = row.a, constants(row.WORST_RATIO)


@dataclass(frozen=True)
class Ends:
    """One link, p, and the means of the five facts, with that of the square of N - p + gamma L w."""

    step: Link
    p: Vector
    fall: Fact
    pl_next: Fact
    copies: Fact
    pl: Fact
    distance: Fact
    square: Fact


def two_ends(s: Session) -> Ends:
    """Derive the five facts, and average each over the sketch."""
    share, _ = isotropic_share(s)
    s.prove("rho > 0", lt(0, rho), [(1, s.condition("positive lam_min")), (-1, share)])
    s.condition("step below 2/L")
    chance = Chance(s)
    H = chance.sketch("H", isotropic(s))
    step = projected_step(s, chance, H)
    here, there = step.here, step.there
    G, N = here.g, there.g
    p = chance.mean_vector(N, H)
    between = auxiliary(s, chance, (here.x + there.x) / 2 - (G - N) / (2 * L))
    ends = s.prove(
        "ends",
        le(there.f, here.f - gamma / 2 * dot(G + N, H(G)) + L * gamma**2 / 4 * norm_sq(H(G))
           - norm_sq(G - N) / (4 * L)),
        terms=[(1, smooth(s, here, between)), (1, smooth_from_below(s, there, between))],
    )  # fmt: skip
    centre = auxiliary(s, chance, here.x - gamma * rho * G)
    spread = lipschitz_gradient(s, there, centre)
    spread = chance.average("mean of the spread", spread, H)
    copies = s.prove(
        "copies",
        le(step.mean(norm_sq(N)) - norm_sq(p), SPREAD * norm_sq(G)),
        terms=[(1, spread)], squares=[(1, p - centre.g)],
    )  # fmt: skip
    tilted = N - p + gamma * L * (H(G) - rho * G)
    square = s.prove("a square at the end", le(0, norm_sq(tilted)), squares=[(1, tilted)])

    def mean(name: str, fact: Fact) -> Fact:
        return chance.average(f"mean of {name}", fact, H)

    return Ends(
        step, p, mean("the ends", ends), mean("PL+", polyak_lojasiewicz(s, there)), copies,
        polyak_lojasiewicz(s, here), mean("the distance", lipschitz_gradient(s, here, there)),
        mean("the square", square),
    )  # fmt: skip


def contraction(
    s: Session, e: Ends, m: row.Multipliers, balance: Fact | None = None, form: Fact | None = None
) -> Fact:
    """E_t delta_+ <= F delta, by the multipliers `m`; `balance` is an equation that the regime adds,
    `form` a form in p and G in place of the square of p - a G."""
    F, beta, copies, pl, distance, square, ratio = (
        constants(v) for v in (m.factor, m.pl_next, m.copies, m.pl, m.distance, m.square, m.ratio)
    )
    c = 1 / (1 + 2 * x * beta)
    squares = [] if form else [(c * square / L, e.p - ratio * e.step.here.g)]
    return s.prove(
        "contraction of one link",
        le(e.step.mean(gap(t + 1)), F * gap(t)),
        terms=[
            (c, e.fall), (2 * c * beta / L, e.pl_next), (c * copies / L, e.copies),
            (2 * c * pl / L, e.pl), (c * distance / L, e.distance), (c / (4 * L), e.square),
            *([(-c * gap(t), balance)] if balance else []), *([(c / L, form)] if form else []),
        ],
        squares=squares,
    )  # fmt: skip


def over_the_links(s: Session, e: Ends, one_link: Fact, m: row.Multipliers) -> Fact:
    """E delta_T <= F^T delta_0."""
    over_run = e.step.chance.total("contraction over the run", one_link)
    return geometric(s, constants(m.factor), over_run)


def short(s: Session) -> None:
    """gamma rho L <= 1. The ratio a solves a quadratic whose value at D = 1 - gamma rho L is not
    positive, so a is real and at least D; and a > 0, as a and D vanish together only for mu = L."""
    e = two_ends(s)
    m = row.MULTIPLIERS["short"]
    narrow = s.condition("a step at most 1/(rho L)", "sharp")
    apart = s.condition(row.APART.name, "sharp")
    small = mu_at_most_L(s, e.step.here)
    s.prove("D >= 0", le(0, DRIFT), [(1, narrow)])
    rest = s.prove("mu/L <= 1", le(0, 1 - x), [(1 / L, small)])
    both = s.prove("D + 1 - mu/L > 0", lt(0, DRIFT + 1 - x), [(1, apart)])
    c = 2 * (2 + x) * FALL
    (radicand,) = {power.base for power in WORST.atoms(sp.Pow) if power.exp == half}
    s.prove(
        "the root is real, and at least 2 D", lt(0, radicand),
        terms=[(4 * c / (4 + c) * (DRIFT + 1 - x), both), (c * x, rest)],
        squares=[(1 / (4 + c), 4 * DRIFT - c * (1 - x))],
    )  # fmt: skip
    above = s.prove("(2 D)^2 is at most the radicand", le((2 * DRIFT) ** 2, radicand), [(c, rest)])
    root_above = s.root("2 D is at most the root", above, 2 * DRIFT, sp.sqrt(radicand))
    full = s.abbreviate(a, WORST)
    least = s.prove("D <= a", le(DRIFT, a), [(1 / (2 + x), root_above), (-1, full)])
    s.prove("beta >= 0", le(0, 1 - DRIFT / a), [(1 / a, least)])
    balance = s.prove(
        "the ratio balances", eq(constants(row.BALANCE), 0),
        [((1 + x / 2) * (a + WORST) - x * DRIFT, full)],
    )  # fmt: skip
    used = s.condition("PL at the start of a link is used", "sharp")
    slack = constants(row.SHORT_SLACK)
    s.prove(
        "the multiplier of PL is nonnegative", le(0, slack),
        [(1, used), (DRIFT * (SPREAD / (a * WORST) + 1), full)],
    )  # fmt: skip
    one_link = contraction(s, e, m, balance)
    linear = over_the_links(s, e, one_link, m)
    s.spell_out(a)
    finish(s, "one step", terms=[(1, one_link)], along=e.step)
    finish(s, "sharp", terms=[(1, linear)])


def long(s: Session) -> None:
    """gamma rho L <= 1, rho < 1, PL at W unused: tau = TILT solves S tau^2 + LEVEL tau = D^2, so that
    the form tau |p|^2 - 2 D <p, G> + (S tau + LEVEL)|G|^2 has the determinant zero."""
    e = two_ends(s)
    m = row.MULTIPLIERS["long"]
    s.condition("a step at most 1/(rho L)", "long")
    s.condition("a proper subspace", "long")
    tilt = constants(row.TILT)
    (root,) = (power for power in tilt.atoms(sp.Pow) if power.exp == half)
    Q = root.base
    s.prove("the root is real", le(0, Q), squares=[(1, LEVEL), (4 * SPREAD, DRIFT)])
    larger = s.prove(
        "LEVEL^2 is at most the radicand", le(LEVEL**2, Q), squares=[(4 * SPREAD, DRIFT)]
    )
    up = s.root("LEVEL is at most the root", larger, LEVEL, root)
    down = s.root("-LEVEL is at most the root", larger, -LEVEL, root)
    wide = s.prove("LEVEL + 2 S > 0", lt(0, LEVEL + 2 * SPREAD), squares=[(1, one), (FALL, one)])
    least = s.prove(
        "the radicand is at most (LEVEL + 2 S)^2", le(root**2, (LEVEL + 2 * SPREAD) ** 2),
        squares=[(8 * SPREAD * FALL, one)],
    )  # fmt: skip
    wide = s.prove("LEVEL + 2 S >= 0", le(0, LEVEL + 2 * SPREAD), [(1, wide)])
    below = s.root("the root is at most LEVEL + 2 S", least, root, LEVEL + 2 * SPREAD, wide)
    s.prove("tau >= 0", le(0, tilt), [(1 / (2 * SPREAD), up)])
    s.prove("beta >= 0", le(0, 1 - tilt), [(1 / (2 * SPREAD), below)])
    corner = (root + LEVEL) / 2
    s.prove("the last entry is nonnegative", le(0, corner), [(half, down)])
    p, G = e.p, e.step.here.g
    form = s.prove(
        "the form in p and G is nonnegative",
        le(0, (tilt * norm_sq(p) - 2 * DRIFT * dot(p, G) + corner * norm_sq(G)) / 4),
        gram=[Gram((p, G), sp.Matrix([[tilt, -DRIFT], [-DRIFT, corner]]) / 4)],
    )  # fmt: skip
    finish(s, "long", terms=[(1, over_the_links(s, e, contraction(s, e, m, form=form), m))])


def wide(s: Session) -> None:
    """gamma rho L >= 1: the distance of the ends is used; F >= 0 as E delta_+ >= 0."""
    e = two_ends(s)
    m = row.MULTIPLIERS["wide"]
    s.condition("a step at least 1/(rho L)", "wide")
    used = s.condition("PL at the start is used, wide step", "wide")
    s.prove("the multiplier of PL is nonnegative", le(0, WIDE_SLACK / u), [(1 / u, used)])
    one_link = contraction(s, e, m)
    after = e.step.chance.average("mean of f >= f*", bounded_below(s, e.step.there), *e.step.draws)
    F = constants(m.factor)
    both = s.prove("0 <= F delta", le(0, F * gap(t)), [(1, one_link), (1, after)])
    s.cancel(both, gap(t))
    finish(s, "wide", terms=[(1, over_the_links(s, e, one_link, m))])


def wide_long(s: Session) -> None:
    """gamma rho L >= 1 and PL at W unused: (2 + u)(1 - FALL) = 2 - WIDE_SLACK > 0 for u = gamma rho L."""
    e = two_ends(s)
    m = row.MULTIPLIERS["wide long"]
    s.condition("a step at least 1/(rho L)", "wide long")
    unused = s.condition("PL at the start is not used, wide step", "wide long")
    s.prove("1 - FALL > 0", lt(0, 1 - FALL), [(1 / (2 + u), unused)], [(2 / (2 + u), one)])
    s.prove(
        "the denominator is positive", lt(0, 1 - FALL + x * FALL),
        squares=[(1 - FALL, one), (x * FALL, one)],
    )  # fmt: skip
    share = constants(m.square)
    s.prove("room for the square", le(0, share), [(1 / (4 * u * (1 - FALL)), unused)])
    finish(s, "wide long", terms=[(1, over_the_links(s, e, contraction(s, e, m), m))])


def gd_pl_isotropic(s: Session) -> None:
    """The four regimes, each with its own link."""
    for number, regime in enumerate((short, long, wide, wide_long)):
        if number:
            s.new_setting()
        regime(s)


PROOFS = (
    Proof("gd-pl-isotropic", gd_pl_isotropic, (
        dropped("FreshSketch"),
        dropped("IsotropicLaw"),
        dropped("PL"),
        dropped("ProjectedStep"),
        weakened("a step at most 1/(rho L)", gamma * L * rho <= 2),
        weakened(row.APART.name, gamma * L * rho + mu / L < 3),
        substituted("sharp", mu, 2 * mu),
        substituted("long", mu, 2 * mu),
        substituted("wide", rho, 2 * rho),
        substituted("wide long", mu, 2 * mu),
    )),
)  # fmt: skip
