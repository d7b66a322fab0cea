"""What the page says of a run, as plain values for its template."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ractheory.experiments import FAMILIES
from ractheory.records import Curves, file_stem
from ractheory.report.figure import chart_of, statement_of
from ractheory.report.mathml import mathml
from ractheory.report.svg import Band, Chart, Interval, Line, chart_svg
from ractheory.report.table import (
    TABLE,
    VERDICTS,
    as_expected,
    evidence_words,
    measured_table,
    number,
    own_rates,
    power_words,
)
from ractheory.theorems import THEOREMS, Statement

Claim = Mapping[str, Any]
Proofs = Mapping[str, Mapping[str, Any]]

SEED = "ractheory"
"""The seed of the main job; a command repeats another one."""

MEANINGS = {
    "confirmed": "It holds: on every step of every run up to a derived round-off, by exact computation, "
    "or in expectation by a one-sided confidence bound. It is confirmed for this objective, method and "
    "number of steps; that it holds always is what the proof says, not the runs.",
    "refuted": "The runs contradict it: an inequality broken on a step beyond round-off, or an e-value "
    "beyond the error rate. Expected of the negative controls, and of what the methods without a "
    "guarantee are held against.",
    "undecided": "Neither, with so many seeds. Expected of a bound that holds with equality, which "
    "sampling can neither confirm nor refute.",
    "not-applicable": "A hypothesis of the theorem fails here, so it says nothing of these runs.",
}
"""What each verdict means, and what it does not."""


@dataclass(frozen=True)
class ClaimView:
    """One claim as the page shows it."""

    id: str
    anchor: str
    link: str
    claim: Claim
    title: str
    formula: str
    quantifier: str
    figure: str
    legend: str
    margin: str
    ratio: str
    evidence: str
    facts: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str], ...]
    table: tuple[tuple[str, ...], ...]
    proof: str
    command: str
    expected: bool


@dataclass(frozen=True)
class TheoremView:
    """One theorem with its claims."""

    id: str
    anchor: str
    title: str
    source: str
    formula: str
    tight: str
    note: str
    proof: str
    counts: Mapping[str, int]
    surprises: int
    claims: tuple[ClaimView, ...]


@dataclass(frozen=True)
class Summary:
    """What was checked, in numbers."""

    claims: int
    theorems: int
    families: int
    counts: Mapping[str, int]
    surprises: tuple[ClaimView, ...]
    controls: int
    real: int
    error_rate: float
    statistical: int
    own_rate: float
    own: int
    seconds: float
    proved: int
    with_proof: int


def theorem_views(
    document: Mapping[str, Any], curves: Mapping[str, Curves], proofs: Proofs
) -> tuple[TheoremView, ...]:
    """Return the theorems of a run in the order in which they first appear, with their claims."""
    groups: dict[str, list[Claim]] = {}
    for claim in document["claims"]:
        groups.setdefault(claim["theorem"], []).append(claim)
    seed = document["provenance"].get("seed", SEED)
    views = []
    for name, claims in groups.items():
        proof = proof_words(name, proofs)
        members = tuple(claim_view(c, curves.get(c["id"], {}), proof, seed) for c in claims)
        views.append(
            TheoremView(
                id=name,
                anchor=f"theorem-{file_stem(name)}",
                **_about(name, claims[0]["source"]),
                proof=proof,
                counts=Counter(c["verdict"] for c in claims),
                surprises=sum(not as_expected(c) for c in claims),
                claims=members,
            )
        )
    return tuple(views)


def _about(name: str, source: str) -> dict[str, str]:
    """Return title, source, formula and remarks of a theorem, or of a family, which has no formula."""
    if name in FAMILIES:
        one = FAMILIES[name]
        words = f"{one.statement} {one.decided}"
        return {"title": one.title, "source": one.source, "formula": "", "tight": "", "note": words}
    known = THEOREMS.get(name)
    if known is None:
        return {"title": "", "source": source, "formula": "", "tight": "", "note": ""}
    formula = mathml(known.statement().latex())
    return {
        "title": known.title, "source": known.source, "formula": formula, "tight": known.tight,
        "note": known.note,
    }  # fmt: skip


def claim_view(claim: Claim, curves: Curves, proof: str, seed: str) -> ClaimView:
    """Return what the page shows of `claim`."""
    statement = statement_of(claim)
    chart = chart_of(claim, curves)
    anchor = file_stem(claim["id"])
    return ClaimView(
        id=claim["id"],
        anchor=anchor,
        link="#" + quote(anchor, safe="+"),
        claim=claim,
        title=_about(claim["theorem"], "")["title"],
        formula=mathml(statement.latex()) if statement else "",
        quantifier=statement.form.value if statement else "",
        figure=chart_svg(chart) if chart else "",
        legend=legend_html(keys_of(chart)) if chart else "",
        margin=margin_words(claim, statement),
        ratio=number(claim["ratio"]),
        evidence=evidence_words(claim),
        facts=evidence_facts(claim["evidence"]),
        parameters=tuple((k, number(v)) for k, v in claim["parameters"].items() if k != TABLE),
        table=measured_table(claim),
        proof=proof,
        command=command_of(claim["id"], seed),
        expected=as_expected(claim),
    )


def summary(document: Mapping[str, Any], views: Sequence[TheoremView], proofs: Proofs) -> Summary:
    """Return the numbers at the head of the page.

    The error rate is the sum over the statistical verdicts (union bound), apart from those of
    experiments, which state their own.
    """
    claims = document["claims"]
    own = own_rates(claims)
    statistical = [
        c for c in claims
        if c["evidence"]["kind"] == "statistical" and c["theorem"] not in FAMILIES
    ]  # fmt: skip
    return Summary(
        claims=len(claims),
        theorems=sum(view.id not in FAMILIES for view in views),
        families=sum(view.id in FAMILIES for view in views),
        counts={v: sum(c["verdict"] == v for c in claims) for v in VERDICTS},
        surprises=tuple(c for view in views for c in view.claims if not c.expected),
        controls=sum(c["expected"] in ("refuted", "not-applicable") for c in claims),
        real=sum(bool(c.get("real_data")) for c in claims),
        error_rate=sum(float(c["evidence"].get("error_rate") or 0.0) for c in statistical),
        statistical=len(statistical),
        own_rate=sum(own),
        own=len(own),
        seconds=float(document["provenance"].get("seconds", 0.0)),
        proved=sum(proofs.get(v.id, {}).get("status") == "proved" for v in views),
        with_proof=sum(v.id in proofs for v in views),
    )


def command_of(claim_id: str, seed: str = SEED) -> str:
    """Return the command that runs one claim again, beside the results and not over them.

    >>> command_of("gd-pl/isotropic/haar-r1-tight")
    'ractheory repro --only gd-pl/isotropic/haar-r1-tight --out rerun'
    """
    words = ["ractheory", "repro", "--only", claim_id, "--out", "rerun"]
    return shlex.join(words if seed == SEED else [*words, "--seed", seed])


def keys_of(chart: Chart) -> tuple[tuple[str, str], ...]:
    """Return the legend of `chart`: the style of each mark, and what it is in words."""
    found = {mark.style if isinstance(mark, Line) else KINDS[type(mark)] for mark in chart.marks}
    return tuple((key, words) for key, words in LEGEND.items() if key in found)


KINDS = {Band: "band", Interval: "interval"}
LEGEND = {
    "run": "mean of the runs",
    "band": "5\u201395 % of them",
    "bound": "bound",
    "interval": "confidence interval",
}


def legend_html(keys: Sequence[tuple[str, str]]) -> str:
    """Return the legend `keys` as HTML, for under a chart."""
    return "\n".join(
        f'<span class="chart-entry"><span class="chart-key {key}"></span> {words}</span>'
        for key, words in keys
    )


def proof_words(theorem: str, proofs: Proofs) -> str:
    """Return what is known of the machine-checked proof of `theorem`."""
    proof = proofs.get(theorem)
    if theorem in FAMILIES:
        return "a family of claims: there is no theorem to prove"
    if proof is None:
        return "no proof is checked by machine"
    if proof["status"] == "unchecked":
        return f"not checked in this run; check it by: ractheory proofs {theorem}"
    errors = f"{proof['rejected']} of {proof['planted']} planted errors rejected"
    return f"{proof['status']}, checked by machine; {errors}"


def margin_words(claim: Claim, statement: Statement | None) -> str:
    """Return how far the observed value stays from the bound, or is beyond it."""
    observed, bound, ratio = (claim[key] for key in ("observed", "bound", "ratio"))
    if observed is None or bound is None:
        return "no value is compared with a bound"
    words = f"observed {number(observed)}, bound {number(bound)}"
    if ratio is None:
        return words
    relation = f"{number(ratio)} times the bound"
    if statement is not None and statement.is_lower_bound:
        relation += " (a lower bound)"
    return f"{words}: {relation}"


EVIDENCE_WORDS = {
    "error_rate": "chance that this verdict is wrong, at most",
    "log10_e_value": "e-value against the statement",
    "confidence_bound": "confidence bound",
    "seeds": "runs",
    "worst": "worst step, in units of the allowed round-off (above 1 refutes)",
    "worst_at": "at (run, step)",
    "detail": "detail",
}


def evidence_facts(evidence: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what the verdict rests on as pairs of words and values."""
    rows = [("kind", str(evidence["kind"]))]
    for key, words in EVIDENCE_WORDS.items():
        value = evidence.get(key)
        if value not in (None, ""):
            rows.append((words, power_words(value) if key == "log10_e_value" else number(value)))
    return tuple(rows)
