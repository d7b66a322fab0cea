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


def claim(name: str) -> Claim:
    """Return the claim with the id `name`.

    >>> claim("smoothness-loss/pair").theorem
    'smoothness-loss'
    """
    for candidate in CLAIMS:
        if candidate.id == name:
            return candidate
    raise UsageError.of("claim", name, "an id of the catalogue", "see 'ractheory list claims'")


__all__ = ["CLAIMS", "Claim", "MethodSpec", "ObjectiveSpec", "claim"]
