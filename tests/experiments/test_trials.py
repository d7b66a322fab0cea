"""Equal budgets, shares of runs and links, and what merging loses: counted and decided rightly."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.claims import claim
from ractheory.claims.claim import MethodSpec
from ractheory.claims.trials import CLAIMS
from ractheory.compare import check_claim
from ractheory.compare.build import build_method, build_objective
from ractheory.engine.run import Run
from ractheory.errors import UsageError
from ractheory.experiments import FAMILIES
from ractheory.experiments.budget import links_for, method_spec, trained
from ractheory.experiments.budget import measure as measure_budget
from ractheory.experiments.family import Asked
from ractheory.experiments.shares import NEAR, diverged, measure, settled
from tests.compare.test_practice import F

CHEAP = [c.id for c in CLAIMS if "quick" in c.tiers and "cost" in c.id] + [
    "equal-budget/ridge-digits/coordinates-before-full",
    "settling/isotropic/below",
    "settling/isotropic/above",
    "certified-links/isotropic/plain",
    "certified-links/logistic-breast-cancer/none-certified",
    "merge-loss/isotropic/float16-larger-updates",
]


@pytest.mark.parametrize("name", CHEAP)
def test_trials_come_out_as_expected_with_another_seed(name: str) -> None:
    outcome = check_claim(claim(name), "test-trials")
    assert outcome.verdict.value == claim(name).expected, outcome.decision.evidence.detail


def test_every_family_has_a_confirmed_claim_and_a_control() -> None:
    for family in ("equal-budget", "settling", "certified-links", "merge-loss"):
        expected = {c.expected for c in CLAIMS if c.theorem == family}
        assert expected == {"confirmed", "refuted"}
        assert any(c.real_data for c in CLAIMS if c.theorem == family)
        assert FAMILIES[family].module


# Budgets.


def test_links_within_a_budget() -> None:
    f = build_objective(F("ridge-digits", {"rows": 100}))
    (m, n), L = f.shapes[0], MethodSpec
    cases = [
        (L("fpft"), 60),
        (L(rank=4), 60 * 4 * m * n // (2 * m * 4 + 4 * 4 * n)),
        (L(rank=4, side="right"), 60 * 4 * m * n // (4 * 4 * (m + n))),
        (L(rank=4, law="coordinates"), 60 * 4 * m * n // (4 * 4 * n)),
    ]
    for spec, links in cases:
        assert links_for(f, build_method(spec, f), "operations", 60) == links
    several = build_method(L("cola", 0.1, options={"inner_steps": 8}), f)
    assert links_for(f, several, "gradients", 60) == 7
    with pytest.raises(UsageError, match="compare at equal gradients"):
        links_for(f, several, "operations", 60)
    with pytest.raises(UsageError, match="budget = hours"):
        links_for(f, several, "hours", 60)


def test_parameters_trained_over_all_links() -> None:
    f = build_objective(F("isotropic", {"m": 5, "n": 3}))
    L = MethodSpec
    cases = {
        15: L("fpft"), 16: L("lora", 0.1, rank=2), 32: L("cola", 0.1), 12: L(), 20: L(side="right"),
        3: L("asymlora", 0.1),
    }  # fmt: skip
    for count, spec in cases.items():
        assert trained(f, build_method(spec, f), 4) == count


def test_a_method_is_a_mapping() -> None:
    assert method_spec({"rank": 3, "inner": "exact"}) == MethodSpec(
        rank=3, options={"inner": "exact"}
    )


def test_a_race_of_a_method_against_itself_is_open() -> None:
    same = {"rank": 2}
    asked = Asked("x/race", "race", {
        "objective": "isotropic", "first": same, "second": same, "budget": "gradients", "amount": 5,
    })  # fmt: skip
    assert measure_budget(asked).decision.verdict.value == "undecided"


# Shares.


def test_settled_means_near_the_floor_to_the_end() -> None:
    gap = np.ones((4, 21))
    gap[0, 5:] = 0.25  # settled
    gap[1, 5:] = 0.25
    gap[1, -1] += 2 * NEAR  # leaves it at the end
    gap[2, 9:] = np.inf  # diverged
    gap[3, 5:] = 0.3  # elsewhere
    ends = np.array([-1, -1, 9, -1])
    run = Run(gap, gap, np.zeros((4, 20)), ends, np.zeros((4, 1)))
    assert settled(run, 0.25).tolist() == [True, False, False, False]
    assert diverged(run, 0.25).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("what", "settings", "words"),
    [
        ("settles", {"level": 0.9}, "either least or most"),
        ("settles", {"level": 0.9, "least": 0.1, "most": 0.9}, "either least or most"),
        ("settles", {"level": -1.0, "least": 0.1}, "level"),
        ("certified", {"solver": "plain", "eta": 0.1, "inner_steps": 1}, "a low end, a high end"),
        ("lost", {"precision": "int8", "distance": 0.1, "low": 0.1}, "int8"),
        ("guessed", {}, "guessed"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(
    what: str, settings: dict[str, object], words: str
) -> None:
    asked = Asked("x/y", what, {"objective": "isotropic", "links": 20, "seeds": 2, **settings})
    with pytest.raises(UsageError, match=words) as raised:
        measure(asked)
    assert "\n" not in str(raised.value)
