"""`ractheory explain`: a theorem in readable mathematics, and its proof; or a family of claims."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from ractheory.commands.options import Parser, say

WIDTH = 98


def configure(parser: Parser) -> None:
    parser.add_argument("id", metavar="ID", help="a theorem, as 'ractheory list theorems' names it")


def run(options: argparse.Namespace) -> int:
    """Explain one theorem or family."""
    from ractheory.commands.proofs import checked_proof
    from ractheory.experiments import FAMILIES
    from ractheory.suggest import unknown
    from ractheory.theorems import THEOREMS

    if options.id in FAMILIES:
        say("\n".join(description(FAMILIES[options.id])))
        return 0
    if options.id not in THEOREMS:
        known = [*THEOREMS, *FAMILIES]
        raise unknown("theorem", options.id, known, "see 'ractheory list theorems'")
    say("\n".join([*explanation(THEOREMS[options.id]), "", *checked_proof(options.id)]))
    return 0


def explanation(theorem: Any) -> list[str]:
    """Return the lines that explain `theorem`, all but its proof."""
    lines = [
        *wrapped(f"{theorem.id}: {theorem.title}"),
        *wrapped(f"Source: {theorem.source}"),
        "",
        "Assumes",
    ]
    for hypothesis in theorem.hypotheses:
        lines += item(f"{hypothesis.name}: {hypothesis.statement}")
    for statement in theorem.statements:
        lines += ["", f"Statement '{statement.name}', {statement.form.value}"]
        for need in statement.needs:
            lines += item(f"also assumes {need.name}: {need.statement}")
        lines += textwrap.wrap(
            statement.text(), WIDTH, initial_indent="    ", subsequent_indent="      "
        )
    for label, text in (("Tight", theorem.tight or "nowhere known"), ("Note", theorem.note)):
        if text:
            lines += ["", *wrapped(f"{label}: {text}")]
    return lines


def description(family: Any) -> list[str]:
    """Return the lines that explain a family of claims."""
    from ractheory.claims import CLAIMS

    lines = [
        *wrapped(f"{family.id}: {family.title}"),
        *wrapped(f"Source: {family.source}"),
        *wrapped("A family of claims, not a theorem: nothing is assumed, and nothing is proved."),
        "",
        *wrapped(family.statement),
        "",
        *wrapped(f"How it is decided: {family.decided}"),
    ]
    members = [c for c in CLAIMS if family.id in (c.theorem, c.id.split("/")[0])]
    lines += ["", f"Claims ({len(members)})"]
    for claim in members:
        note = f": {claim.note}" if claim.note else ""
        lines += item(f"{claim.id}, expected {claim.expected}{note}")
    return [*lines, "", f"Run them by: ractheory repro --only {family.id}"]


def wrapped(text: str) -> list[str]:
    """Return `text` as lines that fit a terminal."""
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)


def item(text: str) -> list[str]:
    """Return `text` as lines of an item of a list."""
    return textwrap.wrap(text, WIDTH, initial_indent="  - ", subsequent_indent="    ")
