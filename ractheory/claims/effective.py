"""Claims beyond the paper on matrix smoothness: effective dimension, exact links, plain factor steps."""

from __future__ import annotations

from typing import Any

from ractheory.claims.claim import UNDECIDED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.controls import both
from ractheory.claims.core import CANCER, DIABETES, EVERY, USUAL, F, Rac
from ractheory.claims.exact import ROTATED, SINGULAR

POWER_LAW = F("spectrum-left", {"m": 1000, "n": 1, "spectrum": "power", "decay": 2.0})
"""tr K/L is about 1.64 in dimension 1000."""
COLUMNS = F("spectrum-right", {"m": 3, "n": 7, "spectrum": "geometric", "rotate": True})
HALF = F("spectrum-left", {"m": 8, "n": 3, "spectrum": [2.0] * 5 + [0.0] * 3, "rotate": True})
"""(L/2) |P D|^2 with a projection P of rank 5 in R^8."""

LINK = {"inner": "exact"}


def Eff(step: float = 1.0, **more: Any) -> MethodSpec:
    """RAC-LoRA with its step in units of 1/L_eff."""
    return Rac(step=step, unit="1/L_eff", **more)


def _power_law() -> list[Claim]:
    """One figure: rank 1 with the paper's step, with 1/L_eff, exact links, and full fine-tuning."""
    methods = {
        "paper-step": (Rac(), "gd-convex", None),
        "effective-step": (Eff(), "effective-dimension", "convex"),
        "exact-links": (Eff().with_options(**LINK), "exact-links", None),
        "fpft": (MethodSpec("fpft"), "gd-convex", None),
    }
    return [
        Claim(f"{theorem}/power-law/{name}", theorem, POWER_LAW, method, statement=statement,
              steps=3000, seeds=1 if name == "fpft" else 6, start="far:1",
              note="spectrum i^-2 in dimension 1000, rank 1")
        for name, (method, theorem, statement) in methods.items()
    ]  # fmt: skip


def _effective_dimension() -> list[Claim]:
    cases: dict[str, tuple[ObjectiveSpec, MethodSpec, str, bool, tuple[str, ...]]] = {
        "spectrum-left/haar-r1": (ROTATED, Eff(), "pl", False, EVERY),
        "spectrum-left/haar-r3-gammaL1.9": (ROTATED, Eff(1.9, rank=3), "pl", False, USUAL),
        "spectrum-left/haar-r2-one-step": (ROTATED, Eff(1.5, rank=2), "one step", False, EVERY),
        "spectrum-right/haar-r2": (COLUMNS, Eff(rank=2, side="right"), "pl", False, USUAL),
        "spectrum-right/haar-r1-nonconvex": (COLUMNS, Eff(side="right"), "nonconvex", False, USUAL),
        "spectrum-left/coordinates-r2": (
            ROTATED, Eff(rank=2, law="coordinates"), "coordinates pl", False, USUAL),
        "singular/haar-r1": (SINGULAR, Eff(), "pl", False, USUAL),
        "singular/haar-r2-convex": (SINGULAR, Eff(0.5, rank=2), "convex", False, USUAL),
        "ridge-diabetes/haar-r1": (DIABETES, Eff(), "pl", True, EVERY),
        "ridge-diabetes/coordinates-r3": (
            DIABETES, Eff(rank=3, law="coordinates"), "coordinates nonconvex", True, USUAL),
        "ridge-diabetes/haar-r1-one-step": (DIABETES, Eff(1.9), "one step", True, USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"effective-dimension/{name}", "effective-dimension", f, method, statement=statement,
              steps=40, seeds=400, tiers=tiers, real_data=real)
        for name, (f, method, statement, real, tiers) in cases.items()
    ]  # fmt: skip
    claims += [
        Claim("effective-dimension/logistic-breast-cancer/haar-r2", "effective-dimension", CANCER,
              Eff(rank=2), UNDECIDED, statement="pl", steps=40, seeds=400, real_data=True,
              note="a step far above 2/L has no sure ceiling: runs can refute it and cannot confirm it"),
        Claim("effective-dimension/constants/no-worse", "effective-dimension", ROTATED, Eff(),
              statement="no worse", steps=1, seeds=1),
    ]  # fmt: skip
    claims += both("wrong-side", "effective-dimension", ROTATED, Eff(side="right"), Eff(),
                   EVERY, statement="pl", steps=60, seeds=200,
                   note="a sketch on the side where K does not act diverges at this step")  # fmt: skip
    claims += both("step-beyond-its-limit", "effective-dimension", DIABETES, Eff(6.0), Eff(),
                   statement="pl", steps=40, seeds=200, real_data=True)  # fmt: skip
    return claims


def _exact_links() -> list[Claim]:
    exact = Eff().with_options(**LINK)
    cases = {
        "spectrum-left/r1": (ROTATED, exact, False, EVERY),
        "spectrum-left/r3": (ROTATED, Eff(rank=3).with_options(**LINK), False, USUAL),
        "spectrum-right/r2": (COLUMNS, Eff(rank=2, side="right").with_options(**LINK), False, USUAL),
        "singular/r2": (SINGULAR, Eff(rank=2).with_options(**LINK), False, USUAL),
        "spectrum-left/effective-step-r2": (ROTATED, Eff(rank=2), False, USUAL),
        "ridge-diabetes/r2": (DIABETES, Eff(rank=2).with_options(**LINK), True, EVERY),
    }  # fmt: skip
    claims = [
        Claim(f"exact-links/{name}", "exact-links", f, method, steps=30, seeds=600, tiers=tiers,
              real_data=real)
        for name, (f, method, real, tiers) in cases.items()
    ]  # fmt: skip
    return claims + both("a-fifth-of-the-step", "exact-links", F("isotropic"), Eff(0.2), exact, EVERY,
                         steps=20, seeds=300, note="links that are not exact fall behind")  # fmt: skip


def _link_lower_bound() -> list[Claim]:
    isotropic = F("isotropic", {"m": 6, "n": 3})
    adam = Rac(rank=2, law="gaussian", step=0.2, unit="absolute").with_options(
        inner="adamw", inner_steps=5)  # fmt: skip
    exact = Rac(rank=2).with_options(**LINK)
    cases = {
        "isotropic/adamw-r2": (isotropic, adam, "lower bound", USUAL),
        "isotropic/plain-r2": (
            isotropic, Rac(rank=2, law="gaussian", step=0.2).with_options(inner="plain", inner_steps=4),
            "lower bound", USUAL),
        "isotropic/half-step-r2": (isotropic, Rac(rank=2, step=0.5), "lower bound", USUAL),
        "isotropic/gammaL1-r2": (isotropic, Rac(rank=2), "lower bound", USUAL),
        "isotropic/gammaL1-r2-one-step": (isotropic, Rac(rank=2), "one step", EVERY),
        "isotropic/exact-r2-attained": (isotropic, exact, "attained", EVERY),
        "projected/exact-r2-attained": (HALF, exact, "attained", USUAL),
        "projected/gammaL1-r2": (HALF, Rac(rank=2), "lower bound", USUAL),
        "projected/adamw-r1": (
            HALF, Rac(law="gaussian", step=0.2, unit="absolute").with_options(
                inner="adamw", inner_steps=5), "lower bound", USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"link-lower-bound/{name}", "link-lower-bound", f, method, statement=statement,
              steps=12, seeds=600, tiers=tiers)
        for name, (f, method, statement, tiers) in cases.items()
    ]  # fmt: skip
    return claims + both("full-parameter-steps", "link-lower-bound", isotropic,
                         MethodSpec("fpft", 0.5), Rac(), EVERY, steps=6, seeds=100,
                         note="without a sketch the bound of rank one does not hold")  # fmt: skip


def _plain_gradient() -> list[Claim]:
    def plain(step: float = 1.0, **more: Any) -> MethodSpec:
        return Rac(step=step, unit="1/L_plain", law="gaussian", **more).with_options(inner="plain")

    cases = {
        "spectrum-left/r1-one-step": (ROTATED, plain(), "one step", False, EVERY),
        "spectrum-left/r2-short-step": (ROTATED, plain(rank=2), "short step", False, USUAL),
        "spectrum-left/r2": (ROTATED, plain(1.5, rank=2), "pl", False, USUAL),
        "spectrum-right/r1-nonconvex": (COLUMNS, plain(side="right"), "nonconvex", False, USUAL),
        "isotropic/r2-tight": (F("isotropic"), plain(rank=2), "pl", False, EVERY),
        "ridge-diabetes/r2": (DIABETES, plain(rank=2), "pl", True, USUAL),
        "ridge-diabetes/r1-one-step": (DIABETES, plain(1.9), "one step", True, EVERY),
        "constants/gain-of-the-pseudo-inverse": (
            ROTATED, plain(), "gain of the pseudo-inverse", False, USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"plain-gradient/{name}", "plain-gradient", f, method, statement=statement, steps=30,
              seeds=400, tiers=tiers, real_data=real)
        for name, (f, method, statement, real, tiers) in cases.items()
    ]  # fmt: skip
    claims.append(
        Claim("plain-gradient/logistic-breast-cancer/r2", "plain-gradient", CANCER, plain(rank=2),
              UNDECIDED, statement="pl", steps=40, seeds=400, real_data=True,
              note="B B^T is unbounded: without a sure ceiling runs cannot confirm it")
    )  # fmt: skip
    return claims + both("step-1-over-L", "plain-gradient", ROTATED,
                         Rac(step=1.0, law="gaussian", rank=2).with_options(inner="plain"),
                         plain(rank=2), EVERY, statement="pl", steps=30, seeds=300,
                         note="the step that is safe with the pseudo-inverse")  # fmt: skip


def _exact_quadratic() -> list[Claim]:
    cases = {
        "spectrum-left/r2-one-step": (ROTATED, Rac(rank=2, step=1.5), "one step", False, EVERY),
        "spectrum-left/r2-above-2-over-L": (ROTATED, Rac(rank=2, step=3.0), "rate", False, USUAL),
        "spectrum-right/r3": (COLUMNS, Rac(rank=3, side="right"), "rate", False, USUAL),
        "singular/r1": (SINGULAR, Rac(), "rate", False, USUAL),
        "ridge-diabetes/r3": (DIABETES, Rac(rank=3), "rate", True, EVERY),
        "ridge-diabetes/r3-one-step": (DIABETES, Rac(rank=3), "one step", True, USUAL),
    }
    claims = [
        Claim(f"exact-quadratic/{name}", "exact-quadratic", f, method, statement=statement, steps=30,
              seeds=1000, tiers=tiers, real_data=real)
        for name, (f, method, statement, real, tiers) in cases.items()
    ]  # fmt: skip
    return claims + both("another-law", "exact-quadratic", SINGULAR, Rac(law="coordinates", rank=2),
                         Rac(rank=2), EVERY, statement="one step", steps=30, seeds=1000,
                         note="coordinates have the mean of Haar and another second moment")  # fmt: skip


CLAIMS = (
    *_power_law(), *_effective_dimension(), *_exact_links(), *_link_lower_bound(),
    *_plain_gradient(), *_exact_quadratic(),
)  # fmt: skip
