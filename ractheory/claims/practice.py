"""Claims on practice: rounded merges, LoRA with an adaptive step, and the failures on real data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ractheory.claims.chains import SCALAR, Cola
from ractheory.claims.claim import REFUTED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.controls import both
from ractheory.claims.core import CANCER, COUNTEREXAMPLE, DIGITS, EVERY, USUAL, F, Rac
from ractheory.claims.further import IMAGE

LARGE = F("isotropic", {"m": 16, "n": 12})
LABELS = F("ridge-digits", {"rows": 400, "ridge": 0.1})
"""Ridge regression of one-hot labels on the digits: W is 62 x 10."""
IMAGE_ROW = F("mean-image", {"row": 4})
"""The same of one row of the images: W is 1 x 8."""


def Merged(precision: str, step: float = 0.02, **more: Any) -> MethodSpec:
    return MethodSpec("rac-merged", step, **more).with_options(precision=precision)


def _merge_precision() -> list[Claim]:
    claims = []
    for precision in ("bfloat16", "float16", "float32"):
        for name, f, real in (("isotropic", LARGE, False), ("mean-image", IMAGE, True)):
            small = Merged(precision, rank=2)
            tiny = Merged(precision, 2e-6, rank=2) if precision == "float32" else small
            shared: dict[str, Any] = {
                "start": "far:0.05",
                "steps": 20,
                "seeds": 2,
                "real_data": real,
            }
            claims += [
                Claim(f"merge-precision/{name}/{precision}", "merge-precision", f, small,
                      tiers=EVERY if precision == "bfloat16" else USUAL, **shared),
                Claim(f"merge-precision/{name}/{precision}-swallowed", "merge-precision", f, tiny,
                      statement="swallowed", **shared),
            ]  # fmt: skip
    claims.append(
        Claim("merge-precision/ridge-digits/bfloat16-right", "merge-precision", LABELS,
              Merged("bfloat16", 1.0, rank=2, side="right"), steps=20, seeds=2, real_data=True)
    )  # fmt: skip
    claims.append(
        Claim("merge-precision/coarser-than-declared/isotropic", "merge-precision", LARGE,
              Merged("bfloat16", 1.0, rank=4), REFUTED, declared=Merged("float16", 1.0, rank=4), steps=5,
              seeds=4, note="bfloat16 loses more than float16 may")
    )  # fmt: skip
    return claims + both("not-rounded", "merge-precision", LARGE, Merged("float64", rank=2),
                         Merged("bfloat16", rank=2), EVERY, statement="swallowed", start="far:0.05",
                         steps=20, seeds=4, note="without rounding no update is swallowed")  # fmt: skip


def Adaptive(factors: tuple[float, ...] = (), **more: Any) -> MethodSpec:
    options = {"factors": factors} if factors else {}
    return MethodSpec("lora-adaptive", 1.0, "absolute", **more).with_options(**options)


SQUARE = F("isotropic", {"m": 3, "n": 2})
PAIR = (0.3, -0.7, 0.0, 0.1, 0.0)
"""A (1 x 2), then B (3 x 1)."""
FLAT = F("isotropic", {"m": 1, "n": 1, "L": 0.01})
"""(L/2) (w - w*)^2 with the L of the counterexample."""
FAR_PAIR = (0.1, 0.1)


def _lora_adaptive() -> list[Claim]:
    descent: dict[str, tuple[ObjectiveSpec, MethodSpec, bool, tuple[str, ...]]] = {
        "isotropic/r1": (F("isotropic"), Adaptive(), False, EVERY),
        "isotropic/r2-scale-8": (
            F("isotropic", {"L": 100.0}), Adaptive(rank=2).with_options(scale=8.0), False, USUAL),
        "isotropic/flat-from-afar": (FLAT, Adaptive(FAR_PAIR), False, USUAL),
        "two-layer/r1": (F("two-layer"), Adaptive(), False, USUAL),
        "welsch/r2": (F("welsch"), Adaptive(rank=2), False, USUAL),
        "logistic-breast-cancer/r1": (CANCER, Adaptive(), True, EVERY),
        "softmax-digits/r2": (DIGITS, Adaptive(rank=2), True, USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"lora-adaptive/{name}", "lora-adaptive", f, method, steps=60, seeds=20, tiers=tiers,
              start="offset:1000" if f is FLAT else "normal:1", real_data=real)
        for name, (f, method, real, tiers) in descent.items()
    ]  # fmt: skip
    started = Adaptive(PAIR)
    for statement in ("steps", "stationary", "rate"):
        claims += [
            Claim(f"lora-adaptive/isotropic/{statement}-{steps}-steps", "lora-adaptive", SQUARE, started,
                  statement=statement, steps=steps, seeds=1, tiers=EVERY if steps == 100 else USUAL)
            for steps in (100, 10000)
        ]  # fmt: skip
    claims += [
        Claim("lora-adaptive/logistic-breast-cancer/stationary", "lora-adaptive", CANCER, Adaptive(),
              statement="stationary", steps=300, seeds=10, real_data=True),
        Claim("lora-adaptive/logistic-breast-cancer/rate", "lora-adaptive", CANCER,
              Adaptive((0.5, *(0.1,) * 31)), statement="rate", steps=300, seeds=1, real_data=True),
        Claim("lora-adaptive/mean-image/rate", "lora-adaptive", IMAGE, Adaptive((0.25,) * 16),
              statement="rate", start="zero", steps=2000, seeds=1, real_data=True),
        Claim("lora-adaptive/scalar/balanced-at-the-minimum", "lora-adaptive", SCALAR, Adaptive((1.0, 1.0)),
              statement="rate", start="offset:0", steps=100, seeds=1,
              note="W_0 is the minimiser: the step grows as the factors vanish"),
        Claim("lora-adaptive/constants/the-printed-rule-can-rise", "lora-adaptive", FLAT,
              Adaptive(FAR_PAIR), statement="the printed rule can rise", steps=1, seeds=1,
              note="phi rises from 5000.1 to 5008.1 in one step"),
    ]  # fmt: skip
    rule = {"rule": "printed"}
    claims += [
        Claim(f"lora-adaptive/{f.name}/printed-rule-within-its-range", "lora-adaptive", f,
              Adaptive(rank=rank).with_options(**rule, scale=2.0), declared=Adaptive(rank=rank).with_options(scale=2.0),
              steps=60, seeds=20, start="normal:3", real_data=real,
              note="L = 1 and s = 2: its steps are no longer than those of the proved rule")
        for f, rank, real in ((F("isotropic"), 2, False), (IMAGE, 1, True))
    ]  # fmt: skip
    printed = Adaptive(FAR_PAIR).with_options(rule="printed")
    claims += both("printed-rule", "lora-adaptive", FLAT, printed, Adaptive(FAR_PAIR), EVERY,
                   start="offset:1000", steps=5, seeds=1,
                   note="L = 0.01: the rule as printed takes steps that are too long")  # fmt: skip
    return claims + both("fixed-step-1-over-L", "lora-adaptive", CANCER,
                         MethodSpec("lora").with_options(initial_std=5.0), Adaptive(), steps=40, seeds=20,
                         real_data=True)  # fmt: skip


def _floors() -> list[Claim]:
    long: dict[str, Any] = {"steps": 300, "seeds": 20, "real_data": True}
    claims = [
        Claim("rank-floor/mean-image/r1", "rank-floor", IMAGE, MethodSpec("lora", 0.3), start="zero",
              tiers=EVERY, note="singular values of a mean image: the best rank-1 image is the floor", **long),
        Claim("rank-floor/ridge-digits/r2", "rank-floor", LABELS, MethodSpec("lora", 0.1, rank=2),
              start="zero", **(long | {"steps": 60, "seeds": 4})),
        Claim("subspace-floor/mean-image/r2", "subspace-floor", IMAGE,
              MethodSpec("asymlora", 0.1, rank=2), start="zero", tiers=EVERY, **long),
        Claim("subspace-floor/ridge-digits/right-r3", "subspace-floor", LABELS,
              MethodSpec("asymlora", 0.1, rank=3, side="right"), start="zero",
              **(long | {"steps": 60, "seeds": 4})),
        Claim("subspace-floor/mean-image/expected-r2", "subspace-floor", IMAGE,
              MethodSpec("asymlora", 0.02, rank=2), statement="expected", start="zero",
              **(long | {"steps": 2, "seeds": 400}),
              note="early in the run, well above the limit of the mean"),
    ]  # fmt: skip
    claims += both("redrawn-factors", "rank-floor", F("spectrum-left"), Rac(), MethodSpec("lora", 0.1),
                   EVERY, steps=100, seeds=10, note="a chain is not bound by the floor of LoRA")  # fmt: skip
    claims += both("redrawn-factors-real", "rank-floor", LABELS, Rac(rank=2),
                   MethodSpec("lora", 0.1, rank=2), start="zero", steps=400, seeds=4, real_data=True)  # fmt: skip
    claims += both("redrawn-factor", "subspace-floor", F("isotropic"), Rac(rank=2),
                   MethodSpec("asymlora", 0.1, rank=2), EVERY, steps=60, seeds=10)  # fmt: skip
    claims += both("redrawn-factor-real", "subspace-floor", IMAGE, Rac(rank=2),
                   MethodSpec("asymlora", 0.1, rank=2), steps=100, seeds=10, real_data=True)  # fmt: skip
    return claims


def _smoothness_loss() -> list[Claim]:
    return [
        Claim(f"smoothness-loss/bound-times-{factor:g}/pair", "smoothness-loss", SCALAR,
              MethodSpec("lora"), REFUTED, steps=1, seeds=1, bound_factor=factor,
              note="the quotient of the pair is what it is, neither more nor less")
        for factor in (2.0, 0.5)
    ]  # fmt: skip


def _counterexample() -> list[Claim]:
    return both("two-factors", "counterexample", COUNTEREXAMPLE, MethodSpec("lora", 0.1, rank=2),
                MethodSpec("lora", 0.1), EVERY, start="zero", steps=1000, seeds=20, statement="floor",
                note="rank 2 goes below the floor of rank 1")  # fmt: skip


def _real_chains() -> list[Claim]:
    lora = MethodSpec("lora", 1.0)
    claims = [
        Claim(f"sharpness/mean-image/{statement}", "sharpness", IMAGE, method, statement=statement,
              start="zero", steps=1, seeds=30, real_data=True)
        for statement, method in (
            ("formula", replace(lora, rank=2)), ("bound", lora), ("unstable", lora))
    ]  # fmt: skip
    claims += [
        Claim("cola-mean-square/mean-image/stable-r1", "cola-mean-square", IMAGE, Cola(0.1),
              statement="mean", start="zero", steps=15, seeds=1000, real_data=True),
        Claim("cola-mean-square/mean-image/gammaL1-growth", "cola-mean-square", IMAGE, Cola(1.0),
              statement="growth", start="zero", steps=6, seeds=1000, real_data=True),
        Claim("cola-almost-sure/image-row/diverges", "cola-almost-sure", IMAGE_ROW, Cola(1.0),
              statement="divergence", start="zero", steps=15, seeds=4000, real_data=True),
    ]  # fmt: skip
    claims += both("two-inner-steps-real", "cola-mean-square", IMAGE, Cola(0.3, 2), Cola(0.3),
                   statement="one step", start="zero", steps=8, seeds=1000, real_data=True)  # fmt: skip
    return claims


CLAIMS = (
    *_merge_precision(), *_lora_adaptive(), *_floors(), *_smoothness_loss(), *_counterexample(),
    *_real_chains(),
)  # fmt: skip
