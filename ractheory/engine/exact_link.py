"""The exact minimum of a quadratic over the range of a sketch, by conjugate directions.

Rows p_k of P with p_k^T K p_l = [k = l] that span the range of the sketch give the step W - P^T P G: no
pseudo-inverse of Q K Q^T is formed. Directions without curvature are left out: f is constant there.
"""

from __future__ import annotations

import math

import numpy as np

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.draw import DEPENDENT
from ractheory.engine.gradients import MATRIX_QUADRATIC

LEFT = 0


@njit(**INNER)
def exact_step(problem, side, bases, ranks, w, g, out):  # type: ignore[no-untyped-def]
    """Write into out the step back from the minimum of a quadratic over the range of the sketch: W - out."""
    start = 0
    out.fill(0.0)
    for b in range(problem.blocks.shape[0]):
        offset, m, n, curved = problem.blocks[b]
        matrix = problem.family == MATRIX_QUADRATIC
        size = m if curved == 0 else n
        d, columns = (m, n) if side == LEFT else (n, m)
        along, across = (n, 1) if side == LEFT else (1, n)
        Q, conjugate = bases[b, : ranks[b], :d], np.empty((2, ranks[b], d))
        kept = ranks[b]
        for j in range(columns):
            first = offset + j * across
            if not matrix:
                kept = conjugate_rows(Q, problem.X[0, first:], along, 0, conjugate)
            elif curved != side:
                # The curvature acts on the other side: along the range the minimum is W* itself.
                for i in range(d):
                    at = first + i * along
                    g[at] = w[at] - problem.Y[0, at]
                for k in range(kept):
                    for i in range(d):
                        conjugate[0, k, i] = Q[k, i]
            elif j == 0:
                kept = conjugate_rows(Q, problem.X[0, start:], size, 1, conjugate)
            add_projected(conjugate[0], kept, g, first, along, out)
        if matrix:
            start += size * size


@njit(**INNER)
def add_projected(P, kept, g, first, along, out):  # type: ignore[no-untyped-def]
    """Add P^T P x, x one column of g whose entries are `along` apart, to the same column of out."""
    for k in range(kept):
        inner = 0.0
        for i in range(P.shape[1]):
            inner += P[k, i] * g[first + i * along]
        for i in range(P.shape[1]):
            out[first + i * along] += inner * P[k, i]


@njit(**KERNEL)
def conjugate_rows(Q, K, apart, dense, out):  # type: ignore[no-untyped-def]
    """Write K-orthonormal rows that span range(Q^T) less its flat directions into out[0]; return how many.

    K is diagonal with entries `apart` from each other, or dense with rows `apart` from each other.
    out[1] holds the rows times K. Gram-Schmidt applied twice, as in `range_basis`.
    """
    r, d = Q.shape
    P, KP = out[0], out[1]
    trace = 0.0
    for i in range(d):
        trace += K[i * apart + dense * i]
    k = 0
    for row in range(r):
        for i in range(d):
            P[k, i] = Q[row, i]
        curvature = 0.0
        for _ in range(2):
            for q in range(k):
                inner = 0.0
                for i in range(d):
                    inner += KP[q, i] * P[k, i]
                for i in range(d):
                    P[k, i] -= inner * P[q, i]
            curvature = 0.0
            for i in range(d):
                if dense:
                    KP[k, i] = 0.0
                    for j in range(d):
                        KP[k, i] += K[i * apart + j] * P[k, j]
                else:
                    KP[k, i] = K[i * apart] * P[k, i]
                curvature += KP[k, i] * P[k, i]
        if curvature > DEPENDENT * d * trace:  # the row is at least a unit vector long
            scale = 1.0 / math.sqrt(curvature)
            for i in range(d):
                P[k, i] *= scale
                KP[k, i] *= scale
            k += 1
    return k
