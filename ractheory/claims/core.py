"""Claims on the full-gradient rows: descent of one link, and the rates of gradient chains."""

from __future__ import annotations

from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec

EVERY = ("quick", "default", "full")
USUAL = ("default", "full")
LONG = ("full",)

Rac = MethodSpec
F = ObjectiveSpec

COUNTEREXAMPLE = F("counterexample")
CANCER = F("logistic-breast-cancer", {"ridge": 0.01})
DIABETES = F("ridge-diabetes", {"ridge": 0.1})
DIGITS = F("softmax-digits", {"ridge": 0.01, "rows": 400})

DESCENT_STEPS = (0.1, 0.5, 1.0, 1.5, 1.9)
"""gamma L over the whole admissible region of `descent`, `gd-nonconvex` and `gd-pl` (below 2)."""


def _descent() -> list[Claim]:
    claims = [
        Claim(f"descent/counterexample/haar-r1-gammaL{step:g}", "descent", COUNTEREXAMPLE,
              Rac(step=step), start="far:3", steps=200, seeds=100,
              tiers=EVERY if step == 1.0 else USUAL)
        for step in DESCENT_STEPS
    ]  # fmt: skip
    wide, tall = F("spectrum-left", {"m": 4, "n": 9}), F("spectrum-right", {"m": 9, "n": 4})
    laws = {
        "gaussian": (wide, Rac(law="gaussian", rank=2)),
        "coordinates": (tall, Rac(law="coordinates", rank=3, side="right")),
        "importance": (wide, Rac(law="importance", rank=1).with_options(
            probabilities=(0.4, 0.3, 0.2, 0.1))),
        "rademacher": (wide, Rac(law="rademacher", rank=3)),
        "hadamard": (wide, Rac(law="hadamard", rank=2)),
        "bernoulli-side": (tall, Rac(law="haar", rank=2, side="bernoulli").with_options(
            left_probability=0.3)),
        "full-rank": (wide, Rac(law="haar", rank=4)),
        "fpft": (tall, Rac("fpft")),
    }  # fmt: skip
    claims += [
        Claim(
            f"descent/{f.name}/{name}", "descent", f, method, start="normal:2", steps=100, seeds=100
        )
        for name, (f, method) in laws.items()
    ]
    others = {
        "logistic-breast-cancer/haar-r2": (CANCER, Rac(rank=2, step=1.9), True, EVERY),
        "softmax-digits/coordinates-r4": (DIGITS, Rac(rank=4, law="coordinates"), True, USUAL),
        "ridge-diabetes/rademacher-r2": (
            DIABETES,
            Rac(rank=2, law="rademacher", step=1.5),
            True,
            USUAL,
        ),
        "nonconvex-diabetes/haar-r3": (F("nonconvex-diabetes"), Rac(rank=3, step=1.9), True, USUAL),
        "welsch/haar-r1": (F("welsch"), Rac(step=1.9), False, USUAL),
        "geman-mcclure/right-r2": (F("geman-mcclure"), Rac(rank=2, side="right"), False, USUAL),
        "two-layer/haar-r2": (F("two-layer"), Rac(rank=2, step=1.5), False, USUAL),
        "sine/haar-r1": (F("sine"), Rac(step=1.5), False, USUAL),
        "quadratic-blocks/haar-r1": (F("quadratic-blocks"), Rac(step=1.9), False, EVERY),
    }
    claims += [
        Claim(f"descent/{name}", "descent", f, method, start="normal:1", steps=40, seeds=20,
              real_data=real, tiers=tiers)
        for name, (f, method, real, tiers) in others.items()
    ]  # fmt: skip
    return claims


def _gd_nonconvex() -> list[Claim]:
    cases = {
        "nonconvex-regression/haar-r2": (F("nonconvex-regression"), Rac(rank=2), 60, EVERY, False),
        "nonconvex-regression/coordinates-r3-gammaL0.5": (
            F("nonconvex-regression"), Rac(rank=3, law="coordinates", step=0.5), 60, USUAL, False),
        "nonconvex-diabetes/haar-r2": (F("nonconvex-diabetes"), Rac(rank=2), 40, USUAL, True),
        "nonconvex-diabetes/gaussian-r5-gammaL1.5": (
            F("nonconvex-diabetes"), Rac(rank=5, law="gaussian", step=1.5), 30, USUAL, True),
        "welsch/haar-r1": (F("welsch"), Rac(), 60, USUAL, False),
        "geman-mcclure/right-r1-gammaL1.9": (
            F("geman-mcclure"), Rac(side="right", step=1.9), 60, USUAL, False),
        "two-layer/haar-r2": (F("two-layer"), Rac(rank=2), 60, USUAL, False),
        "two-layer/right-r2-gammaL0.1": (
            F("two-layer"), Rac(rank=2, side="right", step=0.1), 60, USUAL, False),
        "sine/coordinates-r1": (F("sine"), Rac(law="coordinates"), 40, USUAL, False),
        "logistic-breast-cancer/coordinates-r4": (
            CANCER, Rac(rank=4, law="coordinates"), 40, USUAL, True),
        "softmax-digits/right-r2": (DIGITS, Rac(rank=2, side="right"), 20, USUAL, True),
    }  # fmt: skip
    claims = [
        Claim(f"gd-nonconvex/{name}", "gd-nonconvex", f, method, steps=steps,
              seeds=600 if real else 3000, tiers=tiers, real_data=real)
        for name, (f, method, steps, tiers, real) in cases.items()
    ]  # fmt: skip
    claims.append(
        Claim("gd-nonconvex/welsch/haar-r1-as-printed", "gd-nonconvex", F("welsch"), Rac(),
              statement="paper", steps=60, seeds=300)
    )  # fmt: skip
    claims.append(
        Claim("gd-nonconvex/isotropic/haar-r1-tight", "gd-nonconvex", F("isotropic"), Rac(step=0.5),
              steps=10, seeds=1000,
              note="holds with equality, which only the exact recursion can confirm")
    )  # fmt: skip
    return claims


def _gd_pl() -> list[Claim]:
    cases = {
        "counterexample/haar-r1": (COUNTEREXAMPLE, Rac(), 20, EVERY, False),
        "counterexample/haar-r1-gammaL0.1": (COUNTEREXAMPLE, Rac(step=0.1), 60, USUAL, False),
        "counterexample/haar-r2-gammaL1.5": (COUNTEREXAMPLE, Rac(rank=2, step=1.5), 10, USUAL, False),
        "counterexample/right-r1-gammaL1.9": (COUNTEREXAMPLE, Rac(side="right", step=1.9), 20, USUAL,
                                              False),
        "ridge-synthetic/haar-r2": (F("ridge-synthetic"), Rac(rank=2), 20, USUAL, False),
        "ridge-blocks/haar-r2": (F("ridge-blocks"), Rac(rank=2), 20, USUAL, False),
        "least-squares-over/coordinates-r2": (
            F("least-squares-over"), Rac(rank=2, law="coordinates"), 20, USUAL, False),
        "least-squares-under/haar-r3": (F("least-squares-under"), Rac(rank=3), 10, USUAL, False),
        "least-squares-under/haar-full-rank": (F("least-squares-under"), Rac(rank=8), 10, USUAL, False),
        "spectrum-left/rademacher-r2": (
            F("spectrum-left", {"m": 6, "n": 4}), Rac(rank=2, law="rademacher"), 15, USUAL, False),
        "spectrum-right/hadamard-r2": (
            F("spectrum-right", {"m": 8, "n": 5}), Rac(rank=2, law="hadamard"), 15, USUAL, False),
        "entry-weights/importance": (
            F("entry-weights"), Rac(law="importance").with_options(probabilities=(0.7, 0.6, 0.4, 0.3)),
            15, USUAL, False),
        "quadratic-blocks/gaussian-r1": (F("quadratic-blocks"), Rac(law="gaussian"), 20, USUAL, False),
        "sine/haar-r2": (F("sine"), Rac(rank=2), 20, USUAL, False),
        "logistic-synthetic/haar-r1": (F("logistic-synthetic"), Rac(), 20, USUAL, False),
        "softmax-synthetic/right-r1": (F("softmax-synthetic"), Rac(side="right"), 20, USUAL, False),
        "logistic-breast-cancer/haar-r2": (CANCER, Rac(rank=2), 40, EVERY, True),
        "logistic-breast-cancer/haar-r8-gammaL1.9": (CANCER, Rac(rank=8, step=1.9), 40, USUAL, True),
        "softmax-digits/haar-r4": (DIGITS, Rac(rank=4), 20, USUAL, True),
        "ridge-diabetes/haar-r3": (DIABETES, Rac(rank=3), 20, EVERY, True),
        "least-squares-diabetes/coordinates-r5": (
            F("least-squares-diabetes"), Rac(rank=5, law="coordinates"), 20, USUAL, True),
    }  # fmt: skip
    claims = [
        Claim(
            f"gd-pl/{name}", "gd-pl", f, method, steps=steps, seeds=300, tiers=tiers, real_data=real
        )
        for name, (f, method, steps, tiers, real) in cases.items()
    ]
    claims += [
        Claim("gd-pl/ridge-diabetes/haar-r3-as-printed", "gd-pl", DIABETES, Rac(rank=3),
              statement="paper", steps=20, seeds=300, real_data=True),
        Claim("gd-pl/isotropic/haar-r1-tight", "gd-pl", F("isotropic"), Rac(), steps=8, seeds=1000,
              tiers=EVERY,
              note="kappa = 1: holds with equality, which only the exact recursion can confirm"),
    ]  # fmt: skip
    return claims


FINE_TUNING = F("ridge-synthetic", {"m": 50, "n": 10, "N": 500, "ridge": 0.01})
FINE_TUNING_RANKS = (1, 2, 5, 10, 20, 50)


def _fine_tuning() -> list[Claim]:
    """Figure 2: the minimiser of one regression is the start of another, T inverse to the rank."""
    return [
        Claim(f"gd-pl/fine-tuning/haar-r{r}", "gd-pl", FINE_TUNING, Rac(rank=r),
              start="pretrained:1", steps=1000 // r, seeds=300, all_seeds=True, source="RAC-LoRA, Figure 2")
        for r in FINE_TUNING_RANKS
    ]  # fmt: skip


CANCER_HALF = F("logistic-breast-cancer", {"ridge": 0.1, "seed": 0})
CANCER_RANKS = (1, 2, 5, 10, 31)


def _logistic_fine_tuning() -> list[Claim]:
    """Appendix A: the minimiser on one random half of the data is the start on another."""
    return [
        Claim(f"gd-pl/logistic-fine-tuning/haar-r{r}", "gd-pl", CANCER_HALF, Rac(rank=r),
              start="pretrained:1", steps=1000 // r, seeds=100, all_seeds=True, real_data=True,
              source="RAC-LoRA, appendix A")
        for r in CANCER_RANKS
    ]  # fmt: skip


def _gd_convex() -> list[Claim]:
    cases = {
        "least-squares-under/haar-r2": (F("least-squares-under"), Rac(rank=2), 40, EVERY, False),
        "least-squares-under/right-r1-gammaL0.5": (
            F("least-squares-under"), Rac(side="right", step=0.5), 40, USUAL, False),
        "spectrum-left/importance": (
            F("spectrum-left", {"m": 4, "n": 4, "spectrum": [1.0, 0.3, 0.01, 0.0]}),
            Rac(law="importance").with_options(probabilities=(0.4, 0.3, 0.2, 0.1)), 40, USUAL, False),
        "logistic-synthetic/haar-r1-gammaL0.1": (
            F("logistic-synthetic"), Rac(step=0.1), 60, USUAL, False),
        "logistic-breast-cancer/haar-r4": (CANCER, Rac(rank=4), 60, USUAL, True),
        "least-squares-diabetes/haar-r2": (
            F("least-squares-diabetes"), Rac(rank=2), 40, USUAL, True),
    }  # fmt: skip
    claims = [
        Claim(f"gd-convex/{name}", "gd-convex", f, method, steps=steps, seeds=400, tiers=tiers,
              real_data=real)
        for name, (f, method, steps, tiers, real) in cases.items()
    ]  # fmt: skip
    claims.append(
        Claim("gd-convex/least-squares-under/haar-r2-simple", "gd-convex", F("least-squares-under"),
              Rac(rank=2), statement="simple", steps=40, seeds=400)
    )  # fmt: skip
    return claims


CLAIMS = tuple(
    _descent()
    + _gd_nonconvex()
    + _gd_pl()
    + _fine_tuning()
    + _logistic_fine_tuning()
    + _gd_convex()
)
