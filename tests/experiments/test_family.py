"""Measured claims: what a family is, the decisions on its numbers, and the way of a claim to its verdict."""

import json

import numpy as np
import pytest

from ractheory.claims.claim import MEASURED, REFUTED, Claim, MethodSpec, ObjectiveSpec
from ractheory.compare import check_claim
from ractheory.compare.decision import exact_decision
from ractheory.errors import UsageError
from ractheory.experiments import FAMILIES, Asked, about, family
from ractheory.experiments.decisions import above_in_most_runs, all_of
from ractheory.records import CLAIM_FIELDS, dumps
from ractheory.report.table import own_rates, summary


def count_claim(stated, expected="confirmed"):
    asks = {"widths": (784, 64, 64, 5), "method": "rac-lora", "train": "A", "stated": stated}
    what = ObjectiveSpec("trained-parameters", asks)
    return Claim("table-3/x", "table-3", what, MethodSpec(), expected, evidence=MEASURED)


def test_a_measured_claim_keeps_the_contract_of_the_result_file():
    found = check_claim(count_claim(912)).to_json()
    assert found["verdict"] == "confirmed"
    assert (found["observed"], found["bound"], found["ratio"]) == (912.0, 912.0, 1.0)
    assert found["evidence"]["kind"] == "exact"
    assert found["source"] == "RAC-LoRA, Table 3"
    assert {**found, "seconds": 0.0}.keys() >= CLAIM_FIELDS.keys()
    assert json.loads(dumps(found))["parameters"]["widths"] == [784, 64, 64, 5]


def test_a_wrong_number_is_refuted():
    assert check_claim(count_claim(913, REFUTED)).as_expected


@pytest.mark.parametrize("one", FAMILIES.values(), ids=FAMILIES.keys())
def test_a_family_says_what_it_is(one):
    assert one.title
    assert one.statement.endswith(".")
    assert one.decided.endswith(".")
    assert about(one.id) is one
    if not one.module:
        return
    with pytest.raises(UsageError, match="no-such-thing"):
        one.measure(Asked("x", "no-such-thing"))


def test_a_family_without_an_experiment_measures_nothing():
    with pytest.raises(UsageError, match="tightness"):
        family("tightness").measure(Asked("x", "y"))
    with pytest.raises(UsageError, match="no-such"):
        family("no-such")


def test_the_sign_test_is_exact_and_a_tie_counts_against():
    ones = np.ones(10)
    nine = np.where(np.arange(10) == 0, -1.0, 1.0)
    assert above_in_most_runs(ones, 0 * ones, rate=2 * 2.0**-10).verdict == "confirmed"
    assert above_in_most_runs(ones, 0 * ones, rate=1.9 * 2.0**-10).verdict == "undecided"
    assert above_in_most_runs(nine, 0 * ones, rate=2 * 11 * 2.0**-10).verdict == "confirmed"
    assert above_in_most_runs(nine, 0 * ones, rate=2 * 10.9 * 2.0**-10).verdict == "undecided"
    assert above_in_most_runs(ones, ones).verdict == "refuted"
    assert above_in_most_runs(ones, ones, margin=-0.1).verdict == "confirmed"


def test_together_they_are_as_weak_as_the_weakest_and_as_wrong_as_the_sum():
    yes = above_in_most_runs(np.ones(10), np.zeros(10))
    no = above_in_most_runs(np.zeros(10), np.ones(10))
    open_ = above_in_most_runs(np.ones(3), np.zeros(3))
    sure = exact_decision("=", 1.0, 1.0, 0.0, "")
    assert all_of([("a", yes), ("b", sure)]).verdict == "confirmed"
    assert all_of([("a", yes), ("b", yes)]).evidence.error_rate == 0.02
    assert all_of([("a", yes), ("b", open_)]).verdict == "undecided"
    refuted = all_of([("a", open_), ("b", no), ("c", yes)])
    assert refuted.verdict == "refuted"
    assert "b: refuted" in refuted.evidence.detail
    assert all_of([("a", sure)]).evidence.kind == "exact"


def test_own_rates_are_told_apart_from_that_of_the_run():
    exact = {**check_claim(count_claim(912)).to_json(), "seconds": 0.0}
    own = {**exact, "evidence": {"kind": "statistical", "error_rate": 0.01}}
    theorem = {**own, "theorem": "gd-pl", "evidence": {"kind": "statistical", "error_rate": 1e-9}}
    assert own_rates([exact, own, theorem]) == [0.01]
    said = summary([exact, own, theorem], 1e-6, 1.0)[1]
    assert "error rate of the whole run 1e-06, and 0.01 for 1 claim that state" in said
