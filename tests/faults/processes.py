"""A Dask cluster of real processes, started as its documentation says, and waiting for things to happen."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path

from ractheory.parallel import ONE_THREAD

ROOT = Path(__file__).parents[2]
DEADLINE = 120.0
"""Seconds after which a thing that a test waits for counts as failed to happen."""


def wait_until(happens, what):
    until = time.monotonic() + DEADLINE
    while not happens():
        assert time.monotonic() < until, f"{what} did not happen in {DEADLINE:.0f} s"
        time.sleep(0.05)


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


class Processes:
    """A scheduler and workers; whatever is left of them is killed at the end."""

    def __init__(self, folder):
        self.folder, self.port, self.started = folder, free_port(), []
        self.address = f"tcp://127.0.0.1:{self.port}"

    def _start(self, *words, path=ROOT):
        # With threads of their libraries as they come: a worker sees to that itself.
        free = {name: value for name, value in os.environ.items() if name not in ONE_THREAD}
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=self.folder, env={**free, "PYTHONPATH": str(path)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.started.append(process)
        return process

    def scheduler(self):
        process = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )
        wait_until(self._answers, "the scheduler's answer")
        return process

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def workers(self, count, path=ROOT):
        """Start workers of one thread each and wait until the scheduler has them."""
        started = [
            self._start(
                "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                "--local-directory", str(self.folder), path=path,
            )
            for _ in range(count)
        ]  # fmt: skip
        alive = sum(process.poll() is None for process in self.started) - 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from distributed import Client

            with Client(self.address, timeout=DEADLINE, set_as_default=False) as client:
                client.wait_for_workers(alive, timeout=DEADLINE)
        return started

    def end(self):
        for process in self.started:
            kill(process)


def kill(process):
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()


def other_package(folder, change):
    """Return a folder with a copy of the package in which `change` has edited provenance and version."""
    copy = folder / "other"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "ractheory", copy / "ractheory", ignore=ignored)
    for name in ("__init__.py", "provenance.py"):
        path = copy / "ractheory" / name
        path.write_text(change(name, path.read_text(encoding="utf-8")))
    return copy
