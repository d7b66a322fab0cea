"""Sketched chains on a quadratic whose curvature acts on the sketched side, in the eigenbasis of the curvature.

With K = U diag(k) U^T, D = U^T (W - W*) and a Haar sketch, U^T B has the law of B: so B is drawn in that basis,
and one link costs O(m n r),

    D <- D - gamma B (B^T B)^{-1} (k B)^T D,    f - f* = 1/2 sum_i k_i |D_i|^2,    |G|^2 = sum_i k_i^2 |D_i|^2

with the row norms |D_i|^2 taken in the pass that updates the rows. A Cholesky factor of B^T B stands for the
QR of B, and B is orthogonalised where that factor would lose accuracy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.compiled import KERNEL, njit
from ractheory.engine.draw import range_basis
from ractheory.engine.plans import fresh_haar_step
from ractheory.engine.projected import fill_diverged, overflowed
from ractheory.engine.random import Purpose, fill_normal_in, fill_sphere, scratch_for_normals
from ractheory.engine.run import Run
from ractheory.engine.threads import over_threads
from ractheory.engine.vectors import add, load, splat, store, total, vfma
from ractheory.methods import Method, Trains
from ractheory.objectives.base import Objective
from ractheory.objectives.structure import Family, Problem

Array = NDArray[np.float64]
SKETCH = int(Purpose.SKETCH)
LEFT = 0
SIDES = (Trains.LEFT, Trains.RIGHT)

ILL_CONDITIONED = 1e-6
"""Smallest share of a diagonal entry of B^T B that a Cholesky pivot may keep before B is orthogonalised."""


@dataclass(frozen=True)
class Spectrum:
    """A quadratic f* + 1/2 <D, K D> on one block, D = W - W*, as its eigenvalues and eigenvectors.

    `side` is the side of W that K acts on; `centre` is W* with that side as its rows.
    """

    eigenvalues: Array
    basis: Array
    centre: Array
    side: int


def spectrum(problem: Problem) -> Spectrum:
    """Return the spectral form of a one-block quadratic or squared loss."""
    _, m, n, side = problem.blocks[0]
    if problem.family == Family.MATRIX_QUADRATIC:
        size = m if side == LEFT else n
        k, U = np.linalg.eigh(problem.X[0].reshape(size, size))
        W = problem.Y[0].reshape(m, n)
        return Spectrum(_cut(k), U, W if side == LEFT else W.T, int(side))
    X, Y, ridge = problem.X, problem.Y, problem.scalars[1]
    k, U = np.linalg.eigh(X.T @ X / len(X) + ridge * np.eye(m))
    k = _cut(k)
    inverse = np.divide(1.0, k, out=np.zeros_like(k), where=k > 0)
    return Spectrum(k, U, U @ (inverse[:, None] * (U.T @ (X.T @ Y / len(X)))), LEFT)


def _cut(k: Array) -> Array:
    """Return the eigenvalues with those that are zero to round-off set to zero."""
    return np.where(k > len(k) * np.finfo(float).eps * k.max(), k, 0.0)


def qualifies(objective: Objective, problem: Problem, method: Method) -> bool:
    """Return whether this module runs the method: a fresh Haar range on the curved side of one block."""
    if len(problem.blocks) != 1 or not objective.constants.fstar_is_exact:
        return False
    squared = problem.family == Family.SQUARED and problem.scalars[2] == 0.0
    if not squared and problem.family != Family.MATRIX_QUADRATIC:
        return False
    curved = LEFT if squared else int(problem.blocks[0, 3])
    return fresh_haar_step(method) and method.trains is SIDES[curved]


# In what follows D is m x p, the factors B and C = k B are r x m (transposed, so that their columns are
# contiguous) and M is r x p, all flat, m and p multiples of four, filled up with zeros.


@njit(**KERNEL)
def sketch(D, m, p, C, r, out):  # type: ignore[no-untyped-def]
    """Write C^T D into out; sixteen columns of D at a time, which stay in the first-level cache."""
    for j in range(0, p - p % 16, 16):
        for k in range(r):
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = splat(0.0)
            for i in range(0, m, 2):
                c, d = splat(C[k * m + i]), splat(C[k * m + i + 1])
                q = i * p + j
                a0, a1 = vfma(c, load(D, q), a0), vfma(c, load(D, q + 4), a1)
                a2, a3 = vfma(c, load(D, q + 8), a2), vfma(c, load(D, q + 12), a3)
                q += p
                b0, b1 = vfma(d, load(D, q), b0), vfma(d, load(D, q + 4), b1)
                b2, b3 = vfma(d, load(D, q + 8), b2), vfma(d, load(D, q + 12), b3)
            q = k * p + j
            store(out, q, add(a0, b0))
            store(out, q + 4, add(a1, b1))
            store(out, q + 8, add(a2, b2))
            store(out, q + 12, add(a3, b3))
    for j in range(p - p % 16, p, 4):
        for k in range(r):
            a0 = b0 = splat(0.0)
            for i in range(0, m, 2):
                a0 = vfma(splat(C[k * m + i]), load(D, i * p + j), a0)
                b0 = vfma(splat(C[k * m + i + 1]), load(D, (i + 1) * p + j), b0)
            store(out, k * p + j, add(a0, b0))


@njit(**KERNEL)
def update(D, m, p, B, r, M, norms):  # type: ignore[no-untyped-def]
    """D <- D - B M, and the squared norms of its rows."""
    for i in range(m):
        a = b = splat(0.0)
        row, j = i * p, 0
        while j + 16 <= p:
            q = row + j
            x0, x1, x2, x3 = load(D, q), load(D, q + 4), load(D, q + 8), load(D, q + 12)
            for k in range(r):
                c, s = splat(-B[k * m + i]), k * p + j
                x0, x1 = vfma(c, load(M, s), x0), vfma(c, load(M, s + 4), x1)
                x2, x3 = vfma(c, load(M, s + 8), x2), vfma(c, load(M, s + 12), x3)
            store(D, q, x0)
            store(D, q + 4, x1)
            store(D, q + 8, x2)
            store(D, q + 12, x3)
            a, b = vfma(x0, x0, a), vfma(x1, x1, b)
            a, b = vfma(x2, x2, a), vfma(x3, x3, b)
            j += 16
        while j < p:
            x0 = load(D, row + j)
            for k in range(r):
                x0 = vfma(splat(-B[k * m + i]), load(M, k * p + j), x0)
            store(D, row + j, x0)
            a = vfma(x0, x0, a)
            j += 4
        norms[i] = total(add(a, b))


@njit(**KERNEL)
def cholesky(B, m, r, L):  # type: ignore[no-untyped-def]
    """Write the Cholesky factor of B^T B into the lower half of L; return the smallest share a pivot kept.

    The diagonal of L holds the reciprocals of its entries. A column of zeros keeps no share: not a number.
    """
    smallest = 1.0
    for k in range(r):
        for l in range(k + 1):
            a = splat(0.0)
            for i in range(0, m, 4):
                a = vfma(load(B, k * m + i), load(B, l * m + i), a)
            L[k, l] = total(a)
    for k in range(r):
        for l in range(k):
            inner = L[k, l]
            for q in range(l):
                inner -= L[k, q] * L[l, q]
            L[k, l] = inner * L[l, l]
        pivot = L[k, k]
        for q in range(k):
            pivot -= L[k, q] * L[k, q]
        share = pivot / L[k, k]
        if not share > ILL_CONDITIONED:
            return share
        smallest = min(smallest, share)
        L[k, k] = 1.0 / math.sqrt(pivot)
    return smallest


@njit(**KERNEL)
def solve(L, r, p, gamma, M):  # type: ignore[no-untyped-def]
    """Overwrite M by gamma (L L^T)^{-1} M; return |L^{-1} M|^2."""
    energy, zero = splat(0.0), splat(0.0)
    for k in range(r):
        scale = splat(L[k, k])
        for j in range(0, p, 4):
            x = load(M, k * p + j)
            for l in range(k):
                x = vfma(splat(-L[k, l]), load(M, l * p + j), x)
            x = vfma(x, scale, zero)
            store(M, k * p + j, x)
            energy = vfma(x, x, energy)
    for k in range(r - 1, -1, -1):
        scale, step = splat(L[k, k]), splat(gamma)
        for j in range(0, p, 4):
            x = load(M, k * p + j)
            for l in range(k + 1, r):
                x = vfma(splat(-L[l, k]), load(M, l * p + j), x)
            store(M, k * p + j, vfma(x, scale, zero))
    for j in range(0, r * p, 4):
        store(M, j, vfma(load(M, j), step, zero))
    return total(energy)


@njit(**KERNEL)
def orthogonalise(B, m, d, r, L):  # type: ignore[no-untyped-def]
    """Overwrite B by an orthonormal basis of its range and zero columns, and L by the identity."""
    given, Q = np.empty((d, r)), np.zeros((r, d))
    for i in range(d):
        for k in range(r):
            given[i, k] = B[k * m + i]
    rank = range_basis(given, Q)
    L.fill(0.0)
    for k in range(r):
        L[k, k] = 1.0
        for i in range(d):
            B[k * m + i] = Q[k, i] if k < rank else 0.0


@njit(**KERNEL)
def energies(eigenvalues, norms):  # type: ignore[no-untyped-def]
    """Return sum_i k_i |D_i|^2 / 2 and sum_i k_i^2 |D_i|^2."""
    f = squares = splat(0.0)
    for i in range(0, norms.size, 4):
        k = load(eigenvalues, i)
        energy = vfma(k, load(norms, i), splat(0.0))
        f, squares = add(f, energy), vfma(k, energy, squares)
    return 0.5 * total(f), total(squares)


@njit(**KERNEL)
def draw(key, seed, link, unit, d, r, words, normals, flat, B, m):  # type: ignore[no-untyped-def]
    """Draw the factor that `draw_factor` draws for a Haar range, d x r, and write it transposed."""
    if unit:
        fill_sphere(key, seed, link, SKETCH, B)
        return
    fill_normal_in(key, seed, link, SKETCH, words, normals, flat)
    for k in range(r):
        for i in range(d):
            B[k * m + i] = flat[k * d + i]


@njit(**KERNEL)
def spectral_block(  # type: ignore[no-untyped-def]
    eigenvalues, d, gamma, r, unit, key, seeds, rows, gap, grad_sq, step_sq, diverged
):
    """Simulate every seed; its row of `rows` is D, and `eigenvalues` are padded as the rows of D are."""
    m, links = eigenvalues.size, step_sq.shape[1]
    p = rows.shape[1] // m
    B, C, L, M = np.zeros(r * m), np.empty(r * m), np.empty((r, r)), np.empty(r * p)
    norms, flat = np.empty(m), np.empty(d * r)
    words, normals = scratch_for_normals(d * r)
    for s in range(seeds.size):
        D = rows[s]
        M.fill(0.0)
        update(D, m, p, B, r, M, norms)
        diverged[s] = -1
        for link in range(links + 1):
            gap[s, link], grad_sq[s, link] = energies(eigenvalues, norms)
            if overflowed(gap[s, link], gap[s, 0]):
                fill_diverged(link, gap[s], grad_sq[s], step_sq[s])
                diverged[s] = link
                break
            if link == links:
                break
            draw(key, seeds[s], link, unit, d, r, words, normals, flat, B, m)
            if not cholesky(B, m, r, L) > ILL_CONDITIONED:
                orthogonalise(B, m, d, r, L)
            for k in range(r):
                for i in range(m):
                    C[k * m + i] = eigenvalues[i] * B[k * m + i]
            sketch(D, m, p, C, r, M)
            step_sq[s, link] = solve(L, r, p, gamma, M)
            update(D, m, p, B, r, M, norms)


def simulate_spectral(
    problem: Problem,
    method: Method,
    key: NDArray[np.uint32],
    seeds: range,
    start: Array,
    links: int,
    threads: int | None,
) -> Run:
    """Simulate every seed of a method that qualifies."""
    q = spectrum(problem)
    shape = (int(problem.blocks[0, 1]), int(problem.blocks[0, 2]))
    d, n = q.centre.shape
    m, p = -(-d // 4) * 4, -(-n // 4) * 4
    W = start.reshape(-1, *shape)
    D = np.zeros((len(seeds), m, p))
    D[:, :d, :n] = q.basis.T @ ((W if q.side == LEFT else W.swapaxes(1, 2)) - q.centre)
    rows, numbers = D.reshape(len(seeds), m * p), np.array(seeds, dtype=np.int64)
    run = Run.begin(len(seeds), links, np.zeros(()), d * n)
    eigenvalues = np.concatenate([q.eigenvalues, np.zeros(m - d)])
    unit = d == 3 and method.rank == 1 and method.law.name == "haar"

    def work(s: int) -> None:
        part = slice(s, s + 1)
        spectral_block(
            eigenvalues, d, method.step, method.rank, unit, key, numbers[part], rows[part],
            run.gap[part], run.grad_sq[part], run.step_sq[part], run.diverged_at[part],
        )  # fmt: skip

    over_threads(work, range(len(seeds)), threads)
    final = q.basis @ D[:, :d, :n] + q.centre
    run.final[:] = (final if q.side == LEFT else final.swapaxes(1, 2)).reshape(len(seeds), -1)
    return run
