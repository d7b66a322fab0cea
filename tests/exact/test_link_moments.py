"""Moments of a link of CoLA against adaptive quadrature, polynomials, and a closed form."""

from __future__ import annotations

from math import exp

import pytest

from ractheory.errors import UsageError
from ractheory.exact.drift import plain_drift
from ractheory.exact.link_moments import critical_step, crossing_step, link_moment, mean_log


@pytest.mark.parametrize("n", [1, 2, 3, 10, 50])
@pytest.mark.parametrize("c", [0.1, 1.0, 2.0])
def test_the_mean_logarithm_is_that_of_adaptive_quadrature(n: int, c: float) -> None:
    drift = plain_drift(n, c)
    assert abs(mean_log(n, c) - drift.mean) <= drift.error


@pytest.mark.parametrize("n", [1, 2, 7, 100])
@pytest.mark.parametrize("c", [0.05, 0.7, 3.0])
def test_whole_moments_are_polynomials_of_the_step(n: int, c: float) -> None:
    """E m = 1 - 2 c + c^2 (n + 2); E m^2 from E z^j and E y^j. Densities are cut at e^-80, rounding is 1e-13."""
    first = 1 - 2 * c + c**2 * (n + 2)
    z = (1.0, 1.0, 3.0, 15.0, 105.0)
    y1, y2 = n - 1.0, (n - 1.0) * (n + 1)
    # m = 1 - 2 c z + c^2 z^2 + c^2 z y
    second = (
        1 + 4 * c**2 * z[2] + c**4 * z[4] + c**4 * z[2] * y2
        - 4 * c * z[1] + 2 * c**2 * z[2] + 2 * c**2 * z[1] * y1
        - 4 * c**3 * z[3] - 4 * c**3 * z[2] * y1 + 2 * c**4 * z[3] * y1
    )  # fmt: skip
    assert link_moment(n, c, 1.0) == pytest.approx(first, rel=1e-11)
    assert link_moment(n, c, 2.0) == pytest.approx(second, rel=1e-11)


@pytest.mark.parametrize("n", [1, 2, 3, 30])
def test_steps_are_ordered_as_the_powers(n: int) -> None:
    """E m^p = 1 is 2/(n+2) for p = 1, and the step grows as p falls, the critical one in place of p = 0."""
    assert crossing_step(n, 1.0) == pytest.approx(2 / (n + 2), rel=1e-9)
    steps = [
        crossing_step(n, 1.0),
        crossing_step(n, 0.25),
        critical_step(n),
        crossing_step(n, -0.25),
    ]
    assert steps == sorted(steps)
    assert abs(mean_log(n, critical_step(n))) < 1e-8


def test_the_drift_changes_sign_between_one_and_two_dimensions() -> None:
    assert critical_step(1) > 1.0 > critical_step(2)


def test_the_inverse_moment_in_two_dimensions() -> None:
    """n = 2, E m^p at small c is that of its expansion: 1 + p E(m - 1) + ... ; and c = 0 is refused."""
    c = 1e-4
    assert link_moment(2, c, -0.25) == pytest.approx(exp(-0.25 * (-2 * c)), abs=40 * c**2)
    for n, given, power in ((0, 1.0, 1.0), (2, 0.0, 1.0), (2, 1.0, -1.0)):
        with pytest.raises(UsageError):
            link_moment(n, given, power)
    with pytest.raises(UsageError, match="critical_step"):
        crossing_step(2, 0.0)
