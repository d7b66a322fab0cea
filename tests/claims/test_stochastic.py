"""The rows of stochastic, reshuffled, federated and two-sided chains: every hypothesis rejects something."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ractheory.claims import CLAIMS
from ractheory.claims.claim import CONFIRMED, NOT_APPLICABLE, REFUTED, MethodSpec, ObjectiveSpec
from ractheory.compare.build import build_method, build_objective
from ractheory.compare.facts import facts_of
from ractheory.theorems import Facts, theorem

F, M = ObjectiveSpec, MethodSpec
ROWS = (
    "sgd-nonconvex", "sgd-pl", "rr-nonconvex", "rr-pl", "bernoulli-gd-nonconvex", "bernoulli-gd-pl",
    "bernoulli-sgd-nonconvex", "bernoulli-sgd-pl", "fed-rr-nonconvex", "fed-rr-pl", "federated-bias",
)  # fmt: skip
ISOTROPIC, RIDGE = F("isotropic"), F("ridge-synthetic", {"m": 3, "n": 2, "N": 6})
CLIENTS = F("federated-least-squares", {"m": 3, "n": 2, "N": 4, "clients": 3})
FROZEN = {"inner": "pseudo-inverse"}

INSTANCES: dict[str, tuple[ObjectiveSpec, MethodSpec]] = {
    "both factors trained": (ISOTROPIC, M("cola", 0.1)),
    "a frozen sketch": (ISOTROPIC, M("asymlora", 0.5, options=FROZEN)),
    "a frozen sketch on either side": (ISOTROPIC, M(side="bernoulli")),
    "noise": (ISOTROPIC, M("rac-lora-noise", 0.5)),
    "a nonsmooth function": (F("l1-regression"), M("rac-lora-noise", 0.1, "absolute")),
    "no PL": (F("nonconvex-regression"), M("rac-lora-sgd", 0.1)),
    "a biased estimate": (RIDGE, M("rac-lora-page", 0.1)),
    "batches": (RIDGE, M("rac-lora-sgd", 0.1)),
    "a long step": (RIDGE, M("rac-lora-sgd", 3.0)),
    "a long step on either side": (RIDGE, M("rac-lora-sgd", 8.0, side="bernoulli")),
    "a step beyond 2/L": (ISOTROPIC, M(step=2.1, side="bernoulli")),
    "a fixed order": (RIDGE, M("rac-lora-rr", 0.1, "1/(L N)", options={"order": "incremental"})),
    "a long epoch": (RIDGE, M("rac-lora-rr", 20.0, "1/(L N)")),
    "a long round": (CLIENTS, M("fed-rac-lora", 60.0, "1/(L N)")),
    "clients that sit out": (
        CLIENTS,
        M("fed-rac-lora", 0.1, "1/(L N)", options={"participating": 1}),
    ),
    "clients of unlike inputs": (RIDGE, M("fed-rac-lora", 0.1, "1/(L N)", options={"clients": 2})),
    "separate averages": (CLIENTS, M("fed-lora", 0.1)),
}


@cache
def facts(name: str) -> Facts:
    f = build_objective(INSTANCES[name][0])
    method = build_method(INSTANCES[name][1], f)
    if name == "a frozen sketch on either side":
        method = replace(method, redraw=False)
    return facts_of(f, method, np.ones(f.dim), 3)


@pytest.mark.parametrize("row", ROWS)
def test_every_hypothesis_rejects_something(row: str) -> None:
    the_theorem = theorem(row)
    asked = {h for s in the_theorem.statements for h in (*the_theorem.hypotheses, *s.needs)}
    # Every objective of the suite is bounded below; that the hypothesis can fail is tested with all others,
    # on facts that grant nothing.
    free = {h.name for h in asked if not any(not h.check(facts(n)).holds for n in INSTANCES)}
    assert free <= {"LowerBounded"}


def test_a_frozen_sketch_has_no_positive_lam_min_on_either_side() -> None:
    known = facts("a frozen sketch on either side")
    assert known["lam_min_left"] == known["lam_min_right"] == known["lam_min"] == 0.0
    failed = [h.name for h in theorem("bernoulli-gd-pl").check(known) if not h.holds]
    assert {"positive lam_min", "FreshSketch", "PositiveExpectedProjection"} <= set(failed)


@pytest.mark.parametrize("row", [r for r in ROWS if r != "federated-bias"])
def test_every_row_has_its_kinds_of_claims(row: str) -> None:
    own = [c for c in CLAIMS if c.theorem == row]
    assert any(c.expected == CONFIRMED and not c.real_data for c in own)
    assert any(c.real_data for c in own)
    assert any(c.expected == REFUTED for c in own)
    assert any(c.expected == NOT_APPLICABLE for c in own)
