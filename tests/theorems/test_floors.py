"""The floors against independent evaluations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp

from ractheory.assumptions import CounterexampleQuadratic, RankConstrained
from ractheory.theorems import Facts, evaluate, floors, theorem
from ractheory.theorems.obligations import Obligation
from ractheory.theorems.symbols import gap


def test_rank_floor_of_a_known_spectrum() -> None:
    right = theorem("rank-floor").statement().right
    values = {"sigma": (3.0, 2.0, 1.0), "p_sigma": 3}
    for r, floor in ((1, 2.5), (2, 0.5), (3, 0.0)):
        assert evaluate(right, Facts({**values, "r": r})) == floor


def test_counterexample_gap_is_the_quadratic_of_the_paper() -> None:
    x = sp.Matrix(3, 3, [sp.Rational(k - 4, 7) for k in range(9)])
    weights = [10] + [1] * 8
    f = sum(w * e**2 + e for w, e in zip(weights, x, strict=True))
    least = -sum(sp.Rational(1, 4 * w) for w in weights)
    assert floors.counterexample_gap(x) == f - least
    assert least == -sp.Rational(81, 40)


def test_no_rank_one_matrix_of_a_grid_is_below_13_45() -> None:
    axis = [sp.Rational(k, 6) for k in range(-5, 2)]
    numbers = np.array(axis, dtype=float)
    weights = np.ones((3, 3))
    weights[0, 0] = 10.0
    lowest = min(
        float(np.sum(weights * (np.outer(u, v) + 1 / (2 * weights)) ** 2))
        for u in itertools.product(numbers[::2], repeat=3)
        for v in itertools.product(numbers, repeat=3)
    )
    assert lowest >= 13 / 45
    assert float(theorem("counterexample").statement("floor").right) == pytest.approx(
        13 / 45, rel=1e-15
    )


def test_counterexample_constants_are_those_of_its_hessian() -> None:
    x = sp.Matrix(3, 3, sp.symbols("x:9"))
    eigenvalues = sp.hessian(floors.counterexample_gap(x), list(x)).eigenvals()
    assert (min(eigenvalues), max(eigenvalues)) == (
        floors.CONSTANTS[floors.mu],
        floors.CONSTANTS[floors.L],
    )


def test_floor_is_refused_for_rank_two_and_for_a_start_elsewhere() -> None:
    th = theorem("counterexample")
    granted = (CounterexampleQuadratic(), RankConstrained())
    floor = th.statement("floor")

    def applies(**values: float) -> bool:
        return all(c.holds for c in th.check(Facts(values, granted), floor))

    assert applies(r=1, W0_sq=0.0)
    assert not applies(r=2, W0_sq=0.0)
    assert not applies(r=1, W0_sq=0.25)


def test_gradient_descent_of_the_counterexample() -> None:
    right = theorem("counterexample").statement("gradient descent").right
    value = evaluate(right, Facts({"gamma": 0.05, "t": 2}), {gap(0): 2.025})
    assert value == pytest.approx(0.9**2 * 2.025, rel=1e-14)


def test_an_obligation_can_fail() -> None:
    x = sp.Symbol("x", real=True)
    false = Obligation("not a square", sp.Ge(x, 0), ({x: sp.Integer(1)}, {x: sp.Integer(-1)}))
    assert not false.check().holds
    with pytest.raises(ValueError, match="outside"):
        Obligation("outside", sp.Ge(x, 0), ({x: sp.Integer(-1)},), where=sp.Ge(x, 0)).check()
