"""The page in a real browser: `make test-browser`. Set SCREENSHOTS to a folder to look at the pages."""

import os
from pathlib import Path

import pytest

from ractheory.report.page import write_report
from tests.report.sample import NASTY, sample, write_sample
from tests.report.webdriver import Browser, missing

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing())]

WIDTHS = (390, 820, 1400)

VISIBLE = """
  const rows = document.querySelectorAll("#table tbody tr:not([hidden])");
  return [...rows].map(row => row.cells[0].textContent);
"""
ARTICLES = """
  const articles = [...document.querySelectorAll("article[data-id]")];
  return articles.filter(a => !a.closest("[hidden]")).map(a => a.dataset.id);
"""
CONTRAST = """
  const part = c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = text => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  return arguments[0].map(selector => {
    const x = light(getComputedStyle(document.querySelector(selector)).color);
    return [selector, (Math.max(x, ground) + 0.05) / (Math.min(x, ground) + 0.05)];
  });
"""
SPILLED = """
  const spills = (inner, outer) => inner.getBoundingClientRect().right > outer.getBoundingClientRect().right + 1;
  const found = [...document.querySelectorAll("article")].flatMap(card => {
    card.style.contentVisibility = "visible";
    const parts = [...card.querySelectorAll("p, h4, figure, dl, dd, .scroll, .formula, details")];
    return parts.filter(part => spills(part, card)).map(part => [card.dataset.id, part.tagName]);
  });
  const table = document.getElementById("table");
  return spills(table, table.parentNode) ? [...found, ["the table of claims", "TABLE"]] : found;
"""
"""What sticks out of its card, or out of the frame of the table; tables and formulas scroll within theirs."""
COLOURED = [
    "main section p", "main a", ".dim", ".mark", ".holds strong", ".fails strong", "dt", ".lead",
    *(f".badge.{verdict}" for verdict in ("confirmed", "refuted", "undecided", "not-applicable")),
]  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return write_report(write_sample(tmp_path_factory.mktemp("run") / "results")).as_uri()


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(window, url):
    window.resize(1400, 900)
    still = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    window.devtools("Emulation.setEmulatedMedia", {"media": "", "features": still})
    window.open("about:blank")
    window.requests()
    window.log("browser")
    window.open(url)
    yield window
    assert [e for e in window.log("browser") if e["level"] != "DEBUG"] == []
    assert [u for u in window.requests() if not u.startswith(("data:", url))] == []


@pytest.fixture(scope="module")
def claims():
    return sample()[0]["claims"]


def test_it_renders_and_everything_is_shown(browser, claims):
    assert browser.run(VISIBLE) == [*dict.fromkeys(browser.run(ARTICLES))]
    assert sorted(browser.run(ARTICLES)) == sorted(c["id"] for c in claims)
    assert browser.run("return document.getElementById('shown').textContent").startswith(
        str(len(claims))
    )


def test_formulas_and_figures_have_a_size(browser):
    boxes = browser.run(
        "return [...document.querySelectorAll('article:first-of-type math, article:first-of-type svg')]"
        ".slice(0, 6).map(e => [e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
    )
    assert len(boxes) == 6
    assert all(w > 50 and h > 10 for w, h in boxes)


def test_the_search_filters_table_and_claims(browser):
    browser.write("#words", "gd-pl DIVERGES")
    assert browser.run(VISIBLE) == browser.run(ARTICLES) == ["gd-pl/diverges"]
    assert (
        browser.run("return document.querySelectorAll('section.theorem:not([hidden])').length") == 1
    )
    browser.write("#words", " nothing at all")
    assert browser.run(VISIBLE) == []
    assert browser.run("return document.getElementById('none').hidden") is False
    browser.click("#filter [type=reset]")
    assert len(browser.run(VISIBLE)) == len(browser.run(ARTICLES)) > 50


def test_verdict_theorem_and_marks_filter(browser, claims):
    browser.choose("#verdict", "refuted")
    assert set(browser.run(VISIBLE)) == {c["id"] for c in claims if c["verdict"] == "refuted"}
    browser.click("#surprises")
    assert browser.run(VISIBLE) == ["gd-pl/diverges"]
    browser.click("#filter [type=reset]")
    browser.click("#real")
    assert set(browser.run(VISIBLE)) == {c["id"] for c in claims if c["real_data"]}
    browser.click("#filter [type=reset]")
    browser.choose("#theorem", "gd-pl")
    assert set(browser.run(VISIBLE)) == {c["id"] for c in claims if c["theorem"] == "gd-pl"}


def test_columns_sort_both_ways_and_keep_what_has_no_value_last(browser, claims):
    browser.click("#table th[data-key=ratio] button")
    ratio = {c["id"]: c["ratio"] for c in claims}
    order = [ratio[name] for name in browser.run(VISIBLE)]
    values = [float(r) for r in order if r is not None]
    assert values == sorted(values)
    assert order[-1] is None
    browser.click("#table th[data-key=ratio] button")
    order = [ratio[name] for name in browser.run(VISIBLE)]
    assert [float(r) for r in order if r is not None] == sorted(values, reverse=True)
    assert order[-1] is None
    assert (
        browser.run("return document.querySelector('th[data-key=ratio]').ariaSort") == "descending"
    )


def test_it_works_by_keyboard(browser):
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "words"
    browser.press(*"diverges")
    assert browser.run(VISIBLE) == ["gd-pl/diverges"]
    browser.press("escape")
    assert len(browser.run(VISIBLE)) > 50
    browser.run("document.querySelector('th[data-key=id] button').focus()")
    browser.press("enter")
    names = browser.run(VISIBLE)
    assert browser.run("return document.querySelector('th[data-key=id]').ariaSort") == "ascending"
    assert names == browser.run("return arguments[0].sort((a, b) => a.localeCompare(b))", names)
    focusable = browser.run(
        "document.body.focus(); return document.querySelectorAll('a[href],button,input,select,summary').length"
    )
    assert focusable > 100


def test_a_link_leads_to_its_claim_even_when_it_is_filtered_out(browser):
    browser.write("#words", "descent")
    browser.run("location.hash = document.querySelector('article[data-id=\"gd-pl/diverges\"]').id")
    assert "gd-pl/diverges" in browser.run(ARTICLES)
    assert browser.run("return document.querySelector(':target').dataset.id") == "gd-pl/diverges"
    browser.run(
        "[...document.querySelectorAll('#table a')].find(a => a.textContent === arguments[0]).click()",
        NASTY,
    )
    assert browser.run("return document.querySelector(':target').dataset.id") == NASTY


def test_light_and_dark(browser):
    colour = "return getComputedStyle(document.body).backgroundColor"
    for scheme, wanted in (("dark", "rgb(20, 23, 27)"), ("light", "rgb(255, 255, 255)")):
        browser.devtools(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        assert browser.run(colour) == wanted
    assert browser.run("return document.getElementById('theme').textContent") == "Dark"
    browser.click("#theme")
    assert browser.run(colour) == "rgb(20, 23, 27)"
    browser.click("#theme")
    assert browser.run(colour) == "rgb(255, 255, 255)"


def test_colours_can_be_told_from_their_ground(browser):
    """Text has the contrast 4.5 : 1 that WCAG 2 asks for, in light and in dark."""
    for _ in range(2):
        low = [(name, value) for name, value in browser.run(CONTRAST, COLOURED) if value < 4.5]
        assert low == []
        browser.click("#theme")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_spills_over_at_any_width(browser, width):
    browser.resize(width, 900)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.run(SPILLED) == []
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        browser.screenshot(Path(folder) / f"{width}-head.png")
        browser.run("document.documentElement.style.scrollBehavior = 'auto';"
                    "document.querySelector('article[data-id^=\"gd-pl/\"]').scrollIntoView()")  # fmt: skip
        browser.screenshot(Path(folder) / f"{width}-claim.png")
        browser.click("#theme")
        browser.screenshot(Path(folder) / f"{width}-dark.png")


def test_printed_everything_is_open(browser):
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("return document.querySelectorAll('details:not([open])').length") == 0
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("return document.querySelectorAll('details:not([open])').length") > 0
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.devtools("Emulation.setEmulatedMedia", {"media": "print", "features": dark})
    browser.resize(794, 1123)
    assert (
        browser.run("return getComputedStyle(document.getElementById('filter')).display") == "none"
    )
    ground = "return getComputedStyle(document.body).backgroundColor"
    columns = "return getComputedStyle(document.querySelector('.two')).gridTemplateColumns"
    assert browser.run(ground) == "rgb(255, 255, 255)"
    assert len(browser.run(columns).split()) == 2
    browser.devtools("Emulation.setEmulatedMedia", {"media": ""})
