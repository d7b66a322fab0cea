"""`ractheory trust`: the suite tried against itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from ractheory.commands.options import Parser, add_workers, note, results_folder, say, workers_of

FILE = "trust.json"
PARTIAL = "trust.partial.json"
"""What an interrupted trial leaves; the file of a whole one appears whole or not at all."""


def configure(parser: Parser) -> None:
    parser.add_argument("--quick", action="store_true", help="a sample of each kind")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--out", default="results", metavar="DIR", help=f"folder that gets {FILE} (results)"
    )
    add_workers(parser)


def run(options: argparse.Namespace) -> int:
    """Try everything; the exit status is 1 if something survived, was refuted falsely, or broke."""
    from ractheory import records
    from ractheory.trust.run import QUICK, WHOLE, faults

    workers, out = workers_of(options), results_folder(options)
    size = QUICK if options.quick else WHOLE
    with records.hold(out):
        found = _try(size, workers, out)
    if options.json:
        say(records.dumps(found))
    else:
        say("\n".join([*lines(found), "", f"Results: {out / FILE}"]))
    return 1 if any(faults(found)) else 0


def _try(size: Any, workers: int, out: Path) -> dict[str, Any]:
    """Do all tasks and keep what they find; what is done is kept as well when the trial is cut short."""
    from ractheory.commands.progress import progress
    from ractheory.parallel import Failed, run_tasks
    from ractheory.trust.run import tasks, title

    planned = tasks(size)
    results: dict[Any, Any] = {}
    failed: list[str] = []
    try:
        with (
            progress() as listener,
            closing(run_tasks(perform, [(t,) for t in planned], workers)) as done,
        ):
            listener.started(len(planned), 0)
            for outcome in done:
                task = planned[outcome.task]
                if isinstance(outcome, Failed):
                    failed.append(f"{title(task)}: {outcome.reason}")
                    listener.note(failed[-1])
                    continue
                results[task] = outcome.value
                listener.step(title(task), len(results) + len(failed), len(planned))
    except KeyboardInterrupt:
        _write(out / PARTIAL, results, size, failed)
        note(f"{len(results)} of {len(planned)} parts are done and kept in {out / PARTIAL}")
        raise
    found = _write(out / FILE, {t: results[t] for t in planned if t in results}, size, failed)
    (out / PARTIAL).unlink(missing_ok=True)
    return found


def _write(path: Path, results: Mapping[Any, Any], size: Any, failed: list[str]) -> dict[str, Any]:
    from ractheory import __version__, records
    from ractheory.trust.run import document

    found = {"version": __version__, **document(results, size), "failed": failed}
    records.write_whole(path, records.dumps(found).encode())
    return found


def perform(task: Any) -> Any:
    """Do one task, in a worker."""
    from ractheory.trust import run as trial

    # The one place where a command calls the command line, as a user would: to see what it answers.
    return trial.perform(task, import_module("ractheory.cli").main)


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the four numbers, and below them everything that is not as it should be."""
    from ractheory.trust.run import faults

    yield f"planted errors killed / planted       {found['killed']} / {found['planted']}"
    yield f"false refutations / null cases        {found['false_refutations']} / {found['null_cases']}"
    for row in found["calibration"].get("null", {"refuted": []})["refuted"]:
        low, high = row["interval"]
        yield (
            f"  at the nominal rate {row['nominal']:g}: {row['wrong']} / {row['cases']}, share "
            f"{row['share']:.2g} in [{low:.2g}, {high:.2g}]"
        )
    yield f"bad inputs answered / tried           {found['answered']} / {found['bad_inputs']}"
    held = found["property_cases"] - found["violations"]
    yield f"properties held / cases               {held} / {found['property_cases']}"
    wrong = list(faults(found))
    yield from ["", *wrong] if wrong else []
    if found["not_counted"]:
        yield from ("", "Not counted, since no check can tell:")
    for row in found["not_counted"]:
        yield f"  {row['id']}: {row['error']}; {row['not_counted']}"
