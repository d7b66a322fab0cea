"""The dictionary for quadratics: floors of constrained chains, the counterexample, plain links.

Every f here is f* + 1/2 |D|_K^2, D = W - W*; `root` stands for the square root of its form, so that
f - f* = 1/2 |root D|^2.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from proofs_check.algebra import Operator, Projection, Vector, dot, norm_sq, vector
from proofs_check.chance import Chance, Moments
from proofs_check.curvature import curvature
from proofs_check.kernel import Fact, Rejected, Session, eq, le
from proofs_check.links import Link
from proofs_check.moments import gaussian_second_moment, isotropic
from proofs_check.points import Point
from ractheory import assumptions as vocabulary
from ractheory.theorems import symbols
from ractheory.theorems.floors import counterexample_gap
from ractheory.theorems.symbols import D0_sq, L, d, eta, gamma, gap, grad_sq, i, mu, p_sigma, r, t
from ractheory.theorems.symbols import s as scale

ROOT = Operator("K^{1/2}")


def quadratic_link(s: Session, chance: Chance, H: Operator) -> tuple[Link, Vector]:
    """MatrixQuadratic: f - f* = 1/2 <D, K D> with gradient K D, D = W - W*; a projected step on it."""
    for kind in (vocabulary.MatrixQuadratic, vocabulary.ProjectedStep, vocabulary.MatchingSide):
        s.requires(kind)
    K, D = curvature(), vector("D_t")
    G = K(D)
    after = D - gamma * H(G)
    s.assumed.append("one link: D_{t+1} = D_t - gamma H_t K D_t")
    s.define(gap(t), dot(D, K(D)) / 2)
    s.define(gap(t + 1), dot(after, K(after)) / 2)
    s.define(grad_sq(t), norm_sq(G))
    s.define(symbols.curved_grad_sq(t), dot(G, K(G)))
    here, there = Point(D, G, gap(t)), Point(after, K(after), gap(t + 1))
    return Link(chance, here, there, sp.Tuple(H)), D


def low_rank_link(s: Session, chance: Chance) -> tuple[Link, Vector, Vector, Projection]:
    """ProjectedQuadratic, f - f* = (L/2)|P D|^2, and a link D_+ = D + B A of any kind.

    Write x = P D and y = P B A, in the range of the projection H onto range(P B): H y = y. A Haar
    range of B is invariant under the rotations of range(P), so for r <= dim range(P) the range of
    P B is Haar there, and E[H] = (r/dim) on range(P). A may be any function of B and of the past.
    """
    for kind in (vocabulary.ProjectedQuadratic, vocabulary.LowRankLinks):
        s.requires(kind)
    s.conditions("rank within the support")
    H = chance.sketch("H", (Moments(symbols.r / symbols.support), s.requires(vocabulary.HaarLaw)))
    x, y = vector("x_t"), vector("y_t")
    chance.depends([word[-1] for word in y.terms], frozenset([H]))
    s.assumed.append("one link: x = P D moves to x + y, y = P B A with H y = y")
    s.define(gap(t), L / 2 * norm_sq(x))
    s.define(gap(t + 1), L / 2 * norm_sq(x + H(y)))
    here, there = Point(x, L * x, gap(t)), Point(x + H(y), L * (x + H(y)), gap(t + 1))
    return Link(chance, here, there, sp.Tuple(H)), x, y, H


def exact_minimum(s: Session, x: Vector, H: Operator, y: Vector) -> Fact:
    """ExactMinimisation: the link ends no higher than with any other y in the range of H."""
    tags = s.requires(vocabulary.ExactMinimisation)
    goal = le(gap(t + 1), L / 2 * norm_sq(x + H(y)))
    return s.admit("exact minimisation", goal, tags)


def energy(s: Session, a: Point) -> Fact:
    """f - f* = 1/2 <D, K D> >= 0, K being positive semidefinite."""
    tags = s.requires(vocabulary.MatrixQuadratic)
    return s.admit("K is positive semidefinite", le(0, a.f), tags)


def spectrum_of_quadratic(s: Session, D: Vector) -> tuple[Fact, Fact, Fact]:
    """The eigenvalues k of K are 0 or lie in [mu, L] (PL on a quadratic; spectral theorem).

    So K (K - mu) >= 0, K (L - K) >= 0 and K (K - mu)(L - K) >= 0.
    """
    s.cite("spectral theorem")
    tags = s.requires(vocabulary.PL) | s.requires(vocabulary.MatrixQuadratic)
    K = curvature()
    first, second, third = dot(D, K(D)), norm_sq(K(D)), dot(K(D), K(K(D)))
    goals = (
        le(mu * first, second), le(second, L * first), le(mu * L * first + third, (mu + L) * second)
    )  # fmt: skip
    a, b, c = (s.admit("spectrum of K", goal, tags) for goal in goals)
    return a, b, c


def rank_floor(s: Session) -> tuple[Vector, Vector, Fact]:
    """RankConstrained and MatrixQuadratic: X = K^{1/2}(W_t - W_0) has rank at most r.

    Return X, Y = K^{1/2}(W* - W_0) with singular values sigma, and |X - Y|^2 >= sum_{i>r} sigma_i^2.
    """
    tags = s.requires(vocabulary.RankConstrained) | s.requires(vocabulary.MatrixQuadratic)
    s.cite("Eckart-Young")
    X, Y = ROOT(vector("W_t-W_0")), ROOT(vector("W^*-W_0"))
    s.define(gap(t), norm_sq(X - Y) / 2)
    rest = sp.Sum(symbols.sigma[i] ** 2, (i, r, p_sigma - 1))
    return X, Y, s.admit("Eckart-Young", le(rest, norm_sq(X - Y)), tags)


def frozen_factor(s: Session) -> tuple[Vector, Vector, Projection]:
    """FrozenFactor: root(W_t - W_0) = Pi y lies in the range of one projection, for all t.

    Return y, Y = root(W* - W_0) and Pi, the projection onto root(range of the frozen factor).
    """
    s.requires(vocabulary.Quadratic)
    s.requires(vocabulary.FrozenFactor)
    Pi, y, Y = Projection("Pi"), vector("y_t"), ROOT(vector("W^*-W_0"))
    s.define(gap(t), norm_sq(Pi(y) - Y) / 2)
    s.define(symbols.frozen_residual_sq(), norm_sq(Y - Pi(Y)))
    return y, Y, Pi


def isotropic_frozen_factor(s: Session) -> tuple[Chance, Vector, Vector, Projection]:
    """On (L/2)|D|^2, with a factor drawn once, independent of f and of W_0, E[H] = rho I.

    W_t - W_0 = H y_t; y_t may depend on H and on everything else. f(W_0) - f* = (L/2)|Y|^2.
    """
    for kind in (vocabulary.IsotropicQuadratic, vocabulary.FrozenFactor):
        s.requires(kind)
    chance = Chance(s)
    H = Projection("H")
    chance.operator_source(H, isotropic(s), vocabulary.IndependentFactor)
    y, Y = vector("y_t"), vector("W^*-W_0")
    chance.depends([word[-1] for word in y.terms], frozenset([H]))
    s.define(gap(t), L / 2 * norm_sq(H(y) - Y))
    s.define(gap(0), L / 2 * norm_sq(Y))
    return chance, y, Y, H


# The counterexample ----------------------------------------------------------------------------


def counterexample_of_rank_one(s: Session) -> tuple[sp.Matrix, sp.Matrix]:
    """W_0 = 0 and rank one: W_t = u v^T with real u, v; f - f* is the polynomial of the theorem."""
    s.requires(vocabulary.CounterexampleQuadratic)
    s.requires(vocabulary.RankConstrained)
    s.condition("rank one")
    s.condition("start at zero")
    u, v = (sp.Matrix(sp.symbols(f"{name}1:4", real=True)) for name in "uv")
    s.define(gap(t), counterexample_gap(u * v.T))
    return u, v


def counterexample_link(s: Session, chance: Chance, H: Operator | None) -> Link:
    """A projected step (H = I where None) on f - f* = 1/2 <D, K D>, the eigenvalues of K 2 and 20."""
    s.requires(vocabulary.CounterexampleQuadratic)
    s.requires(vocabulary.ProjectedStep)
    K, D = Operator("K"), vector("D_t")
    G = K(D)
    after = D - gamma * (H(G) if H is not None else G)
    s.assumed.append("one link: D_{t+1} = D_t - gamma H_t K D_t")
    for k, x in ((t, D), (t + 1, after)):
        s.define(gap(k), dot(x, K(x)) / 2)
    here, there = Point(D, G, gap(t)), Point(after, K(after), gap(t + 1))
    return Link(chance, here, there, sp.Tuple(*([H] if H is not None else [])))


def counterexample_spectrum(s: Session, v: Vector) -> tuple[Fact, Fact, Fact]:
    """2 <v, K v> <= |K v|^2, <v, K v> <= 20 |v|^2, and 0 <= <v, K v>, from the eigenvalues of K."""
    s.cite("spectral theorem")
    entries = [sp.diff(counterexample_gap(_entries()), x, 2) for x in _entries()]
    if sorted(set(entries)) != [2, 20]:
        raise Rejected("the eigenvalues of the counterexample are others")
    tags, K = s.requires(vocabulary.CounterexampleQuadratic), Operator("K")
    goals = (
        le(2 * dot(v, K(v)), norm_sq(K(v))), le(dot(v, K(v)), 20 * norm_sq(v)), le(0, dot(v, K(v))),
    )  # fmt: skip
    a, b, c = (s.admit("spectrum of the counterexample", goal, tags) for goal in goals)
    return a, b, c


def _entries() -> sp.Matrix:
    return sp.Matrix(3, 3, sp.symbols("w1:10", real=True))


def isotropic_link(s: Session) -> tuple[Link, Operator]:
    """A projected step on (L/2)|D|^2: D_+ = D - gamma L H D."""
    s.requires(vocabulary.IsotropicQuadratic)
    s.requires(vocabulary.ProjectedStep)
    chance = Chance(s)
    H = chance.sketch("H")
    D = vector("D_t")
    after = D - gamma * L * H(D)
    s.assumed.append("one link: D_{t+1} = D_t - gamma L H_t D_t")
    s.define(gap(t), L / 2 * norm_sq(D))
    s.define(gap(t + 1), L / 2 * norm_sq(after))
    here, there = Point(D, L * D, gap(t)), Point(after, L * after, gap(t + 1))
    return Link(chance, here, there, sp.Tuple(H)), H


# Chains of LoRA, one inner step ----------------------------------------------------------------


@dataclass(frozen=True)
class JointLink:
    """One link D_+ = D (I - c A^T A) on (L/2)|D|^2, with c = eta s^2 L."""

    step: Link
    S: Operator


def joint_link(s: Session) -> JointLink:
    """JointSteps with one inner step: from B = 0 only B moves, by -eta s G A^T, and G = L D.

    So the link is a plain one with S = A^T A, acting on the right: W_+ = W - eta s^2 G A^T A.
    """
    for kind in (vocabulary.JointSteps, vocabulary.IsotropicQuadratic):
        s.requires(kind)
    s.condition("one inner step")
    chance, S = Chance(s), Operator("S")
    a, b = gaussian_second_moment(s)
    law = Moments(r, {(): [(a + b * d, ())]}), s.requires(vocabulary.GaussianFactor)
    chance.operator_source(S, law)
    D = vector("D_t")
    after = D - eta * scale**2 * L * S(D)
    s.assumed.append("one link: D_{t+1} = D_t - eta s^2 L D_t A^T A")
    s.define(gap(t), L / 2 * norm_sq(D))
    s.define(gap(t + 1), L / 2 * norm_sq(after))
    s.define(grad_sq(t), L**2 * norm_sq(D))
    here, there = Point(D, L * D, gap(t)), Point(after, L * after, gap(t + 1))
    return JointLink(Link(chance, here, there, sp.Tuple(S)), S)


def start_on_isotropic(s: Session) -> Fact:
    """f(W_0) - f* = (L/2)|D_0|^2."""
    tags = s.requires(vocabulary.IsotropicQuadratic)
    return s.admit("energy at the start", eq(gap(0), L / 2 * D0_sq), tags)
