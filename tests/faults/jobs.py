"""The two kinds of long work, small and of true computations: the main job on some claims, and a sweep.

Every task says in the folder `gate` that it has begun, and one of them, `blocked`, waits there for the file
"go", so that a test can kill what is at work at a known point, and count what is computed twice.

    python -m tests.faults.jobs KIND OUT GATE [--resume] [--kill-after N] [--file-size BYTES]

runs one in a process of its own, on one worker, which can be killed or limited.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import resource
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import ractheory.sweep as sweeps
from ractheory import records
from ractheory.claims import claim
from ractheory.cli import main as main_command
from ractheory.commands.repro import run_job
from ractheory.repro import Job, evaluate_claim
from ractheory.repro import run as run_claims
from ractheory.sweep.run import SweepJob, run_sweep
from ractheory.sweep.store import BLOCKS, SWEEP
from ractheory.sweep.tasks import tasks_of, work
from tests.faults.processes import wait_until
from tests.records.test_repro import numbers
from tests.sweep.small import FILE, results, small

CLAIMS = tuple(
    claim(name)
    for name in (
        "gd-pl/spectrum-right/hadamard-r2/exact",
        "descent/spectrum-left/hadamard",
        "gd-pl/logistic-breast-cancer/haar-r2",
        "effective-dimension/spectrum-left/coordinates-r2",
        "tightness/descent/isotropic",
        "accumulated-spectrum/fpft",
        "fed-rr-pl/federated-labels/as-printed",
    )
)
"""Decided exactly, on every step, by samples, by a search, by an experiment, and by runs in Python alone."""


class Heard:
    """Keeps what a run says of itself."""

    def __init__(self):
        self.done, self.notes, self.taken_over = [], [], None

    def started(self, total, taken_over):
        self.taken_over = taken_over

    def finished(self, claim, done, total):
        self.done.append(claim["id"])

    def task(self, done, total):
        self.done.append(done)

    def cell(self, row):
        pass

    def failed(self, name, failure):
        self.notes.append(f"{name}: {failure.reason}")

    def note(self, line):
        self.notes.append(line)


def stem(name):
    return name.replace("/", "+")


def entered(gate, blocked, name):
    """Say that the task has begun, and by whom; the one that is blocked waits."""
    (gate / f"{stem(name)}.{uuid4().hex}").write_text(str(os.getpid()))
    if name == blocked:
        wait_until(lambda: (gate / "go").exists(), "the permission to go on")


def gated_claim(gate, blocked, name, seed, error_rate):
    entered(gate, blocked, name)
    return evaluate_claim(name, seed, error_rate)


def gated_task(gate, blocked, claim, task, *rest):
    entered(gate, blocked, task.name)
    return work(claim, task, *rest)


def begun(gate):
    """Return how often each task was begun, by the stem of its name."""
    return Counter(
        path.name.rpartition(".")[0] for path in gate.glob("*.*") if path.suffix != ".toml"
    )


def at_work(gate, name):
    """Return the processes that are at work at a task, or were."""
    return [int(path.read_text(encoding="utf-8") or 0) for path in gate.glob(f"{stem(name)}.*")]


class MainJob:
    """`ractheory repro` on CLAIMS."""

    name = "main job"
    names = tuple(one.id for one in CLAIMS)
    blocked = names[3]

    @staticmethod
    def start(out, gate, blocked="", heard=None, **settings):
        evaluate = functools.partial(gated_claim, gate, blocked)
        job = Job(out=out, only=MainJob.names, **settings)
        run_claims(job, CLAIMS, heard or Heard(), evaluate)

    @staticmethod
    def command(out, gate, resume):
        evaluate = functools.partial(gated_claim, gate, "")
        job = Job(out=out, only=MainJob.names, resume=resume)
        return run_job(job, CLAIMS, evaluate, draw=lambda source, folder: [])

    @staticmethod
    def digest(out):
        claims, curves = numbers(out)
        parts = [claims.encode(), *(curves[name] for name in sorted(curves))]
        return hashlib.sha256(b"\n".join(parts)).hexdigest()

    pool = "ractheory.repro.open_pool"
    folder, document = records.RECORDS, records.CLAIMS
    too_small, small_disk = 4_000, "32k"


class Sweep:
    """`ractheory sweep` on the file that `tests.sweep.small` holds."""

    name = "sweep"
    names = tuple(dict.fromkeys(task.name for task in tasks_of(small())))
    blocked = names[3]

    @staticmethod
    def start(out, gate, blocked="", heard=None, **settings):
        gated = functools.partial(gated_task, gate, blocked)
        with patch("ractheory.sweep.run.work", gated):
            run_sweep(SweepJob(small(), out, **settings), heard or Heard())

    @staticmethod
    def command(out, gate, resume):
        file = gate / "small.toml"
        file.write_text(FILE)
        words = ["--resume"] if resume else []
        gated = functools.partial(gated_task, gate, "")
        with patch("ractheory.sweep.run.work", gated):
            return main_command(["sweep", str(file), "--workers", "1", "--out", str(out), *words])

    @staticmethod
    def digest(out):
        rows = sweeps.read(out)
        text = json.dumps(results(out)).encode()
        return hashlib.sha256(
            b"\n".join([text, *(rows[k].tobytes() for k in sorted(rows))])
        ).hexdigest()

    pool = "ractheory.sweep.run.open_pool"
    folder, document = BLOCKS, SWEEP
    too_small, small_disk = 2_300, "48k"


KINDS = {"main job": MainJob, "sweep": Sweep}


class Running(threading.Thread):
    """A run in a thread of its own, whose blocked task waits."""

    def __init__(self, kind, out, gate, **settings):
        super().__init__()
        self.kind, self.gate, self.heard, self.error = kind, gate, Heard(), None
        self.arguments = (out, gate, kind.blocked, self.heard)
        self.settings = settings

    def run(self):
        try:
            self.kind.start(*self.arguments, **self.settings)
        except BaseException as error:
            self.error = error

    def wait_for(self, others):
        """Wait until so many tasks are done and the blocked one is at work; return its process."""
        wait_until(
            lambda: len(self.heard.done) == others and any(at_work(self.gate, self.kind.blocked)),
            f"the end of {others} tasks",
        )
        (process,) = at_work(self.gate, self.kind.blocked)
        return process

    def finish(self):
        (self.gate / "go").touch()
        self.join(120)
        assert not self.is_alive()


def killed_after(count, write):
    """Return `write`, which kills this process once it has written so many records."""
    written = 0

    def counting(*arguments):
        nonlocal written
        write(*arguments)
        written += 1
        if written == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return counting


def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("out", type=Path)
    parser.add_argument("gate", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--kill-after", type=int)
    parser.add_argument("--file-size", type=int)
    given = parser.parse_args(arguments)
    if given.kill_after:
        records.write_record = killed_after(given.kill_after, records.write_record)
    if given.file_size:
        resource.setrlimit(resource.RLIMIT_FSIZE, (given.file_size, resource.RLIM_INFINITY))
    return KINDS[given.kind].command(given.out, given.gate, given.resume)


if __name__ == "__main__":
    sys.exit(main())
