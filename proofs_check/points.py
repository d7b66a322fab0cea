"""What the assumptions mean: every one is an inequality between points.

This file, with `curvature`, `links` and the dictionaries beside them, connects the vocabulary of
`ractheory.assumptions` to the algebra. A point is a position, a gradient, and a value f - f*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.algebra import (
    Vector,
    dot,
    norm_sq,
    vector,
    zero,
)
from proofs_check.chance import Chance
from proofs_check.kernel import Fact, Session, le
from proofs_check.means import Mean
from ractheory import assumptions as vocabulary
from ractheory.theorems import symbols
from ractheory.theorems.symbols import (
    A,
    B,
    C,
    L,
    L_max,
    mu,
)


@dataclass(frozen=True)
class Point:
    """A position, the gradient there, and f - f* there."""

    x: Vector
    g: Vector
    f: sp.Expr


class Value(symbols.Observable):
    """f - f* at a named auxiliary point."""

    def _latex(self, printer: Any, exp: Any = None) -> str:
        text = rf"\delta({printer._print(self.args[0])})"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        return f"delta({self.args[0]})"


def smooth(s: Session, a: Point, b: Point) -> Fact:
    """LSmooth, through the descent lemma: f(b) <= f(a) + <grad f(a), b - a> + (L/2) |b - a|^2."""
    s.cite("descent lemma")
    goal = le(b.f, a.f + dot(a.g, b.x - a.x) + L / 2 * norm_sq(b.x - a.x))
    return s.admit("descent lemma", goal, s.requires(vocabulary.LSmooth))


def smooth_from_below(s: Session, a: Point, b: Point) -> Fact:
    """LSmooth for -f: f(b) >= f(a) + <grad f(a), b - a> - (L/2) |b - a|^2."""
    s.cite("descent lemma")
    goal = le(a.f + dot(a.g, b.x - a.x) - L / 2 * norm_sq(b.x - a.x), b.f)
    return s.admit("descent lemma, from below", goal, s.requires(vocabulary.LSmooth))


def lipschitz_gradient(s: Session, a: Point, b: Point) -> Fact:
    """LSmooth, as it is defined: |grad f(a) - grad f(b)|^2 <= L^2 |a - b|^2."""
    goal = le(norm_sq(a.g - b.g), L**2 * norm_sq(a.x - b.x))
    return s.admit("the gradient is Lipschitz", goal, s.requires(vocabulary.LSmooth))


def smooth_mean(s: Session, a: Point, b: Point) -> Fact:
    """BoundedDissimilarity: f is the mean of L_max-smooth components, and so L_max-smooth."""
    s.cite("descent lemma")
    goal = le(b.f, a.f + dot(a.g, b.x - a.x) + L_max / 2 * norm_sq(b.x - a.x))
    tags = s.requires(vocabulary.BoundedDissimilarity)
    return s.admit("descent lemma for a mean of components", goal, tags)


def bounded_below(s: Session, a: Point) -> Fact:
    """LowerBounded: f(a) >= f*."""
    return s.admit("f >= f*", le(0, a.f), s.requires(vocabulary.LowerBounded))


def polyak_lojasiewicz(s: Session, a: Point) -> Fact:
    """PL: mu (f - f*) <= 1/2 |grad f|^2."""
    return s.admit("PL", le(mu * a.f, norm_sq(a.g) / 2), s.requires(vocabulary.PL))


def convex(s: Session, a: Point, b: Point) -> Fact:
    """Convex: f(b) >= f(a) + <grad f(a), b - a>."""
    return s.admit("convexity", le(a.f + dot(a.g, b.x - a.x), b.f), s.requires(vocabulary.Convex))


def minimiser(s: Session) -> Point:
    """Attained: a point W* where f - f* = 0 and the gradient vanishes."""
    s.requires(vocabulary.Attained)
    return Point(vector("W^*"), zero(), sp.Integer(0))


def auxiliary(s: Session, chance: Chance, x: Vector) -> Point:
    """Return a further point at the position x, random as its position is."""
    name = f"P{s.count('auxiliary points')}"
    point = Point(x, vector(f"G_{name}"), Value(sp.Symbol(name)))
    made = chance.made_from_vector(x)
    chance.depends([point.f, *(word[-1] for word in point.g.terms)], made)
    return point


def gradient_bound(
    s: Session, a: Point, smoothness: Callable[..., Fact] = smooth, L: sp.Expr = L
) -> Fact:
    """|grad f|^2 <= 2 L (f - f*): the descent lemma at the point reached by a full step 1/L."""
    reached = auxiliary(s, Chance(s), a.x - a.g / L)
    return s.prove(
        "the gradient is bounded by the suboptimality",
        le(norm_sq(a.g), 2 * L * a.f),
        terms=[(2 * L, smoothness(s, a, reached)), (2 * L, bounded_below(s, reached))],
    )


def mu_at_most_L(
    s: Session, a: Point, smoothness: Callable[..., Fact] = smooth, L: sp.Expr = L
) -> Fact:
    """mu <= L: 2 mu (f - f*) <= |grad f|^2 <= 2 L (f - f*), and f is not constant."""
    both = s.prove(
        "PL meets the gradient bound",
        le(2 * mu * a.f, 2 * L * a.f),
        terms=[(2, polyak_lojasiewicz(s, a)), (1, gradient_bound(s, a, smoothness, L))],
    )
    return s.prove("mu is at most L", le(mu, L), terms=[(sp.Rational(1, 2), s.cancel(both, a.f))])


def lipschitz(s: Session, a: Point) -> Fact:
    """Lipschitz: |g|^2 <= G0^2 for every subgradient g."""
    tags = s.requires(vocabulary.Lipschitz)
    return s.admit("bounded subgradients", le(norm_sq(a.g), symbols.G0**2), tags)


def at_least_minimum(s: Session, a: Point) -> Fact:
    """Attained: f* is the value at the minimiser, so f - f* >= 0."""
    return s.admit("f >= f(W*)", le(0, a.f), s.requires(vocabulary.Attained))


def expected_smoothness(s: Session, a: Point, g: Vector) -> Fact:
    """ExpectedSmoothness: E|g|^2 <= 2 A (f - f*) + B |grad f|^2 + C."""
    (name,) = (word[-1] for word in g.terms)
    goal = le(Mean(norm_sq(g), sp.Tuple(name)), 2 * A * a.f + B * norm_sq(a.g) + C)
    return s.admit("expected smoothness", goal, s.requires(vocabulary.ExpectedSmoothness))
