"""Random reshuffling: `rr-nonconvex`, `rr-pl`, and the federation `fed-rr-nonconvex`, `fed-rr-pl`.

One epoch visits the N components in a fresh uniform order pi with one sketch H:
W_{j+1} = W_j - gamma H grad f_{pi(j)}(W_j) from W_0 = W. With S_j the sum of the gradients met before
step j as they are at W, and R_j the sum of what they have drifted since, W_j - W = -gamma H (S_j + R_j).

1. `drifted_gradients`: |R_j|^2 <= j L^2 V_j, V_j = sum_{i<j} |W_i - W|^2, L that of the components.
2. `displacement`: E V_j <= gamma^2 (j^3 |H G|^2 + N j (j - 1)|H theta|^2) over the order, where
   (N - 1)|H theta|^2 = |H Sigma|^2 is the variance of the components' gradients.
3. `epoch_drift`: S_N = N G, so W_+ = W - gamma H (N G + R_N), and the descent lemma gives
   E delta_+ <= (1 + a) delta - c |G|^2 + b with delta = f - f*,
   a = gamma^3 L^2 N^2 lam_max A, c = (3/8) gamma N lam_min, b = gamma^3 L^2 N^2 lam_max C/2.
4. The rates: with the weights (1 + a)^-(t+1) the drift telescopes to the bound on the weighted mean of
   |G_t|^2 (`telescoped`); under PL, mu delta <= |G|^2/2, it reads E delta_+ <= q E delta + b with
   q = 1 + a - 2 mu c, a geometric series (`settles`).

In a federation every client runs an epoch of its own against the shared sketch; the clients' gradients
differ from G by Z with |Z|^2 <= zeta^2 in the mean, which adds N zeta^2 to C.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from proofs_check.algebra import Projection, norm_sq
from proofs_check.conclusions import finish
from proofs_check.epoch import (
    Epoch,
    client_deviation,
    dissimilarity,
    epoch,
    heterogeneity,
    j,
)
from proofs_check.families.stochastic import settles, settles_simply, telescoped
from proofs_check.kernel import Fact, Session, le
from proofs_check.links import Link, sketched
from proofs_check.means import Mean
from proofs_check.points import (
    mu_at_most_L,
    smooth_mean,
)
from proofs_check.proof import Planted, Proof, dropped, scaled, substituted, weakened
from proofs_check.recursion import Certificate, Previous, induction, instance
from ractheory.theorems.stochastic import RR, Drift
from ractheory.theorems.symbols import (
    A,
    C,
    L_max,
    N,
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
    e = epoch(s, chance, H, Z)
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
