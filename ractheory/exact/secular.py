"""Spectral radius, stability and one-step factor of the exact recursion, decided and not computed.

The numbers of `ractheory.exact.stability` are floating point. Here the same secular equation answers
yes or no in rationals or balls: for M of `ractheory.exact.recursion` on {i: k_i > 0}, with d = diag part
and w = gamma^2 spread k^2,

    radius < q   iff   q > max d_i and sum w_i/(q - d_i) < 1,

since the left side of the secular equation falls in q right of the poles; and gamma is stable iff
gamma same k_max < 2 mean and sum gamma spread k_i/(2 mean - gamma same k_i) < 1. Of balls, True means proved.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from ractheory.exact.recursion import RowRecursion


def _positive(chain: RowRecursion) -> list[tuple[Any, Any, Any]]:
    """Return (k_i, d_i, w_i) of the positive eigenvalues."""
    rows = zip(chain.k, chain.diagonal, chain.weights, strict=True)
    return [(k, d, w) for k, d, w in rows if k != 0]


def radius_below(chain: RowRecursion, q: Any) -> bool:
    """Whether the spectral radius is proved to be below q.

    >>> from fractions import Fraction as F
    >>> from ractheory.exact.moments import haar
    >>> from ractheory.exact.recursion import vector
    >>> chain = RowRecursion(vector([F(1), F(1)]), F(1), haar(2, 1))     # radius 1/2
    >>> radius_below(chain, F(51, 100)), radius_below(chain, F(1, 2))
    (True, False)
    """
    rows = _positive(chain)
    if not all(bool(q > d) for _, d, _ in rows):
        return False
    return bool(_total([w / (q - d) for _, d, w in rows]) < 1)


def radius_above(chain: RowRecursion, q: Any) -> bool:
    """Whether the spectral radius is proved to be above q."""
    rows = _positive(chain)
    if any(bool(d > q) for _, d, _ in rows):
        return True
    if not all(bool(q > d) for _, d, _ in rows):
        return False
    return bool(_total([w / (q - d) for _, d, w in rows]) > 1)


def within_limit(chain: RowRecursion) -> bool:
    """Whether the step of `chain` is proved to be at most the limit of mean-square stability."""
    load = _load(chain)
    return load is not None and bool(load <= 1)


def beyond_limit(chain: RowRecursion) -> bool:
    """Whether the step of `chain` is proved to be at least the limit of mean-square stability."""
    if any(bool(room <= 0) for room in _rooms(chain)):
        return True
    load = _load(chain)
    return load is not None and bool(load >= 1)


def _rooms(chain: RowRecursion) -> list[Any]:
    moments, gamma = chain.moments, chain.gamma
    return [2 * moments.mean - gamma * moments.same * k for k, _, _ in _positive(chain)]


def _load(chain: RowRecursion) -> Any:
    """Return sum gamma spread k_i/(2 mean - gamma same k_i); None where a denominator is not positive.

    Without spread nothing is added, and a denominator may be zero: at gamma = 2/L of full gradients.
    """
    rooms, spread = _rooms(chain), chain.moments.spread
    if spread == 0:
        return spread if all(bool(room >= 0) for room in rooms) else None
    if not all(bool(room > 0) for room in rooms):
        return None
    shares = zip(_positive(chain), rooms, strict=True)
    return _total([chain.gamma * spread * k / room for (k, _, _), room in shares])


def _total(values: list[Any]) -> Any:
    return reduce(add, values)
