"""Tasks on a Dask cluster within this process; clusters of processes are killed in tests/faults."""

import sys
import warnings

import pytest

from ractheory.cluster import Cluster
from ractheory.errors import UsageError
from ractheory.parallel import Done, Failed, open_pool
from ractheory.provenance import difference, identity
from tests.records import fakes
from tests.records.test_repro import numbers, run

distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")


@pytest.fixture(scope="module")
def address():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster:
            yield cluster.scheduler_address


def outcomes(address, what, count=6):
    notes = []
    with open_pool(1, address, notes.append) as pool:
        found = list(pool(fakes.square_or, [(what, k) for k in range(count)]))
    assert notes == []
    return sorted(found, key=lambda outcome: outcome.task)


def test_every_task_is_done_once(address):
    assert outcomes(address, "") == [Done(k, k * k) for k in range(6)]


def test_a_task_that_raises_fails_alone(address):
    found = outcomes(address, "raise")
    assert [type(o) for o in found] == [Done, Done, Done, Failed, Done, Done]
    assert found[3].reason == "ValueError: three"
    assert "square_or" in found[3].details


def test_the_numbers_are_those_of_one_process(address, tmp_path):
    assert run(tmp_path / "here") == 0
    assert run(tmp_path / "cluster", scheduler=address) == 0
    assert numbers(tmp_path / "cluster") == numbers(tmp_path / "here")


def test_closing_the_outcomes_takes_the_rest_back(address):
    with open_pool(1, address, print) as pool:
        found = pool(fakes.square_or, [("", k) for k in range(50)])
        next(found)
        found.close()
        assert len(list(pool(fakes.square_or, [("", 2)]))) == 1


def test_workers_that_would_compute_other_bits_are_refused(address, monkeypatch):
    notes = []
    monkeypatch.setattr("ractheory.cluster.identity", lambda: {**identity(), "version": "9.9"})
    monkeypatch.setattr("ractheory.cluster._mine", [])
    # The patched function runs in the workers too, as they are in this process: ask them the true one.
    monkeypatch.setattr(Cluster, "ask", staticmethod(identity))
    with pytest.raises(UsageError, match=r"has version .*, here 9\.9"):
        Cluster(address, notes.append)
    assert len(notes) == 2
    assert all("is refused: it has version" in line for line in notes)


@pytest.mark.parametrize("given", ["", "nowhere", "tcp://host", "tcp://no host:1"])
def test_what_is_no_address_is_refused(given):
    with pytest.raises(UsageError, match="the address of a Dask scheduler"):
        Cluster(given, print)


def test_without_the_extra_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match="install the extra 'cluster'"):
        Cluster("tcp://127.0.0.1:8786", print)


def test_the_first_difference_is_named():
    ours = identity()
    assert difference(ours, ours) == ""
    assert difference(ours, {**ours, "code": "x"}) == "the same version with other code"
    older = {**ours, "packages": {**ours["packages"], "numpy": "1.0"}}
    assert difference(ours, older) == f"numpy 1.0, here {ours['packages']['numpy']}"
    more = {**ours, "packages": {**ours["packages"], "zzz": "1.0"}}
    assert difference(ours, more) == "zzz 1.0, here missing"
