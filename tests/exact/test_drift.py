"""Drifts by quadrature against closed forms, and CoLA's scalar moments against enumeration by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.exact.drift import plain_drift, projected_drift
from ractheory.exact.scalar_cola import conditional_moment, mean_squares


@pytest.mark.parametrize(
    ("n", "value"), [(1, -0.41699), (2, 0.02970), (3, 0.23662), (5, 0.47130), (10, 0.77066)]
)
def test_drift_of_cola_at_the_step_one_over_L(n: int, value: float) -> None:
    assert plain_drift(n, 1.0).mean / 2 == pytest.approx(value, abs=6e-6)


def test_drift_and_variance_against_sampling() -> None:
    rng = np.random.default_rng(3)
    z, y = rng.normal(size=400_000) ** 2, rng.chisquare(3, 400_000)
    logs = np.log(1 - 2 * 0.7 * z + 0.49 * z * (z + y))
    drift = plain_drift(4, 0.7)
    assert logs.mean() == pytest.approx(drift.mean, abs=6 * np.sqrt(drift.variance / len(logs)))
    assert logs.var() == pytest.approx(drift.variance, rel=0.03)


@pytest.mark.parametrize(("d", "r"), [(2, 1), (5, 1), (10, 4), (7, 6)])
def test_drift_of_a_projection_is_a_difference_of_digammas(d: int, r: int) -> None:
    from scipy.special import digamma, polygamma

    drift, a, b = projected_drift(d, r), (d - r) / 2, d / 2
    assert drift.mean == pytest.approx(digamma(a) - digamma(b), abs=drift.error)
    assert drift.variance == pytest.approx(polygamma(1, a) - polygamma(1, b), abs=1e-9)


def test_drift_increases_with_the_dimension_and_refuses_nonsense() -> None:
    means = [plain_drift(n, 1.0).mean for n in range(1, 7)]
    assert means == sorted(means)
    for d, r in ((1, 1), (3, 3), (3, 0)):
        with pytest.raises(UsageError):
            projected_drift(d, r)
    with pytest.raises(UsageError):
        plain_drift(2, 0.0)


def test_scalar_cola_moments_of_the_specification() -> None:
    exact = mean_squares(Fraction(1, 10), Fraction(1), 4)
    assert [float(v) for v in exact[:4]] == pytest.approx([1.0, 0.729, 0.531, 0.388], abs=5e-4)
    assert float(exact[4]) == pytest.approx(3.0e66, rel=0.01)


def test_one_inner_step_is_the_geometric_mean_square() -> None:
    c = Fraction(1, 3)
    q = 1 - 2 * c + 3 * c**2
    assert mean_squares(c, Fraction(2), 3, inner_steps=1) == [4 * q**t for t in range(4)]


def test_conditional_moment_against_quadrature_of_the_update() -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    c, D = 0.3, 1.7
    a, b = nodes.copy(), np.zeros_like(nodes)
    for _ in range(2):
        residual = D + b * a
        a, b = a - c * residual * b, b - c * residual * a
    mean = weights @ (D + b * a) ** 2 / weights.sum()
    polynomial = conditional_moment(Fraction(3, 10), 2, 2)
    assert sum(float(v) * D**k for k, v in polynomial.items()) == pytest.approx(mean, rel=1e-10)
