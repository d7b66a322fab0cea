"""Radius, limit and best step against dense linear algebra and the closed forms of the theory."""

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.exact import moments as mo
from ractheory.exact.recursion import RowRecursion
from ractheory.exact.stability import Stability, secular_root

EPS = np.finfo(float).eps
SPECTRA = {
    "flat": np.ones(6),
    "power": 1 / np.arange(1.0, 9),
    "spiked": np.array([1.0] + [1e-3] * 19),
    "singular": np.array([3.0, 1.0, 0.0, 0.0]),
}
SKETCHES = [mo.haar, mo.coordinate, mo.gaussian_factor]


def cases():
    return [(k, sketch, r) for k in SPECTRA for sketch in SKETCHES for r in (1, 2, 3)]


@pytest.mark.parametrize(("name", "sketch", "r"), cases())
def test_radius_is_the_largest_eigenvalue_of_m(name, sketch, r):
    k = SPECTRA[name]
    chain = Stability.of(k, sketch(len(k), r))
    positive = k[k > 0]
    for share in (0.1, 0.5, 0.9, 1.0, 1.3):
        gamma = share * chain.step_limit()
        M = RowRecursion(positive, gamma, sketch(len(k), r).convert(float)).matrix()
        S = positive[:, None] * M / positive[None, :]  # symmetric: see the module
        # Symmetric eigenvalues err by at most m eps |S| times a small constant.
        tolerance = 20 * len(k) * EPS * np.linalg.norm(S)
        assert abs(chain.radius(gamma) - np.linalg.eigvalsh((S + S.T) / 2).max()) <= tolerance


@pytest.mark.parametrize(("name", "sketch", "r"), cases())
def test_the_limit_separates_convergence_from_divergence(name, sketch, r):
    k = SPECTRA[name]
    chain = Stability.of(k, sketch(len(k), r))
    limit = chain.step_limit()
    assert chain.radius(0.999 * limit) < 1 < chain.radius(1.001 * limit)
    assert chain.stable(0.999 * limit)
    assert not chain.stable(1.001 * limit)
    m, gamma = chain.moments, 0.999 * limit
    load = gamma * m.spread * k / (2 * m.mean - gamma * m.same * k)
    assert load.sum() < 1


@pytest.mark.parametrize(("name", "sketch", "r"), cases())
def test_the_best_step_is_where_the_convex_radius_turns(name, sketch, r):
    k = SPECTRA[name]
    chain = Stability.of(k, sketch(len(k), r))
    best = chain.best_step()
    assert 0 < best < chain.step_limit()
    assert chain.slope(0.999 * best * chain.L) < 0 < chain.slope(1.001 * best * chain.L)
    rate = chain.radius(best)
    for share in (0.5, 0.9, 0.99, 1.01, 1.1):
        assert rate <= chain.radius(share * best) + 20 * len(k) * EPS
    effective = mo.Moments.effective_smoothness(chain.moments, chain.L, k.sum())
    slack = 20 * len(k) * EPS
    assert rate <= chain.radius(1 / effective) + slack
    assert chain.radius(1 / effective) <= chain.radius(0.5 / effective) + slack


@pytest.mark.parametrize("r", [1, 3, 6])
def test_flat_spectra_have_the_closed_form(r):
    """kappa = 1: every row contracts by 1 - rho gamma (2 - gamma); limit 2/L, best step 1/L."""
    chain = Stability.of(2 * np.ones(6), mo.haar(6, r))
    assert abs(chain.step_limit() - 1) <= 8 * EPS
    assert abs(chain.best_step() - 0.5) <= 1e-7  # a minimum of a smooth function: sqrt(eps)
    for gamma in (0.1, 0.5, 0.8):
        assert abs(chain.radius(gamma) - (1 - r / 6 * 2 * gamma * (2 - 2 * gamma))) <= 16 * EPS


def test_effective_dimension_allows_steps_far_above_two_over_l():
    chain = Stability.of(SPECTRA["spiked"], mo.haar(20, 1))
    assert chain.step_limit() > 5 * 2 / chain.L


def test_large_spectra_take_no_time_and_extreme_ones_no_error():
    chain = Stability.of(1 / np.arange(1.0, 2001) ** 2, mo.haar(2000, 20))
    assert chain.radius(chain.best_step()) < 1
    for k in (np.array([1.0, 1e-90]), np.array([1e90, 1e-90]), np.array([1e-100])):
        wild = Stability.of(k, mo.haar(max(2, len(k)), 1))
        assert 0 < wild.best_step() <= wild.step_limit() < np.inf
    assert chain.radius(1e200) == np.inf


def test_secular_root_of_decoupled_poles_is_the_largest_pole():
    assert secular_root(np.array([1.0, 3.0]), np.zeros(2)) == 3.0
    assert secular_root(np.array([1.0, 3.0]), np.array([0.5, 0.0])) == 3.0


def test_a_zero_spectrum_is_refused():
    with pytest.raises(UsageError, match="largest eigenvalue"):
        Stability.of(np.zeros(3), mo.haar(3, 1))
