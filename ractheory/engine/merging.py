"""A link whose merge is rounded: base weights held in a format of few digits.

A link computes its step Delta = -gamma H G in double precision, at the rounded W, and holds
W+ = fl(W + Delta). With u the unit round-off, |fl(x) - x| <= u |x| entry by entry in the range of normal
numbers, so an update smaller than u/2 times its weight is lost altogether.
"""

from __future__ import annotations

import math

import numpy as np

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.projected import squared_norm
from ractheory.engine.sketching import apply_sketch


@njit(**KERNEL)
def rounded(x, digits, smallest):  # type: ignore[no-untyped-def]
    """Return x rounded to nearest, ties to even: `digits` binary digits, no finer than 2^smallest.

    Scaling by a power of two is exact, and so is the rounding of the scaled number to an integer. There
    is no overflow: the format's largest number is not looked at.
    """
    if x == 0.0 or not math.isfinite(x):
        return x
    exponent = max(math.frexp(x)[1] - digits, smallest)
    return math.ldexp(np.rint(math.ldexp(x, -exponent)), exponent)


@njit(**INNER)
def round_all(w, digits, smallest):  # type: ignore[no-untyped-def]
    """Round every entry of w."""
    for k in range(w.size):
        w[k] = rounded(w[k], digits, smallest)


@njit(**INNER)
def merged_link(problem, plan, side, w, g, room):  # type: ignore[no-untyped-def]
    """Move w to fl(w - gamma H G); return (|H G|^2, lost).

    lost = |sum of rounding errors|/|sum of updates| over the links so far, vectors 0 and 1.
    """
    missing, wanted, step = room.vectors[:3]
    projected = apply_sketch(problem.blocks, plan.sketch, side, room.space, g, step)
    for k in range(w.size):
        update = -plan.sketch.gamma * step[k]
        held = rounded(w[k] + update, plan.digits, plan.smallest)
        wanted[k] += update
        missing[k] += update - (held - w[k])
        w[k] = held
    total = squared_norm(wanted)
    return projected, math.sqrt(squared_norm(missing) / total) if total > 0.0 else 0.0
