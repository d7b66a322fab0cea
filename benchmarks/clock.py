"""The clocks of the benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.1
"""Seconds after which the threads of a BLAS or of PyTorch, which go on spinning when their work is done, are asleep."""


def seconds_from_rest(work: Callable[[], object]) -> float:
    """Return how long a call takes on a machine that nobody before has left busy."""
    time.sleep(PAUSE)
    return seconds(work)


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor time that a call takes in this thread, whatever else the machine does."""
    began = time.thread_time()
    work()
    return time.thread_time() - began
