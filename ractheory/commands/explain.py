"""`ractheory explain`: a theorem in readable mathematics, and its proof."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from ractheory.commands.options import Parser, say

WIDTH = 98


def configure(parser: Parser) -> None:
    parser.add_argument("id", metavar="ID", help="a theorem, as 'ractheory list theorems' names it")


def run(options: argparse.Namespace) -> int:
    """Explain one theorem."""
    from ractheory.commands.proofs import checked_proof
    from ractheory.suggest import unknown
    from ractheory.theorems import THEOREMS

    if options.id not in THEOREMS:
        raise unknown("theorem", options.id, THEOREMS, "see 'ractheory list theorems'")
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


def wrapped(text: str) -> list[str]:
    """Return `text` as lines that fit a terminal."""
    return textwrap.wrap(text, WIDTH)


def item(text: str) -> list[str]:
    """Return `text` as lines of an item of a list."""
    return textwrap.wrap(text, WIDTH, initial_indent="  - ", subsequent_indent="    ")
