"""Numbers given by users, read exactly: every one as a Fraction, every mistake as a UsageError."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from ractheory.errors import UsageError

DIGITS = 100
"""Largest power of ten, and length of a numerator or denominator, that is taken, so that products of three
numbers stay within the range of doubles."""


def exact_number(name: str, value: Any) -> Fraction:
    """Return `value` (an int, float, Fraction, decimal string or "p/q") as an exact Fraction.

    >>> exact_number("step", "0.1"), exact_number("step", "2/3")
    (Fraction(1, 10), Fraction(2, 3))
    """
    allowed, mend = f"a finite number below 1e{DIGITS}", "write it as 0.25, 1e-3 or 1/3"
    if isinstance(value, bool) or value is None:
        raise UsageError.of(name, value, allowed, mend)
    try:
        parts = str(value).split("/")
        if len(parts) > 2:
            raise ValueError(value)
        numbers = [_decimal(part) for part in parts]
        return numbers[0] / numbers[1] if len(numbers) == 2 else numbers[0]
    except (ValueError, ZeroDivisionError, InvalidOperation):
        raise UsageError.of(name, value, allowed, mend) from None


def _decimal(text: str) -> Fraction:
    """Return the Fraction of one decimal number whose size keeps arithmetic cheap."""
    if len(text) > 2 * DIGITS:
        raise ValueError(text)
    number = Decimal(text.strip())
    if not number.is_finite():
        raise ValueError(text)
    if number == 0:
        return Fraction(0)
    if abs(number.adjusted()) > DIGITS:
        raise ValueError(text)
    return Fraction(number)


def exact_numbers(name: str, values: str | Sequence[Any]) -> list[Fraction]:
    """Return the numbers of a sequence, or of a string separated by commas or spaces.

    >>> exact_numbers("spectrum", "1, 1/2")
    [Fraction(1, 1), Fraction(1, 2)]
    """
    parts = values.replace(",", " ").split() if isinstance(values, str) else list(values)
    if not parts:
        raise UsageError.of(name, values, "at least one number", "separate the numbers by commas")
    return [exact_number(f"number in {name}", part) for part in parts]


def nonnegative(name: str, values: Sequence[Fraction]) -> Sequence[Fraction]:
    """Return `values` after checking that none is negative."""
    for value in values:
        if value < 0:
            raise UsageError.of(f"number in {name}", str(value), "a number >= 0", "remove the sign")
    return values


def eigenvalues(name: str, values: str | Sequence[Any]) -> list[Fraction]:
    """Return the eigenvalues of a curvature: finite, >= 0, not all zero."""
    numbers = list(nonnegative(name, exact_numbers(name, values)))
    if not any(numbers):
        raise UsageError.of(
            name, "all zero", "at least one eigenvalue > 0", "f = 0 has nothing to learn"
        )
    return numbers
