"""`report.html`: one file that shows a run to people, with nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ractheory import records
from ractheory.report.model import MEANINGS, Proofs, summary, theorem_views
from ractheory.report.table import VERDICTS

PAGE = "report.html"
ASSETS = Path(__file__).parent / "assets"

SYMBOLS = {
    "confirmed": "\u2713",
    "refuted": "\u2717",
    "undecided": "?",
    "not-applicable": "\u2013",
}
"""A sign for each verdict, so that colour is never alone."""


def write_report(folder: Path, proofs: Proofs | None = None) -> Path:
    """Write the page of the finished run in `folder` beside its `claims.json`, and return its path.

    `proofs` are statuses by theorem: "proved", "failed" or "unchecked", with the planted errors
    rejected. Raises UsageError where there is no whole `claims.json`; a record that is missing or
    damaged costs its figure alone.
    """
    document = records.read_claims(folder / records.CLAIMS)
    curves: dict[str, records.Curves] = {}
    for claim in document["claims"]:
        try:
            record = records.read_record(folder / records.RECORDS, claim["id"])
        except records.Damaged:
            continue
        curves[claim["id"]] = record.curves
    path = folder / PAGE
    records.write_whole(path, page(document, curves, proofs or {}).encode())
    return path


def page(document: Mapping[str, Any], curves: Mapping[str, records.Curves], proofs: Proofs) -> str:
    """Return the page of a run: its results as in `claims.json`, and the curves of each claim."""
    views = theorem_views(document, curves, proofs)
    return str(
        _template().render(
            document=document,
            provenance=document["provenance"],
            theorems=views,
            summary=summary(document, views, proofs),
            verdicts=VERDICTS,
            symbols=SYMBOLS,
            meanings=MEANINGS,
            style=_asset("chart.css") + _asset("style.css"),
            script=_asset("script.js"),
        )
    )


COLOURS = {
    "--run": "#2f7dc4", "--bound": "#c65a11", "--interval": "#777", "--line": "#bbb", "--dim": "#777",
    "--text": "currentColor",
}  # fmt: skip
"""Of charts outside the page: readable on light and dark."""


def chart_style() -> str:
    """Return the style of charts for where the page's own is not: an answer in a notebook."""
    colours = "".join(f"{name}:{value};" for name, value in COLOURS.items())
    return f".ractheory-answer{{{colours}}}.ractheory-answer .chart{{max-width:36rem}}{_asset('chart.css')}"


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return made.from_string(_asset("page.html"))


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
