"""The curvature of an objective as a sketch meets it: on its side, on the other, or entry by entry."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ractheory.assumptions import MatrixSmooth
from ractheory.methods import Method, Trains
from ractheory.objectives.base import Objective

Vector = NDArray[np.float64]
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


def nearest_minimiser(f: Objective, w: Vector) -> Vector:
    """Return the minimiser of f nearest to the flat vector w; the one that f knows where K is not known.

    A singular quadratic has a flat of minimisers, and a bound in |W_0 - W*| holds for each of them.

    >>> from ractheory.objectives import objective
    >>> f = objective("spectrum-left", m=2, n=1, spectrum=[1.0, 0.0])
    >>> bool(nearest_minimiser(f, np.array([3.0, 5.0]))[1] == 5.0)
    True
    """
    known, form = f.constants.minimiser, f.quadratic_form()
    assert known is not None
    if f.constants.minimiser_is_unique or form is None or f.constants.pl is None:
        return known
    kind, K = form
    D = (w - known).reshape(f.shapes[0])
    # Eigenvalues below half the least positive one are zero but for their round-off.
    flat = f.constants.pl / 2
    if kind == "entry":
        return known + np.where(flat > K, D, 0.0).ravel()
    k, U = np.linalg.eigh(K)
    N = U[:, k < flat]
    kept = N @ (N.T @ D) if kind == "left" else (D @ N) @ N.T
    return known + kept.ravel()


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
