"""How a run grows with its tasks and workers: tasks that only sleep, and records of a usual size.

    python -m benchmarks.scale          # writes results/scale.json and prints the table

Nothing is computed in a task, so that what is measured is the engine: tasks a second through processes of this
machine and through a Dask cluster, the share of their time that sleeping workers sleep, and the seconds and
bytes that a record takes. The peak memory of a sweep over more and more seeds is measured as well, on true runs.
`docs/scale.md` says what follows for a million claims and a thousand workers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
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

SEEDS = (1_000, 10_000, 100_000)
"""Seeds of the sweeps whose memory is measured."""

SWEEP = """
import json, resource, sys
from pathlib import Path
from ractheory.parallel import use_one_thread
use_one_thread()
from ractheory.sweep.grid import sweep_of
from ractheory.sweep.run import SweepJob, run_sweep

class Quiet:
    def __getattr__(self, name):
        return lambda *arguments: None

if __name__ == "__main__":
    document = {
        "sweep": {"theorem": "gd-pl", "steps": 100, "seeds": int(sys.argv[2]), "block": int(sys.argv[3])},
        "objective": {"name": "isotropic", "m": 4, "n": 3},
        "method": {"name": "rac-lora"},
    }
    run_sweep(SweepJob(sweep_of(document), Path(sys.argv[1])), Quiet())
    peak = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps(peak))
"""
"""A sweep in a process of its own, which writes its peak memory and that of its worker, in kB."""

BLOCK = 1_000
"""Seeds of its tasks."""

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
def crowd(workers: int, processes: bool = False) -> Iterator[str]:
    """Yield the address of a cluster whose workers are threads of this process and may sleep together,
    or processes of their own.

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
                n_workers=workers, threads_per_worker=1, processes=processes, dashboard_address=None
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
    with crowd(CROWDS[0], processes=True) as address:
        yield {
            "what": f"Dask, {CROWDS[0]} workers, each a process",
            "tasks_per_second": throughput(1, address, TASKS, 0.0),
        }
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


def memory() -> Iterator[Row]:
    for seeds in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "sweep.py"
            script.write_text(SWEEP)
            words = [sys.executable, str(script), f"{folder}/out", str(seeds), str(BLOCK)]
            said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
            size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        main, worker = json.loads(said)
        yield {
            "what": f"sweep over {seeds} seeds",
            "main_megabytes": main / 1000,
            "worker_megabytes": worker / 1000,
            "bytes_per_seed": size / seeds,
        }


MEASUREMENTS: tuple[Callable[[], Iterator[Row]], ...] = (processes, clusters, store, memory)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of scale.json")
    names = [measure.__name__ for measure in MEASUREMENTS]
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, help="these measurements"
    )
    options = parser.parse_args(arguments)
    rows = []
    for measure in MEASUREMENTS:
        if measure.__name__ not in options.only:
            continue
        for row in measure():
            rows.append(row)
            numbers = ", ".join(f"{k} {v:.4g}" for k, v in row.items() if k != "what")
            print(f"{row['what']:45} {numbers}", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "scale.json").write_text(json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
