"""Claims on nonsmooth functions: subgradients with a constant step and with Polyak's step.

f* is a vertex of a linear program, certified by its dual; with f(W*) in its place the statements hold for
every W*, so that no accuracy of the program enters.
"""

from __future__ import annotations

from dataclasses import replace

from ractheory.claims.claim import REFUTED, Claim, MethodSpec
from ractheory.claims.controls import both
from ractheory.claims.core import EVERY, USUAL, F

L1 = F("l1-regression")
SVM = F("svm-synthetic")
CANCER_SVM = F("svm-breast-cancer")
"""Hinge loss on ten measurements of the breast cancer data, which do not separate the classes."""


def Sub(step: float, **more: object) -> MethodSpec:
    """A subgradient chain; the step is absolute."""
    return MethodSpec("rac-subgradient", step, "absolute", **more)  # type: ignore[arg-type]


def Pol(**more: object) -> MethodSpec:
    """A chain with Polyak's step."""
    return MethodSpec("rac-polyak", 1.0, "absolute", **more)  # type: ignore[arg-type]


def lopsided(method: MethodSpec, dimension: int) -> MethodSpec:
    """The same with two coordinates that are drawn in 199 of 200 links, and the others hardly ever."""
    rest = 0.005 / (dimension - 2)
    probabilities = (0.4975, 0.4975, *(rest for _ in range(dimension - 2)))
    return replace(method, law="importance").with_options(probabilities=probabilities)


def _subgradient() -> list[Claim]:
    cases = {
        "l1-regression/haar-r2": (L1, Sub(0.6, rank=2), 60, False, EVERY),
        "l1-regression/right-r1": (L1, Sub(0.6, side="right"), 60, False, USUAL),
        "l1-regression/coordinates-r3": (L1, Sub(0.6, rank=3, law="coordinates"), 60, False, USUAL),
        "svm-synthetic/haar-r1": (SVM, Sub(0.6), 60, False, USUAL),
        "svm-breast-cancer/haar-r3": (CANCER_SVM, Sub(1.0, rank=3), 30, True, EVERY),
        "svm-breast-cancer/coordinates-r5": (
            CANCER_SVM, Sub(0.5, rank=5, law="coordinates"), 60, True, USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"subgradient/{name}", "subgradient", f, method, start="far:3", steps=steps, seeds=2000,
              tiers=tiers, real_data=real)
        for name, (f, method, steps, real, tiers) in cases.items()
    ]  # fmt: skip
    claims += [
        Claim(f"subgradient/{f.name}/haar-r2-one-step", "subgradient", f, Sub(0.1, rank=2),
              statement="one step", start="far:1", steps=12, seeds=100, real_data=f is CANCER_SVM)
        for f in (L1, CANCER_SVM)
    ]  # fmt: skip
    claims += [
        Claim("subgradient/bound-divided-by-10/l1-regression", "subgradient", L1, Sub(0.05, rank=2),
              REFUTED, start="far:3", steps=40, seeds=300, bound_factor=0.1),
        Claim("subgradient/bound-divided-by-20/svm-breast-cancer", "subgradient", CANCER_SVM,
              Sub(1.0, rank=3), REFUTED, start="far:3", steps=10, seeds=300, bound_factor=0.05, real_data=True),
    ]  # fmt: skip
    claims += both("lopsided-law", "subgradient", L1, lopsided(Sub(0.25), 5), Sub(0.25), EVERY,
                   start="far:1", steps=400, seeds=100,
                   note="three of five rows are drawn once in 600 links")  # fmt: skip
    return claims


def _polyak() -> list[Claim]:
    cases = {
        "l1-regression/haar-r2": (L1, Pol(rank=2), 100, False, EVERY),
        "l1-regression/coordinates-r1": (L1, Pol(law="coordinates"), 100, False, USUAL),
        "svm-synthetic/right-full": (SVM, Pol(side="right"), 50, False, USUAL),
        "svm-synthetic/haar-r2": (SVM, Pol(rank=2), 100, False, USUAL),
        "svm-breast-cancer/haar-r3": (CANCER_SVM, Pol(rank=3), 60, True, EVERY),
    }
    claims = [
        Claim(f"polyak/{name}", "polyak", f, method, start="far:3", steps=steps, seeds=1000, tiers=tiers,
              real_data=real)
        for name, (f, method, steps, real, tiers) in cases.items()
    ]  # fmt: skip
    claims += [
        Claim(f"polyak/{f.name}/haar-r2-one-step", "polyak", f, Pol(rank=2), statement="one step",
              start="far:1", steps=12, seeds=100, real_data=f is CANCER_SVM)
        for f in (L1, CANCER_SVM)
    ]  # fmt: skip
    claims.append(
        Claim("polyak/bound-divided-by-10/l1-regression", "polyak", L1, Pol(rank=2), REFUTED,
              start="far:3", steps=4, seeds=300, bound_factor=0.1)
    )  # fmt: skip
    claims += both("lopsided-law", "polyak", L1, lopsided(Pol(), 5), Pol(), EVERY, start="far:1",
                   steps=400, seeds=1000)  # fmt: skip
    return claims


CLAIMS = (*_subgradient(), *_polyak())
