"""`accelerated`: the potential A_t delta(x_t) + |z_t - W*|^2/2 falls in expectation.

One link: y = (A x + rho b z)/A_+ with A_+ = A + rho b and b^2 = gamma A_+, then x_+ = y - gamma H G
and z_+ = z - b H G, G the gradient at y. In the mean over H, with E[H] = rho I,

    A_+ delta(x_+) <= A_+ delta(y) - (gamma rho A_+/2)|G|^2,
    |z_+ - W*|^2/2  = |z - W*|^2/2 - rho b <G, z - W*> + (rho b^2/2)|G|^2,

and the |G|^2 terms cancel. Convexity bounds A_+ delta(y) by A delta(x) + <G, A (y - x) + rho b (y - W*)>,
whose inner product meets rho b <G, z - W*>, as A_+ y = A x + rho b z. So E delta_T <= |D_0|^2/(2 A_T).
"""

from __future__ import annotations

import sympy as sp

from proofs_check.algebra import dot, norm_sq
from proofs_check.conclusions import finish
from proofs_check.curvature import curvature_at_most_L, matrix_smooth
from proofs_check.kernel import Fact, Session, eq, le, lt
from proofs_check.links import BEFORE, Momentum, accelerated_link
from proofs_check.means import Mean
from proofs_check.moments import isotropic, isotropic_haar
from proofs_check.points import convex, smooth
from proofs_check.proof import Proof, dropped, scaled, weakened
from proofs_check.recursion import Certificate, Previous, induction, instance
from ractheory.laws import haar_moments
from ractheory.theorems.beyond import MOMENTUM_STEP
from ractheory.theorems.effective import ISOTROPIC, L_EFF_HAAR
from ractheory.theorems.symbols import D0_sq, L, T, d, gamma, gap, r, rho, t

half, one = sp.Rational(1, 2), sp.Integer(1)


def weights(s: Session, m: Momentum) -> Fact:
    """b^2 = gamma (A + rho b) and b >= gamma rho/2, from the formula of b; and A_t >= 0, A_{t+1} > 0."""
    A, b, facts, n = m.weight, m.step, m.facts, s.count("weights")
    square = s.prove(
        f"square of the formula, {n}", eq(MOMENTUM_STEP**2, gamma * (BEFORE + rho * MOMENTUM_STEP))
    )
    above = s.prove_sign(
        f"the formula is at least gamma rho/2, {n}", le(gamma * rho / 2, MOMENTUM_STEP)
    )

    def least_step() -> Fact:
        here = s.specialise(above, BEFORE, A(t))
        return s.prove(f"b is at least gamma rho/2, {n}", le(gamma * rho / 2, b(t)),
                       [(1, here), (-1, facts["b"])])  # fmt: skip

    def grow(previous: Previous) -> Certificate:
        supposed = previous()
        return [(1, supposed), (rho, least_step()), (-1, facts["A_+"])], [(gamma * rho**2 / 2, one)]

    induction(
        s, f"A is nonnegative, {n}", le(0, A(t)), over=t, base=([(-1, facts["A_0"])], []), step=grow
    )
    least = least_step()
    s.prove(f"b is positive, {n}", lt(0, b(t)), [(1, least)], [(gamma * rho / 2, one)])
    s.prove(f"A_+ is positive, {n}", lt(0, A(t + 1)), [(-1, facts["A_+"])],
            [(rho * b(t), one), (A(t), one)])  # fmt: skip
    formula = MOMENTUM_STEP.subs(BEFORE, A(t))
    at_A = s.specialise(square, BEFORE, A(t))
    squared = s.prove(
        f"b^2 = gamma A_+, {n}", eq(b(t) ** 2, gamma * (A(t) + rho * b(t))),
        [(1, at_A), (b(t) + formula - gamma * rho, facts["b"])],
    )  # fmt: skip
    return squared


def potential(s: Session, m: Momentum, squared: Fact, descent: Fact) -> Fact:
    """E_t[A_+ delta(x_+) + |z_+ - W*|^2/2] <= A delta(x) + |z - W*|^2/2, and its run.

    `descent` is E delta(x_+) <= delta(y) - (gamma rho/2)|G|^2.
    """
    A, b, G, facts, n = m.weight, m.step, m.at_y.g, m.facts, s.count("potentials")
    mean = lambda x: Mean(x, sp.Tuple(m.H))  # noqa: E731
    moved = s.prove(f"z after a link, {n}", eq(
        m.energy(t + 1),
        m.energy(t) - b(t) * dot(m.H(G), m.z - m.star.x) + b(t) ** 2 / 2 * norm_sq(m.H(G)),
    ))  # fmt: skip
    averaged = m.chance.average(f"mean over the sketch, z, {n}", moved, m.H)
    gap_to_x, gap_to_star = convex(s, m.at_y, m.here), convex(s, m.at_y, m.star)
    spread = rho / 2 * norm_sq(G)
    cross = rho * b(t) / A(t + 1) * dot(G, m.x - m.z)
    falls = s.prove(
        f"the potential falls, {n}",
        le(A(t + 1) * mean(gap(t + 1)) + mean(m.energy(t + 1)), A(t) * gap(t) + m.energy(t)),
        terms=[
            (A(t + 1), descent), (1, averaged), (A(t), gap_to_x), (rho * b(t), gap_to_star),
            (spread, squared), (m.at_y.f - gamma * spread + cross, facts["A_+"]),
        ],
    )  # fmt: skip
    run = m.chance.total(f"the potential over the run, {n}", falls)
    bound = induction(
        s, f"the potential stays below its start, {n}",
        le(A(t) * Mean(gap(t)) + Mean(m.energy(t)), D0_sq / 2), over=t,
        base=([(1, facts["z_0"]), (gap(0), facts["A_0"])], []),
        step=lambda previous: ([(1, previous()), (1, run)], []),
    )  # fmt: skip
    return instance(s, bound, {t: T})


def nonnegative_energy(s: Session, m: Momentum) -> Fact:
    """E|z_T - W*|^2/2 >= 0."""
    n = s.count("energies")
    square = s.prove(f"a square, {n}", le(0, m.energy(t)), squares=[(half, m.z - m.star.x)])
    return instance(s, m.chance.total(f"a square, over the run, {n}", square), {t: T})


def plain(s: Session) -> None:
    """LSmooth and gamma <= 1/L: E delta(x_+) <= delta(y) - gamma rho (1 - gamma L/2)|G|^2."""
    s.condition("step at most 1/L")
    m = accelerated_link(s, isotropic(s))
    squared = weights(s, m)
    averaged = m.chance.average("mean over the sketch", smooth(s, m.at_y, m.after), m.H)
    G = m.at_y.g
    descent = s.prove(
        "descent from y", le(Mean(gap(t + 1), sp.Tuple(m.H)), m.at_y.f - gamma * rho / 2 * norm_sq(G)),
        terms=[(1, averaged)], squares=[(gamma * rho / 2 * (1 - gamma * L), G)],
    )  # fmt: skip
    bound = potential(s, m, squared, descent)
    sharp = conclude_sharp(s, m, bound, "sharp")
    quadratic_growth(s, m, squared, sharp)


def conclude_sharp(s: Session, m: Momentum, bound: Fact, name: str) -> Fact:
    """Divide the potential by A_T."""
    A_acc = m.facts["A_T"].goal.left
    c = 1 / A_acc
    return finish(s, name, terms=[
        (c, bound), (c, nonnegative_energy(s, m)), (c * Mean(gap(T)), m.facts["A_T"]),
    ])  # fmt: skip


def quadratic_growth(s: Session, m: Momentum, squared: Fact, sharp: Fact) -> None:
    """A_t >= gamma rho^2 t^2/4. Step: (b - gamma rho/2)^2 = gamma A + gamma^2 rho^2/4 >= (gamma rho t/2)^2,
    so b >= gamma rho (t + 1)/2, and A_+ = b^2/gamma."""
    A, b, u = m.weight, m.step, gamma * rho / 2

    def step(previous: Previous) -> Certificate:
        supposed = previous()
        rooted = s.prove(
            "square of b - gamma rho/2", le((u * t) ** 2, (b(t) - u) ** 2),
            [(gamma, supposed), (-1, squared)], [(u**2, one)],
        )  # fmt: skip
        larger = s.root("b - gamma rho/2 >= gamma rho t/2", rooted, u * t, b(t) - u)
        return (
            [((b(t) + u * (t + 1)) / gamma, larger), (1 / gamma, squared), (-1, m.facts["A_+"])],
            [],
        )

    growth = induction(
        s, "A grows quadratically", le(gamma * rho**2 * t**2 / 4, A(t)), over=t,
        base=([(-1, m.facts["A_0"])], []), step=step,
    )  # fmt: skip
    A_acc = m.facts["A_T"].goal.left
    least_A = gamma * rho**2 * T**2 / 4
    finish(s, "simple", terms=[
        (1, sharp), (D0_sq / (2 * A_acc * least_A), instance(s, growth, {t: T})),
        (-D0_sq / (2 * A_acc * least_A), m.facts["A_T"]),
    ])  # fmt: skip


def effective(s: Session) -> None:
    """MatrixSmooth and gamma <= 1/L_eff: the same descent from y, by E[H K H] <= rho L_eff I."""
    name = "effective"
    s.condition("step at most 1/L_eff", name)
    least = next(f for f in s.conditions("a sketch that fits", name) if f.expr.free_symbols == {d})
    s.prove("d > 1", lt(0, d - 1), terms=[(1, least)], squares=[(1, one)])
    c1, _ = haar_moments(d, r)
    room = r / ((d - 1) * d * (d + 2))
    s.prove("c1 >= 0", le(0, c1), [((r + 1) * room, least)], [(2 * r * room, one)])
    law, share = isotropic_haar(s)
    m = accelerated_link(s, law)
    squared = weights(s, m)
    G = m.at_y.g
    averaged = m.chance.average("mean over a Haar sketch", matrix_smooth(s, m.at_y, m.after), m.H)
    descent = s.prove(
        "descent from y, Haar", le(Mean(gap(t + 1), sp.Tuple(m.H)), m.at_y.f - gamma * rho / 2 * norm_sq(G)),
        terms=[
            (1, averaged), (gamma**2 / 2 * c1, curvature_at_most_L(s, G)),
            (-gamma / 2 * norm_sq(G), share),
        ],
        squares=[(gamma / 2 * ISOTROPIC * (1 - gamma * L_EFF_HAAR), G)],
    )  # fmt: skip
    conclude_sharp(s, m, potential(s, m, squared, descent), name)


def accelerated(s: Session) -> None:
    """The three statements."""
    s.condition("positive rho")
    plain(s)
    effective(s)


PROOFS = (
    Proof("accelerated", accelerated, (
        dropped("Convex"),
        dropped("FreshSketch"),
        dropped("AcceleratedLinks"),
        weakened("step at most 1/L", gamma * L <= 2),
        scaled("sharp", half),
        scaled("simple", half),
    )),
)  # fmt: skip
