"""Every code block of the documentation runs, every link leads somewhere, built pages build."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from docs.pages import PAGES
from ractheory.cli import main

ROOT = Path(__file__).parents[2]
WRITTEN = [p for p in sorted((ROOT / "docs").glob("*.md")) if p.name not in PAGES]
BY_HAND = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *WRITTEN]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL

LONG = ("repro", "trust", "sweep")
"""Commands that take minutes: their options are read, and no more."""


def blocks(page):
    return FENCED.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "page", [p for p in WRITTEN if p.name != "README.md"], ids=lambda p: p.name
)
def test_the_blocks_of_a_page_run_in_order(page, tmp_path, monkeypatch, capsys):
    """Python blocks share their names, as a reader's session would; console blocks share the folder."""
    monkeypatch.chdir(tmp_path)
    session, runner = {"__name__": "page"}, doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    for language, text in blocks(page):
        if language == "python":
            assert ">>>" in text, f"a block of {page.name} that no test can run:\n{text}"
            test = doctest.DocTestParser().get_doctest(text, session, page.name, str(page), 0)
            failed, complaints = 0, []
            failed = runner.run(test, out=complaints.append, clear_globs=False).failed
            session.update(test.globs)
            assert not failed, "".join(complaints)
        elif language == "console":
            for line in text.splitlines():
                run_line(line, capsys)
        else:
            raise AssertionError(f"{page.name} has a block of the language '{language}'")


def run_line(line, capsys):
    """Run a line such as `$ ractheory list  # exit 0`, which must exit as it says."""
    prompt, program, *words = shlex.split(line, comments=True)
    assert (prompt, program) == ("$", "ractheory"), line
    expected = re.search(r"# exit (\d)", line)
    status = main(words)
    captured = capsys.readouterr()
    assert status == (int(expected[1]) if expected else 0), (line, captured)


def indented_commands(page):
    text = page.read_text(encoding="utf-8")
    return [shlex.split(line, comments=True) for line in re.findall(r"^    (\S.*)$", text, re.M)]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda p: p.name
)
def test_the_commands_of_the_front_pages_exist(page, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    commands = indented_commands(page)
    assert commands
    for program, *words in commands:
        if program == "make":
            assert [w for w in words if "=" not in w] in [[t] for t in targets]
            continue
        assert program == "ractheory", program
        if words[0] in LONG:
            options_are_read(words)
            continue
        if words[0] == "conform":
            words += ["--instance", "left-10", "--seeds", "64", "--out", str(tmp_path)]
        assert main(words) == 0
    capsys.readouterr()


def options_are_read(words):
    from importlib import import_module

    from ractheory.commands.options import Parser

    module = import_module(f"ractheory.commands.{words[0]}")
    parser = Parser(words[0], "")
    module.configure(parser)
    parser.parse(words[1:])


@pytest.mark.parametrize("page", BY_HAND, ids=lambda p: p.name)
def test_links_lead_to_files(page):
    text = page.read_text(encoding="utf-8")
    places = [p for p in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in p]
    assert all((page.parent / place).exists() for place in places), places


@pytest.mark.parametrize("name", PAGES)
def test_built_pages_build_and_their_links_lead_to_headings(name):
    text = PAGES[name]()
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
    assert len(headings) > 3


def test_every_theorem_and_command_has_its_place():
    from ractheory.commands import COMMANDS
    from ractheory.theorems import THEOREMS

    theorems, commands = PAGES["theorems.md"](), PAGES["commands.md"]()
    assert all(f"\n## {name}\n" in theorems for name in THEOREMS)
    assert all(f"\n## ractheory {name}\n" in commands for name in COMMANDS)
    assert all(s.latex() in theorems for t in THEOREMS.values() for s in t.statements)


def test_pages_are_written_and_compared(tmp_path, capsys):
    from docs.__main__ import main as build

    assert build(["--out", str(tmp_path), "--check"]) == 1
    assert build(["--out", str(tmp_path)]) == 0
    assert build(["--out", str(tmp_path), "--check"]) == 0
    (tmp_path / "theorems.md").write_text("changed")
    assert build(["--out", str(tmp_path), "--check"]) == 1
    assert "theorems.md is not up to date" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--from", "nowhere.json"], ["--out", "no/such/folder"]])
def test_a_bad_file_or_folder_is_one_line(words, tmp_path, monkeypatch, capsys):
    from docs.__main__ import main as build

    monkeypatch.chdir(tmp_path)
    assert build(words) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_the_built_block_of_the_readme_is_up_to_date():
    from docs.readme import README, built

    text = README.read_text(encoding="utf-8")
    assert built(text) == text
    assert built(text.replace("| 129 |", "| 1 |")) == text
