"""Samplers of the frozen factor, and the orthonormal basis of its range, compiled.

`draw_factor` fills a d x r matrix whose range is the range of the projection; `range_basis` turns it
into an orthonormal basis, dropping dependent columns: that is the pseudo-inverse in
H = B (B^T B)^+ B^T.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np

from ractheory.compiled import KERNEL, njit
from ractheory.engine.random import SECOND, fill_normal, fill_sign, fill_sphere, shuffle, uniform


class LawCode(IntEnum):
    """The laws of `ractheory.laws` as the kernels know them.

    HAAR stands for any factor whose range is a Haar subspace: Gaussian entries, or where the kernels can do
    with less, a direction. GAUSSIAN keeps its entries N(0, 1), for methods that train on the factor itself.
    """

    GAUSSIAN = 0
    COORDINATES = 1
    IMPORTANCE = 2
    RADEMACHER = 3
    HADAMARD = 4
    IDENTITY = 5
    HAAR = 6


GAUSSIAN, COORDINATES, IMPORTANCE, RADEMACHER, HADAMARD, IDENTITY, HAAR = (int(c) for c in LawCode)
DEPENDENT = 64.0 * np.finfo(np.float64).eps
"""A column whose part outside the earlier ones is below DEPENDENT * d of its norm adds no direction:
twice-applied Gram-Schmidt leaves round-off of a few d * eps on an exactly dependent column."""


@njit(**KERNEL)
def draw_factor(law, probabilities, key, seed, link, purpose, order, B):  # type: ignore[no-untyped-def]
    """Fill B (d x r) with one draw of the frozen factor; `order` is integer scratch of length d."""
    d, r = B.shape
    if law == HAAR and d == 3 and r == 1:
        fill_sphere(key, seed, link, purpose, B.reshape(3), 0)
    elif law in (GAUSSIAN, HAAR):
        columns = np.empty(r * d)  # column after column: the order in which kernels want them
        fill_normal(key, seed, link, purpose, columns)
        for k in range(r):
            for i in range(d):
                B[i, k] = columns[k * d + i]
    elif law == RADEMACHER:
        fill_sign(key, seed, link, purpose, B.reshape(d * r))
    elif law == COORDINATES:
        _draw_subset(key, seed, link, purpose, r, order)
        B.fill(0.0)
        for k in range(r):
            B[order[k], k] = 1.0
    elif law == IMPORTANCE:
        _draw_systematic(probabilities, key, seed, link, purpose, order, B)
    else:
        _draw_hadamard(key, seed, link, purpose, order, B)


@njit(**KERNEL)
def _draw_subset(key, seed, link, purpose, r, order):  # type: ignore[no-untyped-def]
    for i in range(order.size):
        order[i] = i
    shuffle(key, seed, link, purpose, r, order)


@njit(**KERNEL)
def _draw_systematic(p, key, seed, link, purpose, order, B):  # type: ignore[no-untyped-def]
    """Systematic sampling of a random order: a design of fixed size with inclusion probabilities p."""
    _draw_subset(key, seed, link, purpose, order.size, order)
    B.fill(0.0)
    point = uniform(key, seed, link, purpose, order.size)
    total, chosen = 0.0, 0
    for i in order:
        total += p[i]
        if point < total and chosen < B.shape[1]:
            B[i, chosen] = 1.0
            chosen += 1
            point += 1.0
    if chosen < B.shape[1]:  # round-off in the running total: the last coordinate closes the design
        B[order[-1], chosen] = 1.0


@njit(**KERNEL)
def _draw_hadamard(key, seed, link, purpose, order, B):  # type: ignore[no-untyped-def]
    """r columns of D Had / sqrt(d), D random signs, columns without replacement."""
    d, r = B.shape
    signs = np.empty(d)
    fill_sign(key, seed, link, purpose, signs)
    for i in range(d):
        order[i] = i
    shuffle(key, seed, link, purpose + SECOND, r, order)
    for i in range(d):
        for k in range(r):
            bits, odd = i & order[k], 0
            while bits:
                odd ^= bits & 1
                bits >>= 1
            B[i, k] = signs[i] * (1.0 - 2.0 * odd) / math.sqrt(d)


@njit(**KERNEL)
def range_basis(B, Q):  # type: ignore[no-untyped-def]
    """Write an orthonormal basis of range(B) into the rows of Q (r x d); return its dimension.

    Gram-Schmidt applied twice to each column, dependent columns dropped.
    """
    d, r = B.shape
    k = 0
    for j in range(r):
        before = 0.0
        for i in range(d):
            Q[k, i] = B[i, j]
            before += B[i, j] * B[i, j]
        after = before
        for _ in range(2):
            for q in range(k):
                inner = 0.0
                for i in range(d):
                    inner += Q[q, i] * Q[k, i]
                for i in range(d):
                    Q[k, i] -= inner * Q[q, i]
            after = 0.0
            for i in range(d):
                after += Q[k, i] * Q[k, i]
        norm = math.sqrt(after)
        if norm > DEPENDENT * d * math.sqrt(before):
            for i in range(d):
                Q[k, i] /= norm
            k += 1
    return k
