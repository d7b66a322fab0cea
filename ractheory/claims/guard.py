"""Claims of the case study of LoRA-Guard: a small language model and the guard that reads its features."""

from __future__ import annotations

from typing import Any

from ractheory.claims.claim import NOT_APPLICABLE, REFUTED, Claim
from ractheory.claims.core import EVERY, F, Rac
from ractheory.claims.trials import trial

FEATURES = F("guard-features")


def _dual_path() -> list[Claim]:
    def claim(name: str, content: str, path: str = "apart", **more: Any) -> Claim:
        settings = {"content": content, "path": path}
        return trial(f"lora-guard/dual-path/{name}", "dual-path", settings, **more)

    return [
        claim("random", "random", tiers=EVERY, note="whatever the adapters hold"),
        claim("huge", "huge", note="adapters whose products overflow"),
        claim("nan", "nan", note="adapters that hold no numbers"),
        claim("adapters-in-generation", "random", "adapted", expected=REFUTED,
              note="a planted error: generation goes through the adapters"),
        claim("merged-for-the-guard", "random", "merged-for-the-guard", expected=REFUTED,
              note="a planted error: adapters are added to the weights and subtracted again: round-off stays"),
    ]  # fmt: skip


def _parameters() -> list[Claim]:
    many, few = (
        "more than 1000 times fewer: outside, on the better side",
        "fewer than 100 times fewer",
    )
    cases: dict[tuple[str, int], str] = {
        ("TinyLlama", 8): "",
        ("TinyLlama", 32): "",
        ("TinyLlama", 128): few,
        ("Llama-2-7B", 8): many,
        ("Llama-2-7B", 16): "",
        ("Llama-3-8B", 8): many,
        ("Llama-3-8B", 32): "",
    }
    return [
        trial(f"lora-guard/trained-parameters/{model.lower()}-r{rank}", "trained-parameters",
              {"model": model, "rank": rank}, **({"expected": REFUTED, "note": note} if note else {}))
        for (model, rank), note in cases.items()
    ]  # fmt: skip


def _layers() -> list[Claim]:
    real: dict[str, Any] = {"real_data": True}
    return [
        trial("lora-guard/last-layer/rac-lora-reaches-it", "last-layer", {"rank": 8}, **real,
              note="the loss of full fine-tuning, where AsymLoRA of the same rank stops at its floor"),
        trial("lora-guard/last-layer/not-redrawn", "last-layer", {"rank": 8, "redraw": False, "seeds": 2},
              expected=REFUTED, note="a planted error: the chain keeps its first sketch", **real),
        trial("lora-guard/deeper-adapters", "deeper-adapters", {}, expected=NOT_APPLICABLE, **real,
              note="uncertified: no constant of this loss is known; its numbers are reported, with intervals"),
        Claim("gd-pl/guard-features/haar-r4", "gd-pl", FEATURES, Rac(rank=4), steps=40, seeds=300, start="zero",
              **real),
        Claim("gd-convex/guard-features/haar-r4", "gd-convex", FEATURES, Rac(rank=4), steps=60, seeds=400,
              start="zero", **real),
    ]  # fmt: skip


CLAIMS = (*_dual_path(), *_parameters(), *_layers())
