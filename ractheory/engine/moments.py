"""Means and variances over seeds at every link, without keeping the seeds: memory for any number of them.

Seeds go through in parts of fixed size whose moments are merged in their order, so that the result has the
same bits for any number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.compiled import KERNEL, njit
from ractheory.engine import entrywise
from ractheory.engine.entrywise import LANES, merge_moments
from ractheory.engine.random import stream_key
from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate, validate
from ractheory.engine.threads import PARTS, over_threads
from ractheory.methods import Method
from ractheory.objectives.base import Objective

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Statistics over the seeds of f(W_t) - fstar, of |grad f(W_t)|^2 and of |H_t G_t|^2.

    Attributes
    ----------
    seeds : how many
    mean, variance : arrays with a row for each of gap, grad_sq, step_sq and a column for each of the
        T + 1 links (the last of step_sq is nan); infinite where a seed has diverged
    diverged : how many seeds have diverged by link t, shape (T+1,)
    """

    seeds: int
    mean: Array
    variance: Array
    diverged: NDArray[np.int64]

    @property
    def gap(self) -> Array:
        return self.mean[0]

    def standard_error(self) -> Array:
        """Return the standard error of the mean gap, shape (T+1,)."""
        return np.sqrt(self.variance[0] / self.seeds)


Summary = Callable[[range, Array, NDArray[np.int64]], None]
"""Writes the moments (records x 2 x (T + 1)) and the count of diverged runs of some seeds, into zeros."""

RECORDS = 3
"""gap, grad_sq and step_sq; the first alone without gradients."""

SEEDS_AT_ONCE = 8 * LANES
"""Seeds whose moments are merged by one thread, before those of others."""


def simulate_moments(
    objective: Objective,
    method: Method,
    start: Array,
    links: int,
    seeds: int | range,
    stream: str = "ractheory",
    threads: int | None = None,
    gradients: bool = True,
) -> Moments:
    """Return the moments of what `simulate` records, of any number of seeds in bounded memory.

    Without gradients those of f alone; the others are nan. Raises UsageError as `simulate` does; all seeds share the
    start.
    """
    numbers = validate(objective, method, start, links, seeds)
    problem = objective.problem()
    summarise: Summary
    if problem is not None and entrywise.qualifies(problem, method):
        summarise = entrywise.Chain.of(problem, method, stream_key(stream), start).moments
    else:

        def summarise(part: range, moments: Array, diverged: NDArray[np.int64]) -> None:
            run = simulate(
                objective, method, start, links, part, stream, threads=1, gradients=gradients
            )
            _summarise_run(run, moments, diverged)

    return _merge_parts(summarise, numbers, links, threads, RECORDS if gradients else 1)


def _summarise_run(run: Run, moments: Array, diverged: NDArray[np.int64]) -> None:
    for record, out in zip((run.gap, run.grad_sq, run.step_sq), moments, strict=False):
        steps = record.shape[1]
        out[0, :steps] = record.mean(axis=0)
        out[1, :steps] = np.sum((record - out[0, :steps]) ** 2, axis=0)
    gone = (run.diverged_at >= 0) & (run.diverged_at <= np.arange(run.links + 1)[:, None])
    diverged[:] = gone.sum(axis=1)


def _merge_parts(
    summarise: Summary, numbers: range, links: int, threads: int | None, records: int
) -> Moments:
    parts = [numbers[at : at + SEEDS_AT_ONCE] for at in range(0, len(numbers), SEEDS_AT_ONCE)]
    at_once = PARTS * (threads or os.cpu_count() or 1)
    count, total = 0, np.zeros((RECORDS, 2, links + 1))
    gone = np.zeros(links + 1, dtype=np.int64)
    total[records:] = np.nan
    for first in range(0, len(parts), at_once):
        batch = parts[first : first + at_once]
        moments = np.zeros((len(batch), records, 2, links + 1))
        diverged = np.zeros((len(batch), links + 1), dtype=np.int64)

        def work(
            k: int, batch: list[range] = batch, moments: Array = moments, diverged: Any = diverged
        ) -> None:
            summarise(batch[k], moments[k], diverged[k])

        over_threads(work, range(len(batch)), threads)
        for k, part in enumerate(batch):
            for own, others in zip(total, moments[k], strict=False):
                merge_rows(own, count, others, len(part))
            count += len(part)
            gone += diverged[k]
    total[:records, :, gone > 0] = np.inf
    total[2, :, -1] = np.nan
    return Moments(count, total[:, 0], total[:, 1] / max(count - 1, 1), gone)


@njit(**KERNEL)
def merge_rows(moments, before, others, count):  # type: ignore[no-untyped-def]
    """Merge the moments (2 x (T + 1)) of `count` more runs into those of `before` runs."""
    for t in range(moments.shape[1]):
        merge_moments(moments, t, before, others[0, t], others[1, t], count)
