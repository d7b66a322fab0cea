"""Workers of a Dask cluster: the same tasks as `ractheory.parallel`, sent to a running scheduler.

A worker takes part only if it would compute the same bits: its version, code, packages and kind of
processor are compared with ours before its first task, and again in every task. A worker that dies
is the scheduler's to replace; a scheduler that dies is waited for, and what it had not handed over is
asked for again. Tasks are pure, so that one computed twice gives one result.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from ractheory.errors import UsageError
from ractheory.parallel import Done, Failed, Lost, use_one_thread
from ractheory.provenance import difference, identity

ADDRESS = r"(tcp|tls|ws|wss|ucx)://\S+:[0-9]+|[^\s/:]+:[0-9]+|inproc://\S+"

ANSWER = 10.0
"""Seconds in which the scheduler must answer at the start, and name a worker."""

PATIENCE = 60.0
"""Seconds that a lost scheduler, or the last worker that was lost, is waited for."""

LOOK = 1.0
"""Seconds between two looks at which workers there are."""

AHEAD = 2
"""Tasks handed out for every thread of the workers: one at work, one that waits beside it."""


class Cluster:
    """A connection to the Dask scheduler at `address`; `note` hears of workers refused and lost.

    Raises UsageError when dask.distributed is not installed, when nobody answers at `address`, and when
    none of its workers can take part.
    """

    ask = staticmethod(identity)  # Found by name in the workers, however old their package is.

    def __init__(self, address: str, note: Callable[[str], None]) -> None:
        self.address, self.note, self.patience = address, note, PATIENCE
        self.identity = identity()
        self.refused: dict[str, str] = {}
        self.threads: dict[str, int] = {}
        self.looked = 0.0
        self.client = self._client()
        self._first_look()

    def run_tasks(
        self, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]
    ) -> Generator[Done | Failed, None, None]:
        """Yield the outcome of `function(*task)` for every task, in the order of completion.

        `function` is found by name in the workers. Raises Lost when the scheduler, or all workers, stay
        away for longer than the patience.
        """
        work = _Work(self, function, tasks)
        with suppress_logs():
            try:
                while work.waiting or work.running:
                    try:
                        self._look()
                        work.hand_out()
                        yield from work.take()
                    except _Gone:
                        work.take_back()
                        self._reconnect()
            finally:
                work.cancel()

    def close(self) -> None:
        with suppress_logs(), suppress(Exception):
            self.client.close(timeout=5)

    def workers(self) -> list[str]:
        """Return the addresses of the workers that take part."""
        return sorted(self.threads)

    def _client(self) -> Any:
        no_scheduler = UsageError.of(
            "--scheduler", self.address or "''", "the address of a Dask scheduler that answers",
            "start one by 'dask scheduler', which says its address",
        )  # fmt: skip
        if not re.fullmatch(ADDRESS, self.address):
            raise no_scheduler
        try:
            from distributed import Client
        except ImportError as error:
            raise UsageError.of(
                "--scheduler", self.address, "given where dask.distributed is installed",
                "install the extra 'cluster', or use --workers",
            ) from error  # fmt: skip
        with suppress_logs(), warnings.catch_warnings():
            # Packages that matter are compared by `identity`.
            warnings.simplefilter("ignore")
            try:
                return Client(self.address, timeout=ANSWER, set_as_default=False)
            except (OSError, ValueError, TypeError, ImportError) as error:
                raise no_scheduler from error

    def _first_look(self) -> None:
        until = time.monotonic() + ANSWER
        while not self.threads and time.monotonic() < until:
            self._look(now=True)
            if self.refused or self.threads:
                break
            time.sleep(0.1)
        if not self.threads:
            self.close()
            reasons = "; ".join(f"{a} has {why}" for a, why in sorted(self.refused.items()))
            raise UsageError.of(
                "--scheduler", self.address, f"one with workers like this process ({reasons})"
                if reasons else "one that has workers",
                "start workers of this checkout by 'dask worker'",
            )  # fmt: skip

    def _look(self, now: bool = False) -> None:
        """Learn which workers there are; the new ones are asked who they are."""
        if not now and time.monotonic() - self.looked < LOOK:
            return
        with _gone_if_lost(self.client):
            present = dict(self.client.nthreads())
            new = [a for a in present if a not in self.threads and a not in self.refused]
            answers = self.client.run(self.ask, workers=new, on_error="return") if new else {}
        for address in new:
            self._admit(address, present[address], answers.get(address))
        self.threads = {a: n for a, n in self.threads.items() if a in present}
        self.refused = {a: why for a, why in self.refused.items() if a in present}
        self.looked = time.monotonic()

    def _admit(self, address: str, threads: int, answer: Any) -> None:
        if isinstance(
            answer, (OSError, type(None))
        ):  # It went away meanwhile: asked again if it is back.
            return
        if isinstance(answer, dict):
            why = difference(self.identity, answer)
        else:
            why = f"no ractheory, or another version ({type(answer).__name__}: {answer})"
        if not why:
            self.threads[address] = threads
            return
        self.refused[address] = why
        self.note(f"worker {address} is refused: it has {why}")

    def recheck(self, address: str) -> None:
        """Forget a worker that turned out to be another one than was asked."""
        self.threads.pop(address, None)
        self.looked = 0.0

    def _reconnect(self) -> None:
        self.note(f"the scheduler at {self.address} is gone; waiting {self.patience:.0f} s for it")
        self.close()
        self.threads, self.refused = {}, {}
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            try:
                self.client = self._client()
                self._look(now=True)
            except (UsageError, _Gone):
                time.sleep(LOOK)
                continue
            self.note(f"the scheduler at {self.address} is back")
            return
        raise Lost(f"the scheduler at {self.address} did not come back")


class _Gone(Exception):
    """The scheduler does not answer any more."""


@contextmanager
def _gone_if_lost(client: Any) -> Iterator[None]:
    from concurrent.futures import CancelledError

    from distributed.client import FutureCancelledError

    try:
        yield
    except (OSError, CancelledError, FutureCancelledError) as error:
        raise _Gone from error
    except (RuntimeError, ValueError, AttributeError) as error:
        # What a client says that has just been closed; anything else is no loss of the scheduler.
        if client.status == "running":
            raise
        raise _Gone from error


class _Work:
    """The tasks of one call: waiting, handed out, done."""

    def __init__(
        self, cluster: Cluster, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]
    ) -> None:
        self.cluster, self.function, self.tasks = cluster, function, tasks
        self.waiting = deque(range(len(tasks)))
        self.running: dict[str, tuple[int, Any, frozenset[str]]] = {}
        self.finished: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.name, self.handed_out = f"ractheory-{uuid4().hex}", 0
        self.alone_since: float | None = None

    def hand_out(self) -> None:
        """Hand out tasks until every worker has one beside the one it works at."""
        cluster = self.cluster
        self._patient()
        # Where a worker was refused, the others are named: one must not get a task by chance.
        allowed = frozenset(cluster.threads if cluster.refused else ())
        if allowed and any(where and not where & allowed for _, _, where in self.running.values()):
            self.take_back()
        room = AHEAD * sum(cluster.threads.values()) - len(self.running)
        with _gone_if_lost(cluster.client):
            for _ in range(min(room, len(self.waiting))):
                self._submit(self.waiting.popleft(), allowed)

    def _patient(self) -> None:
        if self.cluster.threads:
            self.alone_since = None
            return
        if self.alone_since is None:
            self.alone_since = time.monotonic()
            self.cluster.note(
                f"no worker is left; waiting {self.cluster.patience:.0f} s for another"
            )
        if time.monotonic() - self.alone_since > self.cluster.patience:
            raise Lost(f"no worker of {self.cluster.address} is left")

    def _submit(self, task: int, allowed: frozenset[str]) -> None:
        self.handed_out += 1
        key = f"{self.name}-{self.handed_out}"
        self.running[key] = (task, None, allowed)
        future = self.cluster.client.submit(
            serve, self.cluster.identity, self.function, self.tasks[task],
            key=key, pure=False, workers=sorted(allowed) or None,
        )  # fmt: skip
        self.running[key] = (task, future, allowed)
        future.add_done_callback(lambda _: self.finished.put(key))

    def take(self) -> Iterator[Done | Failed]:
        """Yield the outcomes that have arrived, after waiting for one for a while."""
        keys = set()
        with suppress(queue.Empty):
            keys.add(self.finished.get(timeout=LOOK))
            while True:
                keys.add(self.finished.get_nowait())
        present = [key for key in sorted(keys) if key in self.running]
        values = self._gathered([k for k in present if self.running[k][1].status == "finished"])
        for key in present:
            task, future, _ = self.running.pop(key)
            status = future.status
            if key in values:
                outcome = self._outcome(task, values[key])
            elif status == "error":
                outcome = Failed(task, _in_one_line(future.exception()))
            else:  # Cancelled: by its scheduler's end, or by another user's hand.
                outcome = None
            if outcome is None:
                self.waiting.appendleft(task)
            else:
                yield outcome
        if self.cluster.client.status != "running":
            raise _Gone

    def _gathered(self, keys: list[str]) -> dict[str, Any]:
        """Fetch the values of `keys` at once; what fails on the way is an error of its task."""
        from distributed.scheduler import KilledWorker as killed

        with _gone_if_lost(self.cluster.client):
            futures = [self.running[key][1] for key in keys]
            try:
                return dict(zip(keys, self.cluster.client.gather(futures), strict=True))
            except killed:  # Its worker died before it was fetched, and again and again since.
                whole = [key for key in keys if self.running[key][1].status == "finished"]
                return self._gathered(whole)

    def _outcome(self, task: int, value: tuple[Any, ...]) -> Done | Failed | None:
        kind, *rest = value
        if kind == "done":
            return Done(task, rest[0])
        if kind == "failed":
            return Failed(task, *rest)
        self.cluster.recheck(rest[0])
        return None

    def take_back(self) -> None:
        """Put what was handed out back to what waits."""
        tasks = sorted((task for task, _, _ in self.running.values()), reverse=True)
        self.cancel()
        self.waiting.extendleft(tasks)

    def cancel(self) -> None:
        futures = [future for _, future, _ in self.running.values() if future is not None]
        self.running.clear()
        if futures and self.cluster.client.status == "running":
            with suppress(Exception):
                self.cluster.client.cancel(futures)


_one_at_a_time = threading.Lock()
_mine: list[dict[str, Any]] = []


def serve(wanted: dict[str, Any], function: Callable[..., Any], task: tuple[Any, ...]) -> Any:
    """Answer one task in a worker: ("done", value), ("failed", reason, details) or ("other", address).

    One at a time in a process: what the linear algebra libraries and some solvers keep is the process's,
    so that workers have one thread each to be of use.
    """
    from distributed import get_worker
    from threadpoolctl import threadpool_limits

    with _one_at_a_time:
        if not _mine:
            use_one_thread()
            _mine.append(identity())
        if _mine[0] != wanted:
            return "other", get_worker().address
        try:
            threadpool_limits(1, user_api="blas")
            return "done", function(*task)
        except Exception as error:
            return "failed", _in_one_line(error), traceback.format_exc()


def _in_one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


@contextmanager
def suppress_logs() -> Iterator[None]:
    """Keep the engine's own log from the terminal: what matters of it is noted or raised."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
