"""Observables of the factors: the sharpness of best points, and the factor that a scalar chain drew."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.context import Context, measures
from ractheory.engine.random import Purpose, fill_normal, stream_key
from ractheory.sketches import factor
from ractheory.theorems import symbols

Array = NDArray[np.float64]


@measures(symbols.factor_sq)
def factor_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """a_t^2 of the Gaussian factor that each seed of a scalar chain drew for link t."""
    method = context.experiment.method
    drawn = [
        [
            factor(method.law, 1, context.stream, seed, link)[0, 0]
            for link in range(context.run.links)
        ]
        for seed in range(context.run.seeds)
    ]
    return (method.initial_std * np.array(drawn)) ** 2


def best_points(context: Context) -> list[tuple[Array, Array]]:
    """Return one pair (B, A) a seed with s B A a best approximation of W* - W_0 of rank r.

    With U S V^T the leading singular triples, B = U S^{1/2} M and A = M^{-1} S^{1/2} V^T/s for an
    invertible M, drawn for each seed; the first seed has M = I.
    """
    f, method = context.experiment.objective, context.experiment.method
    assert f.constants.minimiser is not None
    shift = (f.constants.minimiser - context.experiment.start).reshape(f.shapes[0])
    U, sigma, Vt = np.linalg.svd(shift, full_matrices=False)
    r = method.rank
    root = np.sqrt(sigma[:r] / method.scale)
    points = []
    for seed in range(context.run.seeds):
        M = np.eye(r)
        if seed > 0:
            drawn = np.empty(r * r)
            fill_normal(stream_key(context.stream), seed, 0, int(Purpose.INITIAL_FACTOR), drawn)
            # With singular values within a factor of e or so: round-off stays small.
            left, _, right = np.linalg.svd(drawn.reshape(r, r))
            M = (left * np.exp(np.linspace(-0.5, 0.5, r) if r > 1 else drawn[:1] / 2)) @ right
        points.append(((U[:, :r] * root) @ M, np.linalg.solve(M, root[:, None] * Vt[:r])))
    return points


@measures(symbols.factor_norms_sq)
def factor_norms_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    pairs = best_points(context)
    return np.array([np.linalg.norm(A, 2) ** 2 + np.linalg.norm(B, 2) ** 2 for B, A in pairs])


@measures(symbols.factor_curvature)
def factor_curvature(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """Largest eigenvalue of the Hessian of phi at each best point, assembled column by column."""
    f, method = context.experiment.objective, context.experiment.method
    form = f.quadratic_form()
    assert form is not None
    assert f.constants.minimiser is not None
    weights = form[1]
    start = context.experiment.start.reshape(f.shapes[0])
    centre = f.constants.minimiser.reshape(f.shapes[0])
    return np.array(
        [
            np.linalg.eigvalsh(factored_hessian(weights, start - centre, B, A, method.scale))[-1]
            for B, A in best_points(context)
        ]
    )


def factored_hessian(weights: Array, D0: Array, B: Array, A: Array, s: float) -> Array:
    """Return the Hessian of phi(A, B) = 1/2 <D, weights * D>, D = D0 + s B A, in the entries of (A, B).

    Its column for a direction (X, Y) is the derivative of the gradient (s B^T G, s G A^T), G = weights * D:
    with dG = weights * s (B X + Y A) it is (s Y^T G + s B^T dG, s G X^T + s dG A^T).
    """
    G = weights * (D0 + s * B @ A)
    a, size = A.size, A.size + B.size
    H = np.empty((size, size))
    for k in range(size):
        X, Y = np.zeros(A.shape), np.zeros(B.shape)
        if k < a:
            X.flat[k] = 1.0
        else:
            Y.flat[k - a] = 1.0
        dG = weights * (s * (B @ X + Y @ A))
        H[:a, k] = (s * (Y.T @ G + B.T @ dG)).ravel()
        H[a:, k] = (s * (G @ X.T + dG @ A.T)).ravel()
    return (H + H.T) / 2
