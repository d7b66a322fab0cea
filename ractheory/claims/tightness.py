"""How tight every theorem is, family by family: a ratio that its bound is known to reach.

A claim says that some instance of a family takes the left side up to `reach` times the bound: the bound
cannot be divided by more than 1/reach. The instance is searched for with a named seed and computed exactly.
"""

from __future__ import annotations

from ractheory.claims.claim import TIGHTNESS, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.core import EVERY, LONG, USUAL

REACHES: dict[str, float] = {
    "descent/isotropic": 1.0,
    "gd-nonconvex/quadratics": 1.0,
    "gd-nonconvex/quadratics-as-printed": 1.0,
    "gd-nonconvex/quadratics-one-step": 1.0,
    "gd-pl/quadratics": 1.0,
    "gd-pl/quadratics-kappa-10": 0.964,
    "gd-pl-isotropic/quadratics-kappa-10": 0.970,
    "gd-convex/quadratics": 0.23,
    "gd-convex/huber-one-step": 0.333,
    "gd-convex/huber": 0.48,
    "gd-convex/huber-simple": 0.49,
    "effective-dimension/quadratics": 1.0,
    "effective-dimension/quadratics-nonconvex": 1.0,
    "effective-dimension/quadratics-convex": 0.24,
    "effective-dimension/quadratics-kappa-10-one-step": 1.0,
    "plain-gradient/quadratics": 1.0,
    "plain-gradient/quadratics-nonconvex": 1.0,
    "exact-quadratic/quadratics-kappa-10": 1.0,
    "exact-links/isotropic": 1.0,
    "link-lower-bound/isotropic": 0.999,
    "inner-solver/isotropic": 1.0,
    "cola-mean-square/isotropic": 1.0,
    "subgradient/line-one-step": 0.999,
    "subgradient/plane": 0.999,
    "subgradient/plane-half": 0.84,
    "polyak/line-one-step": 1.0,
    "polyak/plane-half": 0.78,
    "polyak/plane": 0.70,
    "sgd-nonconvex/sums-of-two": 1.0,
    "sgd-pl/sums-of-two": 1.0,
    "sgd-pl/sums-of-two-as-printed": 0.5,
    "bernoulli-sgd-nonconvex/sums-of-two": 1.0,
    "bernoulli-sgd-pl/sums-of-two": 1.0,
    "rr-nonconvex/sums-of-two": 0.37,
    "rr-nonconvex/sums-of-three-floor": 0.026,
    "rr-pl/sums-of-two": 0.034,
    "rr-pl/sums-of-three": 0.028,
    "fed-rr-nonconvex/one-client": 0.37,
    "fed-rr-pl/one-client": 0.034,
    "fed-rr-pl/two-clients": 0.024,
    "lora-adaptive/scalars": 0.71,
    "accelerated/huber": 0.86,
    "sign-floor/one-link": 0.999,
    "bernoulli-gd-nonconvex/isotropic": 1.0,
    "bernoulli-gd-pl/isotropic": 1.0,
}
"""By row/family."""

WORST_CASES: dict[str, float] = {
    "gd-nonconvex/worst-case": 0.999,
    "gd-pl/worst-case-kappa-10": 0.994,
    "gd-pl-isotropic/worst-case-kappa-10": 0.999,
    "gd-convex/worst-case": 0.455,
    "gd-convex/worst-case-half": 0.488,
}
"""By performance estimation, which needs the extra `pep`."""

LENGTHY = ("rr-pl/sums-of-three", "fed-rr-pl/two-clients")
QUICK = (
    "gd-pl/quadratics",
    "sgd-pl/sums-of-two-as-printed",
    "rr-pl/sums-of-two",
    "polyak/plane-half",
)


def _tiers(family: str) -> tuple[str, ...]:
    return LONG if family in LENGTHY else EVERY if family in QUICK else USUAL


def _claim(family: str, reach: float, tiers: tuple[str, ...]) -> Claim:
    return Claim(
        f"tightness/{family}", family.split("/")[0], ObjectiveSpec(family), MethodSpec(),
        evidence=TIGHTNESS, reach=reach, tiers=tiers, steps=1, seeds=1,
    )  # fmt: skip


CLAIMS = (
    *(_claim(f, reach, _tiers(f)) for f, reach in REACHES.items()),
    *(_claim(f, reach, LONG) for f, reach in WORST_CASES.items()),
)
