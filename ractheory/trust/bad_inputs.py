"""Bad inputs, systematically: every option of every command, and every public constructor.

A case is answered when it is refused in one clear line (exit status 2, nothing on standard output; from
Python, a UsageError of one line), or accepted for a reason that the case states.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ractheory.errors import UsageError

Main = Callable[[Sequence[str]], int]
"""The command line: words to exit status."""

LONGEST_LINE = 2000
"""Characters of a line that a person still reads; lists of names are the longest."""


@dataclass(frozen=True)
class Case:
    """One bad input.

    Attributes
    ----------
    name : what is asked, for people
    ask : returns None when it was accepted, else the line that refuses; anything else that it raises is
        a wrong answer
    accepted : the reason why it may be accepted; empty when it must be refused
    """

    name: str
    ask: Callable[[], str | None]
    accepted: str = ""


@dataclass(frozen=True)
class Answered:
    """How a case was answered: "" when well, else what is wrong with the answer."""

    case: Case
    wrong: str
    said: str | None

    def to_json(self) -> dict[str, str]:
        accepted = self.case.accepted if self.said is None else ""
        return {"input": self.case.name, "wrong": self.wrong, "accepted": accepted}


def answer(case: Case) -> Answered:
    """Ask one case and judge the answer."""
    try:
        said = case.ask()
    except Exception as error:  # a refusal of the wrong kind is what is looked for
        first = str(error).splitlines()[:1]
        return Answered(case, f"{type(error).__name__}: {' '.join(first)}"[:300], None)
    if said is None:
        return Answered(case, "" if case.accepted else "accepted", None)
    return Answered(case, _fault(said), said)


def _fault(line: str) -> str:
    if not line.strip() or "\n" in line or "Traceback" in line:
        return "not one line"
    return "" if len(line) <= LONGEST_LINE else "too long"


def refused(call: Callable[..., Any], *given: Any, **named: Any) -> Callable[[], str | None]:
    """Return what asks a constructor: the text of its UsageError, None when it takes the values."""

    def ask() -> str | None:
        try:
            call(*given, **named)
        except UsageError as error:
            return str(error)
        return None

    return ask


def told(main: Main, words: Sequence[str]) -> Callable[[], str | None]:
    """Return what asks the command line: its one line on standard error, None when it does the work."""

    def ask() -> str | None:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(list(words))
        if status in (0, 1):
            return None
        if status != 2 or out.getvalue() or not err.getvalue().endswith("\n"):
            raise RuntimeError(
                f"exit status {status}, output {out.getvalue()[:100]!r}, {err.getvalue()[:200]!r}"
            )
        return err.getvalue()[:-1]

    return ask


Chosen = Callable[[Iterator[Case]], Iterator[Case]]


def answers_of(kind: str, main: Main, chosen: Chosen = iter) -> list[dict[str, str]]:
    """Ask some cases of a kind ("command" or "constructor"); return their names, faults, and reasons.

    Whatever they make is made in a temporary folder, which is the current one meanwhile.
    """
    from ractheory.trust.bad_objects import constructor_cases
    from ractheory.trust.bad_words import command_cases

    with (
        tempfile.TemporaryDirectory(prefix="ractheory-trust-") as folder,
        chdir(folder),
    ):
        at = Path(folder)
        cases = command_cases(main, at) if kind == "command" else constructor_cases(at)
        return [answer(case).to_json() for case in chosen(cases)]


def tally(answers: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return the numbers of bad inputs, and the cases that were accepted or answered badly."""
    wrong = [row for row in answers if row["wrong"]]
    return {
        "bad_inputs": len(answers),
        "answered": len(answers) - len(wrong),
        "accepted": [row for row in answers if row["accepted"] and not row["wrong"]],
        "badly_answered": wrong,
    }


def spelled(words: Sequence[str]) -> str:
    """Return words as they are named in results: quoted where they need it, and short."""
    text = " ".join(w if w.isprintable() and w and " " not in w else repr(w) for w in words)
    return text if len(text) <= 160 else text[:157] + "..."


def each(values: Sequence[str], before: Sequence[str], option: str) -> Iterator[list[str]]:
    """Yield the words of a command with every value of one option.

    >>> list(each(["x"], ["exact"], "--rank"))
    [['exact', '--rank', 'x']]
    """
    for value in values:
        yield [*before, option, value]
