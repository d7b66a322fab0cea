"""The same bits for any number of workers, here or on a cluster, and for any order of completion."""

import random
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from threadpoolctl import threadpool_limits

from ractheory.parallel import Done
from tests.faults.jobs import begun, stem
from tests.faults.processes import wait_until

pytestmark = pytest.mark.fault


def once(kind):
    return dict.fromkeys(map(stem, kind.names), 1)


def finish_with_a_second_attempt(running, kind, gate):
    """Wait until the task that a killed worker held is begun again, and see that no other one was."""
    blocked = stem(kind.blocked)
    wait_until(lambda: begun(gate)[blocked] == 2, "a second attempt")
    running.finish()
    assert running.error is None
    assert begun(gate) == {**once(kind), blocked: 2}
    assert len(running.heard.done) == len(kind.names)


def test_two_workers_of_this_machine(kind, gate, tmp_path, same):
    kind.start(tmp_path / "out", gate, workers=2)
    assert begun(gate) == once(kind)
    same(kind, "2 workers", tmp_path / "out")


def test_a_cluster_of_four(kind, gate, tmp_path, same, cluster):
    cluster.scheduler()
    cluster.workers(4)
    kind.start(tmp_path / "out", gate, scheduler=cluster.address)
    assert begun(gate) == once(kind)
    same(kind, "cluster of 4 workers", tmp_path / "out")


def in_order(key):
    """Return an `open_pool` that works in this process, in the order that `key` gives the tasks."""

    def outcomes(function, tasks):
        for k in sorted(range(len(tasks)), key=key):
            yield Done(k, function(*tasks[k]))

    @contextmanager
    def opened(workers, scheduler, note):
        with threadpool_limits(1, user_api="blas"):
            yield outcomes

    return opened


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_any_order_of_completion(kind, gate, tmp_path, same, order):
    drawn = random.Random(order)
    keys = [-k if order == "reversed" else drawn.random() for k in range(len(kind.names))]
    with patch(kind.pool, in_order(keys.__getitem__)):
        kind.start(tmp_path / "out", gate)
    assert begun(gate) == once(kind)
    same(kind, f"completed in {order} order", tmp_path / "out")
