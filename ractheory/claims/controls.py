"""Negative controls: runs that break a hypothesis, asked plainly (not-applicable) and masked (refuted).

Masked means that the theorem is handed the hypotheses of a sound method, while a broken one is run.
"""

from __future__ import annotations

from ractheory.claims.claim import NOT_APPLICABLE, REFUTED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.core import COUNTEREXAMPLE, DIABETES, EVERY, USUAL, F, Rac


def both(name: str, theorem: str, f: ObjectiveSpec, broken: MethodSpec, declared: MethodSpec,
          tiers: tuple[str, ...] = USUAL, **settings: object) -> list[Claim]:  # fmt: skip
    """Return the two forms of a control: `broken` as it is, and with the hypotheses of `declared`."""
    plain = Claim(
        f"{theorem}/{name}/plain", theorem, f, broken, NOT_APPLICABLE, tiers=tiers, **settings,  # type: ignore[arg-type]
    )  # fmt: skip
    masked = Claim(
        f"{theorem}/{name}/masked", theorem, f, broken, REFUTED, declared=declared, tiers=tiers,
        **settings,  # type: ignore[arg-type]
    )  # fmt: skip
    return [plain, masked]


FROZEN = MethodSpec("asymlora", 1.0).with_options(inner="pseudo-inverse")
NO_INVERSE = Rac(rank=3).with_options(inner="plain")

CONTROLS = [
    *both("frozen-sketch", "gd-pl", F("isotropic"), FROZEN, Rac(), EVERY, steps=30, seeds=300,
           note="lam_min = 0: the run is stuck at its floor"),
    *both("frozen-sketch-real", "gd-pl", DIABETES, MethodSpec("asymlora", 1.0, rank=3).with_options(
           inner="pseudo-inverse"), Rac(rank=3), steps=4000, seeds=100, real_data=True),
    *both("step-above-2-over-L", "descent", COUNTEREXAMPLE, Rac(step=2.1), Rac(step=1.9), EVERY,
           steps=100, seeds=100),
    *both("step-above-2-over-L", "gd-pl", F("isotropic"), Rac(step=2.1, rank=2), Rac(step=1.0, rank=2),
           steps=20, seeds=300),
    *both("step-above-2-over-L-real", "descent", DIABETES, MethodSpec("fpft", 2.1),
           MethodSpec("fpft", 1.9), steps=50, seeds=1, real_data=True),
    *both("pseudo-inverse-forgotten", "descent", COUNTEREXAMPLE, NO_INVERSE, Rac(rank=3), EVERY,
           steps=100, seeds=100, start="far:3"),
    *both("pseudo-inverse-forgotten", "gd-pl", F("isotropic"), NO_INVERSE, Rac(rank=3), steps=10,
           seeds=300),
]  # fmt: skip

DIVIDED = [
    Claim(f"{theorem}/bound-divided-by-10/{f.name}", theorem, f, method, REFUTED, bound_factor=0.1,
          steps=steps, seeds=300, tiers=tiers, real_data=real)
    for theorem, f, method, steps, tiers, real in [
        ("gd-pl", F("isotropic"), Rac(), 8, EVERY, False),
        ("gd-pl", DIABETES, Rac(rank=3), 2, USUAL, True),
        ("gd-nonconvex", F("isotropic"), Rac(), 10, USUAL, False),
        ("gd-convex", F("isotropic"), Rac(), 2, USUAL, False),
    ]
]  # fmt: skip

CLAIMS = (*CONTROLS, *DIVIDED)
