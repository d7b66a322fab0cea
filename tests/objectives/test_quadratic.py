"""Quadratics: constants attained, compiled form, the paper's counterexample, bad input."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.objectives import objective
from ractheory.objectives.quadratic import EntryQuadratic, MatrixQuadratic
from tests.objectives.helpers import EPS, IDS, VARIANTS, hessian, make, points, value_error

QUADRATICS = [
    pytest.param(v, id=i)
    for v, i in zip(VARIANTS, IDS, strict=True)
    if isinstance(make(v), (EntryQuadratic, MatrixQuadratic))
]


@pytest.mark.parametrize("variant", QUADRATICS)
def test_constants_are_the_extreme_eigenvalues(variant: tuple[str, dict[str, object]]) -> None:
    f = make(variant)
    c = f.constants
    H = hessian(f, np.zeros(f.dim), h=1.0)  # exact for a quadratic, up to round-off
    k = np.linalg.eigvalsh(H)
    tolerance = 100 * f.dim * EPS * c.L
    assert abs(k[-1] - c.L) <= tolerance
    assert abs(k[k > tolerance].min() - c.pl) <= tolerance
    assert (c.strong is None) == bool(k[0] <= tolerance)
    assert c.minimiser_is_unique == (c.strong is not None)


@pytest.mark.parametrize("variant", QUADRATICS)
def test_compiled_arrays_mean_what_they_say(variant: tuple[str, dict[str, object]]) -> None:
    f = make(variant)
    p = f.problem()
    for w in points(f):
        d = w - p.Y[0]
        if isinstance(f, EntryQuadratic):
            value = p.scalars[0] + 0.5 * p.X[0] @ d**2
        else:
            value, start = p.scalars[0], 0
            for offset, m, n, side in p.blocks:
                D, order = d[offset : offset + m * n].reshape(m, n), (n if side else m)
                K = p.X[0, start : start + order**2].reshape(order, order)
                value += 0.5 * np.sum(D * (D @ K if side else K @ D))
                start += order**2
        assert abs(value - f.flat_value(w)) <= value_error(f, w)


@pytest.mark.parametrize("variant", QUADRATICS)
def test_minimiser_is_the_one_nearest_to_zero(variant: tuple[str, dict[str, object]]) -> None:
    f = make(variant)
    null = np.linalg.svd(hessian(f, np.zeros(f.dim), h=1.0))
    directions = null[2][null[1] <= 100 * f.dim * EPS * null[1][0]]
    inner = directions @ f.constants.minimiser
    assert np.all(np.abs(inner) <= 100 * f.dim * EPS * np.linalg.norm(f.constants.minimiser))


def test_curvature_matrix_is_that_of_the_quadratic() -> None:
    f = objective("spectrum-left", m=4, n=2, spectrum="power", rotate=True)
    curvature = f.constants.curvature
    H = hessian(f, np.zeros(f.dim), h=1.0)
    assert np.allclose(np.diag(H), np.repeat(curvature.diagonal, 2), rtol=0, atol=100 * EPS)
    assert list(curvature.eigenvalues) == sorted(curvature.eigenvalues, reverse=True)
    assert curvature.side == "left"
    assert objective("spectrum-right").constants.curvature.side == "right"
    assert objective("quadratic-blocks").constants.curvature is None


def test_counterexample_is_the_papers() -> None:
    """x^T M x + b^T x in exact arithmetic at a rational point."""
    f = objective("counterexample")
    M = [10] + [1] * 8
    x = [Fraction(i - 4, 4) for i in range(9)]
    exact = sum(a * t * t + t for a, t in zip(M, x, strict=True))
    W = np.array([float(t) for t in x]).reshape(3, 3)
    assert abs(f.value(W) - float(exact)) <= 50 * EPS * float(exact)
    assert (f.constants.L, f.constants.pl, f.constants.fstar) == (20.0, 2.0, -2.025)
    assert f.value(np.zeros((3, 3))) == 0.0


def test_gap_does_not_cancel() -> None:
    f = objective("counterexample")
    d = np.full(9, 2.0**-60)
    centre = EntryQuadratic("shifted", f.shapes, f.weights, np.zeros(9), f.fstar)
    assert centre.flat_gap(d) == 18.0 * 2.0**-120


BAD = [
    ("nonsense", {}),
    ("counterexample", {"q": 1}),
    ("counterexample", {"m": 0}),
    ("counterexample", {"m": 2.5}),
    ("isotropic", {"L": -1.0}),
    ("isotropic", {"L": float("nan")}),
    ("isotropic", {"seed": -1}),
    ("spectrum-left", {"spectrum": "banana"}),
    ("spectrum-left", {"spectrum": 3}),
    ("spectrum-left", {"m": 2, "spectrum": [1.0, -1.0]}),
    ("spectrum-left", {"m": 2, "spectrum": [0.0, 0.0]}),
    ("spectrum-left", {"m": 2, "spectrum": [1.0]}),
    ("spectrum-left", {"m": 2, "spectrum": "1,x"}),
    ("spectrum-left", {"rotate": "yes"}),
    ("spectrum-left", {"condition": 0.5}),
    ("quadratic-blocks", {"shapes": ()}),
    ("quadratic-blocks", {"shapes": ((2, 0),)}),
    ("quadratic-blocks", {"shapes": 7}),
]


@pytest.mark.parametrize(("name", "parameters"), BAD)
def test_bad_input_is_one_clear_line(name: str, parameters: dict[str, object]) -> None:
    with pytest.raises(UsageError) as error:
        objective(name, **parameters)
    assert "\n" not in str(error.value)
    assert "allowed is" in str(error.value)


def test_wrong_matrix_shape_is_named() -> None:
    with pytest.raises(UsageError, match=r"\(\(2, 2\),\)"):
        objective("counterexample").value(np.zeros((2, 2)))


def test_same_seed_same_objective() -> None:
    one, two = objective("spectrum-left", seed=5), objective("spectrum-left", seed=5)
    other = objective("spectrum-left", seed=6)
    assert np.array_equal(one.centre, two.centre)
    assert not np.array_equal(one.centre, other.centre)
