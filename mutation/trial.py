"""Trying changes: each in a process of its own, on the tests that run the changed line, the quick ones first.

A change within a function is made in a process that has collected the tests and run them once: the code
of the function is replaced, the file stays. A change of what is run at import needs a process that has
not imported the package yet. Either process is forked from one that holds the libraries.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.machinery
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import _lru_cache_wrapper
from math import inf
from pathlib import Path
from types import CodeType, FunctionType

import coverage
import pytest
from _pytest.doctest import DoctestItem

from mutation.changes import Change, changed_function

LIBRARIES = (
    "numpy", "scipy.stats", "sympy", "numba", "sklearn.datasets", "flint", "hypothesis.strategies",
)  # fmt: skip

OPTIONS = ("-q", "-x", "-s", "--assert=plain", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", "-m",
           "not slow and not browser and not fault and not fuzz", "--no-summary")  # fmt: skip

LEAST_PATIENCE = 20.0
"""Seconds granted to a change, or ten times what its tests took, if that is more: then it hangs."""

KILLED, SURVIVED, HANGS, UNSEEN, AT_IMPORT = "killed", "survived", "hangs", "unseen", "at import"
"""Outcomes; UNSEEN: no test runs the line. AT_IMPORT: to be tried by `at_import`."""

UNCHANGED = -1
"""The number under which a failure without a change is reported."""

Report = Callable[[int, str], None]


def forked(work: Callable[[], bool], patience: float) -> str:
    """Run `work` in a process forked from here; KILLED where it returns False, raises or dies."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            status = 0 if work() else 1
        finally:
            os._exit(status)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return SURVIVED if status == 0 else KILLED
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return HANGS


class Loop:
    """A plugin of pytest in place of its loop: runs all tests once, then some of them for each change."""

    def __init__(self, changes: Sequence[Change], report: Report, budget: float) -> None:
        self.changes, self.report, self.budget = changes, report, budget
        self.failed, self.failing = False, ""
        self.seconds: dict[str, float] = {}
        self.sound: set[str] = set()
        files = sorted({os.path.abspath(change.path) for change in changes})
        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=files)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item in session.items:
            self.coverage.switch_context(item.nodeid)
            self._run([item])
            if self.failed:
                self.report(UNCHANGED, f"{item.nodeid} fails without a change")
                return True
        self.coverage.stop()
        _forget()
        if forked(lambda: self._run(session.items), inf) != SURVIVED:
            self.report(UNCHANGED, "the tests fail when they are run again")
            return True
        items = {item.nodeid: item for item in session.items}
        for index, change in enumerate(self.changes):
            if not self._try(index, change, items):
                break
        return True

    def _run(self, items: Sequence[pytest.Item]) -> bool:
        for item in items:
            names = dict(item.dtest.globs) if isinstance(item, DoctestItem) else {}
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if isinstance(item, DoctestItem):  # it has forgotten its names
                item.dtest.globs = names
            if self.failed:
                self.failing = item.nodeid
                return False
        return True

    def _try(self, index: int, change: Change, items: dict[str, pytest.Item]) -> bool:
        """Try a change; return False if the test that kills it fails without the change too."""
        path = os.path.abspath(change.path)
        text = Path(path).read_text(encoding="utf-8")
        function = changed_function(
            compile(text, path, "exec", dont_inherit=True),
            compile(change.text, path, "exec", dont_inherit=True),
        )
        lines = self.coverage.get_data().contexts_by_lineno(path)
        seen = {name for line in _statement(text, change.line) for name in lines.get(line, ())}
        if function is None or "" in seen:
            self.report(index, AT_IMPORT)
            return True
        run_by = sorted(seen, key=lambda name: self.seconds.get(name, 0.0))
        if not run_by:
            self.report(index, UNSEEN)
            return True
        run_by, seconds = self._quickest(run_by)
        patience = max(LEAST_PATIENCE, 10 * seconds)
        note, writer = os.pipe()

        def work() -> bool:
            _replace(*function)
            seen = self._run([items[name] for name in run_by])
            os.write(writer, self.failing.encode())
            return seen

        outcome = forked(work, patience)
        os.close(writer)
        with os.fdopen(note, encoding="utf-8") as read:
            killer = read.read()
        if killer and killer not in self.sound:
            if forked(lambda: self._run([items[killer]]), LEAST_PATIENCE) == KILLED:
                self.report(UNCHANGED, f"{killer} fails alone, without a change")
                return False
            self.sound.add(killer)
        self.report(index, outcome)
        return True

    def _quickest(self, names: Sequence[str]) -> tuple[list[str], float]:
        """Return the first of the tests, the quickest one in any case, and the seconds that they take."""
        chosen, total = [names[0]], self.seconds.get(names[0], 0.0)
        for name in names[1:]:
            seconds = self.seconds.get(name, 0.0)
            if total + seconds > self.budget:
                break
            chosen.append(name)
            total += seconds
        return chosen, total


def _replace(old: CodeType, new: CodeType) -> None:
    """Give the changed code to every function that has the old one, however decorated."""
    key = (old.co_filename, old.co_qualname, old.co_firstlineno)
    hits = [
        f for f in gc.get_objects()
        if isinstance(f, FunctionType)
        and (f.__code__.co_filename, f.__code__.co_qualname, f.__code__.co_firstlineno) == key
    ]  # fmt: skip
    if not hits:
        raise LookupError(f"no function {old.co_qualname} is alive")
    for function in hits:
        function.__code__ = new


def _statement(text: str, line: int) -> range:
    """Return the lines of the innermost statement around a line; of a compound one, that line alone."""
    around = [
        node for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)
    ]  # fmt: skip
    inner = max(around, key=lambda node: node.lineno)
    if hasattr(inner, "body"):
        return range(line, line + 1)
    return range(inner.lineno, (inner.end_lineno or line) + 1)


def _forget() -> None:
    """Empty the caches that the first run has filled."""
    for cached in gc.get_objects():
        if isinstance(cached, _lru_cache_wrapper) and cached.__module__.startswith("ractheory"):
            cached.cache_clear()


def within_functions(
    changes: Sequence[Change], tests: Sequence[str], report: Report, budget: float
) -> None:
    """Try the changes within functions; the others, which act at import, are reported as such.

    Each is shown to the tests that run its line, the quickest first, for `budget` seconds of them at most.
    """
    loop = Loop(changes, report, budget)

    def work() -> bool:
        loop.coverage.start()
        return pytest.main([*OPTIONS, *tests], plugins=[loop]) == 0

    forked(work, inf)


def at_import(change: Change, tests: Sequence[str], patience: float) -> str:
    """Try one change in a process that imports the package with it."""
    path = os.path.abspath(change.path)
    plain = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        if os.path.abspath(self.path) == path:
            return compile(change.text, path, "exec", dont_inherit=True)
        return plain(self, name)

    def work() -> bool:
        importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
        return pytest.main([*OPTIONS, *tests]) == 0

    return forked(work, patience)


def hold_libraries() -> None:
    """Import what every test needs, once for all processes forked from here."""
    for name in LIBRARIES:
        importlib.import_module(name)
    assert not any(name.split(".")[0] == "ractheory" for name in sys.modules)
