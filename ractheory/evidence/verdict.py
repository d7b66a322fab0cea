"""What a check can come to, what a verdict rests on, and how a run's error rate is shared."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import inf, isnan, log10

import numpy as np

from ractheory.errors import UsageError, real

RUN_ERROR_RATE = 1e-6
"""Chance that any verdict of a whole run is wrong, unless the user sets it."""

CLAIM_CAPACITY = 1000
"""Number of claims over which the rate of a run is split, whichever of them run."""


class Verdict(StrEnum):
    """What a check can come to."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not-applicable"


def claim_error_rate(run_rate: float = RUN_ERROR_RATE) -> float:
    """Return the share of one claim in the error rate of a run (union bound).

    >>> claim_error_rate(0.05)
    5e-05
    """
    return real("error rate", run_rate, 0.0, 1.0, open_low=True, open_high=True) / CLAIM_CAPACITY


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on.

    kind: "exact", "pathwise", "statistical" or "proof". e_value: evidence against the statement
    (its expectation is at most 1 if the statement holds); confidence_bound: upper bound of the
    mean for "at most", lower for "at least", of the distance for laws. worst: largest violation in
    units of the allowed round-off (above 1 is a violation), at the index worst_at (seed, step).
    """

    kind: str
    error_rate: float
    e_value: float | None
    confidence_bound: float | None
    seeds: int
    detail: str
    log10_e_value: float | None = None
    worst: float | None = None
    worst_at: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        kinds = ("exact", "pathwise", "statistical", "proof")
        if self.kind not in kinds:
            raise UsageError.of("kind", self.kind, f"one of {', '.join(kinds)}", "choose one")
        if self.e_value is not None and self.log10_e_value is None:
            power = log10(self.e_value) if 0 < self.e_value < inf else inf * (self.e_value or -1)
            object.__setattr__(self, "log10_e_value", power)

    def to_json(self) -> dict[str, object]:
        """Return a JSON object whose numbers are finite: infinity becomes the largest float.

        >>> Evidence("exact", 0.0, None, None, 0, "by hand").to_json()["kind"]
        'exact'
        """
        return {key: _finite(value) for key, value in asdict(self).items()}


def _finite(value: object) -> object:
    if isinstance(value, tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float):
        if isnan(value):
            return None
        return float(np.clip(value, -sys.float_info.max, sys.float_info.max))
    return value
