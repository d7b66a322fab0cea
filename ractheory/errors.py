"""The one exception that a user's mistake raises.

Its text is always one line with three parts: what was given, what is allowed, and how to mend it.
The command line prints that line and exits with status 2.
"""

from collections.abc import Iterable
from operator import index
from os import PathLike
from pathlib import Path


class UsageError(ValueError):
    """Unusable input, explained in one line.

    >>> raise UsageError.of("rank", 7, "an integer from 1 to 3", "lower the rank or enlarge the matrix")
    Traceback (most recent call last):
        ...
    ractheory.errors.UsageError: rank = 7: allowed is an integer from 1 to 3; lower the rank or enlarge the matrix
    """

    @classmethod
    def of(cls, name: str, given: object, allowed: str, mend: str) -> "UsageError":
        """Return the error for the value `given` of `name`."""
        shown = str(given) if isinstance(given, str) else repr(given)
        shown = " ".join(shown.split())
        if len(shown) > 120:
            shown = shown[:117] + "..."
        return cls(f"{name} = {shown}: allowed is {allowed}; {mend}")


def stream_name(name: str, value: object) -> str:
    """Return `value` as the name of random numbers: 1 to 100 printable characters, or raise UsageError.

    >>> stream_name("--seed", "ractheory")
    'ractheory'
    """
    if isinstance(value, str) and value.isprintable() and 1 <= len(value) <= 100:
        return value
    raise UsageError.of(
        name, value, "a name of 1 to 100 printable characters", "choose another name"
    )


LARGEST = 2**53
"""Integers above this are no sizes or counts, and are not exact as floating-point numbers."""


def truth(name: str, value: object) -> bool:
    """Return `value`, which is True or False, or raise UsageError.

    >>> truth("replacement", False)
    False
    """
    if isinstance(value, bool):
        return value
    raise UsageError.of(name, value, "true or false", "choose one")


def integer(name: str, value: object, low: int, high: int | None = None, mend: str = "") -> int:
    """Return `value` as an int in [low, high], or raise UsageError; without `high`, up to `LARGEST`.

    >>> integer("rank", 2, 1, 3)
    2
    """
    allowed = f"an integer from {low} to {high}" if high is not None else f"an integer >= {low}"
    try:
        number = None if isinstance(value, bool) else index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or not low <= number <= (LARGEST if high is None else high):
        allowed += f" and at most {LARGEST}" if number is not None and number > LARGEST else ""
        raise UsageError.of(name, value, allowed, mend or f"choose another {name}")
    return number


def real(
    name: str,
    value: object,
    low: float = float("-inf"),
    high: float = float("inf"),
    *,
    open_low: bool = False,
    open_high: bool = False,
    mend: str = "",
) -> float:
    """Return `value` as a finite float between `low` and `high`, or raise UsageError.

    >>> real("step", 0.5, 0.0, open_low=True)
    0.5
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    above = number > low if open_low else number >= low
    below = number < high if open_high else number <= high
    finite = number - number == 0.0
    if isinstance(value, bool) or not (finite and above and below):
        left = f"{'>' if open_low else '>='} {low:g}" if low != float("-inf") else ""
        right = f"{'<' if open_high else '<='} {high:g}" if high != float("inf") else ""
        bounds = " and ".join(part for part in (left, right) if part)
        allowed = f"a finite number {bounds}".strip()
        raise UsageError.of(name, value, allowed, mend or f"choose another {name}")
    return number


def extended_real(name: str, value: object) -> float:
    """Return `value` as a float that may be infinite, and is no NaN, or raise UsageError.

    >>> extended_real("ceiling", float("inf"))
    inf
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if isinstance(value, (bool, str)) or number != number:
        raise UsageError.of(name, value, "a number, which may be infinite", f"compute {name} first")
    return number


def reals(name: str, values: object) -> tuple[float, ...]:
    """Return finite numbers as a tuple, or raise UsageError.

    >>> reals("factor", [1, 2.5])
    (1.0, 2.5)
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise UsageError.of(f"{name}s", values, "a sequence of numbers", "list them")
    return tuple(real(name, value) for value in values)


def file_path(name: str, value: object) -> Path:
    """Return `value`, a path as text or an object, as a Path, or raise UsageError.

    >>> file_path("spectrum", "a.txt").name
    'a.txt'
    """
    if isinstance(value, (str, PathLike)):
        return Path(value)
    raise UsageError.of(name, value, "a path", "name a file")


MAX_BYTES = 64 * 2**20
"""Of a file that is read whole: a million numbers with all their digits take a third of this."""


def readable(name: str, path: Path, allowed: str, most: int = MAX_BYTES) -> Path:
    """Return `path` if it is a regular file of at most `most` bytes, or raise UsageError.

    A device or a pipe may have no end, so nothing else is opened. `allowed` says what the file holds.

    >>> readable("spectrum", Path("/dev/null"), "text")
    Traceback (most recent call last):
    ractheory.errors.UsageError: spectrum = /dev/null: allowed is text, a regular file of at most 67108864 bytes; ...
    """
    try:
        fits = path.is_file() and path.stat().st_size <= most
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError.of(name, str(path), f"{allowed} ({reason})", "correct the path") from None
    if not fits:
        limits = f"{allowed}, a regular file of at most {most} bytes"
        raise UsageError.of(name, str(path), limits, "correct the path")
    return path
