"""The calibration study plays the tests that the verdicts use, and can itself fail."""

import json
from math import log

import numpy as np
import pytest
from scipy import stats

from ractheory.evidence import (
    Sequential,
    Verdict,
    claim_error_rate,
    clopper_pearson,
    mean_at_most,
    same_law,
)
from ractheory.trust import calibration as study
from ractheory.trust.calibration import LAWS, LOOK, NOMINAL_RATES, generator

REFERENCE = {
    "point mass": stats.rv_discrete(values=([1], [1.0])),
    "bernoulli 1/2": stats.rv_discrete(values=([0, 2], [0.5, 0.5])),
    "two-point 1/100": stats.rv_discrete(values=([0, 100], [0.99, 0.01])),
    "beta(2, 5)": stats.beta(2, 5, scale=3.5),
    "beta(1/10, 1/10)": stats.beta(0.1, 0.1, scale=2),
    "exponential": stats.expon(),
    "lognormal, sigma 3/2": stats.lognorm(1.5, scale=np.exp(-9 / 8)),
    "pareto, index 3/2": stats.pareto(1.5, scale=1 / 3),
}
QUICK = {"cases": 150, "seeds": 128, "power_cases": 10, "longest": 1000}


@pytest.fixture(scope="module")
def quick():
    return study.calibrate(**QUICK)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_every_law_has_mean_one_and_stays_below_its_ceiling(law):
    reference = REFERENCE[law.name]
    assert reference.mean() == pytest.approx(1.0, rel=1e-9)
    assert reference.support()[1] <= law.ceiling
    x = law.draw(generator(1, "law", law.name), (20000,))
    discrete = not hasattr(reference, "pdf")
    left = (lambda v: reference.cdf(np.ceil(v) - 1)) if discrete else None
    verdict, evidence = same_law(x, reference.cdf, 1e-9, tolerance=0.05, left_cdf=left)
    assert verdict is Verdict.CONFIRMED, evidence.detail
    assert x.min() >= 0.0
    assert x.max() <= law.ceiling


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_the_study_plays_the_test_of_the_verdicts(law, scale):
    """Fed look by look, `Sequential` refutes exactly the cases that the study counts."""
    samples = scale * law.draw(generator(2, "same path", law.name), (80, 6))
    highest = study.highest_log_e_value(samples - 1.0)
    for case, log_e in zip(samples.T, highest, strict=True):
        test = Sequential(1.0, None, 0.05)
        for first in range(0, len(case), LOOK):
            test = test.fed(case[first : first + LOOK])
        assert (test.verdict is Verdict.REFUTED) == (log_e >= log(40.0))


def test_false_verdicts_stay_below_the_rate_that_each_side_may_use(quick):
    """Half of the rate belongs to either side; by chance the limit fails once in a million."""
    for side in ("refuted", "confirmed"):
        rows = quick["null"][side]
        assert [row["nominal"] for row in rows] == list(NOMINAL_RATES)
        for row in rows:
            assert row["cases"] == QUICK["cases"] * (len(LAWS) if side == "refuted" else 5)
            assert row["wrong"] <= stats.binom.isf(1e-6, row["cases"], row["nominal"] / 2)
            assert row["interval"] == list(clopper_pearson(row["wrong"], row["cases"], 0.05))
        assert rows[-1]["wrong"] == 0


def test_the_study_sees_claims_that_are_not_true():
    """Played on claims false by half, the shares exceed the nominal rate: the study can fail."""
    exponential = next(law for law in LAWS if law.name == "exponential")
    samples = 1.5 * exponential.draw(generator(3, "false"), (128, 200))
    row = study._rates(study.highest_log_e_value(samples - 1.0))[0]
    assert row["interval"][0] > row["nominal"]


def test_power_grows_with_the_seeds_and_with_the_falsehood(quick):
    rows = quick["power"]
    assert len(rows) == len(LAWS) * len(study.FALSE_BY) * len(NOMINAL_RATES)
    for row in rows:
        assert row["seeds"] == [10, 32, 100, 316, 1000]
        assert row["power"] == sorted(row["power"])
        assert all(0.0 <= share <= 1.0 for share in row["power"])
    largest = {row["law"]: row["power"][-1] for row in rows
               if (row["false_by"], row["nominal"]) == (0.5, 0.05)}  # fmt: skip
    assert largest["exponential"] == largest["bernoulli 1/2"] == 1.0
    assert largest["pareto, index 3/2"] > 0.5


def test_power_of_a_point_mass_is_the_arithmetic(quick):
    """X = 1.2 b surely: refuted once the average over the shares of (1 + lam/5)^S is 2/alpha."""
    row = next(row for row in quick["power"]
               if (row["law"], row["false_by"], row["nominal"])
               == ("point mass", 0.2, claim_error_rate()))  # fmt: skip
    wealth = [np.mean((1 + 0.2 * study.betting.SHARES) ** seeds) for seeds in row["seeds"]]
    assert row["power"] == [float(w >= 2e9) for w in wealth]


def test_confidence_bound_covers_the_mean_of_a_continuous_law():
    """300 cases; at most the number of misses that chance exceeds once in a million."""
    law = next(law for law in LAWS if law.name == "beta(1/10, 1/10)")
    samples = law.draw(generator(4, "coverage"), (48, 300))
    bounds = [mean_at_most(x, 0.5, law.ceiling, 0.05)[1].confidence_bound for x in samples.T]
    assert sum(bound < 1.0 for bound in bounds) <= stats.binom.isf(1e-6, 300, 0.025)
    assert all(bound < law.ceiling for bound in bounds)


def test_the_result_is_json_and_depends_on_the_seed_alone(quick):
    text = json.dumps(quick, allow_nan=False)
    assert json.loads(text) == json.loads(json.dumps(study.calibrate(**QUICK)))
    assert quick["stated_rate"] == claim_error_rate()
    assert quick["null_cases"] == 150 * len(LAWS)
    assert all(law.ceiling > 1.0 for law in LAWS)


def test_default_study_has_ten_thousand_null_cases():
    assert study.calibrate.__defaults__[1] * len(LAWS) >= 10_000


@pytest.mark.slow
def test_the_default_study_refutes_nothing_at_the_rate_of_a_run():
    """The README says so, and quotes the shares at the nominal rates, which stay below them."""
    defaults = study.calibrate.__defaults__
    five, one, judged = study.null_study(*defaults[:3])["refuted"]
    assert judged["wrong"] == 0
    assert five["interval"][1] < 0.05
    assert one["interval"][1] < 0.01
