"""`ractheory explain`: a theorem in readable mathematics."""

from __future__ import annotations

import argparse
import sys
import textwrap
from typing import Any

from ractheory.commands.options import Parser, say


def configure(parser: Parser) -> None:
    parser.add_argument("id", metavar="ID", help="a theorem, as 'ractheory list theorems' names it")


def run(options: argparse.Namespace) -> int:
    """Explain one theorem."""
    from ractheory.suggest import unknown
    from ractheory.theorems import THEOREMS

    if options.id not in THEOREMS:
        raise unknown("theorem", options.id, THEOREMS, "see 'ractheory list theorems'")
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    say("\n".join(explanation(THEOREMS[options.id], unicode)))
    return 0


def explanation(theorem: Any, unicode: bool) -> list[str]:
    """Return the lines that explain `theorem`."""
    from ractheory.commands.mathematics import drawn, observables

    lines = [f"{theorem.id}: {theorem.title}", f"Source: {theorem.source}", "", "Assumes"]
    for hypothesis in theorem.hypotheses:
        lines += _item(f"{hypothesis.name}: {hypothesis.statement}")
    meanings: dict[str, str] = {}
    for statement in theorem.statements:
        lines += ["", f"Statement '{statement.name}', {statement.form.value}"]
        lines += [f"  also assumes {need.name}: {need.statement}" for need in statement.needs]
        lines += ["", textwrap.indent(drawn(statement, unicode), "    ")]
        meanings |= observables(statement)
    lines += ["", "Where"]
    for name, meaning in meanings.items():
        lines += _item(f"{name}: {meaning}")
    for label, text in (("Tight", theorem.tight or "nowhere known"), ("Note", theorem.note)):
        if text:
            lines += ["", *textwrap.wrap(f"{label}: {text}", 98)]
    return lines


def _item(text: str) -> list[str]:
    return textwrap.wrap(text, 98, initial_indent="  - ", subsequent_indent="    ")
