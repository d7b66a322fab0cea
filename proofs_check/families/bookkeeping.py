"""Small facts: `accumulated-rank`, `merge-precision`, `federated-bias`, `smoothness-loss`, `sign-floor`."""

from __future__ import annotations

import sympy as sp

from proofs_check.algebra import dot, norm_sq
from proofs_check.bookkeeping import (
    averages,
    factored_quotient,
    ranks,
    rounded_merges,
    sign_link,
    swallowed,
)
from proofs_check.conclusions import finish
from proofs_check.kernel import Session, eq, le
from proofs_check.proof import Proof, claiming, dropped, scaled, substituted
from proofs_check.recursion import induction, instance
from ractheory.theorems.symbols import (
    L,
    T,
    d,
    eta,
    factor_covariance,
    gap,
    m,
    merge_error,
    merge_norms,
    n,
    r,
    rank_of_change,
    roundoff,
    t,
    width,
)
from ractheory.theorems.symbols import s as scale


def accumulated_rank(s: Session) -> None:
    """Each link adds at most r to the rank; so t r after t links, and never more than m or n."""
    none, link, rows, columns = ranks(s)
    links = induction(
        s, "rank after t links", le(rank_of_change(t), t * r), over=t,
        base=([(1, none)], []), step=lambda previous: ([(1, previous()), (1, link)], []),
    )  # fmt: skip
    extreme = s.theorem.statement("bound").right
    proofs = {m: rows, n: columns}
    each = [proofs.get(a, links) for a in extreme.args]
    finish(s, "bound", terms=[(1, s.below_all("the least of the three", extreme, each))])


def merge_precision(s: Session) -> None:
    """Every merge adds at most u |W_t + Delta_t| to the error; small updates are rounded away."""
    (no_error, no_norm), (grows, adds), rounding = rounded_merges(s)
    bound = induction(
        s, "errors add up", le(merge_error(t), roundoff * merge_norms(t)), over=t,
        base=([(1, no_error), (-roundoff, no_norm)], []),
        step=lambda previous: (
            [(1, previous()), (1, grows), (1, rounding), (-roundoff, adds)], []
        ),
    )  # fmt: skip
    finish(s, "error", terms=[(1, bound)])
    finish(s, "swallowed", terms=[(1, swallowed(s))])


def federated_bias(s: Session) -> None:
    """mean(b a) - mean b mean a = mean((b - mean b)(a - mean a)), entry by entry; zero if b is shared."""
    averages(s, shared=False)
    finish(s, "bias")
    s.new_setting()
    averages(s, shared=True)
    finish(s, "shared sketch")


def smoothness_loss(s: Session) -> None:
    """The quotient at (x, x), (0, 0) is L s^2 x^2, which passes every claimed constant."""
    x, value = factored_quotient(s)
    finish(s, "pair")
    claimed = sp.Symbol("L_claimed", positive=True)
    witness = sp.sqrt((claimed + 1) / L) / scale
    s.prove("no constant is enough", eq(value.subs(x, witness), claimed + 1))


def sign_floor(s: Session) -> None:
    """|D - eta s U|^2 has at least the mean eta^2 s^2 (E|U|^2 - |E U|^2), whatever D is: the square
    |D - eta s E U|^2 is the difference. A column contributes r d + r (r - 1) 2/pi - r^2 2/pi =
    r (d - 2/pi)."""
    link, U, M, size, _ = sign_link(s)
    (name,) = link.draws
    D, c = link.here.x, eta * scale
    energy = s.prove("energy after a link", eq(
        gap(t + 1), gap(t) - L * c * dot(D, U) + L / 2 * c**2 * norm_sq(U)
    ))  # fmt: skip
    averaged = link.chance.average("mean over the factor", energy, name)
    floor = L / 2 * c**2 * width * r * (d - 2 / sp.pi)
    below = s.prove(
        "floor after a link", le(floor, link.mean(gap(t + 1))),
        terms=[(-1, averaged), (L / 2 * c**2, size)], squares=[(L / 2, D - c * M)],
    )  # fmt: skip
    over_run = link.chance.total("floor, over the run", below)
    finish(s, "floor", terms=[(1, instance(s, over_run, {t: T - 1}))])


PROOFS = (
    Proof("accumulated-rank", accumulated_rank, (
        dropped("LowRankLinks"),
        substituted("bound", r, r - 1),
        scaled("bound", sp.Rational(1, 2)),
    )),
    Proof("merge-precision", merge_precision, (
        dropped("RoundedMerges"),
        scaled("error", sp.Rational(1, 2)),
        substituted("swallowed", roundoff, 4 * roundoff),
    )),
    Proof("federated-bias", federated_bias, (
        dropped("EqualClients"),
        claiming("bias", lambda right: 2 * factor_covariance(t), "twice the covariance"),
        claiming("bias", lambda right: sp.Integer(0), "no bias"),
    )),
    Proof("smoothness-loss", smoothness_loss, (
        scaled("pair", sp.Rational(1, 2)),
        substituted("pair", scale, 2 * scale),
    )),
    Proof("sign-floor", sign_floor, (
        dropped("FreshSketch"),
        dropped("every column starts off the minimiser"),
        substituted("floor", sp.pi, 4),
        scaled("floor", 2),
    )),
)  # fmt: skip
