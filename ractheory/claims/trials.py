"""Measured claims: equal budgets, where LoRA settles, what a solver certifies, what merging loses."""

from __future__ import annotations

from typing import Any

from ractheory.claims.claim import MEASURED, REFUTED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.core import EVERY, LONG, USUAL


def trial(name: str, what: str, settings: dict[str, Any], **more: Any) -> Claim:
    """Return the measured claim `name`; its family is the first word."""
    family = name.split("/")[0]
    return Claim(
        name, family, ObjectiveSpec(what, settings), MethodSpec(), evidence=MEASURED, **more
    )


# Equal budgets.

DIGITS: dict[str, Any] = {"objective": "softmax-digits", "of": {"rows": 400}}
LABELS: dict[str, Any] = {"objective": "ridge-digits", "of": {"rows": 400}}
CANCER: dict[str, Any] = {"objective": "logistic-breast-cancer"}
DIABETES: dict[str, Any] = {"objective": "ridge-diabetes", "of": {"ridge": 0.1}}

FULL = {"name": "fpft"}
LONG_FULL = {"name": "fpft", "step": 1.9}
PAPER = {"rank": 4}
EFFECTIVE = {"rank": 1, "unit": "1/L_eff"}
COORDINATES = {"rank": 4, "unit": "1/L_eff", "law": "coordinates"}


def _costs() -> list[Claim]:
    m, n, r = 62, 10, 4
    shares: dict[str, tuple[dict[str, Any], float]] = {
        "dense-left": ({}, r / m + r / (2 * n)),
        "dense-right": ({"side": "right"}, r / m + r / n),
        "coordinates-left": ({"coordinates": True}, r / m),
        "coordinates-right": ({"coordinates": True, "side": "right"}, r / n),
    }
    claims = [
        trial(f"equal-budget/cost/{name}", "cost", {"m": m, "n": n, "r": r, **more, "stated": share},
              tiers=EVERY, note="of a full gradient step")
        for name, (more, share) in shares.items()
    ]  # fmt: skip
    claims.append(
        trial("equal-budget/cost/dense-left-without-forming-XB", "cost",
              {"m": m, "n": n, "r": r, "stated": r / (2 * n)}, expected=REFUTED,
              note="a planted error: the product of the features with the sketch left out")
    )  # fmt: skip
    return claims


def _races() -> list[Claim]:
    def race(name: str, on: dict[str, Any], first: dict[str, Any], second: dict[str, Any],
             budget: str = "operations", amount: int = 60, **more: Any) -> Claim:  # fmt: skip
        settings = {**on, "first": first, "second": second, "budget": budget, "amount": amount}
        return trial(f"equal-budget/{name}", "race", settings, **more)

    real: dict[str, Any] = {"real_data": True}
    dear: dict[str, Any] = {"real_data": True, "tiers": LONG}
    operations = [
        race("ridge-digits/full-before-paper-step", LABELS, FULL, PAPER, **real),
        race("ridge-digits/coordinates-before-full", LABELS, COORDINATES, LONG_FULL, tiers=EVERY, **real),
        race("ridge-digits/dense-effective-before-full", LABELS, EFFECTIVE, FULL, amount=40, **real),
        race("logistic-breast-cancer/full-before-dense-effective", CANCER, FULL,
             {"rank": 4, "unit": "1/L_eff"}, note="one column: X B costs half of a full step a rank", **real),
        race("logistic-breast-cancer/coordinates-before-full", CANCER, COORDINATES, LONG_FULL, **real),
        race("ridge-diabetes/coordinates-before-full", DIABETES | {"seeds": 80}, COORDINATES, FULL, **real),
        race("ridge-diabetes/paper-step-before-full", DIABETES, PAPER, FULL, expected=REFUTED,
             note="the claim turned round", **real),
    ]  # fmt: skip
    one = {"name": "lora", "step": 0.3, "rank": 8, "initial_std": 0.3}
    links = {"name": "cola", "step": 0.3, "inner_steps": 50, "initial_std": 0.3}
    kept = {"side": "right", "inner": "pseudo-inverse", "inner_steps": 50}
    parameters = [
        race("softmax-digits/one-lora-before-8-cola-links", DIGITS, one, links, "gradients", 400, **dear),
        race("softmax-digits/one-lora-before-8-rac-links", DIGITS, one, kept, "gradients", 400, **dear),
        race("ridge-digits/one-lora-before-8-cola-links", LABELS, one, links, "gradients", 400, **real),
        race("ridge-digits/redrawn-at-every-step-before-one-lora", LABELS, {"rank": 1}, one | {"rank": 4},
             "gradients", 400, note="a fresh factor at every step: more trained parameters in all", **real),
        race("isotropic/redrawn-at-every-step-before-one-lora",
             {"objective": "isotropic", "of": {"m": 8, "n": 8}}, {"rank": 1},
             {"name": "lora", "step": 0.03, "rank": 4, "initial_std": 0.3}, "gradients", 400,
             tiers=EVERY, note="one LoRA of rank 4 stays on its floor"),
        race("ridge-digits/one-lora-before-8-rac-links", LABELS, one, kept, "gradients", 400, **real),
        race("ridge-digits/8-cola-links-before-one-lora", LABELS, links, one, "gradients", 400,
             expected=REFUTED, note="the claim turned round", **real),
    ]  # fmt: skip
    return operations + parameters


# LoRA beside its sharpness.

SQUARE: dict[str, Any] = {"objective": "isotropic", "of": {"m": 5, "n": 4}}
IMAGE: dict[str, Any] = {"objective": "mean-image"}


def _settling() -> list[Claim]:
    def claim(name: str, what: str, settings: dict[str, Any], **more: Any) -> Claim:
        return trial(f"settling/{name}", what, settings, **more)

    claims = []
    for name, on, real in (("isotropic", SQUARE, False), ("mean-image", IMAGE, True)):
        tiers = USUAL if real else EVERY
        claims += [
            claim(f"{name}/below", "settles", {**on, "level": 0.95, "least": 0.9}, tiers=tiers, real_data=real),
            claim(f"{name}/above", "settles", {**on, "level": 1.05, "most": 0.06}, tiers=tiers, real_data=real),
            claim(f"{name}/twice", "diverges", {**on, "level": 2.0, "least": 0.9}, tiers=tiers, real_data=real),
        ]  # fmt: skip
    return [
        *claims,
        claim("isotropic/below-r2", "settles", {**SQUARE, "rank": 2, "level": 0.95, "least": 0.9}),
        claim("isotropic/above-r2", "settles", {**SQUARE, "rank": 2, "level": 1.05, "most": 0.06}),
        claim("isotropic/below-unit-factors", "settles",
              {"objective": "isotropic", "of": {"m": 8, "n": 8}, "rank": 2, "level": 0.95,
               "initial_scale": 1.0, "least": 0.9}, expected=REFUTED,
              note="factors of the size of sqrt(sigma_1) and larger: most runs diverge at once"),
        claim("isotropic/above-turned-round", "settles", {**SQUARE, "level": 1.05, "least": 0.9},
              expected=REFUTED),
        claim("isotropic/no-divergence-at-1.05", "diverges", {**SQUARE, "level": 1.05, "most": 0.06},
              note="unstable is not divergent: just above the boundary runs wander near the best points"),
    ]  # fmt: skip


# What a solver certifies.


def _certified() -> list[Claim]:
    def claim(name: str, settings: dict[str, Any], **more: Any) -> Claim:
        return trial(
            f"certified-links/{name}",
            "certified",
            {"inner_steps": 5, "rank": 2, **settings},
            **more,
        )

    plain, adam = {"solver": "plain", "eta": 0.03}, {"solver": "adamw", "eta": 0.01}
    momentum = {"solver": "momentum", "eta": 0.01}
    spectrum: dict[str, Any] = {"objective": "spectrum-left"}
    return [
        claim("isotropic/plain", {**SQUARE, **plain, "high": 0.05}, tiers=EVERY,
              note="at kappa = 1 the exact step is the exact minimiser of its link"),
        claim("isotropic/adamw", {**SQUARE, **adam, "high": 0.05}),
        claim("spectrum-left/plain", {**spectrum, "solver": "plain", "eta": 0.1, "low": 0.5, "high": 0.95}),
        claim("spectrum-left/plain-one-short-step", {**spectrum, **plain, "inner_steps": 1, "high": 0.05}),
        claim("logistic-breast-cancer/plain", {**CANCER, **plain, "low": 0.9}, tiers=EVERY, real_data=True,
              note="the step 1/L is so short that five plain steps nearly always beat it"),
        claim("logistic-breast-cancer/momentum", {**CANCER, **momentum, "low": 0.9}, real_data=True),
        claim("logistic-breast-cancer/adamw", {**CANCER, **adam, "low": 0.9}, real_data=True),
        claim("logistic-breast-cancer/none-certified", {**CANCER, **plain, "high": 0.05}, expected=REFUTED,
              real_data=True, note="what holds at kappa = 1 does not hold here"),
        claim("ridge-diabetes/adamw", {**DIABETES, **adam, "seeds": 100, "low": 0.3, "high": 0.9}, real_data=True),
    ]  # fmt: skip


# What merging loses.

WIDE: dict[str, Any] = {"objective": "isotropic", "of": {"m": 20, "n": 20}, "distance": 0.01}


def _merge_loss() -> list[Claim]:
    def claim(name: str, settings: dict[str, Any], **more: Any) -> Claim:
        return trial(f"merge-loss/{name}", "lost", settings, **more)

    return [
        claim("isotropic/bfloat16", {**WIDE, "precision": "bfloat16", "low": 0.95}, tiers=EVERY),
        claim("isotropic/float16", {**WIDE, "precision": "float16", "low": 0.6, "high": 0.9}),
        claim("isotropic/float32", {**WIDE, "precision": "float32", "low": 3e-5, "high": 3e-4}),
        claim("isotropic/float16-larger-updates",
              {**WIDE, "distance": 0.05, "precision": "float16", "low": 0.6, "high": 0.9}, expected=REFUTED,
              note="the share is no property of the format alone: five times the updates lose a fifth"),
        claim("mean-image/bfloat16",
              {**IMAGE, "distance": 0.01, "precision": "bfloat16", "low": 0.5}, real_data=True),
        claim("ridge-digits/bfloat16",
              {**LABELS, "distance": 0.01, "precision": "bfloat16", "low": 0.5}, tiers=("full",),
              real_data=True),
    ]  # fmt: skip


CLAIMS = (*_costs(), *_races(), *_settling(), *_certified(), *_merge_loss())
