"""Seconds that a call takes, for people; no result depends on them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def timed(call: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> tuple[R, float]:
    """Return the result of a call and its seconds."""
    started = time.monotonic()
    result = call(*arguments, **named)
    return result, round(time.monotonic() - started, 3)
