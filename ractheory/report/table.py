"""The verdict table: every claim of a run on a line of at most 100 columns, grouped by theorem."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ractheory.experiments import FAMILIES

Claim = Mapping[str, Any]

VERDICTS = ("confirmed", "refuted", "undecided", "not-applicable")

WIDTH = 100
ID_WIDTH = 48


@dataclass(frozen=True)
class Line:
    """One line of the table and what it is: "head", "theorem", "expected", "surprise" or "summary"."""

    text: str
    kind: str


def as_expected(claim: Claim) -> bool:
    """Return whether the verdict of `claim` is the one that the catalogue expects."""
    return bool(claim["verdict"] == claim["expected"])


def verdict_table(document: Mapping[str, Any], error_rate: float) -> list[Line]:
    """Return the table of the results `document`, and a summary that states `error_rate`."""
    head = _row("  claim", "verdict", "expected", "ratio", "evidence")
    lines = [Line(head, "head")]
    claims = sorted(_ranked(document["claims"]), key=lambda pair: pair[0])
    for (_, theorem), group in groupby(claims, key=lambda pair: pair[0]):
        members = [claim for _, claim in group]
        lines.append(Line("", "theorem"))
        lines.append(Line(_cut(f"{theorem}: {members[0]['source']}", WIDTH), "theorem"))
        for claim in members:
            lines.extend(_claim_lines(claim))
    lines.append(Line("", "summary"))
    seconds = document["provenance"]["seconds"]
    lines.extend(Line(text, "summary") for text in summary(document["claims"], error_rate, seconds))
    return lines


def _ranked(claims: Sequence[Claim]) -> Iterable[tuple[tuple[int, str], Claim]]:
    """Pair each claim with its group: its theorem, in the order in which the theorems first appear."""
    order = list(dict.fromkeys(claim["theorem"] for claim in claims))
    for claim in claims:
        yield (order.index(claim["theorem"]), claim["theorem"]), claim


def _claim_lines(claim: Claim) -> list[Line]:
    kind = "expected" if as_expected(claim) else "surprise"
    mark = "  " if kind == "expected" else "! "
    rest = (
        claim["verdict"],
        claim["expected"],
        number_words(claim["ratio"]),
        evidence_words(claim),
    )
    if len(claim["id"]) <= ID_WIDTH - 2:
        return [Line(_row(mark + claim["id"], *rest), kind)]
    return [Line(mark + claim["id"], kind), Line(_row("", *rest), kind)]


def _row(name: str, verdict: str, expected: str, ratio: str, evidence: str) -> str:
    return f"{name:{ID_WIDTH}} {verdict:14} {expected:14} {ratio:>8} {_cut(evidence, 12)}".rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def number_words(value: float | str | None) -> str:
    """Return a number in four digits; result files spell infinity as text, and None as no number."""
    return "-" if value is None else f"{float(value):.4g}"


def number(value: object) -> str:
    """Return a value in few digits; None as a dash.

    >>> number(0.000123456), number(None), number(3)
    ('0.0001235', '–', '3')
    """
    if value is None:
        return "\u2013"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(number(part) for part in value)
    return str(value)


TABLE = "table"
"""The parameter of a measured claim that holds a row of numbers for each thing that was measured."""

TABLE_OF = "table_of"
"""The parameter that says in words what the numbers of its table are."""


def measured_table(claim: Claim) -> tuple[tuple[str, ...], ...]:
    """Return the table that a claim carries, its headings first; nothing where it has none.

    >>> measured_table({"parameters": {"table": [{"method": "cola", "mean": 91.25, "low": None}]}})
    (('method', 'mean', 'low'), ('cola', '91.25', '–'))
    """
    rows = claim["parameters"].get(TABLE)
    if not isinstance(rows, (list, tuple)) or not rows:
        return ()
    keys = tuple(rows[0])
    return (keys, *(tuple(number(row.get(key)) for key in keys) for row in rows))


def evidence_words(claim: Claim) -> str:
    """Return the evidence in a word or two: an e-value where it refutes, else an error rate or a kind."""
    if claim["verdict"] == "not-applicable":
        return "hypotheses"
    evidence = claim["evidence"]
    power, error_rate = evidence.get("log10_e_value"), evidence.get("error_rate")
    if evidence["kind"] != "statistical":
        return str(evidence["kind"])
    if claim["verdict"] == "refuted" and power is not None:
        return f"e {power_words(power)}"
    return "statistical" if error_rate is None else f"err {error_rate:.1e}"


def power_words(power: float) -> str:
    """Return an e-value, given its power of ten; a run that diverges makes it infinite.

    >>> power_words(0.3), power_words(12.3), power_words(sys.float_info.max)
    ('2', '1e+12', 'infinite')
    """
    if power >= sys.float_info.max:
        return "infinite"
    return f"{10.0**power:.2g}" if abs(power) < 3 else f"1e{power:+.0f}"


def summary(claims: Sequence[Claim], error_rate: float, seconds: float) -> list[str]:
    """Return the last lines of the table: counts of the verdicts, surprises, and the stated error rate."""
    counts = Counter(claim["verdict"] for claim in claims)
    surprises = [claim for claim in claims if not as_expected(claim)]
    words = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    if not surprises:
        outcome = "every verdict is as expected"
    else:
        outcome = f"{len(surprises)} not as expected (marked !)"
    controls = sum(claim["expected"] in ("refuted", "not-applicable") for claim in claims)
    real = sum(claim["real_data"] for claim in claims)
    own = own_rates(claims)
    apart = (
        f", and {sum(own):.2g} for {count_words(len(own), 'claim')} that state their own"
        if own
        else ""
    )
    return [
        f"{count_words(len(claims), 'claim')}: {words}; {outcome}.",
        f"{real} on real data, {count_words(controls, 'negative control')}; "
        f"error rate of the whole run {error_rate:g}{apart}; {seconds:.1f} s.",
    ]


def own_rates(claims: Iterable[Claim]) -> list[float]:
    """Return the error rates of the measured claims, which are beside that of the run.

    Experiments that train afford too few seeds for a share in it; their evidence states a rate of its own.
    """
    return [
        float(claim["evidence"].get("error_rate") or 0.0)
        for claim in claims
        if claim["theorem"] in FAMILIES and claim["evidence"]["kind"] == "statistical"
    ]


def count_words(number: int, noun: str) -> str:
    """Return a number of things.

    >>> count_words(1, "claim"), count_words(2, "claim")
    ('1 claim', '2 claims')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")
