"""Deciding a proportion and a law from a number of samples that is fixed beforehand."""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt

import numpy as np
from numpy.typing import ArrayLike

from ractheory.errors import integer, real
from ractheory.evidence.betting import Array, one_axis
from ractheory.evidence.verdict import Evidence, Verdict


def clopper_pearson(successes: int, trials: int, error_rate: float) -> tuple[float, float]:
    """Return the interval that holds the proportion with probability at least 1 - error_rate.

    Exact for every proportion, half of the rate on either side. Source: Clopper and Pearson,
    Biometrika 26 (1934).

    >>> low, high = clopper_pearson(0, 10, 0.05)
    >>> low, high == 1 - 0.025 ** 0.1 or abs(high - 0.3085) < 1e-4
    (0.0, True)
    """
    n = integer("trials", trials, 0)
    k = integer("successes", successes, 0, n)
    alpha = real("error rate", error_rate, 0.0, 1.0, open_low=True, open_high=True)
    from scipy.stats import beta  # heavy, and needed here only

    low = float(beta.ppf(alpha / 2, k, n - k + 1)) if k > 0 else 0.0
    high = float(beta.isf(alpha / 2, k + 1, n - k)) if k < n else 1.0
    return low, high


def proportion_at_least(
    successes: int, trials: int, bound: float, error_rate: float
) -> tuple[Verdict, Evidence]:
    """Decide "P(success) >= bound" from a number of independent trials fixed beforehand.

    >>> proportion_at_least(990, 1000, 0.9, 1e-9)[0].value
    'confirmed'
    """
    low, high = clopper_pearson(successes, trials, error_rate)
    real("bound", bound)
    verdict = Verdict.CONFIRMED if low >= bound else Verdict.UNDECIDED
    verdict = Verdict.REFUTED if high < bound else verdict
    detail = f"{successes} of {trials}, interval [{low:.6g}, {high:.6g}], at least {bound:.6g}"
    return verdict, Evidence("statistical", error_rate, None, low, int(trials), detail)


def proportion_at_most(
    successes: int, trials: int, bound: float, error_rate: float
) -> tuple[Verdict, Evidence]:
    """Decide "P(success) <= bound" from a number of independent trials fixed beforehand.

    >>> proportion_at_most(990, 1000, 0.9, 1e-9)[0].value
    'refuted'
    """
    low, high = clopper_pearson(successes, trials, error_rate)
    real("bound", bound)
    verdict = Verdict.CONFIRMED if high <= bound else Verdict.UNDECIDED
    verdict = Verdict.REFUTED if low > bound else verdict
    detail = f"{successes} of {trials}, interval [{low:.6g}, {high:.6g}], at most {bound:.6g}"
    return verdict, Evidence("statistical", error_rate, None, high, int(trials), detail)


def same_law(
    samples: ArrayLike, cdf: Callable[[Array], ArrayLike], error_rate: float,
    tolerance: float = 0.0, left_cdf: Callable[[Array], ArrayLike] | None = None,
) -> tuple[Verdict, Evidence]:  # fmt: skip
    """Decide "sup |F_X - F| <= tolerance" from independent samples, their number fixed beforehand.

    `cdf` is F; where F has atoms, `left_cdf` is its left limit x -> P(X < x). The empirical law is
    within sqrt(log(2 / error_rate) / (2 S)) of the true one with probability 1 - error_rate, for
    every law (Massart, Annals of Probability 18 (1990)), and the verdict is right whenever it is.
    With tolerance 0 the test can refute and not confirm. confidence_bound is the upper bound of
    the distance.

    >>> grid = (np.arange(2000) + 0.5) / 2000
    >>> same_law(grid, lambda x: x, 1e-9)[0].value, same_law(grid, lambda x: x * x, 1e-9)[0].value
    ('undecided', 'refuted')
    >>> same_law(grid, lambda x: x, 1e-9, tolerance=0.1)[0].value
    'confirmed'
    """
    real("tolerance", tolerance, 0.0)
    alpha = real("error rate", error_rate, 0.0, 1.0, open_low=True, open_high=True)
    x = one_axis(samples)
    if not len(x) or np.isnan(x).any():
        detail = "no samples" if not len(x) else "some samples are NaN"
        return Verdict.UNDECIDED, Evidence("statistical", alpha, None, None, len(x), detail)
    distance = _sup_distance(x, cdf, left_cdf or cdf)
    band = sqrt(log(2.0 / alpha) / (2 * len(x)))
    verdict = Verdict.CONFIRMED if distance + band <= tolerance else Verdict.UNDECIDED
    verdict = Verdict.REFUTED if distance - band > tolerance else verdict
    detail = f"sup-distance {distance:.6g} +- {band:.6g}, tolerance {tolerance:.6g}"
    return verdict, Evidence("statistical", alpha, None, distance + band, len(x), detail)


def _sup_distance(
    x: Array, cdf: Callable[[Array], ArrayLike], left_cdf: Callable[[Array], ArrayLike]
) -> float:
    """Return sup |F_n - F|, attained at a sample or just before it (Kolmogorov's statistic)."""
    values, counts = np.unique(x, return_counts=True)
    at = np.cumsum(counts) / len(x)
    before = at - counts / len(x)
    above = np.abs(at - np.asarray(cdf(values), dtype=np.float64))
    below = np.abs(before - np.asarray(left_cdf(values), dtype=np.float64))
    return float(max(above.max(), below.max()))
