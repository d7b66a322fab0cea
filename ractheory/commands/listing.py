"""`ractheory list`: the registries."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from ractheory.commands.options import Parser, say

Row = dict[str, Any]

SEVERAL = "several"
"""Methods of a claim that an experiment decides."""


def configure(parser: Parser) -> None:
    words = f"{', '.join(KINDS)} (theorems)"
    parser.add_argument("kind", nargs="?", default="theorems", metavar="KIND", help=words)
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
        say(f"{row['id']:{width}}  {row['title']}".rstrip())
    return 0


def theorems() -> list[Row]:
    from ractheory.experiments import FAMILIES
    from ractheory.theorems import THEOREMS

    rows: list[Row] = [
        {
            "id": th.id,
            "title": th.title,
            "source": th.source,
            "statement": th.statement().text(),
            "latex": th.statement().latex(),
            "hypotheses": [f"{h.name}: {h.statement}" for h in th.hypotheses],
            "tight": th.tight or None,
        }
        for th in THEOREMS.values()
    ]
    rows += [
        {
            "id": one.id,
            "title": one.title,
            "source": one.source,
            "statement": one.statement,
            "latex": None,
            "hypotheses": [],
            "tight": None,
        }
        for one in FAMILIES.values()
    ]
    return rows


def claims() -> list[Row]:
    from ractheory.claims import CLAIMS
    from ractheory.claims.claim import MEASURED

    by_id = {row["id"]: row for row in theorems()}
    return [
        {
            **by_id[claim.theorem],
            "id": claim.id,
            "title": f"{claim.expected}; {', '.join(claim.tiers)}",
            "source": claim.source or by_id[claim.theorem]["source"],
            "theorem": claim.theorem,
            "objective": str(claim.objective),
            "method": SEVERAL if claim.evidence == MEASURED else str(claim.method),
            "sketch": SEVERAL if claim.evidence == MEASURED else claim.method.sketch,
            "expected": claim.expected,
            "tiers": list(claim.tiers),
            "real_data": claim.real_data,
        }
        for claim in CLAIMS
    ]


def objectives() -> list[Row]:
    from ractheory.objectives import OBJECTIVES

    return _documented(OBJECTIVES)


def methods() -> list[Row]:
    from ractheory.methods import METHODS

    return _documented(METHODS)


def sketches() -> list[Row]:
    from ractheory.laws import LAWS

    return _documented(LAWS)


def _documented(registry: Mapping[str, Callable[..., Any]]) -> list[Row]:
    """Return a row for each entry of a registry, described by the first paragraph of its docstring."""
    rows: list[Row] = []
    for name, thing in registry.items():
        text = " ".join((thing.__doc__ or "").split("\n\n")[0].split())
        title = text.removeprefix("Return ").rstrip(".")
        rows.append(
            {
                "id": name,
                "title": title[:1].upper() + title[1:],
                "source": None,
                "statement": text,
                "hypotheses": [],
                "tight": None,
            }
        )
    return rows


KINDS: dict[str, Callable[[], list[Row]]] = {
    "theorems": theorems,
    "claims": claims,
    "objectives": objectives,
    "methods": methods,
    "sketches": sketches,
}
"""The registries by the word that names them."""
