"""Work over threads: jobs that write to places of their own, so that their order does not matter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

Job = TypeVar("Job")

PARTS = 4
"""Parts of a job for each thread: few enough to cost nothing, enough that no thread waits long for another."""


def parts(count: int, threads: int | None) -> list[slice]:
    """Return 0, ..., count - 1 cut into a few parts for each thread.

    >>> parts(5, 1)
    [slice(0, 5, None)]
    """
    pieces = 1 if threads == 1 else PARTS * (threads or os.cpu_count() or 1)
    cuts = [count * k // min(pieces, count) for k in range(min(pieces, count) + 1)]
    return [slice(low, high) for low, high in pairwise(cuts)]


def over_threads(work: Callable[[Job], None], jobs: Iterable[Job], threads: int | None) -> None:
    """Call `work` on every job, on as many threads as given, all cores for None."""
    if threads == 1:
        for job in jobs:
            work(job)
        return
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for _ in pool.map(work, jobs):
            pass
