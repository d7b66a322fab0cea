"""Exact twins: expectations on quadratics decided at every T with no seed, and their planted errors.

Where a statement holds with equality, which no number of runs can confirm, it is confirmed exactly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ractheory.claims.claim import EXACT, NOT_APPLICABLE, REFUTED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.core import COUNTEREXAMPLE, DIABETES, EVERY, USUAL, F, Rac

WIDE = F("spectrum-left", {"m": 6, "n": 4, "spectrum": "geometric"})
TALL = F("spectrum-right", {"m": 4, "n": 6, "spectrum": "linear"})
ROTATED = F("spectrum-left", {"m": 8, "n": 3, "spectrum": "power", "rotate": True})
SINGULAR = F("spectrum-left", {"m": 6, "n": 3, "spectrum": [1.0, 0.5, 0.2, 0.1, 0.0, 0.0]})
FLAT = F("isotropic")


def exact(name: str, f: ObjectiveSpec, method: MethodSpec, **settings: Any) -> Claim:
    """Return the claim `name`/exact; its theorem is the first word of the name."""
    return Claim(f"{name}/exact", name.split("/")[0], f, method, evidence=EXACT, **settings)


def _gd_pl() -> list[Claim]:
    cases: dict[str, tuple[ObjectiveSpec, MethodSpec]] = {
        "isotropic/haar-r1-gammaL0.1": (FLAT, Rac(step=0.1)),
        "isotropic/haar-r1": (FLAT, Rac()),
        "isotropic/coordinates-r2-gammaL1.9": (FLAT, Rac(step=1.9, rank=2, law="coordinates")),
        "isotropic/right-r3-gammaL1.5": (FLAT, Rac(step=1.5, rank=3, side="right")),
        "isotropic/fpft-gammaL0.5": (FLAT, MethodSpec("fpft", 0.5)),
        "counterexample/haar-r1": (COUNTEREXAMPLE, Rac()),
        "counterexample/right-r2-gammaL1.9": (COUNTEREXAMPLE, Rac(step=1.9, rank=2, side="right")),
        "spectrum-left/coordinates-r3": (WIDE, Rac(rank=3, law="coordinates")),
        "spectrum-left/right-r1": (WIDE, Rac(side="right")),
        "spectrum-right/haar-full-rank": (TALL, Rac(rank=6, side="right")),
        "spectrum-left-rotated/gaussian-r2": (ROTATED, Rac(rank=2, law="gaussian")),
        "singular/haar-r2-gammaL1.9": (SINGULAR, Rac(step=1.9, rank=2)),
    }
    equality = "isotropic/haar-r1"
    claims = [
        exact(f"gd-pl/{name}", f, method, steps=100, tiers=EVERY if name == equality else USUAL,
              note="kappa = 1: equality at every T" if f is FLAT else "")
        for name, (f, method) in cases.items()
    ]  # fmt: skip
    return [
        *claims,
        exact("gd-pl/ridge-diabetes/haar-r3", DIABETES, Rac(rank=3), steps=250, real_data=True),
        exact("gd-pl/isotropic/haar-r1-as-printed", FLAT, Rac(), statement="paper", steps=100),
        exact("gd-pl/spectrum-left/haar-r1-long", WIDE, Rac(), steps=1000,
              note="enclosed in balls: rationals of 1,000 links would fill the memory"),
    ]  # fmt: skip


def _others() -> list[Claim]:
    cases: dict[str, tuple[ObjectiveSpec, MethodSpec, str | None]] = {
        "gd-nonconvex/isotropic/haar-r1-gammaL0.5": (FLAT, Rac(step=0.5), None),
        "gd-nonconvex/isotropic/right-r2-gammaL1.9": (
            FLAT,
            Rac(step=1.9, rank=2, side="right"),
            None,
        ),
        "gd-nonconvex/isotropic/fpft-as-printed": (FLAT, MethodSpec("fpft"), "paper"),
        "gd-nonconvex/spectrum-left/haar-r2": (WIDE, Rac(rank=2), None),
        "gd-nonconvex/singular/coordinates-r1": (SINGULAR, Rac(law="coordinates"), None),
        "gd-convex/isotropic/haar-r1": (FLAT, Rac(), None),
        "gd-convex/singular/haar-r2": (SINGULAR, Rac(rank=2), "simple"),
        "gd-convex/spectrum-right/left-r1-gammaL0.1": (TALL, Rac(step=0.1), "simple"),
    }
    return [
        exact(name, f, method, statement=statement, steps=100)
        for name, (f, method, statement) in cases.items()
    ]


def _controls() -> list[Claim]:
    """The bound divided by 10, and a step above its limit, plain and masked."""
    divided = [
        exact(f"{theorem}/bound-divided-by-10/{f.name}", f, Rac(), expected=REFUTED, bound_factor=0.1,
              steps=8, tiers=tiers)
        for theorem, f, tiers in (
            ("gd-pl", FLAT, EVERY), ("gd-nonconvex", FLAT, USUAL), ("gd-convex", WIDE, USUAL))
    ]  # fmt: skip
    barely = exact("gd-pl/bound-reduced-by-1e-12/isotropic", FLAT, Rac(), expected=REFUTED,
                   bound_factor=0.999999999999, steps=8,
                   note="an equality: no smaller bound holds, however little smaller")  # fmt: skip
    above = exact("gd-pl/step-above-2-over-L", FLAT, Rac(step=2.1, rank=2), steps=20)
    return [
        *divided,
        barely,
        replace(above, id=f"{above.id}/plain", expected=NOT_APPLICABLE),
        replace(
            above, id=f"{above.id}/masked", expected=REFUTED, declared=Rac(rank=2), tiers=EVERY
        ),
    ]


CLAIMS = (*_gd_pl(), *_others(), *_controls())
