"""The catalogue of claims; light to import."""

from __future__ import annotations

from ractheory.claims import (
    best_rate,
    beyond,
    chains,
    controls,
    core,
    diagrams,
    effective,
    exact,
    federated,
    floors,
    further,
    guard,
    measured,
    nonsmooth,
    practice,
    stochastic,
    tightness,
    trials,
    twins,
)
from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.errors import UsageError

FAMILIES = (
    core,
    floors,
    controls,
    exact,
    effective,
    best_rate,
    beyond,
    chains,
    nonsmooth,
    further,
    practice,
    stochastic,
    federated,
    tightness,
    twins,
    measured,
    diagrams,
    trials,
    guard,
)

CLAIMS: tuple[Claim, ...] = tuple(claim for family in FAMILIES for claim in family.CLAIMS)

FIRST = (
    "subgradient/l1-regression/haar-r2",
    "gd-pl/ridge-synthetic/haar-r2",
    "descent/spectrum-left/gaussian",
    "lora-guard/last-layer/rac-lora-reaches-it",
    "counterexample/lora-floor",
    "phase/cola-scale",
)
"""Claims that between them need every large kernel, the one that takes longest to compile first. A run begins with
them: then workers that find nothing compiled compile side by side, where in the order of the catalogue they would
wait for each other."""


def claim(name: str) -> Claim:
    """Return the claim with the id `name`.

    >>> claim("smoothness-loss/pair").theorem
    'smoothness-loss'
    """
    for candidate in CLAIMS:
        if candidate.id == name:
            return candidate
    raise UsageError.of("claim", name, "an id of the catalogue", "see 'ractheory list claims'")


__all__ = ["CLAIMS", "FIRST", "Claim", "MethodSpec", "ObjectiveSpec", "claim"]
