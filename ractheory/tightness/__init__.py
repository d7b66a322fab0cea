"""How tight each theorem is: families of instances, and the search for the tightest."""

from __future__ import annotations

from ractheory.errors import UsageError
from ractheory.tightness import convex, others, quadratics, sums
from ractheory.tightness.search import DECREASE, FLOOR, VALUE, Family, Instance, search

FAMILIES: dict[str, Family] = {
    f.id: f
    for f in (
        *quadratics.FAMILIES, *convex.FAMILIES, *sums.FAMILIES, *others.FAMILIES, *others.WORST_CASES,
    )
}  # fmt: skip


def family(name: str) -> Family:
    """Return the family with the id `name`: row/family.

    >>> family("rr-pl/sums-of-two").compares
    'floor'
    """
    if name not in FAMILIES:
        raise UsageError.of("family", name, ", ".join(sorted(FAMILIES)), "choose one of these")
    return FAMILIES[name]


__all__ = ["DECREASE", "FAMILIES", "FLOOR", "VALUE", "Family", "Instance", "family", "search"]
