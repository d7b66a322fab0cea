"""Subgradient chains: `subgradient`, with a constant step, and `polyak`, with Polyak's.

E[H] = rho I. One link W_+ = W - sigma H g moves the squared distance to a minimiser, D = W - W*, to
E|D_+|^2 = |D|^2 - 2 sigma rho <g, D> + sigma^2 rho |g|^2, and <g, D> >= delta = f - f* by convexity.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.algebra import dot, norm_sq
from proofs_check.chance import Chance
from proofs_check.conclusions import best_iterate, finish, mean_iterate
from proofs_check.kernel import Fact, Session, le
from proofs_check.links import Link, distance_at_start, polyak_step, subgradient_step
from proofs_check.means import Mean
from proofs_check.moments import isotropic
from proofs_check.points import at_least_minimum, convex, lipschitz, minimiser
from proofs_check.proof import Proof, dropped, scaled, substituted
from proofs_check.recursion import induction, instance
from ractheory.theorems.symbols import G0, D0_sq, T, dist_sq, gamma, gap, min_gap, rho, t

half = sp.Rational(1, 2)


def mean_distance(s: Session, step: Link, sigma: sp.Expr, H: sp.Symbol) -> Fact:
    """E_t|D_{t+1}|^2 = |D|^2 - 2 sigma rho <g, D> + sigma^2 rho |g|^2."""
    g, D = step.here.g, step.here.x - minimiser(s).x
    moved = s.prove("distance after a link", le(
        dist_sq(t + 1), dist_sq(t) - 2 * sigma * dot(H(g), D) + sigma**2 * norm_sq(H(g))
    ))  # fmt: skip
    return step.chance.average("average over the sketch", moved, H)


def nonnegative_distance(s: Session, step: Link) -> Fact:
    """E|D_T|^2 >= 0."""
    D = step.here.x - minimiser(s).x
    square = s.prove("a square", le(0, dist_sq(t)), squares=[(1, D)])
    return instance(s, step.chance.total("a square, over the run", square), {t: T})


def subgradient(s: Session) -> None:
    """Sum the mean distances: 2 gamma rho sum E delta_t <= |D_0|^2 + T gamma^2 rho G0^2."""
    s.condition("positive rho")
    chance = Chance(s)
    H = chance.sketch("H", isotropic(s))
    step = subgradient_step(s, chance, H)
    averaged = mean_distance(s, step, gamma, H)
    right = dist_sq(t) - 2 * gamma * rho * gap(t) + gamma**2 * rho * G0**2
    one = s.prove(
        "one link", le(step.mean(dist_sq(t + 1)), right),
        terms=[
            (1, averaged), (2 * gamma * rho, convex(s, step.here, minimiser(s))),
            (gamma**2 * rho, lipschitz(s, step.here)),
        ],
    )  # fmt: skip
    finish(s, "one step", terms=[(1, one)], along=step)
    over_run = chance.total("one link, over the run", one)
    S, empty, grows, mean = mean_iterate(s)
    start = distance_at_start(s)
    summed = induction(
        s, "sum of the links",
        le(Mean(dist_sq(t)) + 2 * gamma * rho * S(t), D0_sq + t * gamma**2 * rho * G0**2), over=t,
        base=([(1, start), (2 * gamma * rho, empty)], []),
        step=lambda previous: ([(1, previous()), (1, over_run), (2 * gamma * rho, grows)], []),
    )  # fmt: skip
    c = 1 / (2 * gamma * rho * T)
    finish(s, "mean iterate", terms=[
        (1 / T, mean), (c, instance(s, summed, {t: T})), (c, nonnegative_distance(s, step)),
    ])  # fmt: skip


def polyak(s: Session) -> None:
    """With sigma |g|^2 = delta the mean distance falls by rho sigma delta >= rho delta^2/G0^2, so the
    squares of delta sum to at most G0^2 |D_0|^2/rho; the least one has E min <= sqrt(E min^2)."""
    s.condition("positive rho")
    chance = Chance(s)
    H = chance.sketch("H", isotropic(s))
    step, sigma, whole, positive = polyak_step(s, chance, H)
    averaged = mean_distance(s, step, sigma, H)
    above = convex(s, step.here, minimiser(s))
    gained = s.product("sigma (<g, D> - delta) >= 0", positive, above)
    size = s.product("sigma delta >= 0", positive, at_least_minimum(s, step.here))
    short = s.product("sigma delta (G0^2 - |g|^2) >= 0", size, lipschitz(s, step.here))
    one = s.prove(
        "one link", le(step.mean(dist_sq(t + 1)), dist_sq(t) - rho * gap(t) ** 2 / G0**2),
        terms=[
            (1, averaged), (2 * rho, gained), (rho / G0**2, short),
            (rho * sigma - rho * gap(t) / G0**2, whole),
        ],
    )  # fmt: skip
    finish(s, "one step", terms=[(1, one)], along=step)
    over_run = chance.total("one link, over the run", one)
    S, empty, grows, best = best_iterate(s)
    start = distance_at_start(s)
    summed = induction(
        s, "sum of the links", le(Mean(dist_sq(t)) + rho / G0**2 * S(t), D0_sq), over=t,
        base=([(1, start), (rho / G0**2, empty)], []),
        step=lambda previous: ([(1, previous()), (1, over_run), (rho / G0**2, grows)], []),
    )  # fmt: skip
    mean = Mean(min_gap(T))
    spread = chance.total("(E min)^2 <= E min^2", s.prove(
        "a square of the spread", le(0, (min_gap(T) - mean) ** 2), squares=[(1, min_gap(T) - mean)]
    ))  # fmt: skip
    bound = G0 * sp.sqrt(D0_sq) / sp.sqrt(rho * T)
    c = G0**2 / (rho * T)
    squared = s.prove(
        "the square of the mean", le(mean**2, bound**2),
        terms=[
            (1, spread), (1 / T, best), (c, instance(s, summed, {t: T})),
            (c, nonnegative_distance(s, step)),
        ],
    )  # fmt: skip
    finish(s, "best iterate", terms=[(1, s.root("the mean itself", squared, mean, bound))])


PROOFS = (
    Proof("subgradient", subgradient, (
        dropped("Convex"),
        dropped("Lipschitz"),
        dropped("FreshSketch"),
        dropped("IsotropicLaw"),
        scaled("mean iterate", half),
        substituted("one step", G0, G0 / 2),
    )),
    Proof("polyak", polyak, (
        dropped("Convex"),
        dropped("PolyakStep"),
        dropped("IsotropicLaw"),
        scaled("best iterate", half),
        substituted("one step", rho, 2 * rho),
    )),
)  # fmt: skip
