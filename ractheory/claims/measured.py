"""Claims that no theorem decides: an experiment measures them. Their theorem is the id of a family."""

from __future__ import annotations

from ractheory.claims.claim import MEASURED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.core import EVERY

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


CLAIMS = (*_parameters(),)
