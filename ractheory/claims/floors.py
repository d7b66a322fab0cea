"""Claims on what LoRA and AsymLoRA cannot reach, and the paper's counterexample (its figure 1)."""

from __future__ import annotations

from dataclasses import replace

from ractheory.claims.claim import REFUTED, UNDECIDED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.core import COUNTEREXAMPLE, EVERY, F, Rac

FIGURE_1 = "RAC-LoRA, Figure 1"


def _counterexample() -> list[Claim]:
    def claim(name: str, method: MethodSpec, statement: str, **more: object) -> Claim:
        settings = {"steps": 1000, "seeds": 100, "start": "zero", "source": FIGURE_1} | more
        return Claim(
            f"counterexample/{name}", "counterexample", COUNTEREXAMPLE, method,
            statement=statement, **settings,  # type: ignore[arg-type]
        )  # fmt: skip

    return [
        claim("lora-floor", MethodSpec("lora", 0.1), "floor", tiers=EVERY,
              note="no LoRA iterate of rank 1 from W_0 = 0 gets below 13/45"),
        claim("lora-floor-step-1-over-L", MethodSpec("lora", 1.0), "floor",
              note="at 1/L some runs diverge; none gets below the floor"),
        claim("asymlora-floor", MethodSpec("asymlora", 0.1), "floor"),
        claim("gd-rate", MethodSpec("fpft"), "gradient descent", steps=100, seeds=1),
        claim("rac-lora-rate", Rac(), "rac-lora", steps=20, seeds=1000),
        claim("rac-lora-passes-the-floor", Rac(), "floor", expected=REFUTED,
              declared=MethodSpec("lora", 0.1), tiers=EVERY,
              note="handed LoRA's hypotheses, RAC-LoRA breaks the floor: a chain is not bound by it"),
        claim("cola-passes-the-floor", MethodSpec("cola", 0.1).with_options(inner_steps=10), "floor",
              expected=REFUTED, declared=MethodSpec("lora", 0.1)),
    ]  # fmt: skip


def _figure_1() -> list[Claim]:
    """The methods of Figure 1, each against the rate that RAC-LoRA obeys, at two steps and two starts.

    Handed RAC-LoRA's hypotheses, the others are expected to break its rate where they stall or diverge.
    Undecided stands where runs stay under the bound: without a sure ceiling nothing more can be said.
    """
    cola = MethodSpec("cola").with_options(inner_steps=10)
    others = {"lora": MethodSpec("lora"), "asymlora": MethodSpec("asymlora"), "cola": cola}
    claims = []
    for start, at in (("zero", "zero"), ("far", "far:3")):
        for step in (1.0, 0.1):
            where = f"figure-1/{start}-gammaL{step:g}"
            declared = Rac(step=step)
            shared = {
                "start": at,
                "steps": 1000,
                "seeds": 200,
                "all_seeds": True,
                "source": FIGURE_1,
                "tiers": EVERY,
            }
            claims.append(
                Claim(f"counterexample/{where}/gd", "counterexample", COUNTEREXAMPLE,
                      MethodSpec("fpft", step), statement="gradient descent", **shared)  # type: ignore[arg-type]
            )  # fmt: skip
            claims.append(
                Claim(f"counterexample/{where}/rac-lora", "gd-pl", COUNTEREXAMPLE, declared,
                      horizon=20 if step == 1.0 else 400, **(shared | {"seeds": 4000}))  # type: ignore[arg-type]
            )  # fmt: skip
            claims += [
                Claim(f"counterexample/{where}/{name}", "gd-pl", COUNTEREXAMPLE,
                      replace(method, step=step), FIGURE_1_VERDICTS[name, start, step],
                      declared=declared, **shared)  # type: ignore[arg-type]
                for name, method in others.items()
            ]  # fmt: skip
    return claims


FIGURE_1_VERDICTS = {
    (name, start, step): UNDECIDED if name == "cola" and step < 1.0 else REFUTED
    for name in ("lora", "asymlora", "cola")
    for start in ("zero", "far")
    for step in (1.0, 0.1)
}
"""LoRA and AsymLoRA break the rate everywhere; CoLA at 1/L only. At a tenth of the step it converges,
which RAC-LoRA reports otherwise."""


def _floors() -> list[Claim]:
    left = F("spectrum-left", {"m": 6, "n": 5, "spectrum": "geometric"})
    right = F("spectrum-right", {"m": 5, "n": 6, "spectrum": "geometric"})
    singular = F("spectrum-left", {"m": 4, "n": 5, "spectrum": [1.0, 0.5, 0.25, 0.0]})
    lora, asym = MethodSpec("lora", 0.05), MethodSpec("asymlora", 0.05)
    from_far = {"start": "normal:1", "steps": 2000, "seeds": 100}
    rank = [
        ("spectrum-left/r1", left, lora),
        ("spectrum-left/r3", left, MethodSpec("lora", 0.05, rank=3)),
        ("spectrum-right/r2", right, MethodSpec("lora", 0.05, rank=2)),
        ("singular/r2", singular, MethodSpec("lora", 0.05, rank=2)),
        ("ridge-synthetic/r1", F("ridge-synthetic", {"m": 8, "n": 6, "N": 60}), lora),
    ]
    subspace = [
        ("spectrum-left/r2", left, MethodSpec("asymlora", 0.05, rank=2)),
        ("spectrum-left/right-r2", left, MethodSpec("asymlora", 0.05, rank=2, side="right")),
        ("singular/r1", singular, asym),
        ("counterexample/r1", COUNTEREXAMPLE, asym),
    ]
    claims = [Claim(f"rank-floor/{name}", "rank-floor", f, method, **from_far)  # type: ignore[arg-type]
              for name, f, method in rank]  # fmt: skip
    claims += [Claim(f"subspace-floor/{name}", "subspace-floor", f, method, **from_far)  # type: ignore[arg-type]
               for name, f, method in subspace]  # fmt: skip
    claims.append(
        Claim("subspace-floor/isotropic/expected-r2", "subspace-floor", F("isotropic", {"m": 8}),
              MethodSpec("asymlora", 0.02, rank=2), statement="expected", steps=300, seeds=400,
              expected=UNDECIDED, note="approached in the limit: sampling cannot tell the two apart")
    )  # fmt: skip
    return claims


SMOOTHNESS = (
    Claim("smoothness-loss/pair", "smoothness-loss", ObjectiveSpec("isotropic", {"m": 1, "n": 1}),
          MethodSpec("lora"), steps=1, seeds=1, tiers=EVERY,
          note="two explicit points beat every claimed smoothness constant"),
)  # fmt: skip

CLAIMS = (*SMOOTHNESS, *_counterexample(), *_figure_1(), *_floors())
