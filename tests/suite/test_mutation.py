"""The tool of mutation testing changes what decides, one place at a time, and sees what becomes of it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mutation.changes import changed_function, places

ROOT = Path(__file__).parents[2]


def changed(folder: Path, text: str) -> list[str]:
    """Return the texts of a file with each of its changes."""
    path = folder / "limits.py"
    path.write_text(textwrap.dedent(text))
    found = places(path)
    return [found.change(k).text for k in range(len(found.found))]


def test_each_place_is_changed_alone(tmp_path: Path) -> None:
    texts = changed(tmp_path, "def f(x):\n    return x + 1\n")
    assert sorted(texts) == ["def f(x):\n    return x + 2\n", "def f(x):\n    return x - 1\n"]


def test_decorated_functions_and_values_of_modules_are_changed_too(tmp_path: Path) -> None:
    texts = changed(tmp_path, "@cache\ndef f():\n    return 1\nWEIGHT = 3 < 4\n")
    for part in (
        "return 2",
        "WEIGHT = 3 <= 4",
        "WEIGHT = 4 < 4",
        "WEIGHT = 3 < 5",
        "WEIGHT = None",
    ):
        assert any(part in text for text in texts), part
    assert len(texts) == 5


@pytest.mark.parametrize(
    "text",
    [
        "import a.b as c\n",
        "'''A docstring: 1 + 1.'''\n",
        "def f(x: tuple[int, 2]) -> 3: ...\n",
        "def f():\n    raise ValueError('no', 1 + 1)\n",
        "def f(x):\n    return f'{x + 1} and 2'\n",
        "def f(x):\n    return isinstance(x, int)\n",
        "__all__ = [1]\n",
    ],
)
def test_words_and_what_decides_nothing_are_left_alone(tmp_path: Path, text: str) -> None:
    assert changed(tmp_path, text) == []


def test_a_change_is_shown_by_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "limits.py"
    path.write_text("x = 1\ny = 2 < x\n")
    found = places(path)
    diffs = [found.change(k).diff() for k in range(len(found.found))]
    assert "-y = 2 < x\n+y = 2 <= x" in diffs


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("def f(): return 1", "def f(): return 2", "f"),
        ("class A:\n def f(self): return 1", "class A:\n def f(self): return 2", "A.f"),
        ("def f():\n def g(): return 1\n return g", "def f():\n def g(): return 2\n return g", "f"),
        ("f = lambda: 1", "f = lambda: 2", "<lambda>"),
        ("x = 1", "x = 2", None),
        ("class A:\n x = 1", "class A:\n x = 2", None),
        ("def f(x=1): return x", "def f(x=2): return x", None),
        ("x = [k + 1 for k in y]", "x = [k - 1 for k in y]", None),
        ("def f(): return 1", "def f(): return 1", None),
    ],
)
def test_a_change_within_one_function_is_told(old: str, new: str, name: str | None) -> None:
    before, after = (compile(text, "limits.py", "exec") for text in (old, new))
    found = changed_function(before, after)
    assert (found and found[0].co_qualname) == name


def test_what_becomes_of_a_change() -> None:
    """In a process of its own, since a process with threads should not fork."""
    script = textwrap.dedent("""
        import os, time
        from mutation.trial import forked
        def fails(): raise ValueError
        for work in (lambda: True, lambda: False, fails, lambda: os._exit(3)):
            print(forked(work, 60.0))
        print(forked(lambda: [None for _ in iter(int, 1)], 0.2))
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["survived", "killed", "killed", "killed", "hangs"]


WHOLE = """
from pathlib import Path
from mutation import trial
from mutation.changes import places
found = places(Path("limits.py"))
changes = [found.change(k) for k in range(len(found.found))]
def report(k, outcome):
    with open("outcomes", "a") as file:
        print(changes[k].text.splitlines()[changes[k].line - 1].strip(), outcome, sep=": ", file=file)
trial.within_functions(changes, ["test_it.py"], report, 60.0)
for k in (0, 1):
    report(k, trial.at_import(changes[k], ["test_it.py"], 60.0))
"""


def test_changes_are_killed_survive_and_are_unseen(tmp_path: Path) -> None:
    """The limit acts at import; 1 and 9 leave open where it is; and no test calls the second function."""
    (tmp_path / "limits.py").write_text(
        "LIMIT = 5\ndef seen(x):\n    return x < LIMIT\ndef unseen(x):\n    return x == 1\n"
    )
    (tmp_path / "test_it.py").write_text(
        "from limits import seen\ndef test_it():\n    assert seen(1) and not seen(9)\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    subprocess.run(
        [sys.executable, "-c", WHOLE], cwd=tmp_path, check=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
    )  # fmt: skip
    assert (tmp_path / "outcomes").read_text(encoding="utf-8").splitlines() == [
        "LIMIT = None: at import", "LIMIT = 6: at import", "return x <= LIMIT: survived",
        "return x != 1: unseen", "return x == 2: unseen", "LIMIT = None: killed", "LIMIT = 6: survived",
    ]  # fmt: skip
