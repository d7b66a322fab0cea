"""`ractheory proofs`: checks the proofs, and that their planted errors are rejected."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from ractheory.commands.options import Parser, say
from ractheory.errors import UsageError

WIDTH = 98


def configure(parser: Parser) -> None:
    parser.add_argument(
        "ids", nargs="*", metavar="ID", help="theorems; all that have a proof unless given"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Check the proofs of some or all theorems."""
    if not available():
        where = "a checkout of the project, in its folder proofs_check"
        raise UsageError.of("ractheory proofs", "no checkout", where, "run it there")
    from proofs_check import PROOFS, check
    from ractheory.suggest import unknown

    for name in options.ids:
        if name not in PROOFS:
            raise unknown("proof", name, PROOFS, "see 'ractheory list theorems'")
    reports = []
    for name in options.ids or PROOFS:
        reports.append(check(name))
        if not options.json:
            say("\n".join([*_report_lines(reports[-1]), ""]))
    if options.json:
        from ractheory.records import dumps

        say(dumps([report.to_json() for report in reports]))
    else:
        say("\n".join([*_cited_lines(reports), "", _summary(reports)]))
    return 0 if all(map(_sound, reports)) else 1


def available() -> bool:
    """Return whether the proofs are here; an installed package has none, a checkout has."""
    return find_spec("proofs_check") is not None


def checked_proof(name: str) -> list[str]:
    """Return the lines on the proof of the theorem `name`, checked now where it has one."""
    if not available():
        return ["Proof: in a checkout of the project, in its folder proofs_check"]
    from proofs_check import PROOFS, check

    return _proof_lines(check(name)) if name in PROOFS else ["Proof: none is checked by machine"]


def _sound(report: Any) -> bool:
    return report.status == "proved" and report.planted == report.rejected


def _proof_lines(report: Any) -> list[str]:
    """Return a proof as a text: its account, what it brings in, its steps, the facts it cites."""
    lines = [
        f"Proof of {report.id}: {report.status}, checked now",
        "",
        *report.account.splitlines(),
    ]
    lines += ["", "It brings in", *(_item(text) for text in report.assumed)]
    lines += ["", "Steps"]
    for number, step in enumerate(report.steps, 1):
        second = ", confirmed by an independent prover" if step.second == "agrees" else ""
        lines += [f"  {number}. {step.name} ({step.status}{second})", _item(step.text, "       ")]
    lines += ["", *_cited_lines([report]), "", "Wrong versions, and why the checker rejects them"]
    for name, why in report.reasons.items():
        lines.append(_item(f"{name}: {why or 'ACCEPTED'}"))
    return lines


def _item(text: str, indent: str = "  - ") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=" " * (len(indent) + 2),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _cited_lines(reports: Sequence[Any]) -> list[str]:
    """Return the one list of classical facts that the proofs cite."""
    from proofs_check.cited import CITED

    named = {name for report in reports for name in report.cited}
    if not named:
        return ["Cited facts: none"]
    return ["Cited facts", *(_item(f"{name}: {CITED[name]}") for name in CITED if name in named)]


def _report_lines(report: Any) -> list[str]:
    errors = f"{report.rejected} of {report.planted} planted errors rejected"
    lines = [f"Proof of {report.id}: {report.status}, {errors}"]
    width = max((len(step.name) for step in report.steps), default=0)
    for step in report.steps:
        lines.append(f"  {step.status:8} {step.name:{width}} {step.seconds:7.3f} s".rstrip())
    if report.cited:
        lines.append(f"  cites {', '.join(report.cited)}")
    if report.survivors:
        lines.append(f"  planted errors that were accepted: {', '.join(report.survivors)}")
    return lines


def _summary(reports: Sequence[Any]) -> str:
    proved = sum(report.status == "proved" for report in reports)
    planted, rejected = (sum(getattr(r, k) for r in reports) for k in ("planted", "rejected"))
    return f"{proved} of {len(reports)} proved; {rejected} of {planted} planted errors rejected."
