"""What happens to work on a cluster whose processes are killed, restarted, or are the wrong ones."""

import os
import signal

import pytest

from ractheory.errors import UsageError
from ractheory.repro import Unfinished
from tests.faults.jobs import Heard, Running, begun, stem
from tests.faults.processes import kill, other_package, wait_until
from tests.faults.test_same_numbers import finish_with_a_second_attempt, once

pytestmark = pytest.mark.fault


def begin(kind, out, gate, cluster, others):
    """Start work and wait until so many tasks are done, and the one that waits is at work."""
    running = Running(kind, out, gate, scheduler=cluster.address)
    running.start()
    return running, running.wait_for(others)


def before_blocked(kind):
    """A worker of one thread does the tasks in their order, until the one that waits."""
    return kind.names.index(kind.blocked)


def test_a_worker_that_is_killed_is_replaced(kind, tmp_path, cluster, gate, same):
    cluster.scheduler()
    cluster.workers(2)
    running, victim = begin(kind, tmp_path / "out", gate, cluster, len(kind.names) - 1)
    os.kill(victim, signal.SIGKILL)
    finish_with_a_second_attempt(running, kind, gate)
    same(kind, "a worker of the cluster killed", tmp_path / "out")


def test_a_scheduler_that_is_killed_and_restarted_is_found_again(
    kind, tmp_path, cluster, gate, same
):
    scheduler = cluster.scheduler()
    (worker,) = cluster.workers(1)
    running, _ = begin(kind, tmp_path / "out", gate, cluster, before_blocked(kind))
    kill(scheduler)
    kill(worker)
    wait_until(lambda: any("is gone" in line for line in running.heard.notes), "the loss")
    cluster.scheduler()
    cluster.workers(1)
    running.finish()
    assert running.error is None
    assert any("is back" in line for line in running.heard.notes)
    assert begun(gate) == {**once(kind), stem(kind.blocked): 2}
    assert len(running.heard.done) == len(kind.names)
    same(kind, "scheduler killed and restarted", tmp_path / "out")


def test_a_scheduler_that_stays_away_ends_the_work_and_what_is_done_is_kept(
    kind, tmp_path, cluster, gate, same, monkeypatch
):
    monkeypatch.setattr("ractheory.cluster.PATIENCE", 1.0)
    scheduler = cluster.scheduler()
    cluster.workers(1)
    done = before_blocked(kind)
    running, _ = begin(kind, tmp_path / "out", gate, cluster, done)
    monkeypatch.setattr("ractheory.cluster.ANSWER", 1.0)
    kill(scheduler)
    running.join(120)
    assert isinstance(running.error, Unfinished)
    assert "did not come back" in running.error.why
    assert running.error.done == done
    heard = Heard()
    kind.start(tmp_path / "out", gate, heard=heard, resume=True)
    assert heard.taken_over == done
    assert begun(gate) == {**once(kind), stem(kind.blocked): 2}
    same(kind, "scheduler lost, resumed here", tmp_path / "out")


def newer(name, text):
    return text.replace("__version__ =", '__version__ = "99.0" #') if "init" in name else text


def older(name, text):
    return text.replace("def identity(", "def _identity(").replace("identity(),", "_identity(),")


@pytest.mark.parametrize(
    ("change", "words"),
    [(newer, "version 99.0, here"), (older, "no ractheory, or another version")],
)
def test_a_worker_with_another_version_is_refused(
    kind, tmp_path, cluster, gate, same, change, words
):
    cluster.scheduler()
    cluster.workers(1, path=other_package(tmp_path, change))
    with pytest.raises(UsageError, match=words):
        kind.start(tmp_path / "out", gate, scheduler=cluster.address)
    assert not (tmp_path / "out").exists()
    cluster.workers(1)
    heard = Heard()
    kind.start(tmp_path / "out", gate, heard=heard, scheduler=cluster.address)
    assert [words in line and "is refused" in line for line in heard.notes] == [True]
    assert begun(gate) == once(kind)
    same(kind, f"a worker of {change.__name__} code refused", tmp_path / "out")
