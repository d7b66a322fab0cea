"""`ractheory conform`: puts somebody's own update rule through the checks."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ractheory.commands.options import Parser, note, say, whole
from ractheory.errors import stream_name

SEEDS, STEPS = "400", "20"

SHOWN = 3
"""Counterexamples whose command is shown; all of them are in their files."""

UNDECIDED = "undecided: neither confirmed nor refuted by these runs, as a bound that holds with equality must be"


def configure(parser: Parser) -> None:
    parser.add_argument(
        "rule",
        metavar="PATH.py:FUNCTION",
        help="step(W, gradient, rng, state) -> W_next; or a class with this method, or a PyTorch module with an "
        "optimizer",
    )
    parser.add_argument(
        "--theorem",
        nargs="+",
        action="extend",
        required=True,
        metavar="ID",
        help="what it is to obey",
    )
    parser.add_argument(
        "--instance", nargs="+", action="extend", default=[], metavar="NAME",
        help="only these instances; all of the theorem's class unless given",
    )  # fmt: skip
    parser.add_argument("--seeds", default=SEEDS, metavar="S", help=f"runs, at most ({SEEDS})")
    parser.add_argument("--steps", default=STEPS, metavar="T", help=f"steps of each run ({STEPS})")
    parser.add_argument("--seed", metavar="NAME", help="name of the random numbers (ractheory)")
    parser.add_argument(
        "--out", default="results/counterexamples", metavar="DIR",
        help="folder of the counterexamples (results/counterexamples)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Check a rule; the exit status is 1 if it is refuted."""
    seeds, steps = whole("--seeds", options.seeds, 1), whole("--steps", options.steps, 1)
    _known(options.theorem)
    from ractheory.conform import conform, load_rule
    from ractheory.conform.check import SEED

    rule = load_rule(options.rule)
    seed = SEED if options.seed is None else stream_name("--seed", options.seed)
    claims, started = [], time.monotonic()
    for outcome in conform(rule, options.theorem, options.instance, seeds, steps, seed):
        claims.append({**outcome.to_json(), "seconds": round(time.monotonic() - started, 3)})
        started = time.monotonic()
        _save(claims[-1], Path(options.out))
        if not options.json:
            say(_line(claims[-1]))
    if options.json:
        from ractheory.records import dumps

        say(dumps({"method": rule.name, "claims": claims}))
    else:
        say("\n".join(_conclusion(rule.name, claims)))
    return 1 if any(claim["verdict"] == "refuted" for claim in claims) else 0


def _known(names: Sequence[str]) -> None:
    from ractheory.suggest import unknown
    from ractheory.theorems import THEOREMS

    for name in names:
        if name not in THEOREMS:
            raise unknown("theorem", name, THEOREMS, "see 'ractheory list theorems'")


def _save(claim: dict[str, Any], folder: Path) -> None:
    """Keep the counterexample of a refuted claim, and say where in the claim itself."""
    counterexample = claim["counterexample"]
    if counterexample is None:
        return
    from ractheory.conform.check import file_name
    from ractheory.records import dumps, write_whole

    path = folder / file_name(counterexample)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, dumps({**counterexample, "observed": claim["observed"],
                                 "bound": claim["bound"]}).encode())  # fmt: skip
        counterexample["file"] = str(path)
    except OSError as error:
        note(f"the counterexample of {claim['id']} is not saved: {error}")


def _line(claim: Mapping[str, Any]) -> str:
    from ractheory.report.table import number_words

    numbers = ", ".join(f"{key} {number_words(claim[key])}" for key in ("observed", "bound"))
    if claim["verdict"] == "not-applicable":
        numbers = "; ".join(h["name"] for h in claim["hypotheses"] if not h["holds"])
        numbers = f"fails: {numbers}"
    return f"{claim['theorem']:20} {claim['instance']:15} {claim['verdict']:15} {numbers}"


def _conclusion(name: str, claims: Sequence[Mapping[str, Any]]) -> list[str]:
    found = [c["counterexample"] for c in claims if c["counterexample"] is not None]
    lines = ["", *(f"refuted again by: {c['command']}" for c in found[:SHOWN])]
    saved = [Path(c["file"]) for c in found if "file" in c]
    if saved:
        from ractheory.report.table import count_words

        lines.append(f"{count_words(len(saved), 'counterexample')} in {saved[0].parent}")
    verdicts = [claim["verdict"] for claim in claims]
    if "undecided" in verdicts:
        lines.append(UNDECIDED)
    counts = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))
    return [*lines, f"{name}: {counts}."]
