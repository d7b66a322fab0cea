import pytest

from ractheory.parallel import Done, Failed, run_tasks
from tests.records.fakes import square_or, threads_of_blas


def outcomes(what, workers, numbers=range(6)):
    found = list(run_tasks(square_or, [(what, k) for k in numbers], workers))
    assert sorted(o.task for o in found) == list(range(len(numbers)))
    return sorted(found, key=lambda o: o.task)


@pytest.mark.parametrize("workers", [1, 3])
def test_all_tasks_are_done_whatever_the_workers(workers):
    assert outcomes("nothing", workers) == [Done(k, k * k) for k in range(6)]


def test_no_tasks_need_no_workers():
    assert list(run_tasks(square_or, [], 2)) == []


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("raise", "ValueError: three"),
        ("die", "its worker died 3 times (signal SIGKILL)"),
        ("exit", "its worker died 3 times (exit status 7)"),
    ],
)
def test_an_accident_touches_no_other_task(what, reason):
    found = outcomes(what, 2)
    assert [o for o in found if isinstance(o, Done)] == [Done(k, k * k) for k in range(6) if k != 3]
    assert isinstance(found[3], Failed)
    assert found[3].reason == reason


def test_a_result_that_cannot_be_sent_is_a_failure():
    found = outcomes("unpicklable", 1)
    assert isinstance(found[3], Failed)
    assert "pickle" in found[3].reason


def test_workers_end_when_the_consumer_stops():
    running = run_tasks(square_or, [("nothing", k) for k in range(6)], 2)
    next(running)
    slots = running.gi_frame.f_locals["slots"]
    processes = [slot.process.pid for slot in slots if slot.process]
    running.close()
    assert processes
    assert all(slot.process is None for slot in slots)


def test_linear_algebra_runs_on_one_thread():
    (done,) = run_tasks(threads_of_blas, [()], 1)
    assert isinstance(done, Done)
    assert done.value
    assert set(done.value) == {1}
