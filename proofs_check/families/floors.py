"""Floors: `rank-floor`, `subspace-floor`, and the `counterexample` of RAC-LoRA.

f - f* = 1/2 |X - Y|^2 with X = K^{1/2}(W_t - W_0), Y = K^{1/2}(W* - W_0). Adapters of rank r keep
rank X <= r: Eckart and Young. A frozen factor keeps X = Pi y in one subspace: then
|X - Y|^2 = |Y - Pi Y|^2 + |X - Pi Y|^2.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.algebra import Vector, norm_sq
from proofs_check.chance import Chance
from proofs_check.conclusions import finish
from proofs_check.kernel import Fact, Session, le
from proofs_check.links import Link
from proofs_check.means import Mean
from proofs_check.proof import Proof, claiming, dropped, scaled, substituted, weakened
from proofs_check.quadratics import (
    counterexample_link,
    counterexample_of_rank_one,
    counterexample_spectrum,
    frozen_factor,
    isotropic_frozen_factor,
    rank_floor,
)
from proofs_check.recursion import induction, instance
from ractheory.theorems.floors import BEST_RANK_ONE
from ractheory.theorems.symbols import L, T, gamma, gap, lam_min, r, rho, t

half = sp.Rational(1, 2)


def best_approximation(s: Session) -> None:
    """`rank-floor`: half of the Eckart-Young inequality."""
    _, _, bound = rank_floor(s)
    finish(s, "floor", terms=[(half, bound)])


def subspace_floor(s: Session) -> None:
    """The square |Pi y - Pi Y|^2 is the slack; on (L/2)|D|^2 the mean of |Y - H Y|^2 is (1-rho)|Y|^2."""
    y, Y, Pi = frozen_factor(s)
    finish(s, "floor", squares=[(half, Pi(y) - Pi(Y))])


def subspace_floor_in_the_mean(s: Session) -> None:
    """E delta_t >= (L/2) E|Y - H Y|^2 = (1 - rho)(L/2)|Y|^2 = (1 - rho) delta_0."""
    chance, y, Y, H = isotropic_frozen_factor(s)
    below = s.prove(
        "floor of one run", le(L / 2 * norm_sq(Y - H(Y)), gap(t)), squares=[(L / 2, H(y - Y))]
    )
    averaged = chance.average("mean over the factor", below, H)
    mean = s.prove(
        "mean floor", le((1 - rho) * gap(0), Mean(gap(t), sp.Tuple(H))), terms=[(1, averaged)]
    )
    finish(
        s, "expected", terms=[(1, instance(s, chance.total("mean over the runs", mean), {t: T}))]
    )


def both_floors(s: Session) -> None:
    """The two settings share no symbol with a meaning of its own, so each has its own session part."""
    subspace_floor(s)
    s.new_setting()
    subspace_floor_in_the_mean(s)


# The counterexample ----------------------------------------------------------------------------


def best_rank_one(s: Session) -> None:
    """W = u v^T. Averaging rows 2, 3 and columns 2, 3 keeps rank one and lowers f by the squares
    u_i^2 (v_2 - v_3)^2/2 and w^2 (u_2 - u_3)^2/2. For the averaged entries p, q, u, v, where
    p v = q u, the S-lemma's multiplier -16/5 leaves a sum of squares above 13/45.
    """
    u, v = counterexample_of_rank_one(s)
    mean_u, mean_v = (u[1] + u[2]) / 2, (v[1] + v[2]) / 2
    p, q, w, z = u[0] * v[0], u[0] * mean_v, mean_u * v[0], mean_u * mean_v
    p, q, w, z = (
        p + sp.Rational(5, 36),
        q + sp.Rational(5, 18),
        w + sp.Rational(5, 18),
        z + sp.Rational(5, 9),
    )
    finish(s, "floor", squares=[
        (10, p - sp.Rational(4, 25) * z), (sp.Rational(468, 125), z),
        (2, q + sp.Rational(4, 5) * w), (sp.Rational(18, 25), w),
        (half, u[0] * (v[1] - v[2])), (half, u[1] * (v[1] - v[2])), (half, u[2] * (v[1] - v[2])),
        (half, v[0] * (u[1] - u[2])), (1, mean_v * (u[1] - u[2])),
    ])  # fmt: skip


def exact_descent(s: Session, step: Link, H_G: Vector) -> Fact:
    """delta_+ <= delta - gamma (1 - 10 gamma) |H G|^2, as K <= 20 I."""
    _, above, _ = counterexample_spectrum(s, H_G)
    return s.prove(
        "descent of one link", le(gap(t + 1), gap(t) - gamma * (1 - 10 * gamma) * norm_sq(H_G)),
        terms=[(gamma**2 / 2, above)],
    )  # fmt: skip


def nonnegative_factor(s: Session, step: Link, bound: Fact, q: sp.Expr) -> None:
    """0 <= delta_+ <= q delta, or its mean, for every start: q >= 0."""
    _, _, after = counterexample_spectrum(s, step.there.x)
    energy = s.prove("energy after the link", le(0, gap(t + 1)), terms=[(half, after)])
    if step.draws:
        energy = step.chance.average("mean energy after the link", energy, *step.draws)
    both = s.prove("0 <= q delta", le(0, q * gap(t)), terms=[(1, bound), (1, energy)])
    s.cancel(both, gap(t))


def gradient_descent(s: Session) -> None:
    """H = I: |G|^2 >= 4 delta makes every link a contraction."""
    s.condition("no sketch")
    s.condition("step below 2/L", "gradient descent")
    step = counterexample_link(s, Chance(s), None)
    descends = exact_descent(s, step, step.here.g)
    low, _, _ = counterexample_spectrum(s, step.here.x)
    q = 1 - 2 * gamma * (2 - 20 * gamma)
    contracts = s.prove(
        "contraction", le(gap(t + 1), q * gap(t)),
        terms=[(1, descends), (gamma * (1 - 10 * gamma), low)],
    )  # fmt: skip
    nonnegative_factor(s, step, contracts, q)
    bound = induction(
        s, "geometric decrease", le(gap(t), q**t * gap(0)), over=t, base=([], []),
        step=lambda previous: ([(1, contracts), (q, previous())], []),
    )  # fmt: skip
    finish(s, "gradient descent", terms=[(1, bound)])


def with_sketches(s: Session) -> None:
    """E|H G|^2 >= lam_min |G|^2 >= 4 lam_min delta."""
    s.condition("positive lam_min", "rac-lora")
    s.condition("step below 2/L", "rac-lora")
    chance = Chance(s)
    H = chance.sketch("H")
    step = counterexample_link(s, chance, H)
    descends = exact_descent(s, step, H(step.here.g))
    averaged = chance.average("mean over the sketch", descends, H)
    low, _, _ = counterexample_spectrum(s, step.here.x)
    slope, q = gamma * (1 - 10 * gamma), 1 - 2 * gamma * lam_min * (2 - 20 * gamma)
    contracts = s.prove(
        "contraction in the mean", le(step.mean(gap(t + 1)), q * gap(t)),
        terms=[
            (1, averaged), (slope, chance.at_least_lam_min(H, step.here.g)), (slope * lam_min, low),
        ],
    )  # fmt: skip
    nonnegative_factor(s, step, contracts, q)
    over_run = chance.total("contraction over the run", contracts)
    bound = induction(
        s, "geometric decrease in the mean", le(Mean(gap(t)), q**t * gap(0)), over=t, base=([], []),
        step=lambda previous: ([(1, over_run), (q, previous())], []),
    )  # fmt: skip
    finish(s, "rac-lora", terms=[(1, instance(s, bound, {t: T}))])


def counterexample(s: Session) -> None:
    """The floor of rank one, and the two methods that converge."""
    best_rank_one(s)
    s.new_setting()
    gradient_descent(s)
    s.new_setting()
    with_sketches(s)


PROOFS = (
    Proof("rank-floor", best_approximation, (
        dropped("RankConstrained"),
        dropped("MatrixQuadratic"),
        scaled("floor", 2),
        substituted("floor", r, r - 1),
    )),
    Proof("subspace-floor", both_floors, (
        dropped("FrozenFactor"),
        scaled("floor", 2),
        claiming("expected", lambda right: gap(0), "no decrease at all"),
    )),
    Proof("counterexample", counterexample, (
        dropped("CounterexampleQuadratic"),
        claiming("floor", lambda right: BEST_RANK_ONE + sp.Rational(1, 1000), "a higher floor"),
        weakened("step below 2/L", gamma * 20 < 4),
        substituted("rac-lora", lam_min, 2 * lam_min),
    )),
)  # fmt: skip
