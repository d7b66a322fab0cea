"""What happens to a run on a cluster whose processes are killed, restarted, or are the wrong ones."""

import functools
import os
import signal
import threading

import pytest

from ractheory.commands.repro import run_job
from ractheory.errors import UsageError
from ractheory.repro import Job, Unfinished
from ractheory.repro import run as run_claims
from tests.faults.processes import Processes, kill, other_package, wait_until
from tests.records import fakes
from tests.records.fakes import BLOCKED, CATALOGUE, DEFAULT
from tests.records.test_repro import numbers
from tests.sweep.small import results
from tests.sweep.small import run as run_sweep

pytestmark = pytest.mark.fault
pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    processes = Processes(folder)
    try:
        yield processes
    finally:
        processes.end()


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The numbers of a run on this machine that nothing happens to."""
    out = tmp_path_factory.mktemp("straight")
    assert run_job(Job(out=out), CATALOGUE, fakes.evaluate, draw=fakes.no_figures) == 0
    return numbers(out)


class Heard:
    def __init__(self):
        self.done, self.notes = [], []

    def started(self, total, taken_over):
        self.taken_over = taken_over

    def finished(self, claim, done, total):
        self.done.append(claim["id"])

    def failed(self, claim_id, failure):
        self.notes.append(failure.reason)

    def note(self, line):
        self.notes.append(line)


class Running(threading.Thread):
    """A run on a cluster, in a thread of its own."""

    def __init__(self, out, cluster, gate):
        super().__init__()
        self.heard, self.error = Heard(), None
        self.job = Job(out=out, scheduler=cluster.address)
        self.evaluate = functools.partial(fakes.gated, gate)

    def run(self):
        try:
            run_claims(self.job, CATALOGUE, self.heard, self.evaluate)
        except BaseException as error:
            self.error = error


@pytest.fixture
def gate(tmp_path):
    """The folder where tasks say that they have begun, and where one waits for the file "go"."""
    folder = tmp_path / "gate"
    folder.mkdir()
    return folder


def at_work(gate):
    """Return the processes that are at work, or were, at the claim that waits."""
    return [int(path.suffix[1:]) for path in gate.glob(f"{fakes.stem(BLOCKED)}.*")]


def begin(tmp_path, cluster, gate, others):
    """Start a run and wait until all claims but the one that waits are done."""
    running = Running(tmp_path / "out", cluster, gate)
    running.start()
    wait_until(lambda: len(running.heard.done) == others and at_work(gate), "all but one claim")
    return running


def finish(running, gate):
    (gate / "go").touch()
    running.join(120)
    assert not running.is_alive()


def test_a_worker_that_is_killed_is_replaced(tmp_path, cluster, gate, straight):
    cluster.scheduler()
    cluster.workers(2)
    running = begin(tmp_path, cluster, gate, len(DEFAULT) - 1)
    (victim,) = at_work(gate)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(at_work(gate)) == 2, "a second attempt")
    finish(running, gate)
    assert running.error is None
    assert sorted(running.heard.done) == sorted(DEFAULT)
    assert numbers(tmp_path / "out") == straight


def test_a_scheduler_that_is_killed_and_restarted_is_found_again(tmp_path, cluster, gate, straight):
    scheduler = cluster.scheduler()
    (worker,) = cluster.workers(1)
    running = begin(tmp_path, cluster, gate, _before_blocked())
    kill(scheduler)
    kill(worker)
    wait_until(lambda: any("is gone" in line for line in running.heard.notes), "the loss")
    cluster.scheduler()
    cluster.workers(1)
    finish(running, gate)
    assert running.error is None
    assert any("is back" in line for line in running.heard.notes)
    assert sorted(running.heard.done) == sorted(DEFAULT)
    assert numbers(tmp_path / "out") == straight


def _before_blocked():
    """A worker of one thread does the claims in their order, until the one that waits."""
    return DEFAULT.index(BLOCKED)


def test_a_scheduler_that_stays_away_ends_the_run_and_what_is_done_is_kept(
    tmp_path, cluster, gate, straight, monkeypatch
):
    monkeypatch.setattr("ractheory.cluster.PATIENCE", 1.0)
    monkeypatch.setattr("ractheory.cluster.ANSWER", 1.0)
    scheduler = cluster.scheduler()
    cluster.workers(1)
    monkeypatch.setattr("ractheory.cluster.ANSWER", 10.0)
    running = begin(tmp_path, cluster, gate, _before_blocked())
    monkeypatch.setattr("ractheory.cluster.ANSWER", 1.0)
    kill(scheduler)
    running.join(120)
    assert isinstance(running.error, Unfinished)
    assert "did not come back" in running.error.why
    assert running.error.done == _before_blocked()
    job = Job(out=tmp_path / "out", resume=True)
    heard = Heard()
    run_claims(job, CATALOGUE, heard, fakes.evaluate)
    assert heard.taken_over == _before_blocked()
    assert numbers(tmp_path / "out") == straight


def newer(name, text):
    return text.replace("__version__ =", '__version__ = "99.0" #') if "init" in name else text


def older(name, text):
    return text.replace("def identity(", "def _identity(").replace("identity(),", "_identity(),")


@pytest.mark.parametrize(
    ("change", "words"),
    [(newer, "version 99.0, here"), (older, "no ractheory, or another version")],
)
def test_a_worker_with_another_version_is_refused(tmp_path, cluster, straight, change, words):
    cluster.scheduler()
    cluster.workers(1, path=other_package(tmp_path, change))
    job = Job(out=tmp_path / "out", scheduler=cluster.address)
    with pytest.raises(UsageError, match=words):
        run_claims(job, CATALOGUE, Heard(), fakes.evaluate)
    assert not (tmp_path / "out").exists()
    cluster.workers(1)
    heard = Heard()
    run_claims(job, CATALOGUE, heard, fakes.evaluate)
    assert [words in line and "is refused" in line for line in heard.notes] == [True]
    assert numbers(tmp_path / "out") == straight


def test_a_sweep_is_the_same_on_one_machine_and_on_a_cluster_of_four(tmp_path, cluster):
    run_sweep(tmp_path / "here")
    run_sweep(tmp_path / "two", workers=2)
    cluster.scheduler()
    cluster.workers(4)
    run_sweep(tmp_path / "four", scheduler=cluster.address)
    assert results(tmp_path / "two") == results(tmp_path / "here")
    assert results(tmp_path / "four") == results(tmp_path / "here")
