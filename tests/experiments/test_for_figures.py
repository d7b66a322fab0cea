"""What is measured for the figures: rare events, accumulated spectra, calibration; and that each can fail."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.evidence import Verdict, betting
from ractheory.experiments import Asked, Outcome, family
from ractheory.experiments.spectra import LINKS, METHODS, rank_after
from ractheory.trust import calibration as study


def measured(kind: str, name: str, **parameters: object) -> Outcome:
    return family(kind).measure(Asked("test/claim", name, parameters, error_rate=1e-6))


def test_the_average_of_runs_is_right_for_one_link_and_blind_at_the_fourth() -> None:
    found = measured("rare-events", "average", runs=4000)
    assert found.decision.verdict is Verdict.CONFIRMED
    curves = found.curves
    assert curves["exact"][:2].tolist() == [1.0, 1457728039 / 2e9]
    # Six standard errors: the variance of D_1^2 is below one.
    assert abs(curves["mean"][1] - curves["exact"][1]) <= 6 / np.sqrt(4000)
    assert curves["exact"][4] > 1e66 > 1 > curves["mean"][4]
    early = measured("rare-events", "average", runs=1000, exact_links=3)
    assert early.decision.verdict is Verdict.REFUTED


def test_runs_escape_from_afar_and_not_from_near() -> None:
    far = measured("rare-events", "escape", starts=3)
    assert far.decision.verdict is Verdict.CONFIRMED
    assert far.curves["diverged"][0] == 0.0
    near = measured("rare-events", "escape", starts=2, farthest=2.0)
    assert near.decision.verdict is Verdict.REFUTED


@pytest.mark.parametrize("name", [name for name in METHODS if name != "asymlora-r1"])
def test_a_chain_accumulates_the_rank_that_is_said(name: str) -> None:
    found = measured("accumulated-spectrum", name, seeds=2)
    assert found.decision.verdict is Verdict.CONFIRMED
    spectra = found.curves["spectra"]
    for links, values in zip(LINKS, spectra, strict=True):
        assert np.sum(values > 1e-9 * values[0]) == rank_after(name, links)


def test_chains_reach_the_shift_and_a_frozen_sketch_is_found_out() -> None:
    reached = measured("accumulated-spectrum", "rac-lora-r4", seeds=2).curves
    # f falls by (1 - r/m)^T in the mean: 0.8^200 is 4e-20 of the start, so what is left is below 1e-6
    assert reached["spectra"][-1] == pytest.approx(reached["target"], abs=1e-6)
    assert measured("accumulated-spectrum", "asymlora-r1").decision.verdict is Verdict.REFUTED


def test_the_tests_err_no_more_often_than_they_say() -> None:
    found = measured("calibration", "means", longest=100)
    assert found.decision.verdict is Verdict.CONFIRMED
    curves = found.curves
    assert curves["power"].shape == (8, 4, 3, 3)
    assert np.all(np.diff(curves["power"], axis=-1) >= 0)
    assert np.all(curves["refuted"] <= curves["nominal"])


def test_a_test_that_errs_more_often_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = betting.log_threshold

    def hasty(rate: float) -> float:
        return 0.05 * stated(rate)

    monkeypatch.setattr(study.betting, "log_threshold", hasty)
    assert (
        measured("calibration", "means", longest=10, cases=200).decision.verdict is Verdict.REFUTED
    )


@pytest.mark.parametrize(
    "kind", ["rare-events", "accumulated-spectrum", "calibration", "federated-drift"]
)
def test_an_unknown_name_is_refused_in_one_line(kind: str) -> None:
    with pytest.raises(UsageError, match="experiment") as caught:
        measured(kind, "nothing")
    assert "\n" not in str(caught.value)


def test_heterogeneity_raises_the_floor_and_averaged_factors_stay_at_theirs() -> None:
    found = measured("federated-drift", "floors")
    assert found.decision.verdict is Verdict.CONFIRMED, found.decision.evidence.detail
    curves = found.curves
    assert np.all(np.diff(curves["mean"], axis=1) > 0)
    assert np.all(curves["high"] <= curves["bound"])
    averages = measured("federated-drift", "averages")
    assert averages.decision.verdict is Verdict.CONFIRMED
    assert averages.curves["factors"][-1] == pytest.approx(averages.curves["floor"][0], rel=1e-9)


def test_a_federation_that_averages_wrongly_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from ractheory import federation

    monkeypatch.setattr(federation, "averaging_error", lambda pairs: np.zeros((1, 1)))
    assert measured("federated-drift", "averages").decision.verdict is Verdict.REFUTED
