"""Words, shares of the error rate, and evidence as JSON."""

import json
from math import inf, nan

import pytest

from ractheory.errors import UsageError
from ractheory.evidence import (
    CLAIM_CAPACITY,
    RUN_ERROR_RATE,
    Evidence,
    Verdict,
    claim_error_rate,
)


def test_words_are_those_of_the_result_files():
    assert [v.value for v in Verdict] == ["confirmed", "refuted", "undecided", "not-applicable"]
    assert json.dumps(Verdict.NOT_APPLICABLE) == '"not-applicable"'


def test_the_shares_of_all_claims_add_up_to_at_most_the_rate_of_the_run():
    assert RUN_ERROR_RATE == 1e-6
    assert CLAIM_CAPACITY * claim_error_rate() == pytest.approx(RUN_ERROR_RATE, rel=1e-15)


@pytest.mark.parametrize("rate", [0.0, 1.0, -1e-6, nan, "often"])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(UsageError):
        claim_error_rate(rate)


@pytest.mark.parametrize(
    ("e_value", "power"), [(1e-3, -3.0), (0.0, -inf), (inf, inf), (100.0, 2.0)]
)
def test_logarithm_of_the_e_value_is_kept(e_value, power):
    evidence = Evidence("statistical", 0.05, e_value, None, 3, "")
    assert evidence.log10_e_value == pytest.approx(power, abs=1e-15)
    text = json.dumps(evidence.to_json(), allow_nan=False)
    assert json.loads(text)["seeds"] == 3


def test_what_is_not_a_number_is_null_in_json():
    evidence = Evidence("exact", 0.0, None, nan, 0, "", worst_at=(1, 2))
    assert evidence.to_json()["confidence_bound"] is None
    assert evidence.to_json()["worst_at"] == [1, 2]


def test_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="kind"):
        Evidence("hearsay", 0.0, None, None, 0, "")
