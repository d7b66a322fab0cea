"""The page of the case study: LoRA-Guard, from its claims and the shapes of published models."""

from __future__ import annotations

from ractheory.claims import CLAIMS
from ractheory.experiments import family
from ractheory.experiments.guard import FEWER, RANKS
from ractheory.guard.shapes import OUTPUTS, SHAPES


def guard_page() -> list[str]:
    """Return the lines of the page: what is claimed of a guard, and its parameters by rank."""
    about = family("lora-guard")
    low, high = FEWER
    lines = ["# LoRA-Guard, a case study", "", f"{about.title}. Source: {about.source}.", ""]
    lines += ["## What is claimed", "", about.statement, ""]
    lines += ["## How it is decided", "", about.decided, ""]
    lines += [
        "`ractheory repro --only lora-guard` checks it, and `python -m figures guard` draws it.",
        "",
    ]
    lines += ["## Trained parameters", ""]
    lines += [f"Adapters on queries and values, and a head of {OUTPUTS} outputs with intercepts. In bold: from {low:g} "
              f"to {high:g} times fewer than the model has.", "",
              "| rank | " + " | ".join(SHAPES) + " |", "| --- |" + " --- |" * len(SHAPES)]  # fmt: skip
    for rank in RANKS:
        cells = []
        for one in SHAPES.values():
            times = one.times_fewer(rank)
            ratio = f"**{times:,.0f}**" if low <= times <= high else f"{times:,.0f}"
            cells.append(f"{one.adapters(rank) + one.head:,} ({ratio})")
        lines.append(f"| {rank} | " + " | ".join(cells) + " |")
    lines += [
        "",
        *(
            f"- {name}: {one.parameters:,} parameters; {one.source}."
            for name, one in SHAPES.items()
        ),
    ]
    lines += ["", "## Claims", "", "| claim | expected | |", "| --- | --- | --- |"]
    members = [c for c in CLAIMS if c.theorem == about.id or c.objective.name == "guard-features"]
    lines += [f"| `{c.id}` | {c.expected} | {c.note} |" for c in members]
    return lines
