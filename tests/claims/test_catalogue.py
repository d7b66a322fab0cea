"""The catalogue as a whole: every claim names things that exist and fit together."""

from __future__ import annotations

import pytest

from ractheory.claims import CLAIMS, claim
from ractheory.claims.claim import (
    CONFIRMED,
    EXACT,
    MEASURED,
    NOT_APPLICABLE,
    REFUTED,
    TIGHTNESS,
    Claim,
    MethodSpec,
    ObjectiveSpec,
)
from ractheory.compare.build import experiment
from ractheory.errors import UsageError
from ractheory.evidence import CLAIM_CAPACITY
from ractheory.experiments import FAMILIES
from ractheory.theorems import THEOREMS, theorem

SMALL = [
    c
    for c in CLAIMS
    if c.objective.name not in ("softmax-digits",) and c.evidence not in (TIGHTNESS, MEASURED)
]


def test_ids_are_unique_and_begin_with_the_theorem_or_a_figure() -> None:
    ids = [c.id for c in CLAIMS]
    assert len(set(ids)) == len(ids)
    assert all(_row(c) in (FAMILIES if c.evidence == MEASURED else THEOREMS) for c in CLAIMS)


def test_every_family_has_claims_and_a_measured_claim_names_one() -> None:
    assert {c.id.split("/")[0] for c in CLAIMS} >= set(FAMILIES)
    measured = [c for c in CLAIMS if c.evidence == MEASURED]
    assert measured
    for c in measured:
        assert c.theorem == _row(c)
        assert FAMILIES[c.theorem].module
        assert "measured" not in c.id.split("/")


def _row(c: Claim) -> str:
    """The theorem that an id begins with; a tightness claim names its row after the word."""
    first, second = c.id.split("/")[:2]
    return second if c.evidence == TIGHTNESS and first == "tightness" else first


def test_the_ids_of_twins_and_tightness_say_what_they_are() -> None:
    for c in CLAIMS:
        assert c.id.startswith("tightness/") == (c.evidence == TIGHTNESS)
        assert c.evidence != EXACT or "exact" in c.id.split("/")
        if c.evidence == TIGHTNESS:
            assert c.theorem == _row(c)


def test_the_catalogue_is_as_large_as_promised_and_fits_its_error_rate() -> None:
    assert 60 <= len(CLAIMS) <= CLAIM_CAPACITY
    assert sum(c.real_data for c in CLAIMS) >= 6


@pytest.mark.parametrize("c", SMALL, ids=lambda c: c.id)
def test_every_claim_can_be_built(c: Claim) -> None:
    ran = experiment(c, "test")
    assert ran.start.shape == (ran.objective.dim,)
    assert theorem(c.theorem).statement(c.statement) is not None


def test_every_masked_control_has_its_plain_form() -> None:
    masked = [c.id for c in CLAIMS if c.id.endswith("/masked")]
    assert len(masked) >= 4
    for name in masked:
        plain = claim(name.removesuffix("masked") + "plain")
        assert (plain.expected, claim(name).expected) == (NOT_APPLICABLE, REFUTED)


def test_the_steps_sweep_the_admissible_region() -> None:
    steps = {c.method.step for c in CLAIMS if c.theorem == "descent" and c.expected == CONFIRMED}
    assert {0.1, 0.5, 1.0, 1.5, 1.9} <= steps


@pytest.mark.parametrize(
    "wrong",
    [
        {"expected": "maybe"},
        {"steps": 0},
        {"seeds": -1},
        {"tiers": ("sometimes",)},
        {"bound_factor": 0.0},
        {"horizon": 21},
        {"evidence": "hearsay"},
        {"reach": 0.5},
        {"evidence": "tightness"},
        {"evidence": "measured", "bound_factor": 0.5},
        {"evidence": "measured", "declared": MethodSpec()},
    ],
)
def test_a_claim_refuses_what_it_cannot_mean(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Claim("x", "gd-pl", ObjectiveSpec("isotropic"), MethodSpec(), **wrong)  # type: ignore[arg-type]


def test_an_unknown_claim_is_named() -> None:
    with pytest.raises(UsageError, match="no-such-claim"):
        claim("no-such-claim")
