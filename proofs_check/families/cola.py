"""Chains of LoRA: `cola-mean-square`."""

from __future__ import annotations

import sympy as sp

from proofs_check.algebra import dot, norm_sq
from proofs_check.conclusions import finish
from proofs_check.drifts import (
    drift_from_two_on,
    drift_in_one_dimension,
    drift_in_two_dimensions,
    link_ratio_of_rank_one,
)
from proofs_check.every_step import escape, two_inner_steps
from proofs_check.kernel import Session, eq, lt
from proofs_check.limits import strong_law
from proofs_check.means import Mean
from proofs_check.proof import Proof, claiming, dropped, substituted, weakened
from proofs_check.quadratics import joint_link, start_on_isotropic
from proofs_check.recursion import induction, instance
from ractheory.theorems.failures import COLA_FACTOR
from ractheory.theorems.symbols import L, T, d, eta, gap, r, shift, t
from ractheory.theorems.symbols import s as scale


def cola_mean_square(s: Session) -> None:
    """|D (I - c S)|^2 = |D|^2 - 2 c <D, S D> + c^2 <D, S S D>, with E S = r I, E S S = r (d + r + 1) I."""
    link = joint_link(s)
    step, S = link.step, link.S
    D, c = step.here.x, eta * scale**2 * L
    moved = s.prove("energy after the link", eq(
        gap(t + 1), gap(t) - L * c * dot(D, S(D)) + L / 2 * c**2 * norm_sq(S(D))
    ))  # fmt: skip
    averaged = step.chance.average("mean over the factor", moved, S)
    one_step = finish(s, "one step", terms=[(1, averaged)], along=step)
    over_run = step.chance.total("one link, over the run", one_step)
    bound = induction(
        s, "geometric growth or decrease", eq(Mean(gap(t)), COLA_FACTOR**t * gap(0)), over=t,
        base=([], []), step=lambda previous: ([(1, over_run), (COLA_FACTOR, previous())], []),
    )  # fmt: skip
    mean = finish(s, "mean", terms=[(1, instance(s, bound, {t: T}))])
    beyond = s.condition("a step beyond 2/(d+r+1)")
    off = s.condition("a start off the minimiser")
    start = start_on_isotropic(s)
    s.prove("q > 1", lt(1, COLA_FACTOR), terms=[(c * r, beyond)])
    power = s.power_above_one(COLA_FACTOR, T)
    s.prove("delta_0 > 0", lt(0, gap(0)), terms=[(L / 2, off), (-1, start)])
    finish(s, "growth", terms=[(gap(0), power), (-1, mean)])


def cola_almost_sure(s: Session) -> None:
    """log|D_t| is a random walk; its drift in closed form, and its sign, by dimension."""
    tags = link_ratio_of_rank_one(s)
    strong_law(s, "rate in two dimensions", drift_in_two_dimensions(s, tags))
    strong_law(s, "divergence", drift_from_two_on(s, tags, "divergence"))
    strong_law(s, "one dimension converges", drift_in_one_dimension(s, tags))


def cola_every_step(s: Session) -> None:
    """The link as a polynomial, its mean square by the moments of a Gaussian, and the escape."""
    link = two_inner_steps(s)
    finish(s, "link")
    squared = s.prove("square of the link", eq(shift(t + 1) ** 2, sp.expand(link.after**2)))
    mean = link.step.chance.average("mean square of the link", squared, *link.step.draws)
    finish(s, "mean square", terms=[(1, mean)], along=link.step)
    escape(s, "escape", link)


PROOFS = (
    Proof("cola-mean-square", cola_mean_square, (
        dropped("GaussianFactor"),
        dropped("FreshSketch"),
        dropped("JointSteps"),
        substituted("mean", d, d - 1),
        weakened("a step beyond 2/(d+r+1)", eta * scale**2 * L * (d + r + 1) > 1),
        claiming("growth", lambda right: 2 * gap(0), "at least doubled"),
    )),
    Proof("cola-almost-sure", cola_almost_sure, (
        dropped("GaussianFactor"),
        dropped("rank one"),
        dropped("FreshSketch"),
        substituted("rate in two dimensions", eta, 2 * eta),
        claiming("divergence", lambda right: sp.Rational(1, 10), "a rate above 1/10"),
    )),
    Proof("cola-every-step", cola_every_step, (
        dropped("two inner steps"),
        dropped("GaussianFactor"),
        substituted("link", eta, 2 * eta),
        substituted("mean square", eta, eta / 2),
        claiming("escape", lambda right: shift(t) ** 6, "a still faster escape"),
    )),
)  # fmt: skip
