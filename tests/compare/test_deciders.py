"""Every decider is seen to confirm, to refute, and to abstain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ractheory.claims import claim
from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.compare import check_claim
from ractheory.compare.decision import Decision, combined, computed, exact_decision
from ractheory.compare.scalar import simplest
from ractheory.evidence import Evidence, Verdict

SEED = "test-deciders"
CONFIRMED, REFUTED, UNDECIDED = "confirmed", "refuted", "undecided"


def verdict(name: str, **changes: object) -> str:
    c = replace(claim(name), **changes)  # type: ignore[arg-type]
    return check_claim(c, SEED).verdict.value


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        # in expectation, exact: an inequality, an equality, a strict inequality
        ("effective-dimension/spectrum-left/haar-r1", {}, CONFIRMED),
        ("effective-dimension/spectrum-left/haar-r1", {"bound_factor": 0.01}, REFUTED),
        ("cola-mean-square/isotropic/stable-r1", {}, CONFIRMED),
        ("cola-mean-square/isotropic/stable-r1", {"bound_factor": 1.001}, REFUTED),
        ("cola-mean-square/isotropic/gammaL1-growth", {}, CONFIRMED),
        ("cola-mean-square/isotropic/gammaL1-growth", {"bound_factor": 1e9}, REFUTED),
        # in expectation, sampled, above 2/L: no ceiling, no confirmation
        ("plain-gradient/logistic-breast-cancer/r2", {"seeds": 50}, UNDECIDED),
        ("plain-gradient/logistic-breast-cancer/r2", {"seeds": 100, "bound_factor": 0.02}, REFUTED),
        # at least, sampled
        ("link-lower-bound/isotropic/adamw-r2", {"seeds": 200}, CONFIRMED),
        ("link-lower-bound/full-parameter-steps/masked", {}, REFUTED),
        ("link-lower-bound/isotropic/adamw-r2", {"seeds": 5}, UNDECIDED),
        # one link, everywhere
        ("plain-gradient/spectrum-left/r1-one-step", {}, CONFIRMED),
        ("plain-gradient/spectrum-left/r1-one-step", {"bound_factor": 0.99}, REFUTED),
        ("exact-quadratic/spectrum-left/r2-one-step", {"bound_factor": 1.001}, REFUTED),
        ("cola-every-step/scalar/mean-square", {"seeds": 100}, CONFIRMED),
        ("cola-every-step/scalar/mean-square", {"seeds": 100, "bound_factor": 1.01}, REFUTED),
        # all times
        ("time-uniform/isotropic/haar-r1/all-times", {}, CONFIRMED),
        ("time-uniform/isotropic/haar-r1/all-times", {"bound_factor": 0.05}, REFUTED),
        ("time-uniform/isotropic/haar-r1/all-times", {"seeds": 50}, UNDECIDED),
        # laws
        ("time-uniform/vector/beta-law-r1", {}, CONFIRMED),
        ("time-uniform/another-law/masked", {}, REFUTED),
        ("time-uniform/vector/beta-law-r1", {"seeds": 100}, UNDECIDED),
        # limits
        ("time-uniform/vector/rate-of-the-product", {"seeds": 100}, CONFIRMED),
        ("time-uniform/vector/rate-of-the-product", {"seeds": 100, "bound_factor": 1.01}, REFUTED),
        ("cola-almost-sure/a-smaller-step/masked", {}, REFUTED),
        ("cola-almost-sure/a-smaller-step/masked", {"seeds": 20}, UNDECIDED),
        ("time-uniform/isotropic/haar-r1/almost-sure-rate", {}, CONFIRMED),
        ("time-uniform/isotropic/haar-r1/almost-sure-rate", {"bound_factor": 1.4}, UNDECIDED),
        ("time-uniform/isotropic/vanishing-gradient", {}, CONFIRMED),
        ("time-uniform/isotropic/vanishing-gradient", {"steps": 20}, UNDECIDED),
        ("time-uniform/frozen-sketch-gradient/masked", {}, REFUTED),
        # escape: a positive probability is never refuted by runs
        ("cola-every-step/scalar/escape-from-afar", {"seeds": 100}, CONFIRMED),
        ("cola-every-step/scalar/escape-from-near", {"seeds": 100}, UNDECIDED),
        # equalities and strict inequalities on every path
        ("sharpness/isotropic/formula-r1", {}, CONFIRMED),
        ("sharpness/isotropic/formula-r1", {"bound_factor": 1 + 1e-9}, REFUTED),
        ("sharpness/isotropic/unstable-r1", {}, CONFIRMED),
        ("sharpness/isotropic/unstable-r1", {"bound_factor": 1e6}, REFUTED),
    ],
)  # fmt: skip
def test_decider(name: str, changes: dict[str, object], expected: str) -> None:
    assert verdict(name, **changes) == expected


def test_a_link_is_confirmed_by_runs_only_on_average_and_with_a_ceiling() -> None:
    c = Claim("t", "gd-pl", ObjectiveSpec("logistic-synthetic"), MethodSpec(), statement="one step",
              steps=20, seeds=300)  # fmt: skip
    outcome = check_claim(c, SEED)
    assert outcome.verdict is Verdict.CONFIRMED
    assert outcome.decision.evidence.kind == "statistical"
    assert "on average" in outcome.decision.evidence.detail
    assert check_claim(replace(c, bound_factor=0.5), SEED).verdict is Verdict.REFUTED
    masked = replace(c, declared=c.method)
    assert check_claim(masked, SEED).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("relation", "value", "bound", "noise", "expected"),
    [
        ("<=", 1.0, 2.0, 0.0, CONFIRMED),
        ("<=", 2.0, 1.0, 0.0, REFUTED),
        ("<=", 1.0, 1.0 - 1e-9, 1e-8, CONFIRMED),
        (">=", 1.0, 2.0, 0.0, REFUTED),
        ("=", 1.0, 1.0 + 1e-9, 1e-8, CONFIRMED),
        ("=", 1.0, 1.1, 1e-8, REFUTED),
        (">", 1.0, 1.0, 1e-8, UNDECIDED),
        (">", 2.0, 1.0, 1e-8, CONFIRMED),
        ("<", 2.0, 1.0, 1e-8, REFUTED),
        ("<=", 1.0, 1.5, 1.0, UNDECIDED),
        ("<=", float("nan"), 1.0, 0.0, UNDECIDED),
    ],
)
def test_exact_comparison(
    relation: str, value: float, bound: float, noise: float, expected: str
) -> None:
    assert exact_decision(relation, value, bound, noise, "").verdict.value == expected


def test_a_run_whose_sketches_all_miss_the_gradient_refutes_no_limit() -> None:
    """Signs that add up to zero miss rows of equal entries: by chance in one of 32 runs at every of four links."""
    f = ObjectiveSpec("ridge-synthetic", {"m": 6, "n": 10, "seed": 580098731})
    method = MethodSpec("rac-lora", 0.1, rank=1, side="right", law="rademacher")
    asked = Claim("anywhere/580098731", "time-uniform", f, method, statement="vanishing gradient",
                  steps=4, seeds=32, start="offset:1")  # fmt: skip
    decision = check_claim(asked, "anywhere").decision
    assert decision.verdict is Verdict.UNDECIDED
    assert "stand still above it: 1 of 32" in decision.evidence.detail


def test_the_runs_go_first_and_whatever_refutes_refutes() -> None:
    sampled = {
        v: Decision(v, Evidence("statistical", 1e-9, 1.0, None, 10, "runs"), 1.0, 2.0)
        for v in (Verdict.CONFIRMED, Verdict.REFUTED, Verdict.UNDECIDED)
    }
    right = exact_decision("<=", 1.0, 2.0, 0.0, "computed")
    wrong = exact_decision("<=", 3.0, 2.0, 0.0, "computed")
    for exact, runs, verdict, kind in [
        (right, Verdict.CONFIRMED, Verdict.CONFIRMED, "statistical"),
        (right, Verdict.REFUTED, Verdict.REFUTED, "statistical"),
        (right, Verdict.UNDECIDED, Verdict.CONFIRMED, "exact"),
        (wrong, Verdict.CONFIRMED, Verdict.REFUTED, "exact"),
        (wrong, Verdict.UNDECIDED, Verdict.REFUTED, "exact"),
    ]:
        both = combined(exact, sampled[runs])
        assert (both.verdict, both.evidence.kind) == (verdict, kind)
        assert "runs" in both.evidence.detail
        assert "computed" in both.evidence.detail
    assert computed(right, sampled[Verdict.CONFIRMED]).evidence.kind == "exact"
    assert computed(right, sampled[Verdict.REFUTED]).verdict is Verdict.REFUTED
    assert combined(None, sampled[Verdict.REFUTED]) is sampled[Verdict.REFUTED]


def test_the_exact_curve_of_a_record_is_that_of_the_recursion() -> None:
    outcome = check_claim(replace(claim("gd-pl/isotropic/haar-r1-tight"), seeds=4000), SEED)
    exact, mean = outcome.curves["exact"], outcome.curves["mean"]
    rate = 1 - 1 / 5
    assert exact == pytest.approx(exact[0] * rate ** np.arange(9), rel=1e-12)
    assert mean == pytest.approx(exact, rel=0.1)


def test_simplest_fraction() -> None:
    assert [str(simplest(x)) for x in (0.1, 1.0, 2.5, 1 / 3)] == ["1/10", "1", "5/2", "1/3"]
