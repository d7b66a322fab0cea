"""Work over threads: jobs that write to places of their own, so that their order does not matter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")


def over_threads(work: Callable[[Job], None], jobs: Iterable[Job], threads: int | None) -> None:
    """Call `work` on every job, on as many threads as given, all cores for None."""
    if threads == 1:
        for job in jobs:
            work(job)
        return
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for _ in pool.map(work, jobs):
            pass
