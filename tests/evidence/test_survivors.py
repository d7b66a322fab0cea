"""What mutation testing showed that no other test saw: scales, limits, and what the evidence says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.evidence import (
    UNDERFLOW,
    Evidence,
    Verdict,
    clopper_pearson,
    pathwise,
    proportion_at_least,
    proportion_at_most,
    round_off,
    same_law,
    sequentially,
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
