"""Bad inputs are answered in one line: a sample always, all of them in the slow tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import pytest

from ractheory.cli import main
from ractheory.errors import UsageError
from ractheory.trust.bad_inputs import Case, answer, answers_of, refused, tally, told
from ractheory.trust.bad_words import OUTSIDE, bad_files, command_cases

EVERY = {"command": 7, "constructor": 11}
LEAST = {"command": 600, "constructor": 4000}
KINDS = tuple(EVERY)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_is_answered(kind: str) -> None:
    answers = answers_of(kind, main, lambda cases: islice(cases, 3, None, EVERY[kind]))
    found = tally(answers)
    assert found["bad_inputs"] >= LEAST[kind] // EVERY[kind]
    assert found["badly_answered"] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_all_are_answered(kind: str) -> None:
    found = tally(answers_of(kind, main))
    assert found["bad_inputs"] >= LEAST[kind]
    assert found["badly_answered"] == []
    assert all(row["accepted"] for row in found["accepted"])


def says(status: int, out: str, err: str) -> Callable[[Sequence[str]], int]:
    def command(words: Sequence[str]) -> int:
        sys.stdout.write(out)
        sys.stderr.write(err)
        return status

    return command


@pytest.mark.parametrize(
    ("status", "out", "err", "wrong"),
    [
        (2, "", "allowed is 1; mend it\n", ""),
        (0, "done\n", "", "accepted"),
        (1, "", "refuted\n", "accepted"),
        (2, "table\n", "allowed is 1\n", "RuntimeError"),
        (2, "", "no end of line", "RuntimeError"),
        (3, "", "what\n", "RuntimeError"),
        (2, "", "one\ntwo\n", "not one line"),
        (2, "", "\n", "not one line"),
        (2, "", "x" * 3000 + "\n", "too long"),
    ],
)
def test_answers_of_commands_are_judged(status: int, out: str, err: str, wrong: str) -> None:
    found = answer(Case("words", told(says(status, out, err), ["words"])))
    assert found.wrong.split(":")[0] == wrong


def test_an_exception_is_no_answer_and_a_reason_excuses_what_is_accepted() -> None:
    def crash(value: object) -> None:
        raise TypeError(f"no {value}\nsecond line")

    assert answer(Case("crash", refused(crash, 1))).wrong == "TypeError: no 1"
    assert answer(Case("takes", refused(int, 1))).wrong == "accepted"
    excused = answer(Case("takes", refused(int, 1), "it is a number"))
    assert (excused.wrong, excused.to_json()["accepted"]) == ("", "it is a number")

    def usage(value: object) -> None:
        raise UsageError.of("x", value, "2", "choose 2")

    assert answer(Case("refuses", refused(usage, 1), "it may")).to_json()["accepted"] == ""


def test_a_pickle_that_runs_and_a_file_outside_are_seen(tmp_path: Path) -> None:
    """The two cases about side effects fail when the side effect is there."""
    folder = tmp_path / "inside"
    folder.mkdir()
    marks = list(command_cases(main, folder))[-2:]
    assert [answer(case).wrong for case in marks] == ["", ""]
    (folder / "a-pickle-was-executed").touch()
    (tmp_path / OUTSIDE).touch()
    assert [answer(case).wrong for case in marks] == ["RuntimeError: it happened"] * 2


def test_the_hostile_file_is_hostile(tmp_path: Path) -> None:
    """Loaded as a careless reader would, it runs what it carries."""
    import numpy as np

    files = bad_files(tmp_path / "files", tmp_path / "marker")
    np.load(next(f for f in files if f.name == "objects.npy"), allow_pickle=True)
    assert (tmp_path / "marker").exists()
