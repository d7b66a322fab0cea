"""What curvature matrices mean: MatrixSmooth, the quadratics, and links on them."""

from __future__ import annotations

import sympy as sp

from proofs_check.algebra import (
    Operator,
    Vector,
    dot,
    norm_sq,
)
from proofs_check.kernel import Fact, Session, eq, le
from proofs_check.points import Point
from ractheory import assumptions as vocabulary
from ractheory.theorems import symbols
from ractheory.theorems.symbols import (
    L,
    d,
    max_diag_K,
    trace_K,
)

DIAGONAL = Operator(r"\operatorname{diag} K")
"""The diagonal part of K in the coordinates of the sketch."""


def curvature() -> Operator:
    """Return K, the curvature matrix."""
    return Operator("K")


def matrix_smooth(s: Session, a: Point, b: Point) -> Fact:
    """MatrixSmooth: f(b) <= f(a) + <grad f(a), b - a> + 1/2 <b - a, K (b - a)>."""
    K, step = curvature(), b.x - a.x
    goal = le(b.f, a.f + dot(a.g, step) + dot(step, K(step)) / 2)
    return s.admit("matrix smoothness", goal, s.requires(vocabulary.MatrixSmooth))


def curvature_at_most_L(s: Session, v: Vector) -> Fact:
    """L is the largest eigenvalue of K: <v, K v> <= L |v|^2."""
    goal = le(dot(v, curvature()(v)), L * norm_sq(v))
    return s.admit("K <= L I", goal, _matrix_tags(s))


def diagonal_at_most_its_maximum(s: Session, v: Vector) -> Fact:
    """<v, diag(K) v> <= max_i K_ii |v|^2."""
    goal = le(dot(v, DIAGONAL(v)), max_diag_K * norm_sq(v))
    return s.admit("diag(K) <= max_i K_ii I", goal, _matrix_tags(s))


def trace_bounds(s: Session) -> tuple[Fact, Fact, Fact]:
    """L <= tr K, tr K <= d L, and tr K <= d max_i K_ii, K being positive semidefinite on R^d.

    The sketch acts on the side of K (MatchingSide), so that d is the dimension of K.
    """
    tags = _matrix_tags(s) | s.requires(vocabulary.MatchingSide)
    bounds = (le(L, trace_K), le(trace_K, d * L), le(trace_K, d * max_diag_K))
    first, second, third = (s.admit("trace of K", goal, tags) for goal in bounds)
    return first, second, third


def effective_dimension(s: Session) -> Fact:
    """tau is tr K/L, by its definition."""
    return s.admit("tau = tr K/L", eq(symbols.tau * L, trace_K), frozenset())


def _matrix_tags(s: Session) -> frozenset[str]:
    kinds = (vocabulary.MatrixSmooth, vocabulary.MatrixQuadratic, vocabulary.ProjectedQuadratic)
    for kind in kinds:
        if any(h.name == kind.__name__ for h in s.theorem.hypotheses):
            return s.requires(kind)
    return s.requires(vocabulary.MatrixSmooth)


def smooth_by_matrix(s: Session, a: Point, b: Point) -> Fact:
    """K <= L I makes f L-smooth from above: f(b) <= f(a) + <grad f(a), b - a> + (L/2) |b - a|^2."""
    return s.prove(
        "matrix smoothness gives smoothness",
        le(b.f, a.f + dot(a.g, b.x - a.x) + L / 2 * norm_sq(b.x - a.x)),
        terms=[(1, matrix_smooth(s, a, b)), (sp.Rational(1, 2), curvature_at_most_L(s, b.x - a.x))],
    )
