"""Options: a parser whose errors are one line, and values read from text."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
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


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
