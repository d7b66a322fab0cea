"""A page on what reproduces: every statement of the papers against the verdicts of a run, with the numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ractheory.report.statements import (
    CONTRADICTIONS,
    PAPERS,
    Contradiction,
    PaperStatement,
    Point,
)
from ractheory.report.table import TABLE_OF, measured_table, number

PAGE = "reproduction.md"

Claim = Mapping[str, Any]

REPRODUCED, IN_PART, NOT, NOT_RUN = (
    "reproduced",
    "reproduced in part",
    "not reproduced",
    "not run",
)


def claims_of(patterns: Iterable[str], claims: Sequence[Claim], verdict: str = "") -> list[Claim]:
    """Return the claims that are named, or that match a pattern and are expected to come to `verdict`.

    Tightness claims are of the bounds, not of the statements, and match no pattern.
    """
    found: dict[str, Claim] = {}
    for pattern in patterns:
        named = not any(sign in pattern for sign in "*?")
        for claim in claims:
            told = pattern == claim["id"] if named else fnmatchcase(claim["id"], pattern)
            wanted = named or not verdict or claim["expected"] == verdict
            if told and wanted and not claim["id"].startswith("tightness/"):
                found[claim["id"]] = claim
    return list(found.values())


def outcome(statement: PaperStatement, claims: Sequence[Claim]) -> str:
    """Return whether a statement reproduced, by the verdicts of the claims of all its points."""
    judged = [
        claim["verdict"] == point.verdict
        for point in statement.points
        for claim in claims_of(point.claims, claims, point.verdict)
    ]
    if not judged:
        return NOT_RUN
    if all(judged) and not statement.partial:
        return REPRODUCED
    return IN_PART if any(judged) else NOT


def reproduction(document: Mapping[str, Any]) -> str:
    """Return the page, in Markdown, on the results `document`, as in `claims.json`."""
    claims, provenance = document["claims"], document["provenance"]
    lines = [
        "<!-- Built by `python -m docs --from results/claims.json`; changes here are lost. -->",
        "# What reproduces",
        "",
        "Each statement of the papers, judged by the claims that bear on it. A theorem reproduces where every "
        "claim on it is confirmed, on objectives whose constants are known; an experiment where its claims are.",
        "What a verdict means, and what it does not, is in [verdicts.md](verdicts.md). Observed over bound "
        "is at most 1 where an upper bound holds, at least 1 where a lower one does.",
        "",
        f"From {len(claims)} claims of version {provenance['version']}, seed `{provenance['seed']}`.",
        "",
        "| statement | outcome |",
        "| --- | --- |",
    ]
    for paper, statements in PAPERS.items():
        name = paper.split(" (")[0]
        lines += [f"| {name}: {_cell(s.place)} | {outcome(s, claims)} |" for s in statements]
    seen: set[tuple[str, ...]] = set()
    for paper, statements in PAPERS.items():
        lines += ["", f"## {paper}"]
        for statement in statements:
            lines += ["", *_statement(statement, claims, seen)]
    lines += ["", "## Where a paper or the specification was contradicted"]
    for one in CONTRADICTIONS:
        lines += ["", *_contradiction(one, claims)]
    return "\n".join(lines).rstrip() + "\n"


def _statement(
    statement: PaperStatement, claims: Sequence[Claim], seen: set[tuple[str, ...]]
) -> list[str]:
    lines = [
        f"### {_capital(statement.place)}: {outcome(statement, claims)}",
        "",
        statement.says,
        "",
    ]
    for point in statement.points:
        lines += _point(point, claims, seen)
    if statement.remark:
        lines += ["", statement.remark]
    return lines


def _point(point: Point, claims: Sequence[Claim], seen: set[tuple[str, ...]]) -> list[str]:
    members = claims_of(point.claims, claims, point.verdict)
    words = f"{_capital(point.says)}: " if point.says else ""
    if not members:
        return [f"- {words}no claim was run."]
    others = [claim for claim in members if claim["verdict"] != point.verdict]
    shown = f"- {words}{_verdicts(members, point.verdict)}{_numbers(members)}."
    return [shown, *[f"  - not so: {_one(claim)}" for claim in others], *_tables(members, seen)]


def _verdicts(claims: Sequence[Claim], wanted: str) -> str:
    """Return what the claims came to, and what would have borne the statement out where some did not."""
    counts = Counter(claim["verdict"] for claim in claims)
    of = "claim" if len(claims) == 1 else "claims"
    if set(counts) == {wanted}:
        return f"{len(claims)} {of}, {'all ' if len(claims) > 1 else ''}{wanted}"
    found = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
    return f"{len(claims)} {of}, {found} ({wanted} would bear it out)"


def _numbers(claims: Sequence[Claim]) -> str:
    """Return the range of observed value over bound, and how the verdicts were reached."""
    kinds = Counter(claim["evidence"]["kind"] for claim in claims)
    how = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    ratios = sorted(float(c["ratio"]) for c in claims if c["ratio"] is not None)
    if not ratios:
        return f"; evidence: {how}"
    ends = dict.fromkeys(number(ratio) for ratio in (ratios[0], ratios[-1]))
    return f"; observed over bound {' to '.join(ends)}; evidence: {how}"


def _one(claim: Claim) -> str:
    words = f"`{claim['id']}` is {claim['verdict']}"
    if claim["observed"] is not None and claim["bound"] is not None:
        words += f": observed {_value(claim['observed'])}, bound {_value(claim['bound'])}"
    return words


def _value(value: float | str) -> str:
    return number(float(value))


def _tables(claims: Sequence[Claim], seen: set[tuple[str, ...]]) -> list[str]:
    """Return the tables that claims carry; one whose rows have all been `seen` is left out."""
    lines: list[str] = []
    for claim in claims:
        head, *rows = measured_table(claim) or ((),)
        if set(rows) <= seen:
            continue
        seen.update(rows)
        words = claim["parameters"].get(TABLE_OF)
        lines += ["", f"  `{claim['id']}`{': ' + words if words else ''}", ""]
        lines += [f"  | {' | '.join(head)} |", f"  | {' | '.join('---' for _ in head)} |"]
        lines += [f"  | {' | '.join(row)} |" for row in rows]
    return [*lines, ""] if lines else []


def _contradiction(one: Contradiction, claims: Sequence[Claim]) -> list[str]:
    members = claims_of(one.claims, claims)
    lines = [f"- {one.says} {one.found}"]
    return [*lines, *[f"  - {_one(claim)}" for claim in members]]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
