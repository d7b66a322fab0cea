"""A small sweep, and what is compared of its results."""

import json
import tomllib
from contextlib import contextmanager
from unittest.mock import patch

from ractheory.parallel import Done
from ractheory.sweep.grid import sweep_of
from ractheory.sweep.run import SweepJob, run_sweep

FILE = """
[sweep]
theorem = "gd-pl"
seeds = 70
steps = [4, 6]
points = 3
block = 30
[objective]
name = "isotropic"
m = 4
n = 3
[[method]]
name = "rac-lora"
rank = [1, 2]
[[method]]
name = "asymlora"
rank = 2
inner = "pseudo-inverse"
"""

DOCUMENT = tomllib.loads(FILE)


def small(**changes):
    return sweep_of({**DOCUMENT, "sweep": {**DOCUMENT["sweep"], **changes}}, "small")


class Quiet:
    """Keeps what it hears."""

    def __init__(self):
        self.notes, self.rows, self.failures, self.start = [], [], [], None

    def started(self, total, taken_over):
        self.start = (total, taken_over)

    def task(self, done, total):
        pass

    def cell(self, row):
        self.rows.append(row)

    def failed(self, task, failure):
        self.failures.append((task, failure.reason))

    def note(self, line):
        self.notes.append(line)


@contextmanager
def here(workers, scheduler, note):
    """A pool that does everything in this process."""
    yield lambda function, tasks: (Done(k, function(*task)) for k, task in enumerate(tasks))


def run(out, sweep=None, listener=None, **settings):
    """Run a sweep, in this process unless workers or a scheduler are named."""
    job = SweepJob(sweep or small(), out, **settings)
    if "workers" in settings or "scheduler" in settings:
        return run_sweep(job, listener or Quiet())
    with patch("ractheory.sweep.run.open_pool", here):
        return run_sweep(job, listener or Quiet())


def results(out):
    """All that a sweep came to, but its times, provenance and layout."""
    document = json.loads((out / "sweep.json").read_text(encoding="utf-8"))
    return document["cells"], (out / "summary.csv").read_text(encoding="utf-8")
