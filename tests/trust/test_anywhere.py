"""Questions to the whole of the registries reach many corners, and their properties can be broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ractheory.claims.claim import Claim
from ractheory.compare import decide_mean
from ractheory.evidence import Evidence, Verdict
from ractheory.objectives.federated import FederatedModel
from ractheory.trust.anywhere import (
    COMPUTED,
    EVERYTHING,
    Space,
    clients_may_change_places,
    no_theorem_is_refuted_anywhere,
    question,
    two_ways_never_contradict,
)
from ractheory.trust.instances import Instance
from ractheory.trust.mutants import named
from ractheory.trust.properties import instances


def first(name: str, wanted: Callable[[Claim], bool], space: Space = EVERYTHING) -> Instance:
    """Return the first instance of a property whose question is such a one."""
    asked = ((given, question(given, space)) for given in instances(name, 0, 400))
    return next(given for given, claim in asked if claim and wanted(claim))


def test_questions_reach_many_corners() -> None:
    asked = [claim for given in instances("anywhere", 0, 100) if (claim := question(given))]
    assert len(asked) >= 95
    assert len({claim.theorem for claim in asked}) >= 15
    assert len({claim.objective.name for claim in asked}) >= 15
    assert len({claim.method.name for claim in asked}) >= 15
    assert len({option for claim in asked for option in claim.method.options}) >= 8
    assert {claim.method.side for claim in asked} == {"left", "right", "bernoulli"}


def test_a_wrong_bound_is_seen_where_it_is_asked() -> None:
    space = replace(
        EVERYTHING, objectives=("spectrum-left", "entry-weights"), methods=("rac-lora",)
    )
    asked = ((given, question(given, space)) for given in instances("anywhere", 0, 80))
    descents = [given for given, claim in asked if claim and claim.theorem == "descent"]
    assert not any(no_theorem_is_refuted_anywhere(given, space) for given in descents)
    with named(
        "bounds/descent/L-left-out"
    ).plant():  # where L gamma is small it makes no difference
        found = [no_theorem_is_refuted_anywhere(given, space) for given in descents]
    assert any("refuted: " in words for words in found)


def test_computing_and_running_disagree_where_evidence_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = first("two-ways", lambda c: (c.theorem, c.statement) == ("gd-pl", "sharp"), COMPUTED)
    given = replace(given, factor=2.0)
    assert two_ways_never_contradict(given) == ""

    def refuted(*arguments: object) -> tuple[Verdict, Evidence]:
        return Verdict.REFUTED, Evidence("statistical", 0.1, None, None, 1, "whatever the runs say")

    monkeypatch.setattr(decide_mean, "mean_at_most", refuted)
    monkeypatch.setattr(decide_mean, "_computed", lambda *arguments: None)
    assert "confirmed by computing, refuted by runs" in two_ways_never_contradict(given)


def test_a_gradient_that_knows_the_order_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    given = next(g for g in instances("clients", 0, 50) if g.links % 5 == 4)
    assert clients_may_change_places(given) == ""
    plain = FederatedModel.flat_gradient
    monkeypatch.setattr(
        FederatedModel, "flat_gradient", lambda f, w: plain(f, w) + np.resize(f.X[0], w.shape)
    )
    assert "differs" in clients_may_change_places(given)
