"""RAC-LoRA with full gradients: `descent`, `gd-nonconvex`, `gd-pl`, `gd-convex`.

One link is W_{t+1} = W_t - gamma H_t G_t with a fresh projection H_t. Write delta_t = f(W_t) - f*.

1. The descent lemma at W_{t+1}, and H = H^T = H^2, give delta_{t+1} <= delta_t - c |H_t G_t|^2 with
   c = gamma (1 - gamma L/2), on every realisation: `descent`.
2. Averaging over H_t gives E|H_t G_t|^2 = <G_t, E[H] G_t> >= lam_min |G_t|^2, hence
   E delta_{t+1} <= E delta_t - a E|G_t|^2 with a = c lam_min: `expected_descent`.
3. Each rate follows from the second step by an induction over the links.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from proofs_check.algebra import Projection, dot, norm_sq
from proofs_check.chance import Chance, mean_root
from proofs_check.conclusions import finish, mean_gradient
from proofs_check.kernel import Fact, Session, le, lt
from proofs_check.links import Link, certified_step, projected_step, quantity, sketched
from proofs_check.means import Mean
from proofs_check.points import (
    Point,
    auxiliary,
    bounded_below,
    convex,
    gradient_bound,
    minimiser,
    mu_at_most_L,
    polyak_lojasiewicz,
    smooth,
)
from proofs_check.proof import Proof, dropped, scaled, substituted, weakened
from proofs_check.recursion import induction, instance, k
from ractheory.theorems.gradient import CONTRACTION, DECREASE, GAIN, GEOMETRIC
from ractheory.theorems.symbols import (
    D0_sq,
    D0_sq_weighted,
    L,
    T,
    gamma,
    gap,
    grad_sq,
    lam_min,
    mu,
    projected_sq,
    t,
)


@dataclass(frozen=True)
class Descent:
    """One link with E_t delta_{t+1} <= delta_t - gain |G_t|^2; E_t averages over the link alone."""

    step: Link
    fact: Fact
    gain: sp.Expr
    smoothness: Callable[..., Fact] = smooth


def one_link(s: Session, H: Projection, chance: Chance) -> tuple[Link, Fact]:
    """Step 1: delta_{t+1} <= delta_t - gamma (1 - gamma L/2) |H_t G_t|^2."""
    step = projected_step(s, chance, H)
    fact = s.prove(
        "descent of one link",
        le(gap(t + 1), gap(t) - DECREASE * projected_sq(t)),
        terms=[(1, smooth(s, step.here, step.there))],
    )
    return step, fact


def descent(s: Session) -> None:
    """The algebra of one link; no expectation and no condition on the sketch."""
    H, chance = Projection("H"), Chance(s)
    _, fact = one_link(s, H, chance)
    s.condition("step below 2/L")
    finish(s, "sharp", terms=[(1, fact)])


def expected_descent(s: Session) -> Descent:
    """Step 2: E_t delta_{t+1} <= delta_t - a |G_t|^2 with a = gamma (1 - gamma L/2) lam_min."""
    s.condition("step below 2/L")
    s.condition("positive lam_min")
    chance, H = sketched(s)
    step, descends = one_link(s, H, chance)
    return averaged_descent(s, step, descends, H)


def averaged_descent(s: Session, step: Link, descends: Fact, H: Projection) -> Descent:
    """Average step 1 over H: E|H G|^2 = <G, E[H] G> >= lam_min |G|^2."""
    averaged = step.chance.average("average over the sketch", descends, H)
    fact = s.prove(
        "expected descent of one link",
        le(step.mean(gap(t + 1)), gap(t) - GAIN * grad_sq(t)),
        terms=[(1, averaged), (DECREASE, step.chance.at_least_lam_min(H, step.here.g))],
    )
    return Descent(step, fact, GAIN)


def nonnegative_factor(s: Session, chance: Chance, c: sp.Expr, bound: Fact | None = None) -> Fact:
    """0 <= 1 - gamma c lam_min (2 - gamma L) for c <= L, from lam_min <= 1 and a square."""
    order, below_one = chance.spectrum()
    close = [(gamma * lam_min * (2 - gamma * L), bound)] if bound is not None else []
    terms = [(1, order), (1, below_one), *close]
    factor = 1 - gamma * c * lam_min * (2 - gamma * L)
    return s.prove("the factor is nonnegative", le(0, factor), terms, [(lam_min, 1 - gamma * L)])


def mean_gradient_rate(s: Session, d: Descent, q: sp.Expr) -> tuple[Fact, ...]:
    """From E_t delta_{t+1} <= delta_t - a |G_t|^2 and |G|^2 <= 2 L delta, with 0 <= q = 1 - 2 L a:
    the expected sum of T squared gradients is at most delta_0 (1 - q^T)/a.

    Claim, for every t and k: sum_{t <= i < t+k} E|G_i|^2 <= E delta_t (1 - q^k)/a. Step: use it from
    t + 1 on, then E delta_{t+1} <= E delta_t - a E|G_t|^2; what is left, q^k E|G_t|^2, is at most
    q^k 2 L E delta_t. Returned are facts whose sum over T is the bound on the mean.
    """
    chance, a = d.step.chance, d.gain
    falls = chance.total("expected descent, over the run", d.fact)
    bound = chance.total("gradient bound, over the run", s.prove(
        "gradient bound", le(grad_sq(t), 2 * L * gap(t)),
        terms=[(1, gradient_bound(s, d.step.here, d.smoothness))],
    ))  # fmt: skip
    s.power_below_one(q, k)
    S, empty, grows, mean = mean_gradient(s)
    window = induction(
        s, "sum of k squared gradients from any link on",
        le(S(t + k) - S(t), Mean(gap(t)) * (1 - q**k) / a), over=k,
        base=([], []),
        step=lambda previous: (
            [(1, previous({t: t + 1})), (1, grows), ((1 - q**k) / a, falls), (q**k, bound)], []
        ),
    )  # fmt: skip
    return instance(s, window, {t: 0, k: T}), empty, mean


def start_gap(s: Session, step: Link) -> Fact:
    """delta_0 >= 0, a constant of the run."""
    return instance(s, step.chance.total("f >= f*", bounded_below(s, step.here)), {t: 0})


def conclude_nonconvex(s: Session, d: Descent, prefix: str = "") -> None:
    """The statements of `gd-nonconvex`; 1 - 2 L a = 1 - gamma L lam_min (2 - gamma L)."""
    finish(s, f"{prefix}one step", terms=[(1, d.fact)], along=d.step)
    nonnegative_factor(s, d.step.chance, L)
    whole, empty, mean = mean_gradient_rate(s, d, GEOMETRIC)
    sharp = finish(s, f"{prefix}sharp", terms=[(1 / T, whole), (1 / T, empty), (1, mean)])
    start_gap(s, d.step)
    short = s.condition("step at most 1/L")
    power = s.prove_sign("q^T is nonnegative", le(0, GEOMETRIC**T))
    c = gap(0) / (T * d.gain)
    finish(s, f"{prefix}paper", terms=[(1, sharp), (c, power), (c, short)])


def geometric(s: Session, q: sp.Expr, contracts: Fact) -> Fact:
    """E delta_{t+1} <= q E delta_t with q >= 0 gives E delta_T <= q^T delta_0."""
    bound = induction(
        s, "geometric decrease", le(Mean(gap(t)), q**t * gap(0)), over=t,
        base=([], []), step=lambda previous: ([(1, contracts), (q, previous())], []),
    )  # fmt: skip
    return instance(s, bound, {t: T})


def contraction(s: Session, d: Descent) -> Fact:
    """PL, mu delta <= |G|^2/2, turns the expected descent into E_t delta_{t+1} <= q delta_t."""
    return s.prove(
        "contraction of one link",
        le(d.step.mean(gap(t + 1)), (1 - 2 * d.gain * mu) * gap(t)),
        terms=[(1, d.fact), (2 * d.gain, polyak_lojasiewicz(s, d.step.here))],
    )


def conclude_pl(s: Session, d: Descent, prefix: str = "") -> None:
    """The statements of `gd-pl`; the factor is nonnegative since mu <= L."""
    one_step = contraction(s, d)
    finish(s, f"{prefix}one step", terms=[(1, one_step)], along=d.step)
    contracts = d.step.chance.total("contraction, over the run", one_step)
    nonnegative_factor(s, d.step.chance, mu, mu_at_most_L(s, d.step.here))
    whole = geometric(s, CONTRACTION, contracts)
    finish(s, f"{prefix}sharp", terms=[(1, whole)])
    start_gap(s, d.step)
    s.condition("step at most 1/L")
    power = s.power_monotone(CONTRACTION, 1 - gamma * mu * lam_min, T)
    finish(s, f"{prefix}paper", terms=[(1, whole), (gap(0), power)])


def gd_nonconvex(s: Session) -> None:
    """Sum the expected descent; the gradient bound |G|^2 <= 2 L delta gives the factor 1 - q^T."""
    conclude_nonconvex(s, expected_descent(s))


def gd_pl(s: Session) -> None:
    """PL turns the expected descent into a contraction."""
    conclude_pl(s, expected_descent(s))


def gd_convex(s: Session) -> None:
    """Follow (a_0 + t) delta_t + |D_t|^2_Q / (2 gamma), with D = W - W* and Q = E[H]^-1.

    The norm of Q makes the mean step a gradient step, E <D, Q H G> = <D, G>, and Q <= I/lam_min
    bounds what is left, <H G, Q H G> <= |H G|^2/lam_min. Both statements are one induction, from
    a_0 = 1/lam_min - 1 and from a_0 = 1/lam_min.
    """
    positive_lam = s.condition("positive lam_min")
    chance, H = sketched(s)
    step, descends = one_link(s, H, chance)
    star = minimiser(s)
    root = chance.inverse_root(H)
    distance, at_start = quantity(
        s, "|D|^2_Q", lambda p: norm_sq(root(p.x - star.x)), step, D0_sq_weighted
    )
    plain, plain_at_start = quantity(s, "|D|^2", lambda p: norm_sq(p.x - star.x), step, D0_sq)
    close = chance.total("Q is at most I/lam_min", s.prove(
        "Q is at most I/lam_min", le(lam_min * distance(t), plain(t)),
        terms=[(1, chance.at_least_lam_min(H, root(step.here.x - star.x)))],
    ))  # fmt: skip
    start_gap(s, step)
    s.condition("step at most 1/L")
    order, below_one = chance.spectrum()
    below = s.prove("lam_min is at most 1", le(lam_min, 1), [(1, order), (1, below_one)])
    denominator = 1 - lam_min + lam_min * T
    s.prove("the denominator is positive", lt(0, denominator), [(T, positive_lam), (1, below)])

    def rate(a_0: sp.Expr, name: str) -> Fact:
        falls = potential_falls(s, step, H, descends, star, distance, a_0, name)
        energy = (a_0 + t) * Mean(gap(t)) + Mean(distance(t)) / (2 * gamma)
        start = a_0 * gap(0) + distance(0) / (2 * gamma)
        bound = induction(
            s, f"the potential stays below its start, {name}", le(energy, start), over=t,
            base=([], []), step=lambda previous: ([(1, previous()), (1, falls)], []),
        )  # fmt: skip
        return instance(s, bound, {t: T})

    positive = chance.total("|D|^2_Q >= 0", s.prove(
        "|D|^2_Q >= 0", le(0, distance(t)), squares=[(1, root(step.here.x - star.x))]
    ))  # fmt: skip
    last = instance(s, positive, {t: T})
    c = lam_min / denominator
    finish(s, "sharp", terms=[
        (c, rate(1 / lam_min - 1, "from 1/lam_min - 1")),
        (c / (2 * gamma), last), (c / (2 * gamma), at_start),
    ])  # fmt: skip
    c = lam_min / (1 + lam_min * T)
    finish(s, "simple", terms=[
        (c, rate(1 / lam_min, "from 1/lam_min")),
        (c / (2 * gamma), last), (c / (2 * gamma * lam_min), instance(s, close, {t: 0})),
        (c / (2 * gamma * lam_min), plain_at_start),
    ])  # fmt: skip


def potential_falls(
    s: Session, step: Link, H: Projection, descends: Fact, star: Point,
    distance: Callable[[sp.Expr], sp.Expr], a_0: sp.Expr, name: str,
) -> Fact:  # fmt: skip
    """E_t[(a_0 + t + 1) delta_{t+1} + |D_{t+1}|^2_Q/(2 gamma)] <= (a_0 + t) delta_t + |D_t|^2_Q/(2 gamma)."""
    chance, G, D = step.chance, step.here.g, step.here.x - star.x
    root, after = chance.inverse_root(H), a_0 + t + 1
    s.prove_sign(f"the weight is nonnegative, {name}", le(0, after))
    pathwise = s.prove(
        f"one link of the potential, {name}",
        le(
            after * gap(t + 1) + distance(t + 1) / (2 * gamma),
            after * (gap(t) - gamma / 2 * norm_sq(H(G)))
            + distance(t) / (2 * gamma) - dot(root(D), root(H(G))) + gamma / (2 * lam_min) * norm_sq(H(G)),
        ),
        terms=[(after, descends), (gamma / (2 * lam_min), chance.at_least_lam_min(H, root(H(G))))],
        squares=[(after * gamma / 2 * (1 - gamma * L), H(G))],
    )  # fmt: skip
    averaged = chance.average(f"average over the sketch, {name}", pathwise, H)
    energy = (a_0 + t) * gap(t) + distance(t) / (2 * gamma)
    return chance.total(f"the potential falls, {name}", s.prove(
        f"the potential falls given the past, {name}",
        le(after * step.mean(gap(t + 1)) + step.mean(distance(t + 1)) / (2 * gamma), energy),
        terms=[(1, averaged), (1, convex(s, step.here, star))],
        squares=[(gamma / 2 * (after - 1 / lam_min), mean_root(H)(G))],
    ))  # fmt: skip


def inner_solver(s: Session) -> None:
    """A certified link ends no higher than the exact step, whose descent it therefore inherits.

    What the solver does stays open: only f(W_{t+1}) <= f(W_t - gamma H_t G_t) is used, with H_t fresh.
    """
    s.condition("step below 2/L")
    s.condition("positive lam_min")
    chance, H = sketched(s)
    step, certified = certified_step(s, chance, H)
    exact = auxiliary(s, chance, step.here.x - gamma * H(step.here.g))
    descends = s.prove(
        "descent of a certified link",
        le(gap(t + 1), gap(t) - DECREASE * projected_sq(t)),
        terms=[(1, certified(exact)), (1, smooth(s, step.here, exact))],
    )
    d = averaged_descent(s, step, descends, H)
    conclude_nonconvex(s, d, "nonconvex ")
    conclude_pl(s, d, "pl ")


PROOFS = (
    Proof("descent", descent, (
        dropped("LSmooth"),
        substituted("sharp", L, L / 2),
        substituted("sharp", projected_sq(t), grad_sq(t)),
    )),
    Proof("gd-nonconvex", gd_nonconvex, (
        dropped("FreshSketch"),
        dropped("LowerBounded"),
        dropped("positive lam_min"),
        weakened("step below 2/L", gamma * L < 4),
        weakened("step at most 1/L", gamma * L <= 2),
        scaled("sharp", sp.Rational(99, 100)),
        scaled("paper", sp.Rational(1, 2)),
    )),
    Proof("gd-pl", gd_pl, (
        dropped("FreshSketch"),
        dropped("PL"),
        weakened("step below 2/L", gamma * L < 4),
        weakened("step at most 1/L", gamma * L <= 2),
        substituted("sharp", mu, 2 * mu),
        substituted("paper", mu, 2 * mu),
    )),
    Proof("gd-convex", gd_convex, (
        dropped("FreshSketch"),
        dropped("Convex"),
        dropped("Attained"),
        weakened("step at most 1/L", gamma * L <= 2),
        scaled("sharp", sp.Rational(1, 2)),
        scaled("simple", sp.Rational(1, 2)),
    )),
    Proof("inner-solver", inner_solver, (
        dropped("CertifiedLinks"),
        dropped("FreshSketch"),
        weakened("step below 2/L", gamma * L < 4),
        substituted("pl sharp", mu, 2 * mu),
        scaled("nonconvex sharp", sp.Rational(99, 100)),
    )),
)  # fmt: skip
