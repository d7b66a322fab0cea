"""The structure of `report.html`, read by a parser and not by a browser."""

import re
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from ractheory import records
from ractheory.experiments import FAMILIES
from ractheory.report.mathml import mathml
from ractheory.report.page import PAGE, page, write_report
from ractheory.theorems import THEOREMS
from tests.report.sample import NASTY, sample, write_sample

VOID = {"meta", "link", "input", "br", "img", "hr", "wbr"}
CLOSED_BY_OTHERS = {"option", "li", "p"}
LOADING = {"src", "srcset", "href", "xlink:href", "data", "action", "poster", "background"}


class Reader(HTMLParser):
    """Keeps the elements, and complains of tags that do not match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.ids = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        pairs = dict(attributes)
        assert len(pairs) == len(attributes), f"an attribute of {tag} is given twice"
        self.elements.append((tag, pairs, tuple(self.open)))
        if "id" in pairs:
            self.ids.append(pairs["id"])
        if tag not in VOID:
            self.open.append((tag, pairs.get("data-id")))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        self.open.pop()


@pytest.fixture(scope="module")
def document():
    return sample()[0]


@pytest.fixture(scope="module")
def text():
    proofs = {"gd-pl": {"status": "proved", "planted": 6, "rejected": 6},
              "descent": {"status": "unchecked"}}  # fmt: skip
    return page(*sample(), proofs)


@pytest.fixture(scope="module")
def reader(text):
    return Reader(text)


def within(reader, tag, claim_id):
    """Whether an element `tag` stands in the article of the claim."""
    return any(t == tag and ("article", claim_id) in path for t, _, path in reader.elements)


def test_every_claim_is_one_element_with_its_id_verbatim(document, reader):
    found = [a["data-id"] for _, a, _ in reader.elements if "data-id" in a]
    assert sorted(found) == sorted(c["id"] for c in document["claims"])
    assert NASTY in found


def test_every_claim_has_statement_figure_and_command(document, reader, text):
    words = re.sub("</?span[^>]*>", "", text)
    for claim in document["claims"]:
        if claim["theorem"] in THEOREMS:
            assert within(reader, "math", claim["id"])
        assert f"ractheory repro --only {claim['id']}" in words or claim["id"] == NASTY
    without = {NASTY, "gd-pl/empty", "gd-pl/infinite", "no-such/theorem", "table-3/sample"}
    with_curves = {c["id"] for c in document["claims"]} - without
    assert all(within(reader, "svg", name) for name in with_curves)


def test_a_measured_claim_shows_its_table(reader, text):
    assert within(reader, "table", "table-3/sample")
    assert "<td>&lt;i&gt;cola&lt;/i&gt;</td><td>91.25</td>" in text
    assert within(reader, "div", "table-3/sample")
    assert not within(reader, "table", "gd-pl/empty")


def test_ids_are_unique_and_links_lead_to_them(reader):
    from urllib.parse import unquote

    assert len(set(reader.ids)) == len(reader.ids)
    targets = [a["href"] for t, a, _ in reader.elements if t == "a"]
    assert targets
    assert all(href[0] == "#" and unquote(href[1:]) in reader.ids for href in targets)


def test_nothing_is_loaded_from_anywhere(reader, text):
    for tag, attributes, _ in reader.elements:
        for name in LOADING & set(attributes):
            assert attributes[name].startswith(("#", "data:")), (tag, attributes)
        assert tag not in ("iframe", "object", "embed", "img", "base")
    for word in ("http://", "https://", "@import", "url(", "fetch(", "XMLHttpRequest", "//cdn"):
        assert word not in text


def test_markup_in_results_is_text(text, reader):
    assert "<script>alert" not in text
    assert sum(tag == "script" for tag, _, _ in reader.elements) == 1
    assert "&lt;b&gt;bold&lt;/b&gt;" in text.lower()


def test_the_summary_comes_first_and_counts(document, text):
    head = text[: text.index('id="claims"')]
    assert "1 claim of" in head
    assert "gd-pl/diverges" in head
    assert f"{len(document['claims'])} claims on" in head
    statistical = [c for c in document["claims"] if c["evidence"]["kind"] == "statistical"]
    on_theorems = sum(c["theorem"] not in FAMILIES for c in statistical)
    assert 0 < on_theorems < len(statistical)
    assert f"{1e-9 * on_theorems:.2g}" in head
    assert "1 measured claim on experiments" in head


def test_an_e_value_without_end_is_told_in_a_word(text):
    assert "e-value against the statement: infinite" in text
    assert "e infinite" in text
    assert str(int(sys.float_info.max)) not in text


def test_proofs_are_told_as_they_are(text):
    assert "proved, checked by machine; 6 of 6 planted errors rejected" in text
    assert "check it by: ractheory proofs descent" in text
    assert "no proof is checked by machine" in text


def test_every_statement_is_well_formed_mathematics():
    for theorem in THEOREMS.values():
        for statement in theorem.statements:
            root = ElementTree.fromstring(mathml(statement.latex()))
            assert root.tag == "math"
            assert len(root) > 0
            assert root.find(".//merror") is None


def test_a_formula_that_cannot_be_read_is_an_error():
    with pytest.raises(ValueError, match="cannot read the formula"):
        mathml(r"\frac{1}{")


def test_large_runs_stay_light():
    """The page of as many claims as a run may have stays below 10 MB."""
    document, curves = sample()
    size = len(page(document, curves, {}).encode())
    from ractheory.evidence import CLAIM_CAPACITY

    assert size / len(document["claims"]) * CLAIM_CAPACITY < 20e6
    assert size < 10e6


def test_the_page_is_written_beside_the_results(tmp_path):
    folder = write_sample(tmp_path / "results")
    path = write_report(folder)
    assert path == folder / PAGE
    whole = path.read_text(encoding="utf-8")
    assert whole.count("<svg") > 50
    assert whole == write_report(folder).read_text(encoding="utf-8")


def test_a_damaged_record_costs_its_figure_alone(tmp_path):
    folder = write_sample(tmp_path / "results")
    name = "gd-pl/diverges"
    (folder / records.RECORDS / f"{records.file_stem(name)}.npz").write_bytes(b"cut")
    reader = Reader(write_report(folder).read_text(encoding="utf-8"))
    assert not within(reader, "svg", name)
    assert within(reader, "math", name)
