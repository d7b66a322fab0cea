"""Proportions and laws: published intervals, exact binomial sums, the exact law of Kolmogorov's D."""

from math import comb, inf, log, nan, sqrt

import numpy as np
import pytest
from scipy import stats

from ractheory.errors import UsageError
from ractheory.evidence import (
    Verdict,
    clopper_pearson,
    proportion_at_least,
    proportion_at_most,
    same_law,
)

CONFIRMED, REFUTED, UNDECIDED = Verdict.CONFIRMED, Verdict.REFUTED, Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0000, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_published_intervals(successes, trials, low, high):
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 5, four decimals."""
    assert clopper_pearson(successes, trials, 0.05) == pytest.approx((low, high), abs=5.1e-5)


def binomial_tail(k, n, p):
    return sum(comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(k, n + 1))


@pytest.mark.parametrize("error_rate", [0.05, 1e-9])
@pytest.mark.parametrize(("k", "n"), [(1, 7), (5, 12), (30, 40), (39, 40)])
def test_ends_solve_the_binomial_equations(k, n, error_rate):
    low, high = clopper_pearson(k, n, error_rate)
    assert binomial_tail(k, n, low) == pytest.approx(error_rate / 2, rel=1e-9)
    assert binomial_tail(n - k, n, 1 - high) == pytest.approx(error_rate / 2, rel=1e-9)


@pytest.mark.parametrize("p", [0.0, 0.01, 0.3, 0.5, 0.97, 1.0])
def test_exact_chance_of_a_wrong_verdict(p):
    n, error_rate = 50, 0.1
    wrong = 0.0
    for k in range(n + 1):
        chance = comb(n, k) * p**k * (1 - p) ** (n - k)
        wrong += chance * (proportion_at_least(k, n, p, error_rate)[0] is REFUTED)
        wrong += chance * (proportion_at_most(k, n, p, error_rate)[0] is REFUTED)
        wrong += chance * (proportion_at_least(k, n, p + 1e-9, error_rate)[0] is CONFIRMED)
        wrong += chance * (proportion_at_most(k, n, p - 1e-9, error_rate)[0] is CONFIRMED)
    assert wrong <= 2 * error_rate  # four one-sided statements at half of the rate


@pytest.mark.parametrize(
    ("test", "k", "n", "bound", "verdict"),
    [
        (proportion_at_least, 0, 0, 0.5, UNDECIDED),
        (proportion_at_least, 0, 0, 0.0, CONFIRMED),
        (proportion_at_least, 10, 10, 1.0, UNDECIDED),
        (proportion_at_least, 5, 10, 1.1, REFUTED),
        (proportion_at_most, 5, 10, -0.1, REFUTED),
        (proportion_at_most, 10, 10, 1.0, CONFIRMED),
        (proportion_at_most, 0, 10, 0.0, UNDECIDED),
        (proportion_at_least, 500, 1000, 0.5, UNDECIDED),
        (proportion_at_most, 500, 1000, 0.5, UNDECIDED),
        (proportion_at_most, 100, 1000, 0.5, CONFIRMED),
        (proportion_at_least, 100, 1000, 0.5, REFUTED),
    ],
)
def test_verdicts_on_proportions(test, k, n, bound, verdict):
    assert test(k, n, bound, 1e-9)[0] is verdict


@pytest.mark.parametrize("k", [-1, 11, 2.5, nan, "3"])
def test_unusable_counts_are_refused(k):
    with pytest.raises(UsageError):
        clopper_pearson(k, 10, 0.05)


def uniform(x):
    return np.clip(x, 0.0, 1.0)


@pytest.mark.parametrize("samples", [1, 5, 20, 200])
@pytest.mark.parametrize("error_rate", [0.2, 0.01, 1e-6])
def test_band_covers_by_the_exact_law_of_the_distance(samples, error_rate):
    band = same_law(np.full(samples, 0.5), uniform, error_rate)[1].confidence_bound - 0.5
    assert band == pytest.approx(sqrt(log(2 / error_rate) / (2 * samples)), rel=1e-14)
    assert stats.kstwo.sf(min(band, 1.0), samples) <= error_rate


def test_distance_is_that_of_kolmogorov_and_smirnov():
    x = np.random.default_rng([6, 7]).normal(size=333)
    evidence = same_law(x, stats.norm.cdf, 0.05)[1]
    band = sqrt(log(2 / 0.05) / (2 * len(x)))
    reference = stats.kstest(x, "norm").statistic
    assert evidence.confidence_bound - band == pytest.approx(reference, abs=1e-14)


def test_a_law_with_atoms_needs_its_left_limits():
    coin = np.array([0.0, 1.0] * 500)

    def cdf(x):
        return np.where(x < 0, 0.0, np.where(x < 1, 0.5, 1.0))

    def left(x):
        return np.where(x <= 0, 0.0, np.where(x <= 1, 0.5, 1.0))

    assert same_law(coin, cdf, 1e-9, left_cdf=left)[1].confidence_bound < 0.11
    assert same_law(coin, cdf, 1e-9, left_cdf=left)[0] is UNDECIDED
    assert same_law(coin, cdf, 1e-9, tolerance=0.11, left_cdf=left)[0] is CONFIRMED
    assert same_law(coin[:900] * 0.0, cdf, 1e-9, left_cdf=left)[0] is REFUTED


@pytest.mark.parametrize("samples", [[], [nan, 0.5]])
def test_no_verdict_on_the_law_of_nothing(samples):
    assert same_law(samples, uniform, 0.05)[0] is UNDECIDED


def test_infinite_samples_are_not_of_a_finite_law():
    assert same_law([inf] * 100, uniform, 1e-9)[0] is REFUTED
    assert same_law(np.full(100, -inf), uniform, 1e-9)[0] is REFUTED


def test_a_distance_above_the_tolerance_within_the_band_is_undecided():
    samples = (np.arange(100) + 0.5) / 100  # distance 1/200, band 0.33
    assert same_law(samples, uniform, 1e-9, tolerance=0.004)[0] is UNDECIDED
    assert same_law(samples, uniform, 1e-9, tolerance=0.006)[0] is UNDECIDED
