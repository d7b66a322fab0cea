"""What the factor that AsymLoRA froze cannot reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.context import Context, measures
from ractheory.compare.curvature import symmetric_root
from ractheory.methods import Trains
from ractheory.sketches import factor, projection
from ractheory.theorems import symbols

Array = NDArray[np.float64]


@measures(symbols.frozen_residual_sq)
def frozen_residual_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """|(I - Pi) K^{1/2} (W* - W_0)|^2 with the factor that each seed froze, from the curvature of f."""
    f, method = context.experiment.objective, context.experiment.method
    assert f.constants.minimiser is not None
    shape = f.shapes[0]
    D = (context.experiment.start - f.constants.minimiser).reshape(shape)
    roots = curvature_roots(f.quadratic_form(), D, method.trains)
    d = shape[0] if method.trains is Trains.LEFT else shape[1]
    factors = (factor(method.law, d, context.stream, seed) for seed in range(context.run.seeds))
    return np.array([sum(_outside(root, B, x) for root, x in roots) for B in factors])


def curvature_roots(curvature: Any, D: Array, trains: Trains) -> list[tuple[Array, Array]]:
    """Return pairs (K_j^{1/2}, x_j) whose residuals outside K_j^{1/2} range(B) add up to the floor.

    `curvature` is ("entry", weights), ("left", K) or ("right", K). With B frozen the x_j are columns of
    D; with A frozen everything is transposed.
    """
    kind, K = curvature
    if trains is Trains.RIGHT:
        kind, K, D = {"left": "right", "right": "left"}.get(kind, kind), K.T, D.T
    if kind == "entry":
        return [(np.diag(np.sqrt(K[:, j])), np.sqrt(K[:, j]) * D[:, j]) for j in range(D.shape[1])]
    root = symmetric_root(K)
    if kind == "left":
        return [(root, root @ D)]
    return [(np.eye(len(D)), D @ root)]


def _outside(root: Array, B: Array, x: Array) -> float:
    """Return |(I - Pi) x|^2, Pi the projection onto range(root B)."""
    return float(np.sum((x - projection(root @ B) @ x) ** 2))
