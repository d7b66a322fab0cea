"""Planted errors are seen, and what is planted is taken out again."""

from __future__ import annotations

from collections import Counter

import pytest

from ractheory.theorems import THEOREMS
from ractheory.trust.mutants import MUTANTS, plant_all
from ractheory.trust.planted import KINDS, Planted, WrongProbe, swapped, tried
from ractheory.trust.probes import Probe

LEAST = 60
SLICE = (
    "bounds/descent/L-5-too-small",
    "bounds/sgd-pl/C-5-too-small",
    "bounds/gd-pl/without-ProjectedStep",
    "methods/merge-doubled",
    "methods/wrong-side",
    "sketches/used-twice",
    "oracles/index-repeated",
    "objectives/gradient-0.1-percent-large",
    "federations/unequal-weights",
    "grants/law-of-a-drawn-side",
    "grants/subgradient-of-an-estimate",
    "evidence/two-sided",
    "evidence/round-off-ignored",
)


def named(name: str) -> Planted:
    return next(error for error in MUTANTS if error.id == name)


def test_there_are_enough_of_every_kind() -> None:
    counted = Counter(error.kind for error in MUTANTS if not error.reason)
    assert set(counted) == set(KINDS)
    assert sum(counted.values()) >= LEAST
    assert len({error.id for error in MUTANTS}) == len(MUTANTS)


def test_every_theorem_has_an_error_in_its_bound_or_a_reason() -> None:
    assert {error.id.split("/")[1] for error in MUTANTS if error.kind == "bounds"} == set(THEOREMS)


@pytest.mark.parametrize("error", MUTANTS, ids=lambda error: error.id)
def test_what_is_planted_has_a_place(error: Planted) -> None:
    """The live objects that it changes are still where it looks for them, and are put back."""
    before = dict(THEOREMS)
    with error.plant():
        pass
    assert before == THEOREMS
    assert error.probes


def test_a_slice_of_every_kind_is_killed() -> None:
    tally = plant_all([named(name) for name in SLICE])
    assert (tally["planted"], tally["survivors"]) == (len(SLICE), [])
    assert {e["kind"] for e in tally["errors"]} == set(KINDS)


def test_what_is_planted_is_taken_out_again() -> None:
    before = THEOREMS["descent"]
    trial = tried(named("bounds/descent/L-5-too-small"))
    assert trial.killed_by == "descent/trust/isotropic"
    assert THEOREMS["descent"] is before
    for probe in trial.error.probes:
        assert probe.is_right(probe.decide())


def test_an_error_that_no_probe_sees_survives_and_a_wrong_reason_is_named() -> None:
    table = {"answer": "confirmed"}
    probe = Probe("asks the table", "confirmed", lambda: table["answer"])
    harmless = Planted(
        "bounds/none", "nothing", lambda: swapped(table, "answer", "confirmed"), (probe,)
    )
    told = Planted(
        "bounds/told", "all", lambda: swapped(table, "answer", "refuted"), (probe,), "no"
    )
    tally = plant_all([harmless, told])
    assert (tally["planted"], tally["killed"], tally["survivors"]) == (1, 0, ["bounds/none"])
    assert tally["wrong_reasons"] == ["bounds/told"]
    assert table == {"answer": "confirmed"}


def test_a_probe_that_errs_by_itself_is_no_evidence() -> None:
    probe = Probe("wrong", "confirmed", lambda: "undecided")
    error = Planted("bounds/none", "nothing", lambda: swapped({"a": 1}, "a", 2), (probe,))
    with pytest.raises(WrongProbe, match="undecided instead of confirmed"):
        plant_all([error])


@pytest.mark.slow
def test_every_planted_error_is_killed_and_every_reason_is_right() -> None:
    tally = plant_all()
    assert tally["survivors"] == []
    assert tally["wrong_reasons"] == []
