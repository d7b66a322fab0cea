"""`ractheory check`: one comparison of a run with a theorem, with the user's own parameters."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ractheory.commands.options import Parser, say, whole
from ractheory.errors import UsageError

SEEDS, STEPS = "400", "20"
"""Of a theorem; an experiment has its own."""


def configure(parser: Parser) -> None:
    parser.add_argument("theorem", metavar="THEOREM", help="as 'ractheory list theorems' names it")
    parser.add_argument(
        "--objective", required=True, metavar="NAME",
        help="as 'ractheory list objectives' names it; of a family, what is to be measured",
    )  # fmt: skip
    parser.add_argument("--method", metavar="NAME", help="needed for a theorem")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE",
        help="parameters of the objective, the method and the comparison, such as m=6, step=0.5 (in "
        "units of 1/L), rank=2, side=right, law=coordinates, start=zero",
    )  # fmt: skip
    parser.add_argument("--seeds", metavar="S", help=f"runs ({SEEDS})")
    parser.add_argument("--steps", metavar="T", help=f"steps of each run ({STEPS})")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Compare once; the exit status is 1 if the theorem is refuted."""
    settings = read_settings(options.set)
    numbers = {
        name: whole(f"--{name}", getattr(options, name), 1)
        for name in ("seeds", "steps")
        if getattr(options, name) is not None
    }
    from ractheory.commands.clock import timed
    from ractheory.experiments import FAMILIES
    from ractheory.parallel import use_one_thread

    use_one_thread()
    if options.theorem in FAMILIES:
        asked = _asked(options, {**settings, **numbers})
        from ractheory.compare import check_claim

        outcome, seconds = timed(check_claim, asked)
    else:
        _known(options)
        from ractheory.compare import check

        seeds, steps = numbers.get("seeds", int(SEEDS)), numbers.get("steps", int(STEPS))
        outcome, seconds = timed(
            check, options.theorem, options.objective, options.method, settings, seeds, steps
        )
    claim = {**outcome.to_json(), "seconds": seconds}
    if options.json:
        from ractheory.records import dumps

        say(dumps(claim))
    else:
        say("\n".join(description(claim)))
    return 1 if claim["verdict"] == "refuted" else 0


def _asked(options: argparse.Namespace, parameters: Mapping[str, Any]) -> Any:
    """Return the claim that asks the experiment of a family for what the options say."""
    from ractheory.claims.claim import MEASURED, Claim, MethodSpec, ObjectiveSpec

    if options.method is not None:
        mend = "leave it out; the experiment runs its own"
        raise UsageError.of("--method", options.method, "a method for a theorem only", mend)
    what = ObjectiveSpec(options.objective, parameters)
    return Claim(f"{options.theorem}/asked", options.theorem, what, MethodSpec(), evidence=MEASURED)


def _known(options: argparse.Namespace) -> None:
    """Raise UsageError, with close matches, for a name that no registry has."""
    from ractheory.methods import METHODS
    from ractheory.objectives import OBJECTIVES
    from ractheory.suggest import unknown
    from ractheory.theorems import THEOREMS

    if options.method is None:
        raise UsageError.of("--method", "", ", ".join(METHODS), "name the method to run")
    registries: dict[str, Mapping[str, Any]] = {
        "theorem": THEOREMS,
        "objective": OBJECTIVES,
        "method": METHODS,
    }
    for kind, registry in registries.items():
        given = getattr(options, kind)
        if given not in registry:
            raise unknown(kind, given, registry, f"see 'ractheory list {kind}s'")


def read_settings(words: Sequence[str]) -> dict[str, Any]:
    """Return the settings that words such as "rank=2" and "side=right" spell.

    >>> read_settings(["rank=2", "step=0.5", "side=right", "spectrum=1,2"])
    {'rank': 2, 'step': 0.5, 'side': 'right', 'spectrum': (1, 2)}
    """
    settings: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals and value):
            raise UsageError.of("--set", word, "KEY=VALUE", "for example --set rank=2 step=0.5")
        if key in settings:
            raise UsageError.of("--set", word, f"one value of {key}", "leave the other out")
        parts = [_value(part) for part in value.split(",")]
        settings[key] = parts[0] if len(parts) == 1 else tuple(parts)
    return settings


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    try:
        return text if "_" in text else float(text)
    except ValueError:
        return text


def description(claim: Mapping[str, Any]) -> list[str]:
    """Return the lines that describe one comparison."""
    from ractheory.commands.explain import item, wrapped
    from ractheory.report.table import TABLE, evidence_words, measured_table, number_words

    given = {key: value for key, value in claim["parameters"].items() if key != TABLE}
    parameters = ", ".join(f"{key}={value}" for key, value in given.items())
    lines = wrapped(f"{claim['theorem']} ({claim['source']}) on {claim['objective']}")
    lines += wrapped(f"{claim['method']}; sketch: {claim['sketch']}")
    lines += [*wrapped(parameters), *columns(measured_table(claim))]
    lines += ["", "Hypotheses"] if claim["hypotheses"] else []
    for hypothesis in claim["hypotheses"]:
        mark = "holds" if hypothesis["holds"] else "FAILS"
        lines += item(f"{mark}: {hypothesis['name']}: {hypothesis['reason']}")
    numbers = (f"{key} {number_words(claim[key])}" for key in ("observed", "bound", "ratio"))
    lines += ["", ", ".join(numbers)]
    return [*lines, f"Verdict: {claim['verdict']} ({evidence_words(claim)})"]


def columns(table: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose headings come first.

    >>> columns([["method", "mean"], ["cola", "91.25"]])
    ['', 'method  mean', 'cola    91.25']
    """
    if not table:
        return []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["", *["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]]
