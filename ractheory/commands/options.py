"""Options: a parser whose errors are one line, and values read from text."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ractheory.errors import UsageError, integer, real


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError, and names close matches of unknown options."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the options in `arguments`."""
        options, rest = self.parse_known_args(arguments)
        for given in rest:
            known = [s for action in self._actions for s in action.option_strings]
            raise unknown_option(given, known, self.prog)
        return options


def unknown_option(given: str, known: Sequence[str], prog: str) -> UsageError:
    from ractheory.suggest import unknown

    kind = "option" if given.startswith("-") else "argument"
    return unknown(kind, given.split("=")[0], known, f"see '{prog} --help'")


def whole(name: str, text: str, low: int, high: int | None = None, mend: str = "") -> int:
    """Return the integer that `text` spells, between `low` and `high`.

    >>> whole("--workers", "2", 1)
    2
    """
    spelled = re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip())
    return integer(name, int(text) if spelled else text, low, high, mend)


def number(name: str, text: str, **limits: Any) -> float:
    """Return the finite number that `text` spells; `limits` as in `errors.real`.

    >>> number("--step", "0.5", low=0.0)
    0.5
    """
    spelled = re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text.strip())
    # Quoted, what is no plain decimal is no number for `real` either.
    return real(name, float(text) if spelled else repr(text), **limits)


SCHEDULER = "run on the workers of this Dask scheduler instead (tcp://HOST:PORT)"


def add_workers(parser: Parser) -> None:
    """Add the option that says how many processes work."""
    parser.add_argument(
        "--workers",
        metavar="N",
        help="processes (as many as processors); results do not depend on it",
    )


def add_cluster(parser: Parser) -> None:
    """Add the options of long work: who does it, and whether it goes on where it was left."""
    add_workers(parser)
    parser.add_argument("--scheduler", metavar="ADDRESS", help=SCHEDULER)
    parser.add_argument(
        "--resume", action="store_true", help="take over what an earlier run into DIR has finished"
    )


def workers_of(options: argparse.Namespace) -> int:
    """Return how many processes `options` ask for: as many as there are processors, unless they say."""
    return processors() if options.workers is None else whole("--workers", options.workers, 1)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def results_folder(options: argparse.Namespace) -> Path:
    """Return the folder that --out names; raises UsageError for what can be none."""
    if not options.out or "\0" in options.out:
        raise UsageError.of(
            "--out", options.out or "''", "the path of a folder", "leave it out for results"
        )
    return Path(options.out)


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
