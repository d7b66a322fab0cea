"""The tasks of a sweep: a verdict for every cell, and its seeds in blocks. Both run in workers.

A task sees nothing but its arguments, and its draws are named by cell and seed, so that a cell has the
same rows whatever the blocks are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import Claim
from ractheory.compare import check_claim
from ractheory.compare.build import Experiment, experiment
from ractheory.compare.comparison import FIRST_LOOK
from ractheory.compare.facts import facts_of
from ractheory.compare.observables import Context, observe, repeats
from ractheory.engine.simulate import Run, simulate
from ractheory.errors import UsageError
from ractheory.sweep.grid import Sweep
from ractheory.theorems import Form, evaluate, theorem

JUDGED = 4096
"""Seeds that a verdict uses at most."""

MAX_TASKS = 10**6
"""Tasks of a sweep: their names are held in memory, and each leaves two files."""

SECONDS = 2.0
"""Length of a task that is aimed at."""

MEMORY = 32 * 2**20
"""Bytes that the records of a block may take."""

PER_STEP, PER_OPERATION = 3e-7, 1e-9
"""Seconds of a step of one seed, and of an operation in it: the scale of blocks, corrected by a trial."""

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Task:
    """A part of a cell: seeds first, ..., stop - 1, or the verdict where `is_verdict`."""

    cell: int
    name: str
    first: int
    stop: int
    is_verdict: bool = False


def tasks_of(sweep: Sweep) -> Iterator[Task]:
    """Yield the tasks of every cell: its verdict, then its blocks in the order of the seeds."""
    for number, cell in enumerate(sweep.cells):
        judged = judged_seeds(cell.claim)
        yield Task(number, f"{cell.key}/verdict-{judged}", 0, judged, is_verdict=True)
        size = size_of_blocks(sweep, cell.claim)
        for first in range(0, cell.claim.seeds, size):
            stop = min(first + size, cell.claim.seeds)
            yield Task(number, block_name(cell.key, range(first, stop)), first, stop)


def block_name(key: str, seeds: range) -> str:
    """Return the name of a block's record.

    >>> block_name("c0ffee", range(0, 100))
    'c0ffee/0-100'
    """
    return f"{key}/{seeds.start}-{seeds.stop}"


def number_of_tasks(sweep: Sweep) -> int:
    """Return how many tasks `tasks_of` yields; raises UsageError where they are too many."""
    count = sum(
        1 + -(-c.claim.seeds // size_of_blocks(sweep, c.claim)) for c in sweep.cells
    )  # fmt: skip
    if count > MAX_TASKS:
        raise UsageError.of(
            "tasks of the sweep", count, f"at most {MAX_TASKS}",
            "name fewer seeds, larger blocks or shorter axes",
        )  # fmt: skip
    return count


def size_of_blocks(sweep: Sweep, claim: Claim) -> int:
    """Return how many seeds of this cell make a task."""
    return sweep.block or block_size(claim)


def judged_seeds(claim: Claim) -> int:
    """Return how many seeds a verdict uses: the first ones, as many as a task of a few seconds holds.

    At least those of the first look. What the block of a task is set to does not matter, so that the verdict
    does not depend on it.
    """
    return min(claim.seeds, JUDGED, max(block_size(claim), FIRST_LOOK))


def seconds_of_a_seed(claim: Claim) -> float:
    """Return about how long one run takes; raises UsageError where the cell cannot be built."""
    ran = experiment(claim, "size")
    f = ran.objective
    problem = f.problem()
    data = f.dim if problem is None else problem.X.size
    columns = max(n for _, n in f.shapes)
    operations = 4 * data * columns + 10 * f.dim * max(ran.method.rank, 1)
    links = claim.steps * repeats(
        theorem(claim.theorem).statement(claim.statement).relation, claim.steps
    )
    return links * (PER_STEP + PER_OPERATION * operations * ran.method.inner.steps)


def block_size(claim: Claim) -> int:
    """Return how many seeds make a task of a few seconds that fits the memory of a block."""
    f = experiment(claim, "size").objective
    of_a_seed = 8 * (3 * (claim.steps + 1) + 2 * f.dim)
    fitting = min(SECONDS / seconds_of_a_seed(claim), MEMORY / of_a_seed)
    return max(1, int(fitting))


def times_kept(steps: int, points: int) -> NDArray[np.int64]:
    """Return the steps whose values are kept: all of 0, ..., T, or `points` of them, T among them.

    >>> times_kept(10, 4)
    array([ 0,  3,  7, 10])
    """
    if points > steps:
        return np.arange(steps + 1)
    if points == 1:
        return np.array([steps])
    return np.round(np.linspace(0, steps, points)).astype(np.int64)


def work(
    claim: Claim, task: Task, seed: str, error_rate: float, points: int
) -> tuple[dict[str, Any], Columns]:
    """Return the record of a task, which names itself, and its columns."""
    if task.is_verdict:
        judged = check_claim(replace(claim, seeds=task.stop), seed, error_rate)
        return {**judged.to_json(), "id": task.name}, {}
    return {"id": task.name}, block(claim, range(task.first, task.stop), seed, points)


def block(claim: Claim, seeds: range, seed: str, points: int) -> Columns:
    """Return the rows of some seeds of a cell.

    gap: f(W_t) - f* at the times kept, shape (S, P); last: the same at T; diverged: first step out of
    bounds, or -1; observed: the left side of the statement, NaN where it has no value for a single run.
    """
    ran = experiment(claim, seed)
    stream = f"{seed}/{claim.id}"
    run = simulate(ran.objective, ran.method, ran.start, claim.steps, seeds, stream, threads=1)
    gap = np.where(np.isnan(run.gap), np.inf, run.gap)
    return {
        "gap": gap[:, times_kept(claim.steps, points)],
        "last": np.ascontiguousarray(gap[:, -1]),
        "diverged": run.diverged_at,
        "observed": _observed(claim, ran, run, stream),
    }


def _observed(claim: Claim, ran: Experiment, run: Run, stream: str) -> NDArray[np.float64]:
    """Return one value a seed of a statement in expectation whose hypotheses hold, else NaN."""
    the_theorem = theorem(claim.theorem)
    statement = the_theorem.statement(claim.statement)
    facts = facts_of(ran.objective, ran.method, ran.start, claim.T)
    applies = all(h.holds for h in the_theorem.check(facts, statement))
    if statement.form is not Form.EXPECTATION or not applies:
        return np.full(run.seeds, np.nan)
    context = Context(ran, run, facts, stream)
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.ravel(evaluate(statement.left, facts, observe(statement.left, context)))
    return np.where(np.isnan(values), np.inf, values)
