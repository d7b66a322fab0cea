from ractheory.report.table import WIDTH, evidence_words, verdict_table
from tests.records import fakes


def results():
    claims = []
    for k, entry in enumerate(fakes.CATALOGUE):
        claim = {**fakes.evaluate(entry.id, "seed", 1e-7)[0], "seconds": 1.0}
        claim["verdict"] = ("confirmed", "refuted", "undecided", "not-applicable")[k % 4]
        claim["ratio"] = None if k == 3 else "inf" if k == 4 else 10.0 ** (-30 * k)
        claims.append(claim)
    claims[-1]["id"] += "/with-a-name-that-is-longer-than-its-column-but-is-shown-whole"
    claims[-1]["source"] = "a source in very many words " * 10
    return {"claims": claims, "provenance": {"seconds": 12.34}}


def test_the_table_fits_and_marks_what_was_not_expected():
    lines = verdict_table(results(), 1e-6)
    assert max(len(line.text) for line in lines) <= WIDTH
    marked = [line for line in lines if line.text.startswith("! ")]
    assert len(marked) == 4
    assert {line.kind for line in marked} == {"surprise"}
    text = "\n".join(line.text for line in lines)
    assert all(claim["id"] in text for claim in results()["claims"])
    assert (
        "6 claims: 2 confirmed, 2 refuted, 1 undecided, 1 not-applicable; 4 not as expected" in text
    )
    assert "2 on real data" in text
    assert "error rate of the whole run 1e-06" in text


def test_claims_are_grouped_by_theorem():
    headings = [
        line.text.split(":")[0]
        for line in verdict_table(results(), 1e-6)
        if line.kind == "theorem" and line.text
    ]
    assert headings == ["gd-pl", "descent"]


def test_the_evidence_in_words():
    claim = fakes.evaluate("a/b", "seed", 2.5e-8)[0]
    assert evidence_words(claim) == "err 2.5e-08"
    refuted = {
        **claim,
        "verdict": "refuted",
        "evidence": {"kind": "statistical", "log10_e_value": 312.4},
    }
    assert evidence_words(refuted) == "e 1e+312"
    assert evidence_words({**claim, "evidence": {"kind": "pathwise"}}) == "pathwise"
    assert evidence_words({**claim, "verdict": "not-applicable"}) == "hypotheses"
