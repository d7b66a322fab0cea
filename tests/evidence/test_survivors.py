"""What mutation testing showed that no other test saw: scales, limits, and what the evidence says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.evidence import (
    UNDERFLOW,
    Evidence,
    Verdict,
    catoni_interval,
    clopper_pearson,
    log_e_value,
    mean_at_least,
    mean_at_most,
    pathwise,
    proportion_at_least,
    proportion_at_most,
    round_off,
    same_law,
    sequentially,
)
from ractheory.evidence.betting import (
    LARGEST_EXCESS,
    SHARES,
    log_average,
    lower_confidence_bound,
)
from ractheory.evidence.means import Sequential

EPS = float(np.finfo(np.float64).eps)


@pytest.mark.parametrize("scale", [2.0**-900, 0.25, 1.0, 3.0])
def test_round_off_is_proportional_to_the_scale(scale: float) -> None:
    assert round_off(1, scale) == scale * (EPS / (1 - EPS))


def test_round_off_of_what_is_too_small_to_be_held() -> None:
    assert round_off(7, UNDERFLOW) == 7 * UNDERFLOW


def test_an_unknown_entry_is_not_the_worst_one() -> None:
    verdict, evidence = pathwise([[np.nan, 0.5, -2.0]], 1.0)
    assert (verdict, evidence.worst_at, evidence.worst) == (Verdict.REFUTED, (0, 2), 2.0)
    assert (evidence.error_rate, evidence.seeds) == (0.0, 1)
    assert "1 of 2 entries violated, 1 unknown" in evidence.detail


def test_equality_without_allowance_is_no_violation() -> None:
    verdict, evidence = pathwise([0.0, 1.0], 0.0)
    assert (verdict, evidence.worst, evidence.worst_at) == (Verdict.CONFIRMED, 0.0, (0,))


def test_evidence_on_nothing_says_so() -> None:
    verdict, evidence = pathwise(np.full((3, 2), np.nan), 1.0)
    assert (verdict, evidence.error_rate, evidence.seeds) == (Verdict.UNDECIDED, 0.0, 3)
    assert evidence.detail == "no entry of 6 can be compared"
    assert pathwise(1.0, 0.0)[1].seeds == 1


@pytest.mark.parametrize("rate", [0.0, 1.0, 1.5, -0.1])
def test_an_error_rate_lies_between_zero_and_one(rate: float) -> None:
    with pytest.raises(UsageError, match="error rate = "):
        clopper_pearson(1, 2, rate)
    with pytest.raises(UsageError, match="error rate = "):
        same_law([0.5], lambda x: x, rate)


@pytest.mark.parametrize(("test", "end"), [(proportion_at_least, 0), (proportion_at_most, 1)])
def test_a_proportion_says_what_it_rests_on(test: object, end: int) -> None:
    verdict, evidence = test(9, 10, 0.5, 0.2)  # type: ignore[operator]
    interval = clopper_pearson(9, 10, 0.2)
    assert evidence.error_rate == 0.2
    assert evidence.seeds == 10
    assert evidence.confidence_bound == interval[end]
    assert "9 of 10" in evidence.detail
    assert verdict is (Verdict.CONFIRMED if end == 0 else Verdict.REFUTED)


def test_a_law_of_nothing_is_open_and_says_why() -> None:
    for samples, why in (([], "no samples"), ([np.nan], "some samples are NaN")):
        verdict, evidence = same_law(samples, lambda x: x, 0.1)
        assert (verdict, evidence.detail) == (Verdict.UNDECIDED, why)
        assert (evidence.error_rate, evidence.seeds) == (0.1, len(samples))
    with pytest.raises(UsageError, match="tolerance = "):
        same_law([0.5], lambda x: x, 0.1, -1.0)


def test_a_block_and_a_cap_of_one_are_enough() -> None:
    test = sequentially(Sequential(1.0, None, 0.1), lambda s, n: np.ones(n), 1, 1)
    assert test.seeds == 1
    for arguments, name in (((0, 1), "block"), ((1, 0), "cap")):
        with pytest.raises(UsageError, match=f"{name} = 0"):
            sequentially(Sequential(1.0, None, 0.1), lambda s, n: np.ones(n), *arguments)


def test_both_infinities_become_numbers_in_json() -> None:
    largest = float(np.finfo(np.float64).max)
    for value, shown in ((np.inf, largest), (-np.inf, -largest), (np.nan, None)):
        found = Evidence("exact", 0.0, None, value, 0, "").to_json()["confidence_bound"]
        assert found == shown


# Betting.


def test_wealths_of_any_size_stand_side_by_side() -> None:
    wealth = np.tile([0.0, -2000.0, 900.0], (len(SHARES), 1))
    assert log_average(wealth).tolist() == [0.0, -2000.0, 900.0]


def test_an_excess_beyond_floating_point_counts_as_the_largest() -> None:
    assert log_e_value([1e300], 1e-300) == log_e_value([2 * LARGEST_EXCESS], 1.0)
    assert log_e_value([1e300], 1e-300) > np.log(LARGEST_EXCESS) - 4


def test_a_lower_bound_too_far_below_the_mean_is_zero() -> None:
    assert lower_confidence_bound(np.ones(1), 100.0) == 0.0


@pytest.mark.parametrize("zeros", [1, 9])
def test_zeros_count_as_zeros_in_a_lower_bound(zeros: int) -> None:
    """Of a share 1/(1 + zeros) of ones the mean is that share, and the bound lies below it."""
    samples = np.tile([1.0] + [0.0] * zeros, 200)
    bound = mean_at_least(samples, 1e-3, None, 0.05)[1].confidence_bound
    assert bound is not None
    assert 0.5 * samples.mean() < bound < samples.mean()


# What the test of a mean says of itself.


def test_an_assumption_once_broken_stays_broken() -> None:
    test = Sequential(0.5, 1.0, 0.1).fed([-1.0]).fed(np.zeros(500))
    assert (test.verdict, test.broken) == (Verdict.UNDECIDED, "X >= 0")
    assert Sequential(0.5, 1.0, 0.1).fed(np.zeros(500)).verdict is Verdict.CONFIRMED


@pytest.mark.parametrize("bound", [np.inf, -np.inf])
@pytest.mark.parametrize("test", [mean_at_most, mean_at_least])
def test_an_infinite_bound_decides_nothing(test: object, bound: float) -> None:
    verdict, evidence = test(np.ones(50), bound, 2.0, 0.1)  # type: ignore[operator]
    assert (verdict, evidence.log10_e_value) == (Verdict.UNDECIDED, 0.0)
    assert "bound is not finite" in evidence.detail
    assert "log10 e-values 0 against, 0 for" in evidence.detail


@pytest.mark.parametrize(("value", "bound", "ceiling"), [(0.0, 0.0, None), (2.0, 2.0, 2.0)])
def test_samples_that_rest_on_the_end_of_the_range_say_nothing(
    value: float, bound: float, ceiling: float | None
) -> None:
    for test in (mean_at_most, mean_at_least):
        detail = test(np.full(9, value), bound, ceiling, 0.1)[1].detail
        assert "e-values 0 against, 0 for" in detail


def test_the_evidence_of_a_mean_is_complete() -> None:
    verdict, evidence = mean_at_most(np.tile([1.0, 2.0], 10), 0.5, 3.0, 0.01)
    assert (verdict, evidence.kind, evidence.error_rate, evidence.seeds) == (
        Verdict.REFUTED, "statistical", 0.01, 20,
    )  # fmt: skip
    assert evidence.e_value == pytest.approx(np.exp(log_e_value(np.tile([1.0, 2.0], 10), 0.5)))
    assert evidence.log10_e_value == pytest.approx(np.log10(evidence.e_value))
    assert "mean 1.5 of 20 seeds, bound 0.5" in evidence.detail
    assert "not finite" not in evidence.detail


def test_an_e_value_is_given_where_something_was_staked() -> None:
    assert mean_at_most(np.ones(3), 1.0, None, 0.1)[1].e_value == 1.0
    assert mean_at_least(np.ones(3), 1.0, 2.0, 0.1)[1].e_value == 1.0
    unknown = mean_at_least(np.ones(3), 1.0, None, 0.1)[1]
    assert (unknown.e_value, unknown.log10_e_value) == (None, None)


def test_an_e_value_beyond_floating_point_is_infinite_and_its_logarithm_is_not() -> None:
    evidence = mean_at_most(np.full(1030, 2.0), 1.0, None, 0.1)[1]
    assert evidence.log10_e_value is not None
    assert 308.25 < evidence.log10_e_value < 309.0
    assert evidence.e_value == np.inf


def test_nothing_fed_is_nothing_known() -> None:
    evidence = Sequential(1.0, 2.0, 0.1).evidence()
    assert (evidence.seeds, evidence.confidence_bound, evidence.e_value) == (0, None, 1.0)
    assert "mean nan of 0 seeds" in evidence.detail


@pytest.mark.parametrize("samples", [[1.5e308, 1.5e308], [np.inf, -np.inf]])
def test_a_mean_that_cannot_be_held_is_told_without_a_warning(samples: list[float]) -> None:
    assert "mean inf" in mean_at_most(np.abs(samples), 1.0, None, 0.1)[1].detail
    assert "of 2 seeds" in mean_at_most(samples, 1.0, None, 0.1)[1].detail


# Laws, intervals, paths.


def test_a_distance_exactly_at_the_end_of_its_interval() -> None:
    """All samples at 0 of the uniform law: the distance is 1, the band that of Massart."""
    samples = np.zeros(100)
    band = np.sqrt(np.log(2 / 0.1) / 200)
    at_top, evidence = same_law(samples, lambda x: x, 0.1, tolerance=1.0 + band)
    assert at_top is Verdict.CONFIRMED
    assert (evidence.error_rate, evidence.seeds) == (0.1, 100)
    assert evidence.confidence_bound == 1.0 + band
    assert evidence.detail.startswith("sup-distance 1 +- ")
    assert same_law(samples, lambda x: x, 0.1, tolerance=1.0 - band)[0] is Verdict.UNDECIDED


def test_the_interval_of_catoni_is_that_of_the_definition() -> None:
    """Catoni 2012: the root of sum psi(a (x - m)), psi(u) = log(1 + u + u^2/2), for his a of Proposition 2.4."""
    x = np.random.default_rng(7).gamma(0.3, size=60) * 5.0 - 1.0
    n, v, stake = 60, 7.5, float(np.log(2 / 0.01))
    a = np.sqrt(2 * stake / (n * (v + 2 * v * stake / (n - 2 * stake))))

    def influence(m: float) -> float:
        u = a * (x - m)
        return float(np.where(u > 0, np.log(1 + u + u**2 / 2), -np.log(1 - u + u**2 / 2)).sum())

    low, high = catoni_interval(x, v, 0.01)
    middle = (low + high) / 2
    assert influence(middle - 1e-9) > 0 > influence(middle + 1e-9)
    assert abs(middle - x.mean()) > 0.01
    assert high - middle == pytest.approx(np.sqrt(2 * v * stake / (n - 2 * stake)))


def test_the_interval_of_catoni_is_finite_as_soon_as_the_samples_suffice() -> None:
    """log(2/0.05) = 3.69: more than 7.38 samples."""
    assert np.isfinite(catoni_interval(np.arange(8.0), 6.0, 0.05)).all()
    assert not np.isfinite(catoni_interval(np.arange(7.0), 6.0, 0.05)).any()
    for rate in (0.0, 1.0, 1.5):
        with pytest.raises(UsageError, match="error rate = "):
            catoni_interval(np.arange(50.0), 1.0, rate)


def test_round_off_beyond_floating_point_is_infinite_without_a_warning() -> None:
    assert round_off(0.95 / EPS, 1e308) == np.inf


def test_a_mask_of_ones_and_zeros_is_a_mask() -> None:
    verdict, evidence = pathwise([-1.0, 1.0], 0.0, masked=[1, 0])
    assert (verdict, evidence.worst_at) == (Verdict.CONFIRMED, (1,))


def test_a_violation_beyond_floating_point_is_told_without_a_warning() -> None:
    verdict, evidence = pathwise([-1e300], 1e-300)
    assert (verdict, evidence.worst) == (Verdict.REFUTED, np.inf)


def test_what_evidence_does_not_have_is_none() -> None:
    evidence = Evidence("exact", 0.0, None, None, 0, "")
    assert (evidence.worst, evidence.worst_at, evidence.log10_e_value) == (None, None, None)
