"""The tests themselves: each can fail, and none depends on the time, the locale, or unseeded chance."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
FILES = sorted(FOLDER.rglob("*.py"))
RAISING = {"prove", "fail"}
"""Calls that raise where what they are asked is not so."""

CLOCK = re.compile(r"\btime\.(time|sleep|monotonic|perf_counter)\(")
CHANCE = re.compile(
    r"default_rng\(\)|np\.random\.(rand|randn|normal|uniform|seed)\(|\brandom\.random\("
)
LOCALE = re.compile(r"\.read_text\(\)|\bsetlocale\(")
"""Text that is read in whatever encoding the locale has."""
WAITING = {"processes.py", "fakes.py"}
"""Helpers that wait for another process: the time limits how long, and decides nothing else."""


def functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield path, node


def called(node: ast.AST) -> set[str]:
    """Names of what is called, without the objects that they belong to, decorators left out."""
    calls = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
    return {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls}


def asserts(node: ast.AST) -> bool:
    """Whether there is an assertion here that is not true by itself, or a call that must raise."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assert) and not isinstance(part.test, ast.Constant | ast.Tuple):
            return True
    words = called(node)
    return bool(words & (RAISING | {"raises", "warns"})) or any(
        w.startswith("assert") for w in words
    )


def test_every_test_can_fail() -> None:
    """By an assertion of its own, or of a helper of the tests that it calls, at any depth."""
    bodies: dict[str, list[ast.FunctionDef]] = {}
    for _, node in functions():
        bodies.setdefault(node.name, []).append(node)
    sound = {name for name, nodes in bodies.items() if any(map(asserts, nodes))}
    grown = True
    while grown:
        more = {n for n, nodes in bodies.items() if any(called(node) & sound for node in nodes)}
        grown = not more <= sound
        sound |= more
    tests = [(path, node) for path, node in functions() if node.name.startswith("test")]
    assert len(tests) > 500
    assert [f"{path.name}:{n.lineno} {n.name}" for path, n in tests if n.name not in sound] == []


@pytest.mark.parametrize(
    ("body", "can_fail"),
    [
        ("assert x == 1", True),
        ("assert True", False),
        ("assert (x, 'a message')", False),
        ("with pytest.raises(ValueError):\n    f()", True),
        ("np.testing.assert_allclose(x, y)", True),
        ("f(x)", False),
    ],
)
def test_an_assertion_is_told_from_none(body: str, can_fail: bool) -> None:
    assert asserts(ast.parse(body)) is can_fail


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(FOLDER)))
def test_no_test_depends_on_the_clock_the_locale_or_unseeded_chance(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path != Path(__file__):
        assert not CHANCE.search(text)
        assert not LOCALE.search(text)
        assert path.name in WAITING or not CLOCK.search(text)


def test_a_run_in_the_background_hears_ctrl_c_in_the_tests() -> None:
    """A shell without job control has its background jobs ignore it, and their children inherit that."""
    asked = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import tests.conftest; "
    asked += "import os; os.execv(sys.executable, [sys.executable, '-c', TELL])"
    tell = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    words = [sys.executable, "-c", f"import sys; TELL = {tell!r}; {asked}"]
    said = subprocess.run(words, cwd=FOLDER.parent, capture_output=True, text=True, check=True)
    assert said.stdout == "True\n"
