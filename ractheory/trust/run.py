"""A whole trial of the suite against itself, as tasks that know nothing of each other, and their tally.

A task is a few plain values, done by `perform` in whatever process; `document` adds up what was done. So
tasks may run in any order and number, and a trial that ends early still says what it has found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ractheory.trust.bad_inputs import Main, answers_of, tally
from ractheory.trust.calibration import calibrate
from ractheory.trust.mutants import MUTANTS, named, tally_of
from ractheory.trust.planted import probe_errs, tried
from ractheory.trust.properties import PROPERTIES, try_property

Task = tuple[Any, ...]
"""A stage and its arguments: ("probe", error, place), ("error", id), ("calibration", ...), ("inputs", kind,
first, every), ("property", name, first, last)."""

PARTS = 4
"""Parts into which the bad inputs of constructors are cut."""

BLOCK = 25
"""Instances of a property in one task, at most."""


@dataclass(frozen=True)
class Size:
    """How much is tried.

    Attributes
    ----------
    every_error : one planted error in so many of each kind
    every_input : one bad input in so many
    study : arguments of `calibrate`
    instances : of each property, by its name
    """

    every_error: int
    every_input: int
    study: Mapping[str, int]
    instances: Mapping[str, int]


DEAR = ("exact", "never-wrong", "sillier", "scaling", "anywhere", "two-ways")
"""Properties whose instances take a good part of a second; those of the others take milliseconds."""

WHOLE = Size(1, 1, {}, {name: 100 if name in DEAR else 500 for name in PROPERTIES})
QUICK = Size(
    8, 10, {"cases": 250, "seeds": 256, "power_cases": 10, "longest": 10_000},
    {name: 4 if name in DEAR else 20 for name in PROPERTIES},
)  # fmt: skip


def tasks(size: Size) -> list[Task]:
    """Return the tasks of a trial; those that take long come first."""
    errors = _errors(size)
    probes = {
        probe.name: ("probe", error.id, k)
        for error in errors
        for k, probe in enumerate(error.probes)
    }
    properties = sorted(size.instances, key=lambda name: name not in DEAR)
    blocks = [
        ("property", name, first, min(first + BLOCK, size.instances[name]))
        for name in properties
        for first in range(0, size.instances[name], BLOCK)
    ]
    inputs = [("inputs", "command", 0, size.every_input)]
    inputs += [("inputs", "constructor", k, PARTS * size.every_input) for k in range(PARTS)]
    study = ("calibration", tuple(size.study.items()))
    return [study, *inputs, *blocks, *probes.values(), *(("error", e.id) for e in errors)]


def _errors(size: Size) -> list[Any]:
    by_kind: dict[str, list[Any]] = {}
    for error in MUTANTS:
        by_kind.setdefault(error.kind, []).append(error)
    return [error for group in by_kind.values() for error in group[:: size.every_error]]


def perform(task: Task, main: Main) -> Any:
    """Do one task and return what was found, as JSON-able values; `main` is the command line."""
    stage, *arguments = task
    if stage == "probe":
        name, place = arguments
        return probe_errs(named(name).probes[place])
    if stage == "error":
        return tried(named(arguments[0])).to_json()
    if stage == "calibration":
        return calibrate(**dict(arguments[0]))
    if stage == "inputs":
        kind, first, every = arguments
        return answers_of(kind, main, lambda cases: islice(cases, first, None, every))
    name, first, last = arguments
    return try_property(name, first, last)


def title(task: Task) -> str:
    """Return what a task is, for people.

    >>> title(("property", "basis", 0, 25))
    'property basis, instances 1 to 25'
    """
    stage, *arguments = task
    if stage == "property":
        return f"property {arguments[0]}, instances {arguments[1] + 1} to {arguments[2]}"
    if stage == "inputs":
        return f"bad inputs of {arguments[0]}s"
    if stage == "calibration":
        return "null cases and power"
    return f"{'probes of' if stage == 'probe' else 'planted error'} {arguments[0]}"


def document(results: Mapping[Task, Any], size: Size) -> dict[str, Any]:
    """Return the tally of what was done so far, as JSON-able values; see the contract of `trust.json`."""
    found = {stage: [r for t, r in results.items() if t[0] == stage] for stage in STAGES}
    study = found["calibration"][0] if found["calibration"] else {}
    held = [row for block in found["property"] for row in block]
    answers = [row for part in found["inputs"] for row in part]
    return {
        "complete": len(results) == len(tasks(size)),
        "quick": size == QUICK,
        **tally_of(found["error"]),
        "wrong_probes": [error for error in found["probe"] if error],
        "probes": len(found["probe"]),
        "null_cases": study.get("null_cases", 0),
        "false_refutations": study.get("false_refutations", 0),
        "stated_rate": study.get("stated_rate"),
        "calibration": {key: study[key] for key in ("null", "power") if key in study},
        **tally(answers),
        "property_cases": len(held),
        "violations": sum(bool(row["broken"]) for row in held),
        "violated": [row for row in held if row["broken"]],
        "properties": _by_property(held),
    }


STAGES = ("calibration", "inputs", "property", "probe", "error")


def _by_property(held: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {}
    for row in held:
        counts = rows.setdefault(row["property"], {"cases": 0, "violations": 0})
        counts["cases"] += 1
        counts["violations"] += bool(row["broken"])
    return rows


def faults(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for everything in the tally of a trial that should not be there."""
    if not found["complete"]:
        yield "not everything could be tried"
    yield from found.get("failed", [])
    for name in found["survivors"]:
        yield f"planted error not seen: {name}"
    for name in found["wrong_reasons"]:
        yield f"listed as beyond any check, and seen: {name}"
    for text in found["wrong_probes"]:
        yield f"wrong without any error: {text}"
    if found["false_refutations"]:
        yield f"false refutations at the rate of a run: {found['false_refutations']}"
    for row in (found["calibration"].get("null") or {}).get("refuted", []):
        if row["interval"][0] > row["nominal"]:
            yield f"false refutations at nominal {row['nominal']:g}: {row['wrong']} of {row['cases']}"
    for row in found["badly_answered"]:
        yield f"bad input, {row['wrong']}: {row['input']}"
    for row in found["violated"]:
        yield f"property {row['property']}: {row['broken']}; {row['instance']}"
