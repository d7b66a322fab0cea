"""What a sweep leaves in its folder, written block by block.

    sweep.json      the cells with their statistics, verdicts and predictions; provenance
    summary.csv     the same as a table
    blocks/         the rows of the runs: sealed shards, one for each block of seeds of a cell
    runs/           the same rows as Parquet, where polars is installed: cell, seed, t, gap

A sweep at work keeps its blocks in the hidden folder `.partial` and publishes them once it has
finished. A shard is a sealed record (see `ractheory.records`): one that was cut short or edited is
found, named and computed again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ractheory import records
from ractheory.errors import UsageError
from ractheory.records import Damaged, Record, file_stem
from ractheory.sweep.grid import Sweep
from ractheory.sweep.tasks import (
    Columns,
    Task,
    block_name,
    size_of_blocks,
    tasks_of,
    times_kept,
)

SCHEMA = 1
SWEEP, SUMMARY, BLOCKS, RUNS = "sweep.json", "summary.csv", "blocks", "runs"


class Blocks:
    """The shards of a sweep in one folder, all made with the same `mark` (fingerprint)."""

    def __init__(self, folder: Path, mark: str) -> None:
        self.folder, self.mark = folder, mark

    def add(self, record: dict[str, Any], columns: Columns) -> None:
        records.write_record(self.folder, Record(record, columns), self.mark)

    def read(self, task: Task) -> Record:
        """Return the record of a task; raises Damaged, with its file, when it cannot be used."""
        try:
            found = records.read_record(self.folder, task.name, self.mark)
            if not task.is_verdict:
                rows = {len(column) for column in found.curves.values()}
                if rows != {task.stop - task.first}:
                    raise Damaged("its file is damaged")
        except Damaged as reason:
            raise Damaged(f"{self.folder / file_stem(task.name)}: {reason}") from reason
        return found

    def column(self, task: Task, name: str) -> Any:
        """Return one column of a block that `read` has found whole, without the others."""
        with np.load(self.folder / f"{file_stem(task.name)}.npz", allow_pickle=False) as arrays:
            return arrays[name]

    def take_over(
        self, tasks: Iterator[Task], others: Sequence[Path], note: Callable[[str], None]
    ) -> set[str]:
        """Return the names of the tasks that are done, here or in the folders `others`.

        A record that cannot be used is named, and its task is done again.
        """
        done = set()
        for task in tasks:
            reasons = []
            for folder in (self.folder, *others):
                if not records.has_record(folder, task.name):
                    continue
                try:
                    Blocks(folder, self.mark).read(task)
                except Damaged as reason:
                    reasons.append(str(reason))
                    continue
                if folder != self.folder:
                    records.copy_record(folder, self.folder, task.name)
                done.add(task.name)
                break
            if reasons and task.name not in done:
                note(f"computed again: {reasons[0]}")
        return done


def open_blocks(out: Path, mark: str, resume: bool) -> Blocks:
    """Return the shards of the sweep at work in `out`; none unless it resumes another one."""
    if not resume:
        shutil.rmtree(out / records.PARTIAL, ignore_errors=True)
    folder = out / records.PARTIAL / BLOCKS
    folder.mkdir(parents=True, exist_ok=True)
    return Blocks(folder, mark)


def publish(out: Path, blocks: Blocks, sweep: Sweep, document: Mapping[str, Any]) -> None:
    """Replace what is in `out` by the finished sweep; `document` is what sweep.json holds."""
    partial = out / records.PARTIAL
    wanted = {
        f"{file_stem(t.name)}.{ending}" for t in tasks_of(sweep) for ending in ("json", "npz")
    }
    for path in blocks.folder.iterdir():
        if path.name not in wanted:
            path.unlink()
    with_table = find_spec("polars") is not None
    if with_table:
        write_parquet(partial / RUNS, blocks, sweep)
    records.write_whole(partial / SUMMARY, summary_csv(document["cells"]).encode())
    records.write_whole(partial / SWEEP, records.dumps(document).encode())
    # A finished sweep is one with a sweep.json, so it goes first and comes last.
    (out / SWEEP).unlink(missing_ok=True)
    for folder in (BLOCKS, RUNS):
        shutil.rmtree(out / folder, ignore_errors=True)
        if folder == BLOCKS or with_table:
            os.replace(partial / folder, out / folder)
    os.replace(partial / SUMMARY, out / SUMMARY)
    os.replace(partial / SWEEP, out / SWEEP)
    shutil.rmtree(partial)


def write_parquet(folder: Path, blocks: Blocks, sweep: Sweep) -> None:
    """Write the rows of every block as a Parquet file of its own, so that one block is held at a time."""
    import polars

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, table in enumerate(tables(blocks, sweep)):
        polars.DataFrame(table).write_parquet(folder / f"part-{number:07}.parquet")


def tables(blocks: Blocks, sweep: Sweep) -> Iterator[Columns]:
    """Yield the rows of every block in order: columns cell, seed, t and gap."""
    for task in tasks_of(sweep):
        if task.is_verdict:
            continue
        t = times_kept(sweep.cells[task.cell].claim.steps, sweep.points)
        seeds = range(task.first, task.stop)
        yield columns_of(task.cell, seeds, t, blocks.column(task, "gap"))


def summary_csv(cells: Sequence[Mapping[str, Any]]) -> str:
    """Return the cells as a table: the values of the axes, then the statistics."""
    text = io.StringIO()
    rows = [{**row["axes"], **{k: v for k, v in row.items() if k != "axes"}} for row in cells]
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read(out: Path | str) -> dict[str, np.ndarray]:
    """Return the rows of a finished sweep as columns cell, seed, t and gap, without polars.

    Raises UsageError where there is no finished sweep, or a shard of it is damaged.
    """
    folder = Path(out)
    parts = [
        _rows(
            folder / BLOCKS, number, cell, range(first, min(first + cell["block"], cell["seeds"]))
        )
        for number, cell in enumerate(_layout(folder / SWEEP))
        for first in range(0, cell["seeds"], cell["block"])
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def layout(sweep: Sweep) -> list[dict[str, Any]]:
    """Return where the rows of each cell are: its key, seeds, seeds of a block, and the times kept."""
    return [
        {
            "key": cell.key,
            "seeds": cell.claim.seeds,
            "block": size_of_blocks(sweep, cell.claim),
            "t": times_kept(cell.claim.steps, sweep.points).tolist(),
        }
        for cell in sweep.cells
    ]


def _layout(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_bytes())
        if found["schema"] == SCHEMA:
            return list(found["layout"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    allowed = f"a finished sweep of schema {SCHEMA}"
    raise UsageError.of("sweep", str(path.parent), allowed, "run it by 'ractheory sweep'")


def _rows(folder: Path, number: int, cell: Mapping[str, Any], seeds: range) -> Columns:
    name = block_name(cell["key"], seeds)
    try:
        gap = records.read_record(folder, name).curves["gap"]
    except Damaged as reason:
        raise UsageError.of(
            "sweep", str(folder / file_stem(name)), f"whole files, but {reason}",
            "run it again with --resume",
        ) from reason  # fmt: skip
    return columns_of(number, seeds, cell["t"], gap)


def columns_of(cell: int, seeds: range, t: Any, gap: np.ndarray) -> Columns:
    """Return the rows of a block, one for each seed and time kept."""
    return {
        "cell": np.full(gap.size, cell, dtype=np.uint32),
        "seed": np.repeat(np.array(seeds), len(t)),
        "t": np.tile(np.array(t), len(gap)),
        "gap": np.ravel(gap),
    }


def content(pieces: Mapping[str, Iterator[Any]]) -> str:
    """Return a digest of columns that are read in pieces, whatever the pieces are."""
    digest = hashlib.sha256()
    for name, column in pieces.items():
        digest.update(name.encode())
        for piece in column:
            digest.update(np.ascontiguousarray(piece).tobytes())
    return digest.hexdigest()
