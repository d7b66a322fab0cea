"""Workers: a function applied to many tasks in separate processes, each task on its own.

Every worker is one spawned process with one task at a time, so that when a worker dies (killed, out
of memory, a crash in compiled code) the guilty task is known, is tried again in a new process, and
no other task is touched. Results do not depend on the number of workers, since a task sees nothing
but its arguments.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

ATTEMPTS = 3
"""How often a task is tried whose worker dies."""

ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Read by the linear algebra libraries when they are loaded. One thread each: with more, the last
bits of a product depend on how many there are, and small products are slower."""


@dataclass(frozen=True)
class Done:
    """The result of a task."""

    task: int
    value: Any


@dataclass(frozen=True)
class Failed:
    """A task that raised an exception, or whose workers died every time."""

    task: int
    reason: str
    details: str = ""


class Lost(Exception):
    """All workers are gone and none comes back; what was yielded before stands."""


Outcomes = Generator[Done | Failed, None, None]
Pool = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], Outcomes]
"""Applies a function to every task and yields the outcomes, in the order of completion."""


@contextmanager
def open_pool(workers: int, scheduler: str | None, note: Callable[[str], None]) -> Iterator[Pool]:
    """Yield processes of this machine, or the workers of the Dask cluster at `scheduler` if given.

    Raises UsageError when that cluster cannot be used; `note` hears of workers that are refused or lost.
    """
    if scheduler is None:
        yield lambda function, tasks: run_tasks(function, tasks, workers)
        return
    from ractheory.cluster import Cluster

    with closing(Cluster(scheduler, note)) as cluster:
        yield cluster.run_tasks


def run_tasks(
    function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], workers: int
) -> Generator[Done | Failed, None, None]:
    """Yield the outcome of `function(*task)` for every task, in the order of completion.

    `function` is found by name in the workers, so it is a function of a module. Closing the iterator,
    or an exception in its consumer, ends the workers at once.
    """
    waiting = deque(range(len(tasks)))
    deaths = [0] * len(tasks)
    message = pickle.dumps(function)
    slots = [_Slot() for _ in range(min(workers, len(tasks)))]
    try:
        while True:
            for slot in slots:
                if slot.task is None and waiting:
                    task = waiting.popleft()
                    slot.give(task, message, tasks[task])
            busy = {slot.connection: slot for slot in slots if slot.task is not None}
            if not busy:
                return
            for connection in wait(list(busy)):
                outcome = busy[connection].take()
                if isinstance(outcome, _Died):
                    deaths[outcome.task] += 1
                    if deaths[outcome.task] < ATTEMPTS:
                        waiting.appendleft(outcome.task)
                        continue
                    outcome = Failed(
                        outcome.task, f"its worker died {ATTEMPTS} times ({outcome.how})"
                    )
                yield outcome
    finally:
        for slot in slots:
            slot.end()


@dataclass(frozen=True)
class _Died:
    task: int
    how: str


class _Slot:
    """One worker process and what it is working at; the process starts with its first task."""

    def __init__(self) -> None:
        self.process: Any = None
        self.connection: Any = None
        self.task: int | None = None

    def give(self, task: int, function: bytes, arguments: tuple[Any, ...]) -> None:
        if self.process is None:
            self._start()
        self.task = task
        # A worker that has died meanwhile does not read: `take` finds the end of the pipe.
        with suppress(OSError):
            self.connection.send((function, pickle.dumps(arguments)))

    def take(self) -> Done | Failed | _Died:
        assert self.task is not None
        task, self.task = self.task, None
        try:
            succeeded, value, details = pickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.process.join()
            how = _exit_in_words(self.process.exitcode)
            self.end()
            return _Died(task, how)
        return Done(task, value) if succeeded else Failed(task, value, details)

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process.close()
            self.connection.close()
        self.process = self.connection = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()


def _exit_in_words(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit status {code}"


def _serve(connection: Connection) -> None:
    """Answer tasks until the other end is closed or the main process dies."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The main process ends its workers itself.
    use_one_thread()
    while True:
        try:
            function, arguments = connection.recv()
        except (EOFError, OSError):
            return
        answer = _answer(function, arguments)
        try:
            connection.send_bytes(answer)
        except OSError:
            return


def use_one_thread() -> None:
    """Let the linear algebra libraries that this process will load run on one thread."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))


def _end_with_parent() -> None:
    """End this worker in the middle of its task when the main process is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(function: bytes, arguments: bytes) -> bytes:
    """Return the pickled (succeeded, value or reason, details) of one task."""
    from threadpoolctl import threadpool_limits

    try:
        call = pickle.loads(function)
        # The libraries may have been loaded before the environment was set, by a user's own script.
        with threadpool_limits(1, user_api="blas"):
            return pickle.dumps((True, call(*pickle.loads(arguments)), ""))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return pickle.dumps((False, reason, traceback.format_exc()))
