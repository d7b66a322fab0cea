"""The curvature of an objective as a sketch meets it: on its side, on the other, or entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from ractheory.assumptions import MatrixSmooth
from ractheory.methods import Method, Trains
from ractheory.objectives.base import Objective

Matrix = NDArray[np.float64]


def sketch_side(method: Method) -> str:
    """Return "left" or "right", the side that H (or the drawn factor) acts on; "" where there is none.

    A chain of LoRA whose B starts from zero moves W by G A^T A in its first step: its side is that of
    the Gaussian factor.
    """
    match method.trains:
        case Trains.LEFT | Trains.FULL:
            return "left"
        case Trains.RIGHT:
            return "right"
        case Trains.BOTH:
            return "right" if method.gaussian_is_A else "left"
        case _:
            return ""


def curvature_at(f: Objective, side: str) -> MatrixSmooth | None:
    """Return the curvature matrix of f, as one that acts on `side` where it acts on both.

    (L/2) |W - W*|^2 has K = L I on either side.
    """
    form = f.quadratic_form()
    if f.constants.curvature is None and form is not None and side and len(f.shapes) == 1:
        kind, K = form
        if kind == "entry" and K.min() == K.max():
            d = f.shapes[0][side == "right"]
            level = (float(K.flat[0]),) * d
            return MatrixSmooth(level, level, side)
    return f.constants.curvature


@dataclass(frozen=True)
class Columns:
    """Columns of D that share one curvature: a part of f of value 1/2 tr(D^T K D).

    `K` has shape (d, d) and `D` shape (d, k), d the sketched dimension.
    """

    K: Matrix
    D: Matrix

    @cached_property
    def eigen(self) -> tuple[Matrix, Matrix]:
        """Eigenvalues and eigenvectors of K."""
        k, U = np.linalg.eigh(self.K)
        return np.maximum(k, 0.0), U


def columns(f: Objective, side: str, D: Matrix) -> list[Columns] | None:
    """Return f - f* as a sum of parts, a part for each curvature that the sketch meets.

    D = W - W* has the shape of the block. With K on the sketch's side all columns share it; with K on the
    other side D is rotated into its eigenbasis, and column j meets k_j I; with a weight for each entry
    column j meets Diag(weights[:, j]). A right sketch is the transpose. None unless f is a quadratic
    of one block.
    """
    form = f.quadratic_form()
    if form is None:
        return None
    kind, K = form
    if side == "right":
        kind = {"left": "right", "right": "left"}.get(kind, kind)
        K, D = K.T, D.T
    if kind == "left":
        return [Columns(K, D)]
    if kind == "right":
        levels, U = np.linalg.eigh(K)
        levels, D = np.maximum(levels, 0.0), D @ U
        return [Columns(k * np.eye(len(D)), D[:, [j]]) for j, k in enumerate(levels)]
    if K.min() == K.max():
        return [Columns(K.flat[0] * np.eye(len(D)), D)]
    return [Columns(np.diag(K[:, j]), D[:, [j]]) for j in range(D.shape[1])]


def projection_level(K: Matrix) -> tuple[float, int] | None:
    """Return (L, rank P) if K = L P with P an orthogonal projection, else None.

    Eigenvalues count as 0 or as L up to the round-off of an eigenvalue problem of this order.
    """
    k = np.linalg.eigvalsh(K)
    L, slack = float(k[-1]), 8 * len(k) * np.finfo(float).eps
    low = np.abs(k) <= slack * L
    high = np.abs(k - L) <= slack * L
    return (L, int(high.sum())) if bool(np.all(low | high)) else None


@lru_cache(maxsize=16)
def level_of(f: Objective) -> tuple[float, int] | None:
    """Return (L, rank P) for a quadratic of one block with K = L P on one side, else None."""
    form = f.quadratic_form()
    return None if form is None or form[0] == "entry" else projection_level(form[1])


def symmetric_root(K: Matrix) -> Matrix:
    """Return the positive semidefinite square root of K."""
    values, U = np.linalg.eigh(K)
    return (U * np.sqrt(np.maximum(values, 0.0))) @ U.T
