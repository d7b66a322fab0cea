"""Claims that no theorem decides: an experiment measures them. Their theorem is the id of a family."""

from __future__ import annotations

from typing import Any

from ractheory.claims.claim import (
    CONFIRMED,
    MEASURED,
    REFUTED,
    UNDECIDED,
    Claim,
    MethodSpec,
    ObjectiveSpec,
)
from ractheory.claims.core import EVERY, LONG, USUAL

WIDTHS = (784, 64, 64, 5)
"""Of the paper's network."""

TRAINED = {
    ("fpft", "B"): 54725,
    ("lora", "B"): 1045,
    ("cola", "B"): 1045,
    ("asymlora", "B"): 133,
    ("asymlora", "A"): 912,
    ("rac-lora", "B"): 133,
    ("rac-lora", "A"): 912,
}
"""As the paper prints them, by method and trained factor."""


def _parameters() -> list[Claim]:
    return [
        Claim(
            f"table-3/trained-parameters/{method}-{factor}", "table-3",
            ObjectiveSpec("trained-parameters", {
                "widths": WIDTHS, "method": method, "train": factor, "stated": stated,
            }),
            MethodSpec(), evidence=MEASURED, tiers=EVERY,
            note="the number of trained parameters that the paper prints",
        )
        for (method, factor), stated in TRAINED.items()
    ]  # fmt: skip


def _table(
    name: str,
    asks: str,
    expected: str = CONFIRMED,
    tiers: tuple[str, ...] = USUAL,
    note: str = "",
    **parameters: Any,
) -> Claim:
    what = ObjectiveSpec(asks, parameters)
    return Claim(f"table-3/{name}", "table-3", what, MethodSpec(), expected, evidence=MEASURED,
                 tiers=tiers, real_data=True, note=note)  # fmt: skip


NO_DECAY: dict[str, Any] = {"decay": 0.0, "double": True, "seeds": 2}
"""Weight decay pulls on the factors, and on those of a long link more than on those of short ones."""


def _digits() -> list[Claim]:
    claims = []
    for factor in ("B", "A"):
        at = f"digits/train-{factor}"
        claims += [
            _table(f"{at}/order", "order", train=factor,
                   note="the order of the table: FPFT, CoLA and RAC-LoRA, LoRA, AsymLoRA"),
            _table(f"{at}/tie", "tie", train=factor, margin=0.03,
                   note="CoLA and RAC-LoRA end within 3 percentage points of one another"),
            _table(f"{at}/cola-above-rac-lora", "cola-above", UNDECIDED, train=factor,
                   note="the table prints CoLA a little above RAC-LoRA; the seeds do not tell"),
            _table(f"{at}/no-redraw", "no-redraw", train=factor, **NO_DECAY,
                   note="merging without redrawing is AsymLoRA: the fresh sketch is what helps"),
            _table(f"{at}/std-1-8", "order", REFUTED, LONG, train=factor, std=0.125,
                   note="with a Gaussian factor of standard deviation 1/8 the order breaks"),
            _table(f"{at}/rank-4", "order", REFUTED, LONG, train=factor, rank=4,
                   note="at rank 4 LoRA ends above CoLA and RAC-LoRA"),
            _table(f"{at}/reset", "reset", tiers=LONG, train=factor,
                   note="RAC-LoRA ends higher where a merge resets the moments of AdamW"),
            _table(f"{at}/still-improving", "still-improving", UNDECIDED, LONG, train=factor,
                   note="after four fifths of the epochs; not every method improves in enough runs"),
        ]  # fmt: skip
    claims.append(
        _table("digits/train-B/no-redraw-and-yet-redrawn", "no-redraw", REFUTED, train="B", redraws=True,
               **NO_DECAY, note="a planted error: RAC-LoRA with its redraw, claimed to be AsymLoRA")
    )  # fmt: skip
    wrong = {
        "widths": WIDTHS,
        "method": "rac-lora",
        "train": "A",
        "stated": TRAINED["rac-lora", "B"],
    }
    claims.append(
        Claim("table-3/trained-parameters/rac-lora-A-as-if-B", "table-3",
              ObjectiveSpec("trained-parameters", wrong), MethodSpec(), REFUTED, evidence=MEASURED,
              note="a planted error: the number of the other factor")
    )  # fmt: skip
    return claims


def _speed() -> list[Claim]:
    def speed(name: str, expected: str, note: str, **parameters: Any) -> Claim:
        return Claim(f"figure-2/{name}", "figure-2", ObjectiveSpec("speed", parameters), MethodSpec(),
                     expected, evidence=MEASURED, tiers=USUAL, note=note)  # fmt: skip

    return [
        speed("links-to-a-thousandth", CONFIRMED, "links times r/m, ranks 1 to 50 of 50",
              share=1e-3, within=1.25),
        speed("links-to-a-hundredth-low-ranks", CONFIRMED, "links times r/m, ranks 1 to 10 of 50",
              share=1e-2, ranks=(1, 2, 5, 10), within=1.05),
        speed("square-of-the-rank", REFUTED, "a planted error: links times (r/m)^2", power=2, within=1.25),
    ]  # fmt: skip


CLAIMS = (*_parameters(), *_digits(), *_speed())
