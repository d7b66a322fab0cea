"""Stochastic gradients and random reshuffling: `sgd-*`, `rr-*`, and the federation `fed-rr-*`.

All six follow one pattern. One link (an epoch, for reshuffling) gives

    E_t delta_{t+1} <= (1 + a) delta_t - c |G_t|^2 + b,                                   (drift)

with delta = f - f*. From it `telescoped` derives the bound on the weighted mean of |G_t|^2, and
`settles` the linear rate under PL, mu delta <= |G|^2/2, for which (drift) reads
E delta_{t+1} <= q E delta_t + b with q = 1 + a - 2 mu c.

The link of SGD, W_{t+1} = W_t - gamma H g: the descent lemma, E<G, H g> = <G, E[H] G> >= lam_min |G|^2
and E|H g|^2 <= lam_max E|g|^2 <= lam_max (2 A delta + B |G|^2 + C); the step is so short that the
B term costs half of gamma lam_min |G|^2.

An epoch of reshuffling, N steps with one sketch: see `epoch_drift`.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from proofs_check.algebra import Projection, Vector, norm_sq
from proofs_check.chance import Mean, mean_form
from proofs_check.epoch import (
    Epoch,
    client_deviation,
    dissimilarity,
    epoch,
    heterogeneity,
    j,
)
from proofs_check.kernel import Fact, Session, le, lt
from proofs_check.proof import Planted, Proof, dropped, scaled, substituted, weakened
from proofs_check.recursion import Certificate, Previous, induction, instance
from proofs_check.setting import (
    Link,
    auxiliary,
    bounded_below,
    estimated_step,
    expected_smoothness,
    finish,
    mu_at_most_L,
    polyak_lojasiewicz,
    sketched,
    smooth,
    smooth_from_below,
    smooth_mean,
    weighted_mean,
)
from ractheory.theorems.stochastic import RR, SGD, Drift
from ractheory.theorems.symbols import (
    A,
    B,
    C,
    L,
    L_max,
    N,
    T,
    gamma,
    gap,
    grad_sq,
    lam_max,
    lam_min,
    mu,
    t,
    zeta,
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
    step, g = estimated_step(s, chance, H, gamma)
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


# Random reshuffling ----------------------------------------------------------------------------


def drifted_gradients(s: Session, e: Epoch) -> Fact:
    """|R_j|^2 <= j L^2 V_j: R_j sums j vectors, each with |rho_i| <= L |W_i - W|.

    Step: (j + 1)(j L^2 V_j - |R_j|^2)/j >= 0 and |R_j - j rho_j|^2 >= 0 give the claim at j + 1.
    """
    L2 = L_max**2
    return induction(
        s, "drift of the gradients", le(e.R_sq(j), j * L2 * e.V(j)), over=j,
        base=([(-L2, e.first[0]), (1, e.first[1])], []),
        step=lambda previous: (
            [((j + 1) / j, previous()), (j + 1, e.drift)], [(1 / j, e.R - j * e.rho)]
        ),
        last=N,
    )  # fmt: skip


def displacement(s: Session, e: Epoch, H: Projection, drifts: Fact, short: Fact) -> Fact:
    """The displacement lemma: E V_j <= gamma^2 (j^3 |H G|^2 + N j (j - 1) |H theta|^2), over the
    permutation, with V_j = sum_{i<j} |W_i - W|^2 and (N - 1)|H theta|^2 = |H Sigma|^2.

    W_j - W = -gamma H (S_j + R_j), so |W_j - W|^2 <= 2 gamma^2 (|H S_j|^2 + |R_j|^2), and
    E|H S_j|^2 = j^2 |H G|^2 + j (N - j)|H theta|^2 without replacement. At j = N the claim reads
    E V_N <= gamma^2 (N^3 |H G|^2 + N^2 |H Sigma|^2).
    """
    one_step = s.prove(
        "one step of the epoch",
        le(e.V(j + 1), (1 + 2 * gamma**2 * L_max**2 * j) * e.V(j) + 2 * gamma**2 * norm_sq(H(e.S))),
        terms=[(2 * gamma**2, drifts)],
        squares=[(gamma**2, H(e.S - e.R)), (2 * gamma**2, e.R - H(e.R))],
    )
    averaged = e.step.chance.average("average over the permutation", one_step, e.pi)
    growth = 1 + 2 * gamma**2 * L_max**2 * j
    bound = gamma**2 * (j**3 * norm_sq(H(e.G)) + N * j * (j - 1) * norm_sq(H(e.theta)))
    u, v = 2 * gamma * L_max * j, 2 * gamma * L_max * N

    def step(previous: Previous) -> Certificate:
        small = s.prove(
            "2 gamma L j <= 1", le(u, 1), [(1, short), (2 * gamma * L_max, previous.within)],
            [(2 * gamma * L_max, sp.Integer(1))],
        )  # fmt: skip
        of_G = j**2 + 3 * j + 1 - u**2 * j**2 / 2
        s.prove(
            "room for |H G|^2", le(0, of_G), [(j**2 * (1 + u) / 2, small)],
            [(j**2 / 2 + 3 * j + 1, sp.Integer(1))],
        )  # fmt: skip
        of_theta = 2 * j**2 - v * u * j * (j - 1) / 2
        s.prove(
            "room for |H theta|^2", le(0, of_theta), [(j**2 / 2, short), (j**2 * v / 2, small)],
            [(j * v * u / 2 + 3 * j**2 / 2, sp.Integer(1))],
        )  # fmt: skip
        squares = [(gamma**2 * of_G, H(e.G)), (gamma**2 * of_theta, H(e.theta))]
        return [(1, averaged), (growth, previous())], squares

    return induction(
        s, "displacement within the epoch", le(Mean(e.V(j), sp.Tuple(e.pi)), bound), over=j,
        base=([(1, mean_zero(s, e))], [(gamma**2, H(e.G))]), step=step, last=N,
    )  # fmt: skip


def mean_zero(s: Session, e: Epoch) -> Fact:
    """E V_1 = 0."""
    return e.step.chance.average("no displacement at first", e.first[0], e.pi)


def epoch_drift(s: Session, federated: bool) -> tuple[Link, Fact, Drift]:
    """(drift) for an epoch, with a = gamma^3 L^2 N^2 lam_max A, c = (3/8) gamma N lam_min and
    b = gamma^3 L^2 N^2 lam_max C/2; L is that of the components. In a federation C + N zeta^2 for C.

    W_{t+1} = W_t - gamma H (N G + R_N), so the descent lemma gives, for 2 gamma L N <= 1,
    delta_{t+1} <= delta_t - (gamma N/2)|H G|^2 + (gamma/2N)|R_N|^2 and |R_N|^2 <= N L^2 V_N. Average
    over the permutation (the displacement lemma), then over H.
    """
    short = s.condition("step at most 1/(2 L N)")
    s.condition("positive lam_min")
    chance, H = sketched(s)
    Z = client_deviation(s) if federated else None
    e = epoch(s, chance, H, gamma, Z)
    G, step = e.step.here.g, e.step
    s.prove("gamma L N <= 1", le(gamma * L_max * N, 1), [(half, short)], [(half, sp.Integer(1))])
    drifts = drifted_gradients(s, e)
    whole = N * G + e.seen
    descends = s.prove(
        "descent of one epoch",
        le(gap(t + 1), gap(t) - gamma * N / 2 * norm_sq(H(G)) + gamma * L_max**2 / 2 * e.V(N)),
        terms=[
            (1, smooth_mean(s, step.here, step.there)), (gamma / (2 * N), e.averaging),
            (gamma / (2 * N), instance(s, drifts, {j: N})),
        ],
        squares=[
            (gamma / (2 * N) * (1 - gamma * L_max * N), H(whole)),
            (gamma / (2 * N), e.seen - H(e.seen)),
        ],
    )  # fmt: skip
    over_pi = chance.average("descent, over the permutation", descends, e.pi)
    moved = instance(s, displacement(s, e, H, drifts, short), {j: N})
    c = gamma**3 * L_max**2 * N**2 / 2
    spread = norm_sq(H(e.Sigma)) + (N * norm_sq(H(Z)) if Z else 0)
    apart = list(heterogeneity(s, e, H, Z)) if Z else []
    given_H = s.prove(
        "drift of one epoch, given the sketch",
        le(Mean(gap(t + 1), sp.Tuple(e.pi)), gap(t) - sp.Rational(3, 8) * gamma * N * norm_sq(H(G))
           + c * spread),
        terms=[
            (1, over_pi), (gamma * L_max**2 / 2, moved), (c, e.variance),
            *((2 * c * N, fact) for fact in apart[1:]),
        ],
        squares=[(gamma * N / 2 * (sp.Rational(1, 4) - gamma**2 * L_max**2 * N**2), H(G))],
    )  # fmt: skip
    over_H = chance.average("average over the sketch", given_H, H)
    d = Drift(RR.growth, RR.decrease, RR.noise + (c * lam_max * N * zeta**2 if Z else 0))
    terms = [
        (1, over_H), (sp.Rational(3, 8) * gamma * N, chance.at_least_lam_min(H, G)),
        (c, chance.at_most_lam_max(H, e.Sigma)), (c * lam_max, dissimilarity(s, e)),
    ]  # fmt: skip
    if Z:
        terms += [(c * N, chance.at_most_lam_max(H, Z)), (c * N * lam_max, apart[0])]
    right = (1 + d.growth) * gap(t) - d.decrease * grad_sq(t) + d.noise
    drift = s.prove("drift of one epoch", le(step.mean(gap(t + 1)), right), terms)
    finish(s, "one step", terms=[(1, drift)], along=step)
    return step, drift, d


def rr_nonconvex(s: Session, federated: bool = False) -> None:
    """The drift of one epoch, telescoped."""
    step, drift, d = epoch_drift(s, federated)
    telescoped(s, step, drift, d)


def rr_pl(s: Session, federated: bool = False) -> None:
    """The drift of one epoch under PL. "paper" is A = 0: p = 1 - (3/4) gamma N mu lam_min, and
    p >= 0 since mu <= L and 2 gamma L N <= 1."""
    step, drift, d = epoch_drift(s, federated)
    contracts = settles(s, step, drift, d)
    order, below_one = step.chance.spectrum()
    p = 1 - 2 * mu * d.decrease
    small_mu = mu_at_most_L(s, step.here, smooth_mean, L_max)
    e = sp.Rational(3, 4)
    s.prove(
        "p is nonnegative", le(0, p),
        terms=[(e * gamma * N * lam_min, small_mu), (e / 2 * lam_min, s.condition("step at most 1/(2 L N)")),
               (e / 2, order), (e / 2, below_one)],
        squares=[(1 - e / 2, sp.Integer(1))],
    )  # fmt: skip
    no_growth = s.condition("bounded noise")
    simple = s.prove(
        "contraction where A = 0", le(Mean(gap(t + 1)), p * Mean(gap(t)) + d.noise),
        terms=[(1, contracts), (d.growth / A * Mean(gap(t)), no_growth)],
    )  # fmt: skip
    settles_simply(s, d, simple, p)


def planted_rr(statement: str) -> tuple[Planted, ...]:
    """Planted errors of the reshuffling rows."""
    return (
        dropped("FreshPermutation"),
        dropped("FreshSketch"),
        dropped("BoundedDissimilarity"),
        weakened("step at most 1/(2 L N)", gamma * L_max * N <= 1),
        substituted(statement, C, C / 2),
    )


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
    Proof("rr-nonconvex", rr_nonconvex, (*planted_rr("weighted"), scaled("weighted", half))),
    Proof("rr-pl", rr_pl, (
        *planted_rr("sharp"), dropped("PL"), substituted("paper", mu, 2 * mu),
    )),
    Proof("fed-rr-nonconvex", partial(rr_nonconvex, federated=True), (
        *planted_rr("weighted"), dropped("Heterogeneity"), dropped("SharedSketch"),
        substituted("weighted", N * zeta**2, zeta**2),
    )),
    Proof("fed-rr-pl", partial(rr_pl, federated=True), (
        *planted_rr("sharp"), dropped("Heterogeneity"), substituted("sharp", zeta, 0),
    )),
)  # fmt: skip
