"""Runs a sweep: tasks to the workers, records to the store, a row for every cell that is complete."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ractheory import records
from ractheory.claims.claim import Claim
from ractheory.errors import integer
from ractheory.evidence import RUN_ERROR_RATE
from ractheory.parallel import Failed, Lost, Pool, open_pool
from ractheory.provenance import fingerprint, provenance
from ractheory.repro import Unfinished
from ractheory.sweep.grid import MAX_CELLS, Sweep
from ractheory.sweep.store import BLOCKS, SCHEMA, Blocks, layout, open_blocks, publish
from ractheory.sweep.summary import summarise
from ractheory.sweep.tasks import Columns, Task, tasks_of, work

ERROR_RATE = RUN_ERROR_RATE / MAX_CELLS
"""Share of one cell in the error rate of a sweep."""


class Listener(Protocol):
    """Who hears of progress."""

    def started(self, total: int, taken_over: int) -> None: ...

    def task(self, done: int, total: int) -> None: ...

    def cell(self, row: dict[str, Any]) -> None: ...

    def failed(self, task: str, failure: Failed) -> None: ...

    def note(self, line: str) -> None: ...


@dataclass(frozen=True)
class SweepJob:
    """A sweep, where to leave it, and who does the work (as in `ractheory.repro.Job`)."""

    sweep: Sweep
    out: Path
    workers: int = 1
    scheduler: str | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        integer("--workers", self.workers, 1, mend="name at least one process")


def run_sweep(job: SweepJob, listener: Listener) -> dict[str, Any]:
    """Run `job` and return the document that sweep.json then holds.

    Raises UsageError before anything is computed when the job cannot be done, and Unfinished when it
    ended early: every record that was written is kept for a run with `resume`.
    """
    sweep = job.sweep
    mark = fingerprint(sweep.seed, ERROR_RATE)
    started, clock = datetime.now(UTC), time.monotonic()
    with (
        open_pool(job.workers, job.scheduler, listener.note) as pool,
        records.hold(job.out),
    ):
        blocks = open_blocks(job.out, mark, job.resume)
        state = _State.of(sweep, blocks, listener)
        if job.resume:
            state.done |= blocks.take_over(tasks_of(sweep), [job.out / BLOCKS], listener.note)
        listener.started(len(state.tasks), len(state.done))
        try:
            state.compute(pool)
            document = {
                "schema": SCHEMA,
                "name": sweep.name,
                "provenance": {
                    **provenance(sweep.seed),
                    "started": started.isoformat(timespec="seconds"),
                    "seconds": round(time.monotonic() - clock, 3),
                },
                "error_rate": RUN_ERROR_RATE,
                "axes": sweep.axes,
                "layout": layout(sweep),
                "cells": [state.rows[number] for number in range(len(sweep.cells))],
            }
            publish(job.out, blocks, sweep, document)
        except (KeyboardInterrupt, Lost, records.Damaged, OSError) as end:
            raise Unfinished.by(end, len(state.done), len(state.tasks)) from end
    return document


@dataclass
class _State:
    """What is done of a sweep at work."""

    sweep: Sweep
    blocks: Blocks
    listener: Listener
    tasks: dict[str, Task]
    cells: dict[str, list[int]]
    missing: Counter[int]
    done: set[str] = field(default_factory=set)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, sweep: Sweep, blocks: Blocks, listener: Listener) -> _State:
        """Cells that differ in the number of seeds alone may share a task: it is done once."""
        tasks: dict[str, Task] = {}
        cells: dict[str, list[int]] = {}
        for task in tasks_of(sweep):
            tasks.setdefault(task.name, task)
            cells.setdefault(task.name, []).append(task.cell)
        missing = Counter(cell for needing in cells.values() for cell in needing)
        return cls(sweep, blocks, listener, tasks, cells, missing)

    def compute(self, pool: Pool) -> None:
        """Do the tasks that are missing; raises Unfinished when some failed."""
        for name in self.done:
            self._count(name)
        missing = [task for name, task in self.tasks.items() if name not in self.done]
        failed = []
        with closing(pool(work, [self._arguments(task) for task in missing])) as outcomes:
            for outcome in outcomes:
                task = missing[outcome.task]
                if isinstance(outcome, Failed):
                    failed.append(task.name)
                    self.listener.failed(self._described(task), outcome)
                else:
                    self._add(task, *outcome.value)
        if failed:
            raise Unfinished(len(self.done), len(self.tasks), tuple(failed))

    def _arguments(self, task: Task) -> tuple[Claim, Task, str, float, int]:
        claim = self.sweep.cells[task.cell].claim
        return claim, task, self.sweep.seed, ERROR_RATE, self.sweep.points

    def _described(self, task: Task) -> str:
        part = "verdict" if task.is_verdict else f"seeds {task.first} to {task.stop - 1}"
        return f"cell {task.cell}, {part}"

    def _add(self, task: Task, record: dict[str, Any], columns: Columns) -> None:
        if record["id"] != task.name:
            raise ValueError(f"the record names the task {record['id']} instead of {task.name}")
        self.blocks.add(record, columns)
        self.done.add(task.name)
        self.listener.task(len(self.done), len(self.tasks))
        self._count(task.name)

    def _count(self, name: str) -> None:
        """Count a task that is done, and summarise the cells that it completes."""
        for number in self.cells[name]:
            self.missing[number] -= 1
            if self.missing[number] == 0:
                self._summarise(number)

    def _summarise(self, number: int) -> None:
        tasks = list(_tasks_of_cell(self.sweep, number))
        row = summarise(self.blocks, number, self.sweep.cells[number], tasks)
        self.rows[number] = records.plain(row)
        self.listener.cell(self.rows[number])


def _tasks_of_cell(sweep: Sweep, number: int) -> Iterator[Task]:
    alone = Sweep(sweep.name, (sweep.cells[number],), sweep.seed, sweep.points, sweep.block)
    return tasks_of(alone)
