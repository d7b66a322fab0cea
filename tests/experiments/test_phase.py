"""Phase diagrams: boundaries from the theorems, rules that can fail, and verdicts of small diagrams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ractheory.engine.phase import CONVERGED, DIVERGED, MOVING, SETTLED
from ractheory.errors import UsageError
from ractheory.evidence import Verdict
from ractheory.exact.drift import plain_drift
from ractheory.experiments import Asked, family
from ractheory.experiments.phase import (
    COLA_RULES,
    PLANS,
    decide,
    edges,
    judge,
    mean_square_step,
    sharpness_step,
)


def measured(name: str, **parameters: object):  # type: ignore[no-untyped-def]
    return family("phase").measure(Asked("phase/test", name, {"cells": 16, **parameters}))


def test_boundaries_are_those_of_the_theorems() -> None:
    assert sharpness_step(np.array([4.0, 8.0])).tolist() == [1 / 4, 1 / 8]
    columns = np.arange(1.0, 9.0)
    assert mean_square_step(columns) == pytest.approx(2 / (columns + 2), rel=1e-15)
    plan = PLANS["cola-scale"](8)
    # at the critical step the drift, by adaptive quadrature, is zero; a scale of v divides it by v^2
    critical = plan.boundaries["critical"] * plan.values**2
    assert np.ptp(critical) <= 1e-12
    assert abs(plain_drift(3, float(critical[0])).mean) <= 1e-8
    assert np.all(plan.boundaries["lower"] < plan.boundaries["critical"])
    assert np.all(plan.boundaries["critical"] < plan.boundaries["upper"])


@pytest.mark.parametrize("name", PLANS)
def test_small_diagrams_are_confirmed(name: str) -> None:
    found = measured(name, seeds=50)
    assert found.decision.verdict is Verdict.CONFIRMED, found.decision.evidence.detail
    counts, plan = found.curves["counts"], PLANS[name](16)
    assert counts.shape == (len(plan.lines), len(plan.steps), 4)
    assert np.all(counts.sum(axis=2) == 50)
    again = measured(name, seeds=50)
    assert np.array_equal(counts, again.curves["counts"])


@pytest.mark.parametrize(
    ("name", "shifted"), [("lora-scale", 0.5), ("lora-dimension", 0.5), ("cola-dimension", 4.0)]
)
def test_a_moved_boundary_is_refuted(name: str, shifted: float) -> None:
    assert measured(name, shifted=shifted).decision.verdict is Verdict.REFUTED


def made_up(plan, inside: int, outside: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Counts of 60 runs a cell: `inside` up to the critical step, `outside` beyond."""
    beyond = plan.steps[None, :] > plan.boundaries["critical"][:, None]
    counts = np.zeros((*beyond.shape, 4), dtype=np.int64)
    counts[..., inside][~beyond] = 60
    counts[..., outside][beyond] = 60
    return counts


def test_each_rule_can_fail_and_needs_every_line() -> None:
    plan = PLANS["cola-scale"](40)
    good = made_up(plan, CONVERGED, DIVERGED)
    assert decide(plan, good, 1e-6).verdict is Verdict.CONFIRMED
    for rule, (inside, outside) in zip(
        COLA_RULES,
        [(DIVERGED, DIVERGED), (CONVERGED, CONVERGED), (MOVING, DIVERGED), (CONVERGED, SETTLED)],
        strict=True,
    ):
        bad = made_up(plan, inside, outside)
        assert set(judge(plan, rule, bad, 1e-6).verdicts) == {Verdict.REFUTED}
        one = good.copy()
        one[7] = bad[7]
        assert decide(plan, one, 1e-6).verdict is Verdict.REFUTED
    half = good.copy()
    half[3] = (made_up(plan, DIVERGED, CONVERGED)[3] + good[3]) // 2
    assert decide(plan, half, 1e-6).verdict is Verdict.UNDECIDED


def test_edges_are_read_off_the_counts() -> None:
    plan = PLANS["cola-scale"](40)
    last, first = edges(plan, made_up(plan, CONVERGED, DIVERGED))
    critical = plan.boundaries["critical"]
    assert np.all(last <= critical)
    assert np.all(critical < first)
    assert (
        np.searchsorted(plan.steps, first).tolist()
        == (np.searchsorted(plan.steps, last) + 1).tolist()
    )
    none, _ = edges(plan, made_up(plan, DIVERGED, DIVERGED))
    assert np.all(np.isnan(none))


def test_bad_questions_are_answered_in_one_line() -> None:
    for name, parameters, words in (
        ("cola", {}, "experiment"),
        ("cola-scale", {"seeds": 0}, "seeds"),
        ("cola-scale", {"shifted": 0.0}, "shifted"),
    ):
        with pytest.raises(UsageError, match=words) as caught:
            measured(name, **parameters)
        assert "\n" not in str(caught.value)
    plan = PLANS["cola-scale"](4)
    far = replace(plan, boundaries={**plan.boundaries, "upper": 1e9 * plan.values})
    with pytest.raises(UsageError, match="boundary"):
        decide(far, np.ones((4, 4, 4), dtype=np.int64), 1e-6)
