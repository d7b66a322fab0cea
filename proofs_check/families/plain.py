"""`plain-gradient`, a chain without the pseudo-inverse, and `exact-quadratic`.

A plain factor step is W_+ = W - c S G with S = B B^T and c = eta s^2: E[S] = r I and
E[S K S] = r (r + 1) K + r tr(K) I take the place of the moments of H, and r of rho, (r + 1) L + tr K
of L_eff. On a quadratic the expected descent of a Haar sketch is an equality.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.algebra import dot
from proofs_check.chance import Chance
from proofs_check.conclusions import finish
from proofs_check.curvature import (
    curvature,
    curvature_at_most_L,
    effective_dimension,
    matrix_smooth,
    smooth_by_matrix,
    trace_bounds,
)
from proofs_check.families.effective import fits
from proofs_check.families.gradient import Descent, contraction, geometric, mean_gradient_rate
from proofs_check.kernel import Session, eq, le, lt
from proofs_check.links import plain_step
from proofs_check.moments import haar
from proofs_check.points import mu_at_most_L
from proofs_check.proof import Proof, claiming, dropped, scaled, substituted, weakened
from proofs_check.quadratics import energy, quadratic_link, spectrum_of_quadratic
from ractheory.laws import gaussian_factor_moments, haar_moments
from ractheory.theorems.effective import (
    ISOTROPIC,
    L_PLAIN,
)
from ractheory.theorems.symbols import (
    L,
    T,
    d,
    eta,
    gamma,
    gap,
    grad_sq,
    mu,
    r,
    t,
    tau,
    trace_K,
)
from ractheory.theorems.symbols import s as scale

K = curvature()
half = sp.Rational(1, 2)
one = sp.Integer(1)


def plain_gradient(s: Session) -> None:
    """W_+ = W - c S G with S = B B^T, c = eta s^2: E[S] = r I and E[S K S] = r (r+1) K + r tr(K) I, at
    most r L_p I with L_p = (r + 1) L + tr K. So rho is r and L_eff is L_p; r L <= L_p."""
    c, L_p = eta * scale**2, L_PLAIN
    step, S = plain_step(s)
    chance = step.chance
    a, _ = gaussian_factor_moments(r)
    averaged = chance.average("average over the factor", matrix_smooth(s, step.here, step.there), S)
    gain = c * r * (1 - c * L_p / 2)
    fact = s.prove(
        "expected descent", le(step.mean(gap(t + 1)), gap(t) - gain * grad_sq(t)),
        terms=[(1, averaged), (c**2 / 2 * a, curvature_at_most_L(s, step.here.g))],
    )  # fmt: skip
    e = Descent(step, fact, gain, smooth_by_matrix)
    one_step = finish(s, "one step", terms=[(1, fact)], along=step)
    s.condition("step at most 1/((r+1) L + tr K)")
    finish(
        s, "short step", [(1, one_step)], [(c * r / 2 * (1 - c * L_p), step.here.g)], along=step
    )  # fmt: skip
    s.condition("step below 2/L")
    order = s.prove("r L <= L_p", le(r * L, L_p), squares=[(L, one), (trace_K, one)])
    slope, square = c * (2 - c * L_p), 1 - c * L_p
    s.prove("q is nonnegative", le(0, 1 - 2 * L * gain), [(slope, order)], [(1, square)])
    whole, empty, mean = mean_gradient_rate(s, e, 1 - 2 * L * gain)
    (extreme,) = s.theorem.statement("nonconvex").right.atoms(sp.Max)
    s.resolve(extreme, next(x for x in extreme.args if x != 0))
    finish(s, "nonconvex", terms=[(1 / T, whole), (1 / T, empty), (1, mean)])
    small = mu_at_most_L(s, step.here, smooth_by_matrix)
    s.prove(
        "the factor is nonnegative", le(0, 1 - 2 * mu * gain), [(slope, order), (slope * r, small)],
        [(1, square)],
    )  # fmt: skip
    contracts = chance.total("contraction over the run", contraction(s, e))
    finish(s, "pl", terms=[(1, geometric(s, 1 - 2 * mu * gain, contracts))])
    gain_of_the_pseudo_inverse(s)


def gain_of_the_pseudo_inverse(s: Session) -> None:
    """(rho/L_eff)/(r/L_p) <= (d + r + 1)/d for tau = tr K/L <= d: the difference is
    (d - tau)(r - 1)(r + 2)/(d (d (r + 1) - 2 + (d - r) tau)), and the denominator is positive."""
    name = "gain of the pseudo-inverse"
    least = fits(s, name)
    _, below, _ = trace_bounds(s)
    scaled_tau = s.prove(
        "L tau <= L d", le(L * tau, L * d), [(1, below), (1, effective_dimension(s))]
    )
    small = s.divide(scaled_tau, L)
    bottom = d * (r + 1) - 2 + (d - r) * tau
    s.prove(
        "the denominator is positive", lt(0, bottom), [(r + 1, least)], [(2 * r, one), ((d - r) * tau, one)]
    )  # fmt: skip
    s.whole(r)
    finish(s, name, terms=[((r - 1) * (r + 2) / (d * bottom), small)])


def exact_quadratic(s: Session) -> None:
    """delta_+ = delta - gamma <G, H G> + (gamma^2/2) <H G, K H G> exactly, and the mean is linear in
    1/2 <D, K^j D>. With col(k) = 1 - 2 gamma rho k + gamma^2 (c1 k^2 + c2 tr(K) k), eigenvalue by
    eigenvalue: convex in k, so at most its value at mu or at L, whichever is larger.

    Where e = (col(L) - col(mu))/(L - mu) <= 0, col(k) = col(mu) + e (k - mu) - gamma^2 c1 (k - mu)(L - k);
    otherwise the same from L: col(k) = col(L) - e (L - k) - gamma^2 c1 (k - mu)(L - k).
    """
    least = fits(s)
    chance = Chance(s)
    H = chance.sketch("H", haar(s))
    step, D = quadratic_link(s, chance, H)
    c1, c2 = haar_moments(d, r)
    moved = s.prove("one link", eq(
        gap(t + 1), gap(t) - gamma * dot(step.here.g, H(step.here.g))
        + gamma**2 / 2 * dot(H(step.here.g), K(H(step.here.g)))
    ))  # fmt: skip
    averaged = chance.average("average over the sketch", moved, H)
    one_step = finish(s, "one step", terms=[(1, averaged)], along=step)
    room = r / ((d - 1) * d * (d + 2))
    s.prove("c1 >= 0", le(0, c1), [((r + 1) * room, least)], [(2 * r * room, one)])
    statement = s.theorem.statement("rate")
    (extreme,) = statement.right.atoms(sp.Max)
    low, high, both = spectrum_of_quadratic(s, D)

    def col(k: sp.Expr) -> sp.Expr:
        return 1 - 2 * gamma * ISOTROPIC * k + gamma**2 * (c1 * k**2 + c2 * trace_K * k)

    at = {x: s.bound_of(extreme, col(x)) for x in (mu, L)}
    slope = -2 * gamma * ISOTROPIC + gamma**2 * (c1 * (mu + L) + c2 * trace_K)
    curve = (gamma**2 * c1 / 2, both)
    falls = s.by_cases(
        "contraction of one link", le(step.mean(gap(t + 1)), extreme * gap(t)), slope,
        above=lambda case: [
            (1, one_step), curve, (half, s.product("from L", case, high)),
            (1, s.product("rate at L", at[L], energy(s, step.here))),
        ],
        below=lambda case: [
            (1, one_step), curve, (half, s.product("from mu", case, low)),
            (1, s.product("rate at mu", at[mu], energy(s, step.here))),
        ],
    )  # fmt: skip
    after = chance.average("the mean is nonnegative", energy(s, step.there), H)
    nonnegative_rate = s.prove("0 <= q delta", le(0, extreme * gap(t)), [(1, falls), (1, after)])
    s.cancel(nonnegative_rate, gap(t))
    contracts = chance.total("contraction over the run", falls)
    finish(s, "rate", terms=[(1, geometric(s, extreme, contracts))])


PROOFS = (
    Proof("plain-gradient", plain_gradient, (
        dropped("GaussianFactor"),
        dropped("FreshSketch"),
        weakened("step below 2/L", eta * scale**2 * L_PLAIN < 4),
        weakened("step at most 1/((r+1) L + tr K)", eta * scale**2 * L_PLAIN <= 2),
        scaled("nonconvex", sp.Rational(99, 100)),
        substituted("one step", trace_K, trace_K / 2),
        claiming("gain of the pseudo-inverse", lambda right: (d + r) / d, "(d + r)/d"),
    )),
    Proof("exact-quadratic", exact_quadratic, (
        dropped("HaarLaw"),
        dropped("MatchingSide"),
        substituted("one step", trace_K, trace_K / 2),
        substituted("rate", L, L / 2),
    )),
)  # fmt: skip
