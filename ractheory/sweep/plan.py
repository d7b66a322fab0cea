"""What a sweep will take: tasks, rows, bytes and time, before it starts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

from ractheory.sweep.grid import Sweep
from ractheory.sweep.tasks import (
    JUDGED,
    block,
    number_of_tasks,
    seconds_of_a_seed,
    tasks_of,
    times_kept,
)

PER_TASK = 0.03
"""Seconds that a task takes besides its runs: building, sending, writing."""

TRIAL = 0.05
"""Seconds aimed at for the trial of one cell."""

TRIALS = 3


@dataclass(frozen=True)
class Plan:
    """What a sweep consists of, and the processor seconds that it is estimated to take."""

    cells: int
    tasks: int
    runs: int
    bytes: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.cells} cells, {self.tasks} tasks, {self.runs} runs, "
            f"{in_bytes(self.bytes)} of rows, about {in_time(self.seconds)} on one processor"
        )


def plan(sweep: Sweep) -> Plan:
    """Return what `sweep` will take; every cell is built once.

    The time is modelled from sizes, and scaled by a trial of a few cells: it is for people, and nothing
    else depends on it. Raises UsageError for a cell that cannot be built.
    """
    modelled = [seconds_of_a_seed(cell.claim) for cell in sweep.cells]
    number_of_tasks(sweep)
    tasks = {task.name: task for task in tasks_of(sweep)}
    seconds = 0.0
    for task in tasks.values():
        seeds = min(task.stop, JUDGED // 16) if task.is_verdict else task.stop - task.first
        seconds += seeds * modelled[task.cell]
    runs = sum(t.stop - t.first for t in tasks.values() if not t.is_verdict)
    size = sum(
        c.claim.seeds * 8 * (len(times_kept(c.claim.steps, sweep.points)) + 3) for c in sweep.cells
    )
    scale = _scale(sweep, modelled)
    return Plan(len(sweep.cells), len(tasks), runs, size, scale * seconds + PER_TASK * len(tasks))


def _scale(sweep: Sweep, modelled: Sequence[float]) -> float:
    """Return measured over modelled seconds, the geometric mean over a slow, a usual and a fast cell."""
    order = sorted(range(len(modelled)), key=modelled.__getitem__)
    chosen = {order[0], order[len(order) // 2], order[-1]}
    ratios = []
    for number in sorted(chosen)[:TRIALS]:
        cell = sweep.cells[number]
        seeds = min(max(int(TRIAL / modelled[number]), 4), cell.claim.seeds)
        short = replace(cell.claim, id="trial")
        block(short, range(1), "trial", sweep.points)  # loads what it needs
        clock = time.perf_counter()
        block(short, range(seeds), "trial", sweep.points)
        ratios.append((time.perf_counter() - clock) / (seeds * modelled[number]))
    return exp(sum(map(log, ratios)) / len(ratios))


def in_bytes(count: float) -> str:
    """Return a number of bytes in words.

    >>> in_bytes(2_500_000)
    '2.5 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def in_time(seconds: float) -> str:
    """Return a time in words, to one or two digits.

    >>> in_time(0.4), in_time(100), in_time(9000)
    ('1 s', '1.7 min', '2.5 h')
    """
    if seconds < 60:
        return f"{max(seconds, 1):.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.2g} min"
    return f"{seconds / 3600:.2g} h"
