"""Claims on phase diagrams, and what is measured for the figures alone."""

from __future__ import annotations

from typing import Any

from ractheory.claims.claim import CONFIRMED, MEASURED, REFUTED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.core import USUAL

DIAGRAMS = {
    "lora-scale": "LoRA settles up to the sharpness boundary, at every initial scale it can settle from",
    "lora-dimension": "the boundary falls as 1/(n + 1): no multiple of 1/L is safe for LoRA either",
    "cola-scale": "the boundaries of CoLA are in eta times the variance of the entries of A",
    "cola-dimension": "no multiple of 1/L is safe for CoLA in all dimensions",
    "cola-ten-steps": "ten inner steps do not move the edge of CoLA to longer steps",
}


def _phase(name: str, diagram: str, **more: Any) -> Claim:
    parameters = {"cells": 64, "seeds": 50} | more.pop("parameters", {})
    settings = {"tiers": USUAL, "note": DIAGRAMS[diagram]} | more
    return Claim(f"phase/{name}", "phase", ObjectiveSpec(diagram, parameters), MethodSpec(),
                 evidence=MEASURED, **settings)  # fmt: skip


def _diagrams() -> list[Claim]:
    claims = [_phase(name, name) for name in DIAGRAMS]
    claims += [
        _phase(f"{name}/100-cells", name, tiers=("full",), parameters={"cells": 100, "seeds": 100})
        for name in DIAGRAMS
    ]
    for name, shifted in (("lora-dimension", 0.5), ("cola-dimension", 4.0)):
        claims.append(
            _phase(f"{name}/boundary-times-{shifted:g}", name, expected=REFUTED,
                   parameters={"cells": 24, "shifted": shifted}, note="a planted error")
        )  # fmt: skip
    return claims


def _measured(
    family: str, what: str, note: str, name: str = "", expected: str = CONFIRMED, **parameters: Any
) -> Claim:
    return Claim(f"{family}/{name or what}", family, ObjectiveSpec(what, parameters), MethodSpec(),
                 expected, evidence=MEASURED, tiers=USUAL, note=note)  # fmt: skip


SPECTRA = {
    "rac-lora-r1": "a chain of rank 1 reaches full rank after m links",
    "rac-lora-r4": "a chain of rank 4 reaches it four times sooner",
    "cola-r1": "CoLA too, at a step at which it converges",
    "lora-r1": "LoRA of rank 1 stays at rank 1",
    "fpft": "one full step has full rank",
}

FIGURES = (
    _measured("rare-events", "average", "the mean of 20,000 runs against the exact expectation"),
    _measured(
        "rare-events", "escape", "from D_0 = 100 more than three quarters of the runs diverge"
    ),
    *(_measured("accumulated-spectrum", name, note) for name, note in SPECTRA.items()),
    _measured(
        "accumulated-spectrum",
        "asymlora-r1",
        "a planted error: the sketch is never redrawn",
        "frozen-sketch",
        REFUTED,
    ),
    _measured(
        "rare-events",
        "average",
        "a planted error: for three links the mean of runs is right",
        "average/three-links",
        REFUTED,
        exact_links=3,
    ),
    _measured(
        "federated-drift", "floors", "equal Gram matrices do not make heterogeneity harmless"
    ),
    _measured(
        "federated-drift", "averages", "averaged factors never converge, averaged products do"
    ),
    _measured("calibration", "means", "eight laws, 1,000 true claims each"),
)

CLAIMS = (*_diagrams(), *FIGURES)
