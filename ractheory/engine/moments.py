"""Means and variances over seeds at every link, without keeping the seeds: memory for any number of them.

Seeds go through in blocks of fixed size whose moments are merged in their order, so that the result has the
same bits for any number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.engine import entrywise
from ractheory.engine.entrywise import LANES, lane_moments
from ractheory.engine.random import stream_key
from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate, validate
from ractheory.engine.threads import over_threads
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
"""Writes the moments (3 x 2 x (T + 1)) and the count of diverged runs of one block of seeds."""


def simulate_moments(
    objective: Objective,
    method: Method,
    start: Array,
    links: int,
    seeds: int | range,
    stream: str = "ractheory",
    threads: int | None = None,
) -> Moments:
    """Return the moments of what `simulate` records, of any number of seeds in bounded memory.

    Raises UsageError as `simulate` does; all seeds share the start.
    """
    numbers = validate(objective, method, start, links, seeds)
    problem = objective.problem()
    summarise: Summary
    if problem is not None and entrywise.qualifies(problem, method):
        summarise = entrywise.Chain.of(problem, method, stream_key(stream), start).moments
    else:

        def summarise(block: range, moments: Array, diverged: NDArray[np.int64]) -> None:
            run = simulate(objective, method, start, links, block, stream, threads=1)
            _summarise_run(run, moments, diverged)

    return _merge_blocks(summarise, numbers, links, threads)


def _summarise_run(run: Run, moments: Array, diverged: NDArray[np.int64]) -> None:
    scratch = np.empty(LANES)
    for record, out in zip((run.gap, run.grad_sq, run.step_sq), moments, strict=True):
        lanes = np.zeros((record.shape[1], LANES))
        lanes[:, : run.seeds] = record.T
        for link, row in enumerate(lanes):
            lane_moments(row, run.seeds, out, link, scratch)
    gone = (run.diverged_at >= 0) & (run.diverged_at <= np.arange(run.links + 1)[:, None])
    diverged[:] = gone.sum(axis=1)


def _merge_blocks(summarise: Summary, numbers: range, links: int, threads: int | None) -> Moments:
    blocks = [numbers[at : at + LANES] for at in range(0, len(numbers), LANES)]
    at_once = 4 * (threads or os.cpu_count() or 1)
    moments = np.zeros((at_once, 3, 2, links + 1))
    diverged = np.zeros((at_once, links + 1), dtype=np.int64)
    count, total, gone = 0, np.zeros((3, 2, links + 1)), np.zeros(links + 1, dtype=np.int64)

    for first in range(0, len(blocks), at_once):
        batch = blocks[first : first + at_once]

        def work(k: int, batch: list[range] = batch) -> None:
            summarise(batch[k], moments[k], diverged[k])

        over_threads(work, range(len(batch)), threads)
        for k, block in enumerate(batch):
            _merge(total, count, moments[k], len(block))
            count += len(block)
            gone += diverged[k]
    total[:, :, gone > 0] = np.inf
    total[2, :, -1] = np.nan
    return Moments(count, total[:, 0], total[:, 1] / max(count - 1, 1), gone)


def _merge(total: Array, before: int, block: Array, count: int) -> None:
    """Merge the moments of one more block into those of the blocks before it (Chan et al., 1979)."""
    with np.errstate(invalid="ignore", over="ignore"):
        shift = block[:, 0] - total[:, 0]
        total[:, 0] += shift * (count / (before + count))
        total[:, 1] += block[:, 1] + shift**2 * (before * count / (before + count))
