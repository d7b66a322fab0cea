"""The moments of the laws that the proofs derive, against the laws of the simulations and enumeration."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from proofs_check.kernel import Session
from proofs_check.moments import (
    coordinate_pairs,
    gaussian_second_moment,
    haar_second_moment,
    hadamard_second_moment,
)
from ractheory.laws import Coordinates, Hadamard, haar_moments, rademacher_expected_rank
from ractheory.theorems import theorem
from ractheory.theorems.symbols import d, r


@pytest.fixture
def session() -> Session:
    return Session(theorem("effective-dimension"))


def test_haar_moments_are_those_of_the_laws(session: Session) -> None:
    c1, c2 = haar_second_moment(session)
    at = {d: 5, r: 2}
    assert (c1.subs(at), c2.subs(at)) == haar_moments(sp.Integer(5), sp.Integer(2))


def test_gaussian_moments_are_those_of_one_column_at_rank_one(session: Session) -> None:
    a, b = gaussian_second_moment(session)
    assert (a.subs(r, 1), b.subs(r, 1)) == (2, 1)


def sylvester(size: int) -> sp.Matrix:
    """Return a Hadamard matrix of a power of two."""
    H = sp.ones(1, 1)
    while H.rows < size:
        H = sp.Matrix(sp.BlockMatrix([[H, H], [H, -H]]))
    return H


def enumerated(Qs: list[sp.Matrix], rank: int, X: sp.Matrix) -> sp.Matrix:
    """Return the mean of H X H over the bases Q and all coordinate sets, exactly."""
    size = X.rows
    sets = list(itertools.combinations(range(size), rank))
    total = sp.zeros(size, size)
    for Q, drawn in itertools.product(Qs, sets):
        P = sp.diag(*(1 if i in drawn else 0 for i in range(size)))
        H = Q * P * Q.T
        total += H * X * H
    return total / (len(Qs) * len(sets))


def symmetric(size: int) -> sp.Matrix:
    return sp.Matrix(size, size, lambda i, j: sp.Rational(1 + min(i, j) * 3 + max(i, j) ** 2, 2))


@pytest.mark.parametrize(("size", "rank"), [(2, 1), (4, 1), (4, 2), (4, 3)])
def test_hadamard_moments_by_enumeration(session: Session, size: int, rank: int) -> None:
    a, rest = (e.subs({d: size, r: rank}) for e in hadamard_second_moment(session))
    X, V = symmetric(size), sylvester(size) / sp.sqrt(size)
    signs = itertools.product((1, -1), repeat=size - 1)  # a common sign of D leaves H as it is
    Qs = [sp.diag(1, *s) * V for s in signs]
    offdiagonal = X - sp.diag(*(X[i, i] for i in range(size)))
    closed = a * X + rest * (X.trace() * sp.eye(size) + 2 * offdiagonal)
    assert sp.simplify(enumerated(Qs, rank, X) - closed) == sp.zeros(size, size)
    law = Hadamard(rank).second_moment(np.array(X, dtype=float))
    assert law == pytest.approx(np.array(closed, dtype=float), rel=1e-12)


@pytest.mark.parametrize(("size", "rank"), [(2, 1), (4, 2), (5, 3)])
def test_coordinate_moments_by_enumeration(session: Session, size: int, rank: int) -> None:
    pair = coordinate_pairs(session).subs({d: size, r: rank})
    X = symmetric(size)
    diagonal = sp.diag(*(X[i, i] for i in range(size)))
    closed = sp.Rational(rank, size) * diagonal + pair * (X - diagonal)
    assert enumerated([sp.eye(size)], rank, X) == closed
    law = Coordinates(rank).second_moment(np.array(X, dtype=float))
    assert law == pytest.approx(np.array(closed, dtype=float), rel=1e-12)


@pytest.mark.parametrize(("m", "rank"), [(2, 2), (3, 2), (4, 2), (3, 1), (3, 3)])
def test_rademacher_rank_by_enumeration(m: int, rank: int) -> None:
    """E[H] = (E rank/m) I: sign changes make it diagonal, permutations a multiple of I."""
    patterns = list(itertools.product((1, -1), repeat=m * rank))
    total = sum(sp.Matrix(m, rank, pattern).rank() for pattern in patterns)
    assert rademacher_expected_rank(m, rank) == Fraction(total, len(patterns))
