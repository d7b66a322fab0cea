"""Named spectra: descending eigenvalues from L down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ractheory.errors import UsageError, integer, real
from ractheory.objectives.arrays import Array

KINDS = ("linear", "power", "geometric", "flat")


def spectrum(
    kind: str | Sequence[float] | Array,
    size: int,
    L: float = 1.0,
    condition: float = 10.0,
    decay: float = 2.0,
) -> Array:
    """Return `size` eigenvalues in descending order, the largest L.

    `kind` is "linear" or "geometric" (from L to L/condition), "power" (L i^-decay), "flat" (all L), or
    the eigenvalues themselves (a sequence, or text with commas), which then ignore the other arguments.

    >>> spectrum("power", 3, L=4.0, decay=1.0)
    array([4.        , 2.        , 1.33333333])
    >>> spectrum("0, 2", 2)
    array([2., 0.])
    """
    size = integer("size of the spectrum", size, 1)
    if not isinstance(kind, str) or "," in kind:
        return _explicit(kind.split(",") if isinstance(kind, str) else kind, size)
    L = real("L", L, 0.0, open_low=True)
    condition = real("condition", condition, 1.0)
    decay = real("decay", decay, 0.0)
    position = np.linspace(0.0, 1.0, size)
    if kind == "linear":
        return L * (1 - position * (1 - 1 / condition))
    if kind == "geometric":
        return np.asarray(L * condition**-position)
    if kind == "power":
        return np.asarray(L * np.arange(1.0, size + 1) ** -decay)
    if kind == "flat":
        return np.full(size, L)
    allowed = f"one of {', '.join(KINDS)}, or a list of numbers"
    raise UsageError.of("spectrum", kind, allowed, "name one of them")


def _explicit(values: Sequence[object] | Array, size: int) -> Array:
    if not isinstance(values, (Sequence, np.ndarray)) or len(values) != size:
        raise UsageError.of("spectrum", values, f"{size} numbers", "give one number a dimension")
    k = sorted((real("eigenvalue", v, 0.0) for v in values), reverse=True)
    if k[0] == 0.0:
        raise UsageError.of("spectrum", values, "numbers not all zero", "make one positive")
    return np.array(k)
