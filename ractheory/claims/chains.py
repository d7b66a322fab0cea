"""Claims on what goes wrong with LoRA and CoLA: sharp best points, chains that no fixed step makes safe."""

from __future__ import annotations

from ractheory.claims.claim import UNDECIDED, Claim, MethodSpec
from ractheory.claims.controls import both
from ractheory.claims.core import EVERY, USUAL, F

SQUARE = F("isotropic", {"m": 5, "n": 4})
SCALAR = F("isotropic", {"m": 1, "n": 1})


def Cola(step: float, inner_steps: int = 1, unit: str = "1/L", **more: object) -> MethodSpec:
    return MethodSpec("cola", step, unit, side="right", **more).with_options(  # type: ignore[arg-type]
        inner_steps=inner_steps
    )


def _sharpness() -> list[Claim]:
    cases = {
        "isotropic/formula-r1": (SQUARE, MethodSpec("lora", 1.0), "formula", "zero"),
        "isotropic/formula-r2-scale2": (
            SQUARE,
            MethodSpec("lora", 1.0, rank=2).with_options(scale=2.0),
            "formula",
            "zero",
        ),
        "isotropic/bound-r1": (SQUARE, MethodSpec("lora", 1.0), "bound", "zero"),
        "isotropic/bound-r3": (SQUARE, MethodSpec("lora", 1.0, rank=3), "bound", "far:2"),
        "isotropic/unstable-r1": (SQUARE, MethodSpec("lora", 1.0), "unstable", "far:2"),
        "isotropic/unstable-r2": (SQUARE, MethodSpec("lora", 0.7, rank=2), "unstable", "far:2"),
    }
    claims = [
        Claim(f"sharpness/{name}", "sharpness", f, method, statement=statement, start=start, steps=1,
              seeds=50, tiers=EVERY if "r1" in name else USUAL)
        for name, (f, method, statement, start) in cases.items()
    ]  # fmt: skip
    claims.append(
        Claim("sharpness/bound-times-1.2/isotropic", "sharpness", SQUARE, MethodSpec("lora", 1.0),
              "refuted", statement="bound", start="zero", steps=1, seeds=50, bound_factor=1.2,
              note="balanced factors attain the bound")
    )  # fmt: skip
    claims += both("small-step", "sharpness", SQUARE, MethodSpec("lora", 0.01), MethodSpec("lora", 1.0),
                   statement="unstable", start="far:2", steps=1, seeds=50)[:1]  # fmt: skip
    return claims


def _mean_square() -> list[Claim]:
    wide = F("isotropic", {"m": 2, "n": 3})
    cases = {
        "isotropic/stable-r1": (wide, Cola(0.3), "mean", 15, EVERY),
        "isotropic/gammaL1-r1": (wide, Cola(1.0), "mean", 8, USUAL),
        "isotropic/stable-r2": (wide, Cola(0.2, rank=2), "mean", 15, USUAL),
        "isotropic/gammaL1-one-step": (wide, Cola(1.0), "one step", 8, EVERY),
        "isotropic/gammaL1-growth": (wide, Cola(1.0), "growth", 8, USUAL),
        "scalar/gammaL1-growth": (SCALAR, Cola(1.0), "growth", 20, USUAL),
        "isotropic/a-tenth-in-50-columns": (F("isotropic", {"m": 1, "n": 50}), Cola(0.1), "growth", 8,
                                            USUAL),
    }  # fmt: skip
    claims = [
        Claim(f"cola-mean-square/{name}", "cola-mean-square", f, method, statement=statement,
              start="far:1", steps=steps, seeds=2000, tiers=tiers)
        for name, (f, method, statement, steps, tiers) in cases.items()
    ]  # fmt: skip
    claims.append(
        Claim("cola-mean-square/bound-halved/isotropic", "cola-mean-square", wide, Cola(0.3), "refuted",
              start="far:1", steps=8, seeds=2000, bound_factor=0.5)
    )  # fmt: skip
    return claims + both("two-inner-steps", "cola-mean-square", wide, Cola(0.3, 2), Cola(0.3), EVERY,
                         statement="one step", start="far:1", steps=8, seeds=2000)  # fmt: skip


def _almost_sure() -> list[Claim]:
    def row(n: int) -> object:
        return F("isotropic", {"m": 1, "n": n})

    cases = {
        "row-1/converges": (1, 1.0, "one dimension converges", EVERY),
        "row-2/diverges": (2, 1.0, "divergence", EVERY),
        "row-3/diverges": (3, 1.0, "divergence", USUAL),
        "row-10/diverges": (10, 1.0, "divergence", USUAL),
        "row-2/closed-form": (2, 1.0, "rate in two dimensions", EVERY),
        "row-2/closed-form-a-half": (2, 0.5, "rate in two dimensions", USUAL),
        "row-2/closed-form-three": (2, 3.0, "rate in two dimensions", USUAL),
    }
    claims = [
        Claim(f"cola-almost-sure/{name}", "cola-almost-sure", row(n), Cola(step), statement=statement,  # type: ignore[arg-type]
              start="far:1", steps=15, seeds=20000, tiers=tiers)
        for name, (n, step, statement, tiers) in cases.items()
    ]  # fmt: skip
    claims += both("a-smaller-step", "cola-almost-sure", row(2), Cola(0.5), Cola(1.0), EVERY,  # type: ignore[arg-type]
                   statement="divergence", start="far:1", steps=15, seeds=20000,
                   note="half the step has a negative drift in two dimensions")  # fmt: skip
    return claims


def _every_step() -> list[Claim]:
    two = Cola(0.1, 2)
    return [
        Claim("cola-every-step/scalar/link", "cola-every-step", SCALAR, two, start="offset:1", steps=12,
              seeds=100, tiers=EVERY),
        Claim("cola-every-step/scalar/mean-square", "cola-every-step", SCALAR, two,
              statement="mean square", start="offset:1", steps=6, seeds=20000, tiers=EVERY,
              note="the mean of a link is exact; no average of runs shows it"),
        Claim("cola-every-step/scalar/escape-from-afar", "cola-every-step", SCALAR, two,
              statement="escape", start="offset:100", steps=12, seeds=1000, tiers=EVERY),
        Claim("cola-every-step/scalar/escape-from-near", "cola-every-step", SCALAR, two, UNDECIDED,
              statement="escape", start="offset:1", steps=12, seeds=20000,
              note="the escape has positive probability, and 20,000 runs do not show it"),
        Claim("cola-every-step/bound-times-1.5/scalar", "cola-every-step", SCALAR, two, "refuted",
              start="offset:1", steps=12, seeds=100, bound_factor=1.5),
        *both("one-inner-step", "cola-every-step", SCALAR, Cola(0.1, 1), two, EVERY, start="offset:1",
              steps=12, seeds=100),
    ]  # fmt: skip


CLAIMS = (*_sharpness(), *_mean_square(), *_almost_sure(), *_every_step())
