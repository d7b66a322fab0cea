"""How a run grows with its tasks and workers: tasks that only sleep, and records of a usual size.

    python -m benchmarks.scale          # writes results/scale.json and prints the table

Nothing is computed in a task, so that what is measured is the engine: tasks a second through processes of this
machine and through a Dask cluster, the share of their time that sleeping workers sleep, and the seconds and
bytes that a record takes. `docs/scale.md` says what follows for a million claims and a thousand workers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from ractheory import cluster
from ractheory.parallel import Failed, open_pool
from ractheory.records import Record, write_record

TASKS = 2000
"""Tasks of a measurement of throughput."""

CROWDS = (4, 16, 64)
"""Workers of the Dask clusters that sleep; all of them live in this process."""

NAP = 0.5
"""Seconds that such a worker sleeps in a task."""

NAPS = 6
"""Tasks for each of them."""

STEPS = 50
"""Points of each of the curves of a record."""

QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "60s",
}

Row = dict[str, Any]


def nap(seconds: float) -> float:
    """Sleep; the task of every measurement here."""
    time.sleep(seconds)
    return seconds


def throughput(workers: int, scheduler: str | None, count: int, seconds: float) -> float:
    """Return tasks a second, the start of the workers left out: until the first task is done."""
    with open_pool(workers, scheduler, lambda line: None) as pool:
        outcomes = pool(nap, [(0.0,), *[(seconds,)] * count])
        done = [next(outcomes)]
        started = time.perf_counter()
        done += outcomes
        taken = time.perf_counter() - started
    failed = [outcome for outcome in done if isinstance(outcome, Failed)]
    if failed:
        raise RuntimeError(f"{len(failed)} of {count} tasks failed: {failed[0]}")
    return count / taken


@contextmanager
def crowd(workers: int) -> Iterator[str]:
    """Yield the address of a cluster whose workers are threads of this process and may sleep together.

    What each of them does for its monitoring would keep one process busy that stands for many: it is switched off.
    """
    import dask
    from distributed import LocalCluster

    one_at_a_time, cluster._one_at_a_time = cluster._one_at_a_time, nullcontext()  # type: ignore[assignment]
    try:
        with (
            warnings.catch_warnings(),
            cluster.suppress_logs(),
            dask.config.set(QUIET),
        ):
            warnings.simplefilter("ignore")
            with LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=None
            ) as running:
                yield running.scheduler_address
    finally:
        cluster._one_at_a_time = one_at_a_time


def processes() -> Iterator[Row]:
    for workers in (1, 2):
        rate = throughput(workers, None, TASKS, 0.0)
        yield {
            "what": f"{workers} processes of this machine, empty tasks",
            "tasks_per_second": rate,
        }


def clusters() -> Iterator[Row]:
    for workers in CROWDS:
        with crowd(workers) as address:
            empty = throughput(1, address, TASKS, 0.0)
            asleep = throughput(1, address, NAPS * workers, NAP)
        yield {
            "what": f"Dask, {workers} workers",
            "tasks_per_second": empty,
            "share_asleep": asleep * NAP / workers,
        }


def store() -> Iterator[Row]:
    curves = {name: np.linspace(0.0, 1.0, STEPS) for name in ("t", "mean", "low", "high", "bound")}
    for count in (100, 1000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            started = time.perf_counter()
            for k in range(count):
                write_record(
                    place, Record({"id": f"claim/{k}", "note": "x" * 1000}, curves), "mark"
                )
            taken = time.perf_counter() - started
            size = sum(path.stat().st_size for path in place.iterdir())
        yield {
            "what": f"{count} records",
            "tasks_per_second": count / taken,
            "bytes_per_record": size / count,
        }


MEASUREMENTS: tuple[Callable[[], Iterator[Row]], ...] = (processes, clusters, store)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of scale.json")
    options = parser.parse_args(arguments)
    rows = []
    for measure in MEASUREMENTS:
        for row in measure():
            rows.append(row)
            numbers = ", ".join(f"{k} {v:.4g}" for k, v in row.items() if k != "what")
            print(f"{row['what']:45} {numbers}", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "scale.json").write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
