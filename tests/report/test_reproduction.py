"""The page on what reproduces: outcomes follow the verdicts, numbers come from the claims, patterns find claims."""

from dataclasses import replace
from fnmatch import fnmatchcase

import pytest

from ractheory import records
from ractheory.claims import CLAIMS
from ractheory.experiments import FAMILIES
from ractheory.report import reproduction as page
from ractheory.report.statements import CONTRADICTIONS, PAPERS, PaperStatement, Point
from ractheory.theorems import THEOREMS
from tests.report.sample import claim_of

STATEMENTS = [s for statements in PAPERS.values() for s in statements]
PATTERNS = sorted({
    pattern for points in [*[s.points for s in STATEMENTS], CONTRADICTIONS]
    for point in points for pattern in point.claims
})  # fmt: skip


def made(name, verdict, expected=None, **more):
    return (
        claim_of("gd-pl", "sharp", 0)
        | {"id": name, "verdict": verdict, "expected": expected or verdict}
        | more
    )


def document(*claims):
    return {"schema": 1, "provenance": {"version": "1", "seed": "s"}, "claims": list(claims)}


PLANNED = {"lora-guard"}
"""Families that are judged once they have claims."""
FIRST = {c.id.split("/")[0] for c in CLAIMS}


def has_claims(pattern):
    """Whether the family of a pattern has any; a pattern over all families always has."""
    first = pattern.split("/")[0]
    assert first in {"*", *THEOREMS, *FAMILIES, *PLANNED}
    return first == "*" or first in FIRST


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_finds_claims_where_its_family_has_any(pattern):
    assert not has_claims(pattern) or any(fnmatchcase(c.id, pattern) for c in CLAIMS)


@pytest.mark.parametrize("s", STATEMENTS, ids=lambda s: s.place)
def test_every_statement_is_judged_by_claims_that_may_bear_it_out(s):
    for point in s.points:
        assert point.verdict in ("confirmed", "refuted")
        assert not all(map(has_claims, point.claims)) or any(
            fnmatchcase(c.id, p) and (c.expected == point.verdict or p == c.id)
            for p in point.claims for c in CLAIMS
        )  # fmt: skip


ONE = PaperStatement(
    "a place", "It holds.", (Point(("gd-pl/*",)), Point(("x",), "refuted", "x fails"))
)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({"gd-pl/a": "confirmed", "x": "refuted"}, page.REPRODUCED),
        ({"gd-pl/a": "confirmed"}, page.REPRODUCED),
        ({"gd-pl/a": "confirmed", "x": "undecided"}, page.IN_PART),
        ({"gd-pl/a": "refuted", "x": "refuted"}, page.IN_PART),
        ({"gd-pl/a": "undecided", "x": "confirmed"}, page.NOT),
        ({"y": "confirmed"}, page.NOT_RUN),
    ],
)
def test_outcomes_follow_the_verdicts(verdicts, expected):
    claims = [
        made(name, v, "refuted" if name == "x" else "confirmed") for name, v in verdicts.items()
    ]
    assert page.outcome(ONE, claims) == expected


def test_a_part_of_a_statement_is_never_the_whole():
    claims = [made("gd-pl/a", "confirmed"), made("x", "refuted")]
    assert page.outcome(replace(ONE, partial=True), claims) == page.IN_PART
    assert page.outcome(replace(ONE, partial=True), []) == page.NOT_RUN


def test_controls_and_tightness_are_no_part_of_a_pattern():
    control = made("gd-pl/frozen/masked", "refuted")
    tight = made("tightness/gd-pl/x", "confirmed")
    plain = made("gd-pl/a", "confirmed")
    found = page.claims_of(["*gd-pl/*"], [control, tight, plain], "confirmed")
    assert [c["id"] for c in found] == ["gd-pl/a"]


def test_a_statement_that_fails_is_shown_with_its_numbers(monkeypatch):
    monkeypatch.setattr(page, "PAPERS", {"A paper (somebody)": (ONE,)})
    monkeypatch.setattr(page, "CONTRADICTIONS", ())
    rows = [{"method": "cola", "mean": 91.25, "low": None}]
    claims = [
        made("gd-pl/a", "confirmed", observed=0.5, bound=1.0, ratio=0.5),
        made("gd-pl/b", "refuted", "confirmed", observed=3.0, bound=1.0, ratio=3.0),
        made("x", "refuted", ratio=None, parameters={"table_of": "accuracy", "table": rows}),
    ]
    text = page.reproduction(document(*claims))
    assert "| A paper: a place | reproduced in part |" in text
    assert "2 claims, 1 confirmed, 1 refuted (confirmed would bear it out)" in text
    assert "; observed over bound 0.5 to 3" in text
    assert "X fails: 1 claim, refuted" in text
    assert "not so: `gd-pl/b` is refuted: observed 3, bound 1" in text
    assert "| cola | 91.25 | – |" in text
    assert "`x`: accuracy" in text


def test_a_table_is_shown_once(monkeypatch):
    both = PaperStatement("a place", "It holds.", (Point(("x",)), Point(("y",))))
    monkeypatch.setattr(page, "PAPERS", {"A paper (somebody)": (both,)})
    monkeypatch.setattr(page, "CONTRADICTIONS", ())
    rows = [{"method": "cola", "mean": 91.25}]
    more = [*rows, {"method": "lora", "mean": 80.0}]
    claims = [
        made(name, "confirmed", parameters={"table": table})
        for name, table in (("x", more), ("y", rows))
    ]
    text = page.reproduction(document(*claims))
    assert text.count("| cola | 91.25 |") == 1
    assert text.count("| lora | 80 |") == 1


def test_the_page_names_every_statement_and_is_written(tmp_path, capsys):
    from docs.__main__ import main as build

    results = tmp_path / "claims.json"
    results.write_text(records.dumps(document(made("gd-pl/isotropic/haar-r1", "confirmed"))))
    assert build(["--from", str(results), "--out", str(tmp_path)]) == 0
    text = (tmp_path / page.PAGE).read_text(encoding="utf-8")
    assert all(s.says in text for s in STATEMENTS)
    assert page.NOT_RUN in text
    assert build(["--from", str(results), "--out", str(tmp_path), "--check"]) == 0
    (tmp_path / page.PAGE).write_text("changed")
    assert build(["--from", str(results), "--out", str(tmp_path), "--check"]) == 1
    assert "not up to date" in capsys.readouterr().err
