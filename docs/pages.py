"""The pages that are built: theorems, commands, the registries of what can be run, and the case study."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

BUILT = "<!-- Built by `make docs` from the objects themselves; changes here are lost. -->\n"


def _page(lines: Sequence[str]) -> str:
    return BUILT + "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    """Return `text` as one cell of a table."""
    return " ".join(text.split()).replace("|", r"\|")


# Theorems.


def theorems_page() -> str:
    """Return the page of all theorems: statements, hypotheses, source, tightness, proof; and the families."""
    from ractheory.experiments import FAMILIES
    from ractheory.theorems import THEOREMS

    lines = [
        "# Theorems", "",
        "Every row of the theory that this suite checks, from the values in `ractheory/theorems`. E is over",
        "the runs; T counts links; what an assumption means is in `ractheory/assumptions.py`.", "",
        "| theorem | says |", "| --- | --- |",
    ]  # fmt: skip
    every = [*THEOREMS.values(), *FAMILIES.values()]
    lines += [f"| [{t.id}](#{t.id}) | {_cell(t.title)} |" for t in every]
    for theorem in THEOREMS.values():
        lines += ["", *theorem_section(theorem), _proof(theorem.id)]
    lines += ["", "# Families of claims", ""]
    lines += ["What no theorem says: nothing is assumed here, and nothing is proved."]
    for family in FAMILIES.values():
        lines += ["", f"## {family.id}", "", f"{family.title}. Source: {family.source}.", ""]
        lines += [family.statement, "", f"How it is decided: {family.decided}"]
    return _page(lines)


def theorem_section(theorem: Any) -> Iterator[str]:
    """Yield the lines on one theorem: what it states, assumes and attains."""
    from ractheory.theorems.printing import latex

    yield from (f"## {theorem.id}", "", f"{theorem.title}. Source: {theorem.source}.", "")
    for statement in theorem.statements:
        yield from (
            f"**{statement.name}**, {statement.form.value}:",
            "",
            "```math",
            statement.latex(),
            "```",
            "",
        )
        if statement.needs:
            yield from ("It also assumes:", "", *_hypotheses(statement.needs), "")
        if statement.ceiling is not None:
            yield from ("On every run what is averaged is at most", "", "```math")
            yield from (latex(statement.ceiling), "```", "")
        if statement.ceiling_needs:
            yield from ("which assumes further:", "", *_hypotheses(statement.ceiling_needs), "")
    yield from ("Assumes:", "", *_hypotheses(theorem.hypotheses), "")
    if theorem.tight:
        yield from (f"Tight: {theorem.tight}.", "")
    if theorem.note:
        yield from (f"{theorem.note}", "")


def _hypotheses(hypotheses: Sequence[Any]) -> list[str]:
    found = dict.fromkeys((h.name, h.statement) for h in hypotheses)
    return [f"- {name}: `{_plain(text)}`" for name, text in found]


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")


def _proof(name: str) -> str:
    from proofs_check import PROOFS

    if name not in PROOFS:
        return "No proof of it is checked by machine."
    return f"Its proof is checked by `ractheory proofs {name}`."


# Commands.


def commands_page() -> str:
    """Return the reference of the commands, from their parsers."""
    from ractheory.commands import COMMANDS, MODULES
    from ractheory.commands.options import Parser

    lines = [
        "# Commands", "",
        "`python paper_repro.py` takes the options of `ractheory repro`. With `--json` a command writes one",
        "document to standard output and nothing else there. The exit status is 0 when everything came out",
        "as expected, 1 when something did not, 2 for unusable input, which is explained in one line.",
    ]  # fmt: skip
    for name, description in COMMANDS.items():
        module: Any = import_module(f"ractheory.commands.{MODULES.get(name, name)}")
        parser = Parser(f"ractheory {name}", description)
        module.configure(parser)
        lines += [
            "",
            f"## ractheory {name}",
            "",
            description[:1].upper() + description[1:] + ".",
            "",
        ]
        lines += ["| option | does |", "| --- | --- |"]
        lines += [
            f"| {_spelling(a)} | {_cell(_help(a))} |" for a in parser._actions if a.dest != "help"
        ]
    return _page(lines)


def _spelling(action: argparse.Action) -> str:
    values = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if not action.option_strings:
        return f"`{values}`"
    takes = "" if action.nargs == 0 else f" {values}"
    more = " ..." if action.nargs in ("+", "*") else ""
    return ", ".join(f"`{option}{takes}{more}`" for option in action.option_strings)


def _help(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%")


# What can be run.


def registries_page() -> str:
    """Return the page of objectives, methods, sketches and figures, from the first lines of their docstrings."""
    from figures import figure_names
    from ractheory.commands.listing import KINDS

    lines = ["# What can be run", ""]
    lines += [
        "Named on the command line and in `ractheory.objective`, `ractheory.methods`, `ractheory.laws`."
    ]
    for kind in ("objectives", "methods", "sketches"):
        lines += ["", f"## {kind.capitalize()}", "", "| name | what it is |", "| --- | --- |"]
        lines += [f"| `{row['id']}` | {_cell(row['title'])} |" for row in KINDS[kind]()]
    lines += ["", "## Figures", "", "Drawn from the records of a run: `make figures ARGS=NAME`."]
    lines += ["", "| name | what it shows |", "| --- | --- |"]
    for name, module in figure_names().items():
        first = (import_module(f"figures.{module}").__doc__ or "").partition("\n")[0]
        lines.append(f"| `{name}` | {_cell(first.rstrip('.'))} |")
    return _page(lines)


def tightness_page() -> str:
    """Return the page on tightness."""
    from docs.tightness import tightness_page as lines

    return _page(lines())


def guard_page() -> str:
    """Return the page of the case study."""
    from docs.guard import guard_page as lines

    return _page(lines())


PAGES: dict[str, Callable[[], str]] = {
    "theorems.md": theorems_page,
    "tightness.md": tightness_page,
    "commands.md": commands_page,
    "registries.md": registries_page,
    "guard.md": guard_page,
}
"""The built pages by their file names."""
