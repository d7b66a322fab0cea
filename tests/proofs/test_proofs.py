"""Every proof is accepted, and every planted error is rejected."""

from pathlib import Path

import pytest

import proofs_check
from ractheory.errors import UsageError
from ractheory.theorems import THEOREMS

HEAVY = {
    "accelerated", "bernoulli-gd-nonconvex", "bernoulli-gd-pl", "bernoulli-sgd-nonconvex",
    "bernoulli-sgd-pl", "cola-every-step", "effective-dimension", "exact-links", "exact-quadratic",
    "fed-rr-nonconvex", "fed-rr-pl", "inner-solver", "lora-adaptive", "plain-gradient", "rr-pl",
    "sgd-pl", "time-uniform",
}  # fmt: skip
"""More than a second each: left to the slow suite, and to `ractheory proofs`."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=[pytest.mark.slow] if x in HEAVY else []) for x in proofs_check.PROOFS],
)
def test_proved(name: str) -> None:
    report = proofs_check.check(name)
    assert report.status == "proved", report.steps[-1].statement
    assert report.survivors == ()
    assert report.planted == report.rejected
    concluded = {s.name.removeprefix("conclusion: ") for s in report.steps}
    assert {s.name for s in THEOREMS[name].statements} <= concluded


def test_report_has_the_shape_of_the_contract() -> None:
    document = proofs_check.check("descent").to_json()
    assert {"id", "status", "steps", "cited", "planted", "rejected"} <= document.keys()
    assert all({"name", "status", "seconds"} <= step.keys() for step in document["steps"])
    assert document["cited"] == ["descent lemma"]


def test_check_all_takes_names() -> None:
    assert [r.id for r in proofs_check.check_all(["descent"])] == ["descent"]


def test_an_unknown_proof_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="allowed is"):
        proofs_check.check("no-such-theorem")


def test_a_report_reads_as_a_proof() -> None:
    """What is brought in, each step, and why each wrong version fails: in plain mathematics."""
    report = proofs_check.check("gd-pl")
    assert "E delta_{t+1} <= E delta_t - a E|G_t|^2" in report.account
    assert "PL: mu (f(W_t) - f*) <= |G_t|^2/2" in report.assumed
    texts = {step.name: step.text for step in report.steps}
    assert texts["mu is at most L"] == "mu <= L"
    assert texts["divide by f - f* > 0"] == "0 <= -2 mu + 2 L"
    assert all(report.reasons.values())
    assert not any("\\" in text for text in (*texts.values(), *report.assumed))


@pytest.mark.parametrize("name", ["descent", "gd-pl", "rank-floor", "time-uniform"])
def test_a_dropped_hypothesis_is_missed_by_its_name(name: str) -> None:
    reasons = proofs_check.check(name).reasons
    for planted, why in reasons.items():
        if planted.startswith("without "):
            assert planted.removeprefix("without ") in str(why)
        else:
            assert "no relation" not in str(why)


def test_every_theorem_is_proved_here() -> None:
    assert set(proofs_check.PROOFS) == set(THEOREMS)


def test_no_file_of_the_checker_is_long() -> None:
    root = Path(proofs_check.__file__).parent
    assert [
        p.name for p in root.rglob("*.py") if len(p.read_text(encoding="utf-8").splitlines()) > 400
    ] == []
