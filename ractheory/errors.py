"""The one exception that a user's mistake raises.

Its text is always one line with three parts: what was given, what is allowed, and how to mend it.
The command line prints that line and exits with status 2.
"""


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


def integer(name: str, value: object, low: int, high: int | None = None, mend: str = "") -> int:
    """Return `value` as an int in [low, high], or raise UsageError.

    >>> integer("rank", 2, 1, 3)
    2
    """
    allowed = f"an integer from {low} to {high}" if high is not None else f"an integer >= {low}"
    is_integer = hasattr(value, "__index__") and not isinstance(value, bool)
    if not is_integer or value < low or (high is not None and value > high):  # type: ignore[operator]
        raise UsageError.of(name, value, allowed, mend or f"choose another {name}")
    return int(value)  # type: ignore[call-overload]


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
