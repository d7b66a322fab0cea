"""Claims beyond the paper on links: any inner solver with a safeguard, acceleration, what no link can beat."""

from __future__ import annotations

from typing import Any

from ractheory.claims.claim import UNDECIDED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.controls import FROZEN, both
from ractheory.claims.core import CANCER, COUNTEREXAMPLE, DIABETES, DIGITS, EVERY, USUAL, F, Rac
from ractheory.claims.effective import HALF, LINK, Eff
from ractheory.claims.exact import ROTATED, SINGULAR

IMAGE = F("mean-image")
"""The mean of the images of one digit, 8 x 8: (1/2) |W - W*|^2 on real data."""
SLOW = F("spectrum-left", {"m": 8, "n": 3, "condition": 1000.0, "spectrum": "geometric"})


def Safe(solver: str, eta: float, step: float = 1.0, unit: str = "1/L", **more: Any) -> MethodSpec:
    """Five steps of a solver a link, with the exact step of 1/L where they end above it."""
    method = MethodSpec("rac-safeguarded", step, unit, **more)
    return method.with_options(solver=solver, eta=eta, inner_steps=5)


def Acc(step: float = 1.0, **more: Any) -> MethodSpec:
    return MethodSpec("rac-accelerated", step, **more)


def free(solver: str, step: float, **more: Any) -> MethodSpec:
    """Five steps of a solver a link, without a safeguard; the step is on the factor."""
    method = Rac(step=step, unit="absolute", law="gaussian", **more)
    return method.with_options(inner=solver, inner_steps=5)


def _inner_solver() -> list[Claim]:
    nonconvex = F("nonconvex-regression")
    cases: dict[str, tuple[ObjectiveSpec, MethodSpec, str, bool, tuple[str, ...]]] = {
        "spectrum-left/plain": (ROTATED, Safe("plain", 0.05, rank=2), "pl sharp", False, EVERY),
        "spectrum-left/momentum": (
            ROTATED, Safe("momentum", 0.02, rank=2), "pl one step", False, USUAL),
        "spectrum-left/adamw": (ROTATED, Safe("adamw", 0.1, rank=2), "pl paper", False, EVERY),
        "nonconvex-regression/plain": (
            nonconvex, Safe("plain", 0.05, rank=2), "nonconvex sharp", False, USUAL),
        "nonconvex-regression/adamw": (
            nonconvex, Safe("adamw", 0.05, rank=2), "nonconvex paper", False, USUAL),
        "spectrum-left/adamw-gammaL1.9": (
            ROTATED, Safe("adamw", 0.1, 1.9, rank=2), "nonconvex one step", False, USUAL),
        "logistic-breast-cancer/plain": (
            CANCER, Safe("plain", 0.02, rank=2), "pl sharp", True, USUAL),
        "logistic-breast-cancer/momentum": (
            CANCER, Safe("momentum", 0.01, rank=2), "pl sharp", True, USUAL),
        "logistic-breast-cancer/adamw": (
            CANCER, Safe("adamw", 0.02, rank=2), "pl sharp", True, EVERY),
        "ridge-diabetes/adamw-right": (
            DIABETES, Safe("adamw", 0.02, side="right"), "pl sharp", True, USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"inner-solver/{name}-safeguarded", "inner-solver", f, method, statement=statement,
              steps=20, seeds=400, tiers=tiers, real_data=real,
              note="whatever the solver does, no link ends above one exact projected step")
        for name, (f, method, statement, real, tiers) in cases.items()
    ]  # fmt: skip
    for solver, eta in (("momentum", 0.005), ("adamw", 0.005)):
        claims += both(f"{solver}-without-safeguard", "inner-solver", F("isotropic"),
                       free(solver, eta, rank=2), Safe(solver, eta, rank=2), statement="pl sharp",
                       steps=20, seeds=300, note="nothing makes these links certified")  # fmt: skip
    return claims + both("adamw-without-safeguard-real", "inner-solver", CANCER,
                         free("adamw", 5.0, rank=2), Safe("adamw", 5.0, rank=2), statement="pl sharp",
                         steps=20, seeds=100, real_data=True)  # fmt: skip


def _accelerated() -> list[Claim]:
    cases: dict[str, tuple[ObjectiveSpec, MethodSpec, str, bool, tuple[str, ...]]] = {
        "spectrum-left/haar-r2": (ROTATED, Acc(rank=2), "sharp", False, EVERY),
        "spectrum-left/haar-r1-simple": (ROTATED, Acc(), "simple", False, USUAL),
        "spectrum-left/full-rank": (ROTATED, Acc(rank=8), "sharp", False, USUAL),
        "spectrum-left/condition-1000-r4": (SLOW, Acc(rank=4), "simple", False, USUAL),
        "spectrum-left/effective-step-r2": (
            ROTATED, Acc(unit="1/L_eff", rank=2), "effective", False, USUAL),
        "singular/half-a-step-r2": (SINGULAR, Acc(0.5, rank=2), "sharp", False, USUAL),
        "isotropic/right-r2": (F("isotropic"), Acc(rank=2, side="right"), "sharp", False, USUAL),
        "counterexample/right-r1": (COUNTEREXAMPLE, Acc(side="right"), "sharp", False, USUAL),
        "ridge-diabetes/haar-r3": (DIABETES, Acc(rank=3), "sharp", True, EVERY),
        "ridge-diabetes/haar-r1-simple": (DIABETES, Acc(), "simple", True, USUAL),
        "ridge-diabetes/effective-step-r3": (
            DIABETES, Acc(unit="1/L_eff", rank=3), "effective", True, USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"accelerated/{name}", "accelerated", f, method, statement=statement, steps=80, seeds=40,
              tiers=tiers, real_data=real,
              note="the expectation by an exact recursion of the moments of x and z")
        for name, (f, method, statement, real, tiers) in cases.items()
    ]  # fmt: skip
    claims.append(
        Claim("accelerated/logistic-breast-cancer/haar-r8", "accelerated", CANCER, Acc(rank=8),
              UNDECIDED, steps=60, seeds=30, real_data=True,
              note="an accelerated link can rise: without a sure ceiling runs cannot confirm it")
    )  # fmt: skip
    claims.append(
        Claim("accelerated/bound-divided-by-10/isotropic", "accelerated", F("isotropic"), Acc(rank=2),
              "refuted", steps=2, seeds=300, bound_factor=0.1)
    )  # fmt: skip
    claims += both("four-times-the-step", "accelerated", ROTATED, Acc(4.0, rank=4), Acc(rank=4), EVERY,
                   steps=60, seeds=200)  # fmt: skip
    return claims + both("no-momentum", "accelerated", SLOW, Rac(rank=8), Acc(rank=8), steps=200, seeds=60,
                         note="plain links of the same step are slower than the bound")  # fmt: skip


def _sign_floor() -> list[Claim]:
    def sign(eta: float, **more: Any) -> MethodSpec:
        return MethodSpec("rac-sign", eta, "absolute", **more)

    cases = {
        "isotropic/r1": (F("isotropic"), sign(0.1), False, EVERY),
        "isotropic/right-r2": (F("isotropic"), sign(0.05, rank=2, side="right"), False, USUAL),
        "isotropic/r2-scale-2": (
            F("isotropic", {"L": 5.0}), sign(0.02, rank=2).with_options(scale=2.0), False, USUAL),
        "mean-image/r1": (IMAGE, sign(0.02), True, USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"sign-floor/{name}", "sign-floor", f, method, steps=300, seeds=400, tiers=tiers,
              real_data=real)
        for name, (f, method, real, tiers) in cases.items()
    ]  # fmt: skip
    claims.append(
        Claim("sign-floor/isotropic/r1-first-link", "sign-floor", F("isotropic"), sign(1.0), steps=1,
              seeds=400, note="the floor holds from the first link on")
    )  # fmt: skip
    return claims + both("projected-links", "sign-floor", F("isotropic"), Rac(), sign(0.6), EVERY,
                         steps=60, seeds=400, note="projected links go below every floor")  # fmt: skip


def _best_links() -> list[Claim]:
    momentum = MethodSpec("rac-momentum", 0.02, "absolute", rank=2).with_options(inner_steps=8)
    exact = Rac(rank=2).with_options(**LINK)
    lower = {
        "isotropic/momentum-r2": (F("isotropic", {"m": 6, "n": 3}), momentum, "lower bound", False, EVERY),
        "projected/momentum-r2": (HALF, momentum, "lower bound", False, USUAL),
        "mean-image/adamw-r2": (IMAGE, free("adamw", 0.02, rank=2), "lower bound", True, USUAL),
        "mean-image/momentum-r2": (IMAGE, momentum, "lower bound", True, USUAL),
        "mean-image/exact-r2-attained": (IMAGE, exact, "attained", True, EVERY),
        "mean-image/gammaL1-r2-one-step": (IMAGE, Rac(rank=2), "one step", True, USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"link-lower-bound/{name}", "link-lower-bound", f, method, statement=statement, steps=12,
              seeds=600, tiers=tiers, real_data=real)
        for name, (f, method, statement, real, tiers) in lower.items()
    ]  # fmt: skip
    upper = {
        "spectrum-left/safeguarded-adamw-r3": (
            ROTATED, Safe("adamw", 0.2, unit="1/L_eff", rank=3), False, EVERY),
        "spectrum-left/safeguarded-momentum-r3": (
            ROTATED, Safe("momentum", 0.02, unit="1/L_eff", rank=3), False, USUAL),
        "ridge-diabetes/safeguarded-adamw-r4": (
            DIABETES, Safe("adamw", 0.02, unit="1/L_eff", rank=4), True, USUAL),
        "mean-image/exact-r1": (IMAGE, Eff().with_options(**LINK), True, USUAL),
    }  # fmt: skip
    return claims + [
        Claim(f"exact-links/{name}", "exact-links", f, method, steps=20, seeds=1000, tiers=tiers,
              real_data=real)
        for name, (f, method, real, tiers) in upper.items()
    ]  # fmt: skip


def _isotropic_pl() -> list[Claim]:
    cases: dict[str, tuple[ObjectiveSpec, MethodSpec, str, bool, tuple[str, ...]]] = {
        "spectrum-left/haar-r2": (ROTATED, Rac(rank=2), "sharp", False, EVERY),
        "isotropic/haar-r1-one-step": (F("isotropic"), Rac(), "one step", False, USUAL),
        "spectrum-left/haar-r1-gammaL1.9": (ROTATED, Rac(step=1.9), "long", False, USUAL),
        "spectrum-left/full-rank-gammaL1.5": (ROTATED, Rac(rank=8, step=1.5), "wide", False, USUAL),
        "spectrum-left/r7-gammaL1.9": (ROTATED, Rac(rank=7, step=1.9), "wide long", False, USUAL),
        "logistic-breast-cancer/haar-r2": (CANCER, Rac(rank=2), "sharp", True, EVERY),
        "softmax-digits/coordinates-r4": (
            DIGITS, Rac(rank=4, law="coordinates"), "sharp", True, USUAL),
        "ridge-diabetes/haar-r3-one-step": (DIABETES, Rac(rank=3), "one step", True, USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"gd-pl-isotropic/{name}", "gd-pl-isotropic", f, method, statement=statement, steps=20,
              seeds=400, tiers=tiers, real_data=real)
        for name, (f, method, statement, real, tiers) in cases.items()
    ]  # fmt: skip
    return claims + both("frozen-sketch", "gd-pl-isotropic", F("isotropic"), FROZEN, Rac(), steps=30,
                         seeds=300)  # fmt: skip


def _links() -> list[Claim]:
    """One link of the full-gradient rows, for all W at once, and convex chains of coordinates."""
    eff = Eff(1.5, rank=2, law="coordinates")
    cases: dict[str, tuple[ObjectiveSpec, MethodSpec, str, bool]] = {
        "gd-pl/spectrum-left/haar-r2-one-step": (ROTATED, Rac(rank=2, step=1.5), "one step", False),
        "gd-pl/ridge-diabetes/haar-r3-one-step": (DIABETES, Rac(rank=3), "one step", True),
        "gd-nonconvex/spectrum-left/haar-r2-one-step": (ROTATED, Rac(rank=2), "one step", False),
        "gd-nonconvex/softmax-digits/haar-r4-one-step": (DIGITS, Rac(rank=4), "one step", True),
        "effective-dimension/spectrum-left/coordinates-r2-one-step": (
            ROTATED, eff, "coordinates one step", False),
        "effective-dimension/singular/coordinates-r2-convex": (
            SINGULAR, Eff(0.5, rank=2, law="coordinates"), "coordinates convex", False),
        "bernoulli-gd-pl/softmax-digits/as-printed": (
            DIGITS, Rac(rank=4, side="bernoulli"), "paper", True),
        "bernoulli-gd-nonconvex/softmax-digits/as-printed": (
            DIGITS, Rac(rank=4, side="bernoulli"), "paper", True),
        "bernoulli-gd-nonconvex/softmax-digits/one-step": (
            DIGITS, Rac(rank=4, side="bernoulli"), "one step", True),
    }  # fmt: skip
    claims = [
        Claim(name, name.split("/")[0], f, method, statement=statement, steps=10, seeds=300, real_data=real)
        for name, (f, method, statement, real) in cases.items()
    ]  # fmt: skip
    return claims + both("frozen-sketch", "gd-convex", F("isotropic"), FROZEN, Rac(), steps=100,
                         seeds=100, note="stuck at its floor")  # fmt: skip


CLAIMS = (
    *_links(), *_inner_solver(), *_accelerated(), *_sign_floor(), *_best_links(), *_isotropic_pl(),
)  # fmt: skip
