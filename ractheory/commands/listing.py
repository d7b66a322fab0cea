"""`ractheory list`: the registries."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ractheory.commands.options import Parser, say

Row = dict[str, Any]


def configure(parser: Parser) -> None:
    parser.add_argument("kind", nargs="?", default="theorems", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """List one registry."""
    if options.kind not in KINDS:
        from ractheory.suggest import unknown

        raise unknown("list", options.kind, KINDS)
    rows = KINDS[options.kind]()
    if options.json:
        from ractheory.records import dumps

        say(dumps(rows))
        return 0
    width = max(len(row["id"]) for row in rows)
    for row in rows:
        say(f"{row['id']:{width}}  {row['title']}")
    return 0


def theorems() -> list[Row]:
    from ractheory.commands.mathematics import readable
    from ractheory.theorems import THEOREMS

    return [
        {
            "id": th.id,
            "title": th.title,
            "source": th.source,
            "statement": readable(th.statement()),
            "latex": th.statement().latex(),
            "hypotheses": [f"{h.name}: {h.statement}" for h in th.hypotheses],
            "tight": th.tight or None,
        }
        for th in THEOREMS.values()
    ]


def sketches() -> list[Row]:
    from ractheory.laws import LAWS

    return [_documented(name, law) for name, law in LAWS.items()]


def _documented(name: str, thing: object) -> Row:
    """Return the row of an object that its docstring describes: title and, where it names one, source."""
    text = " ".join((thing.__doc__ or "").split("\n\n")[0].split())
    return {
        "id": name,
        "title": text,
        "source": None,
        "statement": text,
        "hypotheses": [],
        "tight": None,
    }


KINDS: dict[str, Callable[[], list[Row]]] = {"theorems": theorems, "sketches": sketches}
"""The registries by the word that names them."""
