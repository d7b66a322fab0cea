"""`ractheory sweep`: a grid of checks from a file."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ractheory.commands.options import Parser, add_cluster, note, say, workers_of
from ractheory.errors import UsageError


def configure(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE.toml", help="the sweep, see docs/sweeps.md")
    parser.add_argument("--out", metavar="DIR", help="folder of the results (results/sweeps/FILE)")
    add_cluster(parser)
    parser.add_argument("--plan", action="store_true", help="say what it will take, and end")
    parser.add_argument("--json", action="store_true", help="write sweep.json to standard output")


def run(options: argparse.Namespace) -> int:
    """Run a sweep; the exit status is 1 when a theorem is refuted somewhere on the grid."""
    workers = workers_of(options)
    path = Path(options.file)
    from ractheory.parallel import use_one_thread
    from ractheory.repro import Unfinished

    use_one_thread()
    from ractheory.sweep.grid import read_sweep
    from ractheory.sweep.plan import plan
    from ractheory.sweep.run import SweepJob, run_sweep

    sweep = read_sweep(path)
    out = Path(options.out) if options.out else Path("results") / "sweeps" / sweep.name
    if options.out is not None and (not options.out or "\0" in options.out):
        raise UsageError.of("--out", options.out or "''", "the path of a folder", "leave it out")
    expected = plan(sweep)
    (say if options.plan else note)(f"plan: {expected}")
    if options.plan:
        return 0
    job = SweepJob(sweep, out, workers, options.scheduler, options.resume)
    try:
        with Progress(sweep.axes) as progress:
            document = run_sweep(job, progress)
    except Unfinished as end:
        words = ["--out", str(out)] if options.out else []
        words += ["--scheduler", options.scheduler] if options.scheduler else []
        again = shlex.join(["ractheory", "sweep", str(path), "--resume", *words])
        note(f"{end.why}: {end.done} of {end.total} tasks are done and kept; go on with: {again}")
        return 130 if end.was_interrupted else 1
    if options.json:
        from ractheory.records import dumps

        say(dumps(document))
    else:
        say("\n".join([*table(document["cells"], document["axes"]), f"Results: {out}"]))
    return 1 if any(row["verdict"] == "refuted" for row in document["cells"]) else 0


class Progress:
    """A line for every cell that is complete; on a terminal, the count of tasks at its end."""

    def __init__(self, axes: Sequence[str]) -> None:
        self.axes, self.live = axes, sys.stderr.isatty()

    def started(self, total: int, taken_over: int) -> None:
        over = f", {taken_over} of them taken over from the earlier run" if taken_over else ""
        self.note(f"{total} tasks{over}")

    def task(self, done: int, total: int) -> None:
        if self.live:
            sys.stderr.write(f"\r[{done}/{total}]\x1b[K")
            sys.stderr.flush()

    def cell(self, row: Mapping[str, Any]) -> None:
        axes = ", ".join(f"{key}={row['axes'][key]}" for key in self.axes if key in row["axes"])
        numbers = f"observed {_number(row['observed'])}, bound {_number(row['bound'])}"
        where = f"cell {row['cell']}" + f" ({axes})" * bool(axes)
        self.note(f"{where}: {numbers}, {row['verdict']}")

    def failed(self, task: str, failure: Any) -> None:
        self.note(f"{task} failed: {failure.reason}")

    def note(self, line: str) -> None:
        note(f"\r\x1b[K{line}" if self.live else line)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.live:
            sys.stderr.write("\r\x1b[K")


COLUMNS = {
    "mean": "mean f-f*", "error": "+-", "median": "median", "diverged": "diverged",
    "observed": "observed", "bound": "theory", "ratio": "ratio", "verdict": "verdict",
}  # fmt: skip
"""Columns of the table after the axes: keys of a row, and what stands above them."""


def table(rows: Sequence[Mapping[str, Any]], axes: Sequence[str]) -> list[str]:
    """Return the cells as a table, the axes first, the theory's prediction beside what was observed."""
    head = [name.removeprefix("objective.") for name in axes] + list(COLUMNS.values())
    body = [
        [_number(row["axes"].get(a)) for a in axes] + [_number(row[key]) for key in COLUMNS]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    lines = [
        "  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True))
        for line in [head, *body]
    ]
    cells = Counter((row["theorem"], row["reason"]) for row in rows if row["reason"])
    return [
        *lines,
        *(f"{name} not-applicable ({count} of {len(rows)} cells): {reason}"
          for (name, reason), count in cells.items()),
    ]  # fmt: skip


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
