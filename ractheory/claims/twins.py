"""Exact twins of claims on runs: the same statement, objective and method, with no seed.

An expectation on a quadratic whose second moments close needs no sampling; every claim that has one is
decided here a second time, at every T up to its own, in rationals or balls. Controls keep their verdict.
"""

from __future__ import annotations

from dataclasses import replace

from ractheory.claims import chains, controls, core, effective, floors, further, practice
from ractheory.claims.claim import EXACT, Claim
from ractheory.claims.core import LONG, USUAL

SOURCES: dict[str, Claim] = {
    c.id: c
    for family in (core, controls, floors, effective, chains, further, practice)
    for c in family.CLAIMS
}

TWINNED = (
    "gd-nonconvex/isotropic/haar-r1-tight",
    "gd-pl/counterexample/haar-r1-gammaL0.1",
    "gd-pl/counterexample/haar-r2-gammaL1.5",
    "gd-pl/counterexample/right-r1-gammaL1.9",
    "gd-pl/ridge-synthetic/haar-r2",
    "gd-pl/least-squares-over/coordinates-r2",
    "gd-pl/least-squares-under/haar-r3",
    "gd-pl/least-squares-under/haar-full-rank",
    "gd-pl/spectrum-right/hadamard-r2",
    "gd-pl/least-squares-diabetes/coordinates-r5",
    "gd-pl/ridge-diabetes/haar-r3-as-printed",
    "gd-convex/least-squares-under/haar-r2",
    "gd-convex/least-squares-under/right-r1-gammaL0.5",
    "gd-convex/least-squares-diabetes/haar-r2",
    "gd-convex/least-squares-under/haar-r2-simple",
    "counterexample/rac-lora-rate",
    "counterexample/figure-1/zero-gammaL0.1/rac-lora",
    "counterexample/figure-1/far-gammaL0.1/rac-lora",
    "gd-pl/step-above-2-over-L/masked",
    "gd-pl/pseudo-inverse-forgotten/masked",
    "effective-dimension/spectrum-left/haar-r1",
    "effective-dimension/spectrum-left/haar-r3-gammaL1.9",
    "effective-dimension/spectrum-right/haar-r2",
    "effective-dimension/spectrum-right/haar-r1-nonconvex",
    "effective-dimension/spectrum-left/coordinates-r2",
    "effective-dimension/singular/haar-r1",
    "effective-dimension/singular/haar-r2-convex",
    "effective-dimension/ridge-diabetes/haar-r1",
    "effective-dimension/ridge-diabetes/coordinates-r3",
    "effective-dimension/wrong-side/masked",
    "effective-dimension/step-beyond-its-limit/masked",
    "exact-links/spectrum-left/effective-step-r2",
    "exact-links/a-fifth-of-the-step/masked",
    "link-lower-bound/isotropic/half-step-r2",
    "link-lower-bound/isotropic/gammaL1-r2",
    "link-lower-bound/isotropic/exact-r2-attained",
    "link-lower-bound/projected/exact-r2-attained",
    "link-lower-bound/projected/gammaL1-r2",
    "link-lower-bound/full-parameter-steps/masked",
    "plain-gradient/spectrum-left/r2",
    "plain-gradient/spectrum-right/r1-nonconvex",
    "plain-gradient/isotropic/r2-tight",
    "plain-gradient/ridge-diabetes/r2",
    "plain-gradient/step-1-over-L/masked",
    "exact-quadratic/spectrum-left/r2-above-2-over-L",
    "exact-quadratic/spectrum-right/r3",
    "exact-quadratic/singular/r1",
    "exact-quadratic/ridge-diabetes/r3",
    "cola-mean-square/isotropic/stable-r1",
    "cola-mean-square/isotropic/gammaL1-r1",
    "cola-mean-square/isotropic/stable-r2",
    "cola-mean-square/isotropic/gammaL1-growth",
    "cola-mean-square/scalar/gammaL1-growth",
    "cola-mean-square/isotropic/a-tenth-in-50-columns",
    "cola-mean-square/bound-halved/isotropic",
    "gd-pl-isotropic/spectrum-left/haar-r2",
    "gd-pl-isotropic/spectrum-left/haar-r1-gammaL1.9",
    "gd-pl-isotropic/spectrum-left/full-rank-gammaL1.5",
    "gd-pl-isotropic/spectrum-left/r7-gammaL1.9",
    "link-lower-bound/mean-image/exact-r2-attained",
    "exact-links/mean-image/exact-r1",
    "cola-mean-square/mean-image/stable-r1",
)

LENGTHY = tuple(f"gd-pl/fine-tuning/haar-r{r}" for r in (1, 2, 5, 10, 20, 50))
"""Figure 2 of the paper, at every T of its runs; up to a second each."""


def twin(name: str, tiers: tuple[str, ...]) -> Claim:
    """Return the exact twin of the claim `name`."""
    return replace(SOURCES[name], id=f"{name}/exact", evidence=EXACT, tiers=tiers, all_seeds=False)


CLAIMS = (
    *(twin(name, USUAL) for name in TWINNED),
    *(twin(name, USUAL if name.endswith(("r1", "r10")) else LONG) for name in LENGTHY),
)
