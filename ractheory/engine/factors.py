"""The drawn factor B of a link, and the inverse of its Gram matrix B^T B, which stands for a QR factorisation.

A factor is held as r rows of length m (transposed, so that its columns are contiguous; m a multiple of WIDTH,
filled up with zeros), a Gram matrix as r rows of a length that is padded as well; both are flat. B is
orthogonalised where the inverse would lose accuracy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.draw import range_basis
from ractheory.engine.random import Purpose, fill_normal_in, fill_sphere, scratch_for_normals
from ractheory.vectors import WIDTH, aligned, load, multiply, splat, store, total, vfma

Array = NDArray[np.float64]
SKETCH = int(Purpose.SKETCH)

ILL_CONDITIONED = 1e-6
"""Smallest share of a diagonal entry of B^T B that a pivot may keep before B is orthogonalised."""


@njit(**INNER)
def padded(size):  # type: ignore[no-untyped-def]
    """Return the least multiple of WIDTH that is not below `size`."""
    return (size + WIDTH - 1) // WIDTH * WIDTH


@njit(**INNER)
def draw(key, seed, link, unit, size, first, second, x, y, flat, at):  # type: ignore[no-untyped-def]
    """Draw the factor that `draw_factor` draws for a Haar range, column after column, into flat[at : at + size].

    The arrays are those of `scratch_for_normals`.
    """
    if unit:
        fill_sphere(key, seed, link, SKETCH, flat, at)
    else:
        fill_normal_in(key, seed, link, SKETCH, size, first, second, x, y, flat, at)


@njit(**INNER)
def spread(flat, d, r, m, B, b):  # type: ignore[no-untyped-def]
    """Write the r columns of length d that `flat` holds as rows of length m, filled up, from entry b of B on."""
    for k in range(r):
        for i in range(0, m, WIDTH):
            store(B, b + k * m + i, load(flat, k * d + i))
        for i in range(d, m):
            B[b + k * m + i] = 0.0


@njit(**INNER)
def scale(weights, B, m, rows, out):  # type: ignore[no-untyped-def]
    """Write diag(weights) B into out."""
    for i in range(0, m, WIDTH):
        w = load(weights, i)
        for k in range(rows):
            store(out, k * m + i, multiply(w, load(B, k * m + i)))


@njit(**INNER)
def inner(A, a, B, b, size):  # type: ignore[no-untyped-def]
    """Return the inner product of A[a : a + size] and B[b : b + size]."""
    x = splat(0.0)
    for i in range(0, size, WIDTH):
        x = vfma(load(A, a + i), load(B, b + i), x)
    return total(x)


@njit(**INNER)
def gram(C, c, m, q, w, X, x):  # type: ignore[no-untyped-def]
    """Write C^T C, C from entry c on, as rows of length w from entry x of X on."""
    for k in range(q):
        for l in range(k + 1):
            entry = inner(C, c + k * m, C, c + l * m, m)
            X[x + k * w + l] = entry
            X[x + l * w + k] = entry


@njit(**INNER)
def invert(G, at, r, w, wide, S):  # type: ignore[no-untyped-def]
    """Write the inverse of the r x r matrix G into S (Gauss and Jordan); return the smallest share a pivot kept.

    Both are rows of length w, from entry `at` on. The pivots are the squares of those of Cholesky. Stops at the
    first that keeps too little, for which a column of zeros counts: its share is not a number. `wide` is scratch
    for G beside the identity, r x 2 padded(r).
    """
    half, smallest = padded(r), 1.0
    whole = 2 * half
    for i in range(r):
        for j in range(half):
            wide[whole * i + j] = G[at + w * i + j] if j < r else 0.0
            wide[whole * i + half + j] = 1.0 if i == j else 0.0
    for k in range(r):
        pivot = wide[whole * k + k]
        share = pivot / G[at + w * k + k]
        if not share > ILL_CONDITIONED:
            return share
        smallest = min(smallest, share)
        part = splat(1.0 / pivot)
        for j in range(whole * k, whole * (k + 1), WIDTH):
            store(wide, j, multiply(part, load(wide, j)))
        for i in range(r):
            if i != k:
                x = splat(-wide[whole * i + k])
                for j in range(0, whole, WIDTH):
                    row = load(wide, whole * i + j)
                    store(wide, whole * i + j, vfma(x, load(wide, whole * k + j), row))
    for i in range(r):
        for j in range(r):
            S[at + w * i + j] = wide[whole * i + half + j]
    return smallest


@njit(**INNER)
def invert_pair(G, at, w, S):  # type: ignore[no-untyped-def]
    """The same for r = 2, in closed form."""
    a, b, c = G[at], G[at + 1], G[at + w + 1]
    determinant = a * c - b * b
    part = 1.0 / determinant
    S[at], S[at + 1], S[at + w], S[at + w + 1] = c * part, -b * part, -b * part, a * part
    return determinant / (a * c)


@njit(**KERNEL)
def orthogonalise(B, b, m, d, r, given, Q):  # type: ignore[no-untyped-def]
    """Overwrite the factor from entry b of B on by an orthonormal basis of its range and zero columns.

    given (d x r) and Q (r x d) are scratch.
    """
    for i in range(d):
        for k in range(r):
            given[i, k] = B[b + k * m + i]
    rank = range_basis(given, Q)
    for k in range(r):
        for i in range(d):
            B[b + k * m + i] = Q[k, i] if k < rank else 0.0


@njit(**KERNEL)
def grams_and_inverses(B, b, m, d, r, q, G, S, w, wide, given, Q):  # type: ignore[no-untyped-def]
    """Write B^T B of q / r factors, and its inverse, along the diagonals of G and S, rows of length w.

    The first factor begins at entry b of B. One that has to be is orthogonalised first; then both are the identity.
    """
    for k in range(0, q, r):
        at = k * w + k
        gram(B, b + k * m, m, r, w, G, at)
        share = invert_pair(G, at, w, S) if r == 2 else invert(G, at, r, w, wide, S)
        if not share > ILL_CONDITIONED:
            orthogonalise(B, b + k * m, m, d, r, given, Q)
            for i in range(r):
                for j in range(r):
                    G[at + i * w + j] = S[at + i * w + j] = 1.0 if i == j else 0.0


@njit(**INNER)
def norms_and_inverses(B, b, m, q, G, S, w):  # type: ignore[no-untyped-def]
    """The same for factors of one column; of a column of zeros the inverse, as its sketch, is zero."""
    for k in range(q):
        square = inner(B, b + k * m, B, b + k * m, m)
        G[k * w + k] = square
        S[k * w + k] = 1.0 / square if square > 0.0 else 0.0


@njit(**INNER)
def solve(S, at, w, r, T, p, gamma, M):  # type: ignore[no-untyped-def]
    """Write M = -gamma S T, S an r x r matrix from entry `at` on, rows of length w; return the product <T, S T>.

    T and M are r x p.
    """
    energy = splat(0.0)
    for i in range(r):
        for j in range(0, p, WIDTH):
            x = splat(0.0)
            for l in range(r):
                x = vfma(splat(S[at + i * w + l]), load(T, l * p + j), x)
            energy = vfma(x, load(T, i * p + j), energy)
            store(M, i * p + j, multiply(splat(-gamma), x))
    return total(energy)


class Grams(NamedTuple):
    """The Gram matrices of the factors of some links, and what they are drawn and inverted in.

    G = B^T B and S = G^{-1} stand along the diagonals of matrices; the last five are what normal deviates are made in.
    """

    G: Array
    S: Array
    wide: Array
    given: Array
    Q: Array
    words: NDArray[np.int32]
    more_words: NDArray[np.int32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    flat: Array


@njit(**KERNEL)
def room_for_grams(d, r, links):  # type: ignore[no-untyped-def]
    """Return room for the d x r factors of so many links at once."""
    q, w = links * r, padded(links * r)
    return Grams(
        aligned(q * w), aligned(q * w), aligned(2 * r * padded(r)), np.empty((d, r)), np.empty((r, d)),
        *scratch_for_normals(d * r, links),
    )  # fmt: skip


@njit(**INNER)
def draw_factors(key, seed, link, links, unit, d, r, m, B, b, w, grams):  # type: ignore[no-untyped-def]
    """Draw the factors of some links into B from entry b on, and write G and S, rows of length w."""
    for k in range(links):
        draw(
            key, seed, link + k, unit, d * r,
            grams.words, grams.more_words, grams.x, grams.y, grams.flat, k * d * r,
        )  # fmt: skip
    q = links * r
    spread(grams.flat, d, q, m, B, b)
    if r == 1:
        norms_and_inverses(B, b, m, q, grams.G, grams.S, w)
    else:
        grams_and_inverses(B, b, m, d, r, q, grams.G, grams.S, w, grams.wide, grams.given, grams.Q)
