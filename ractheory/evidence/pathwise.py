"""Round-off, derived once, and inequalities that must hold on every step of every run."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import ArrayLike

from ractheory.errors import UsageError
from ractheory.evidence.betting import Array
from ractheory.evidence.verdict import Evidence, Verdict

UNDERFLOW = float(np.finfo(np.float64).smallest_subnormal)
"""What one operation can be off by, whatever its size, where its result is too small to be held."""


def round_off(operations: ArrayLike, scale: ArrayLike) -> Array:
    """Return gamma_n * scale + n UNDERFLOW, gamma_n = n eps / (1 - n eps): what n operations can be off by.

    n rounded operations multiply each term of size at most `scale` by prod (1 + d_i)^{+-1} with
    |d_i| <= u, which differs from 1 by at most n u / (1 - n u); the unit round-off u = eps/2 is
    taken twice, so that library functions accurate to one unit in the last place (exp, log, tanh)
    count as one operation. Infinite once n eps >= 1; 0 at the scale 0, where every term is. Source:
    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002), Lemma 3.1 and (2.8).

    >>> round_off(1, 1.0) == np.finfo(float).eps / (1 - np.finfo(float).eps)
    np.True_
    """
    n_eps = np.asarray(operations, dtype=np.float64) * np.finfo(np.float64).eps
    size = np.asarray(scale, dtype=np.float64)
    if np.any(~(n_eps >= 0)) or np.any(~(size >= 0)):
        raise UsageError.of(
            "round-off of", (operations, scale), "operations >= 0 and a scale >= 0", "mend them"
        )
    with np.errstate(divide="ignore", over="ignore"):
        gamma = np.where(n_eps < 1.0, n_eps / np.maximum(1.0 - n_eps, 0.0), inf)
        small = np.asarray(operations, dtype=np.float64) * UNDERFLOW
        return np.where(size > 0.0, gamma * np.where(size > 0.0, size, 1.0) + small, 0.0)[()]


def pathwise(
    slack: ArrayLike, allowance: ArrayLike, masked: ArrayLike | None = None
) -> tuple[Verdict, Evidence]:
    """Decide "slack >= 0 everywhere" up to `allowance`, the derived round-off of each entry.

    slack[s, t] = right - left side at step t of seed s (any shape), allowance >= 0 of a shape that
    broadcasts to it. One entry below -allowance refutes; a NaN, or an allowance that is not finite,
    leaves undecided unless another entry refutes; entries where `masked` is true do not count.

    >>> verdict, evidence = pathwise([[0.5, -1e-17], [0.1, 0.2]], 1e-16)
    >>> verdict.value, evidence.worst_at, round(evidence.worst, 3)
    ('confirmed', (0, 1), 0.1)
    """
    values = np.asarray(slack, dtype=np.float64)
    allowed = np.broadcast_to(np.asarray(allowance, dtype=np.float64), values.shape)
    if np.any(allowed < 0.0):
        raise UsageError.of("allowance", float(allowed.min()), "numbers >= 0", "use round_off")
    counted = np.ones(values.shape, bool) if masked is None else ~np.asarray(masked, dtype=bool)
    known = counted & ~np.isnan(values) & np.isfinite(allowed)
    seeds = values.shape[0] if values.ndim else 1
    if not known.any():
        detail = f"no entry of {values.size} can be compared"
        return Verdict.UNDECIDED, Evidence("pathwise", 0.0, None, None, seeds, detail)
    ratio = _in_units(-values, allowed)
    among = np.flatnonzero(known)
    worst = among[np.argmax(ratio.ravel()[among])]
    at = tuple(int(i) for i in np.unravel_index(worst, values.shape))
    violated = known & (values < -allowed)
    unknown = int((counted & ~known).sum())
    if violated.any():
        verdict = Verdict.REFUTED
    else:
        verdict = Verdict.UNDECIDED if unknown else Verdict.CONFIRMED
    detail = (
        f"{int(violated.sum())} of {int(known.sum())} entries violated, {unknown} unknown; "
        f"worst at {at}: slack {values[at]:.6g}, allowed -{allowed[at]:.6g}"
    )
    evidence = Evidence(
        "pathwise", 0.0, None, None, seeds, detail, worst=float(ratio[at]), worst_at=at
    )
    return verdict, evidence


def _in_units(violation: Array, allowed: Array) -> Array:
    """Return violation / allowed, with 0/0 = 0 and the sign kept where allowed is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(violation == 0.0, 0.0, violation / allowed)
