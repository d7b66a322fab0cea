"""The interval of Catoni: it covers, it narrows, and it does not mind heavy tails."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.evidence import catoni_interval


def test_coverage_under_a_heavy_tail() -> None:
    rng = np.random.default_rng(11)
    # Student t with 3 degrees of freedom: variance 3, no third moment.
    misses = 0
    for _ in range(400):
        low, high = catoni_interval(rng.standard_t(3, 300), 3.0, 0.05)
        misses += not low <= 0.0 <= high
    assert misses <= 36  # 20 expected at the stated rate; 36 has probability below 1e-3


def test_width_is_that_of_the_stated_formula() -> None:
    x = np.random.default_rng(5).normal(size=10_000)
    low, high = catoni_interval(x, 1.0, 1e-9)
    stake = np.log(2e9)
    assert high - low == pytest.approx(2 * np.sqrt(2 * stake / (10_000 - 2 * stake)))
    assert low < x.mean() < high


def test_an_outlier_moves_it_little() -> None:
    x = np.append(np.random.default_rng(5).normal(size=9_999), 1e9)
    low, high = catoni_interval(x, 1.0, 1e-9)
    assert -0.1 < low < high < 0.2


def test_too_few_samples_say_nothing_and_nonsense_is_refused() -> None:
    assert catoni_interval([1.0, 2.0], 1.0, 0.05) == (-np.inf, np.inf)
    for wrong in ([np.inf, 1.0], [[1.0]]):
        with pytest.raises(UsageError):
            catoni_interval(wrong, 1.0, 0.05)
    with pytest.raises(UsageError):
        catoni_interval([1.0], 0.0, 0.05)
