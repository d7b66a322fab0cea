"""Stochastic gradients: `sgd-nonconvex` and `sgd-pl`, and the pattern that reshuffling shares.

One link (an epoch, for reshuffling) gives

    E_t delta_{t+1} <= (1 + a) delta_t - c |G_t|^2 + b,                                   (drift)

with delta = f - f*. From it `telescoped` derives the bound on the weighted mean of |G_t|^2, and
`settles` the linear rate under PL, mu delta <= |G|^2/2, for which (drift) reads
E delta_{t+1} <= q E delta_t + b with q = 1 + a - 2 mu c.

The link of SGD, W_{t+1} = W_t - gamma H g: the descent lemma, E<G, H g> = <G, E[H] G> >= lam_min |G|^2
and E|H g|^2 <= lam_max E|g|^2 <= lam_max (2 A delta + B |G|^2 + C); the step is so short that the
B term costs half of gamma lam_min |G|^2.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.algebra import Vector, norm_sq
from proofs_check.chance import mean_form
from proofs_check.conclusions import finish, weighted_mean
from proofs_check.kernel import Fact, Session, le, lt
from proofs_check.links import Link, estimated_step, sketched
from proofs_check.means import Mean
from proofs_check.points import (
    auxiliary,
    bounded_below,
    expected_smoothness,
    mu_at_most_L,
    polyak_lojasiewicz,
    smooth,
    smooth_from_below,
)
from proofs_check.proof import Proof, dropped, scaled, substituted, weakened
from proofs_check.recursion import induction, instance
from ractheory.theorems.stochastic import SGD, Drift
from ractheory.theorems.symbols import (
    A,
    B,
    C,
    L,
    T,
    gamma,
    gap,
    grad_sq,
    lam_max,
    lam_min,
    mu,
    t,
)

half = sp.Rational(1, 2)


# What follows from (drift) ---------------------------------------------------------------------


def telescoped(s: Session, step: Link, drift: Fact, d: Drift) -> None:
    """Statement "weighted". With w_t = (1 + a)^-(t+1), (drift) times w_t reads

        (1 + a)^-(t+1) E delta_{t+1} + c w_t E|G_t|^2 <= (1 + a)^-t E delta_t + b w_t,

    and sums over t < k to  c S_k + (1 + a)^-k E delta_k <= delta_0 + b W_k,  where S_k and W_k are
    the sums of w_t E|G_t|^2 and of w_t. Divide by c W_T and use W_T >= T (1 + a)^-T.
    """
    a, b, c = d.growth, d.noise, d.decrease
    falls = step.chance.total("drift over the run", drift)
    s.prove("1 + a is positive", lt(0, 1 + a), squares=[(a, sp.Integer(1)), (1, sp.Integer(1))])
    mean = weighted_mean(s, a)
    S, W, (S_0, S_grows), (W_0, W_grows) = mean.S, mean.W, mean.S_facts, mean.W_facts
    discount = (1 + a) ** (-t)
    summed = induction(
        s, "sum of the discounted drifts",
        le(c * S(t) + discount * Mean(gap(t)), gap(0) + b * W(t)), over=t,
        base=([(c, S_0), (-b, W_0)], []),
        step=lambda previous: (
            [(1, previous()), (discount / (1 + a), falls), (c, S_grows), (-b, W_grows)], []
        ),
    )  # fmt: skip
    least = induction(
        s, "the weights sum to at least T (1 + a)^-T", le(t * discount, W(t)), over=t,
        base=([(-1, W_0)], []),
        step=lambda previous: (
            [(1, previous()), (-1, W_grows)], [(t * a * discount / (1 + a), sp.Integer(1))]
        ),
    )  # fmt: skip
    at_T, below = instance(s, summed, {t: T}), instance(s, least, {t: T})
    shrunk = T * (1 + a) ** (-T)
    one = s.prove_sign("T (1 + a)^-T is positive", lt(0, shrunk))
    s.prove("W_T is positive", lt(0, W(T)), terms=[(1, one), (1, below)])
    positive = step.chance.total("f >= f*", bounded_below(s, step.here))
    last = instance(s, positive, {t: T})
    instance(s, positive, {t: 0})
    finish(s, "weighted", terms=[
        (1 / (c * W(T)), at_T), (shrunk / (T * c * W(T)), last), (1 / W(T), mean.mean),
        (gap(0) / (c * W(T) * shrunk), below),
    ])  # fmt: skip


def settles(s: Session, step: Link, drift: Fact, d: Drift) -> Fact:
    """Statement "sharp": E delta_{t+1} <= q E delta_t + b, summed as a geometric series."""
    q, b = d.factor, d.noise
    contracts = step.chance.total("contraction over the run", s.prove(
        "contraction of one link",
        le(step.mean(gap(t + 1)), q * gap(t) + b),
        terms=[(1, drift), (2 * d.decrease, polyak_lojasiewicz(s, step.here))],
    ))  # fmt: skip
    s.conditions("a contraction")
    bound = induction(
        s, "geometric decrease to a floor",
        le(Mean(gap(t)), q**t * gap(0) + b * (1 - q**t) / (1 - q)), over=t,
        base=([], []), step=lambda previous: ([(1, contracts), (q, previous())], []),
    )  # fmt: skip
    finish(s, "sharp", terms=[(1, instance(s, bound, {t: T}))])
    return contracts


def settles_simply(s: Session, d: Drift, simple: Fact, p: sp.Expr) -> None:
    """Statement "paper": E delta_{t+1} <= p E delta_t + b with 0 <= p < 1, the floor at its limit."""
    floor = d.noise / (1 - p)
    bound = induction(
        s, "geometric decrease, with a simpler factor",
        le(Mean(gap(t)), p**t * gap(0) + floor), over=t,
        base=([], [(floor, sp.Integer(1))]),
        step=lambda previous: ([(1, simple), (p, previous())], []),
    )  # fmt: skip
    finish(s, "paper", terms=[(1, instance(s, bound, {t: T}))])


# Stochastic gradients --------------------------------------------------------------------------


def sgd_drift(s: Session) -> tuple[Link, Fact, Vector]:
    """(drift) with a = L gamma^2 lam_max A, c = gamma lam_min/2, b = L gamma^2 lam_max C/2."""
    s.condition("step against B")
    s.condition("positive lam_min")
    chance, H = sketched(s)
    step, g = estimated_step(s, chance, H)
    descends = smooth(s, step.here, step.there)
    over_H = chance.average("average over the sketch", descends, H)
    shorter = s.prove(
        "E|H g|^2 <= lam_max |g|^2",
        le(over_H.goal.left, over_H.goal.right + L * gamma**2 / 2 * (
            lam_max * norm_sq(g) - mean_form(H, g)
        )),
        terms=[(1, over_H), (L * gamma**2 / 2, chance.at_most_lam_max(H, g))],
    )  # fmt: skip
    (name,) = (word[-1] for word in g.terms)
    over_g = chance.average("average over the stochastic gradient", shorter, name)
    right = (1 + SGD.growth) * gap(t) - SGD.decrease * grad_sq(t) + SGD.noise
    drift = s.prove(
        "drift of one link", le(step.mean(gap(t + 1)), right),
        terms=[
            (1, over_g),
            (L * gamma**2 * lam_max / 2, expected_smoothness(s, step.here, g)),
            (gamma, chance.at_least_lam_min(H, step.here.g)),
        ],
        squares=[(gamma / 2 * (lam_min - gamma * L * B * lam_max), step.here.g)],
    )  # fmt: skip
    finish(s, "one step", terms=[(1, drift)], along=step)
    return step, drift, g


def sgd_nonconvex(s: Session) -> None:
    """The drift of one link, telescoped."""
    step, drift, _ = sgd_drift(s)
    telescoped(s, step, drift, SGD)


def enough_noise(s: Session, step: Link, g: Vector) -> Fact:
    """mu <= A + mu B. Indeed (1 - B)|G|^2 <= 2 A delta + C everywhere, since |G|^2 <= E|g|^2; for
    B < 1 then 2 (mu (1 - B) - A) delta <= C by PL, while delta is unbounded: a step G/L uphill
    multiplies it by 1 + mu/L.
    """
    chance, here = step.chance, step.here
    ascent = auxiliary(s, chance, here.x + here.g / L)
    pl = polyak_lojasiewicz(s, here)
    growth = s.prove(
        "delta grows uphill", le((1 + mu / L) * here.f, ascent.f),
        terms=[(1, smooth_from_below(s, here, ascent)), (1 / L, pl)],
    )  # fmt: skip
    second = expected_smoothness(s, here, g)
    (name,) = (word[-1] for word in g.terms)
    spread = chance.average(
        "E|g - G|^2 >= 0",
        s.prove("a square", le(0, norm_sq(g - here.g)), squares=[(1, g - here.g)]), name,
    )  # fmt: skip
    raw = s.prove(
        "(1 - B)|G|^2 <= 2 A delta + C", le((1 - B) * norm_sq(here.g), 2 * A * here.f + C),
        terms=[(1, second), (1, spread)],
    )  # fmt: skip

    one = s.prove_sign("1 >= 0", le(0, 1))

    def little(case: Fact) -> list[tuple[sp.Expr, Fact]]:
        bound = s.prove(
            "2 (mu (1 - B) - A) delta <= C", le(2 * (mu * (1 - B) - A) * here.f, C),
            terms=[(1, raw), (2 * (1 - B), pl)],
        )  # fmt: skip
        return [(half, s.unbounded(bound, growth, here.f, ascent.f))]

    return s.by_cases(
        "the noise cannot be too small", le(mu, A + mu * B), 1 - B,
        above=little, below=lambda case: [(mu, case), (A, one)],
    )  # fmt: skip


def sgd_pl(s: Session) -> None:
    """The drift under PL. "paper" has p = 1 - gamma mu lam_min/2, and p >= 0 because
    2 gamma L lam_max (A + mu B) <= 3 mu lam_min by the two step limits, while mu <= A + mu B; so
    gamma L <= 3/2, and mu <= L.
    """
    step, drift, g = sgd_drift(s)
    contracts = settles(s, step, drift, SGD)
    against_A, against_B = s.condition("step against A"), s.condition("step against B")
    order, below_one = step.chance.spectrum()
    noise, small_mu = enough_noise(s, step, g), mu_at_most_L(s, step.here)
    short = s.prove(
        "2 gamma L lam_max <= 3 lam_min", le(2 * gamma * L * lam_max, 3 * lam_min),
        terms=[(1 / mu, against_A), (2, against_B), (2 * gamma * L * lam_max / mu, noise)],
    )  # fmt: skip
    cap = s.prove(
        "gamma mu lam_min <= 3/2", le(2 * gamma * mu * lam_max, 3 * lam_max),
        terms=[(1, short), (3, order), (2 * gamma * lam_max, small_mu)],
    )  # fmt: skip
    s.prove("lam_max > 0", lt(0, lam_max), [(1, s.condition("positive lam_min")), (1, order)])
    gamma_mu = s.divide(cap, lam_max)
    p = 1 - gamma * mu * lam_min / 2
    s.prove(
        "p is nonnegative", le(0, p),
        terms=[(lam_min / 4, gamma_mu), (sp.Rational(3, 4), order), (sp.Rational(3, 4), below_one)],
        squares=[(sp.Rational(1, 4), sp.Integer(1))],
    )  # fmt: skip
    q = SGD.factor
    pos = step.chance.total("f >= f*", bounded_below(s, step.here))
    s.prove("q <= p", le(q, p), terms=[(gamma / 2, against_A)])
    simple = s.prove(
        "contraction with the simpler factor", le(Mean(gap(t + 1)), p * Mean(gap(t)) + SGD.noise),
        terms=[(1, contracts), (p - q, pos)],
    )  # fmt: skip
    settles_simply(s, SGD, simple, p)


PROOFS = (
    Proof("sgd-nonconvex", sgd_nonconvex, (
        dropped("UnbiasedGradient"),
        dropped("FreshSketch"),
        weakened("step against B", gamma * L * B * lam_max <= 2 * lam_min),
        scaled("weighted", half),
        substituted("weighted", C, C / 2),
    )),
    Proof("sgd-pl", sgd_pl, (
        dropped("UnbiasedGradient"),
        dropped("PL"),
        weakened("step against A", 2 * gamma * A * L * lam_max <= 2 * mu * lam_min),
        substituted("sharp", C, C / 2),
        substituted("paper", mu, 2 * mu),
    )),
)  # fmt: skip
