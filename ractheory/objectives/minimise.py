"""Minima of linear models: closed form, Newton's method to round-off, linear programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ractheory.objectives.arrays import Array


def least_squares(X: Array, Y: Array, ridge: float) -> Array:
    """Return the minimiser of |X W - Y|^2/(2N) + ridge/2 |W|^2, the one nearest to zero."""
    N, p = X.shape
    if ridge == 0:
        return np.asarray(np.linalg.lstsq(X, Y)[0])
    # As a least squares problem the condition number is not squared.
    tall = np.vstack([X, np.sqrt(N * ridge) * np.eye(p)])
    return np.asarray(np.linalg.lstsq(tall, np.vstack([Y, np.zeros((p, Y.shape[1]))]))[0])


def newton(
    gradient: Callable[[Array], Array], hessian: Callable[[Array], Array], w: Array
) -> Array:
    """Return the root of the gradient of a strongly convex function, to round-off.

    A factored Hessian is kept as long as its step halves |gradient|; a fresh Newton step is
    damped until |gradient| falls by the share t/4 of its length t, which small t always achieve. It
    stops where not even t = 2^-12 does: at round-off.
    """
    from scipy.linalg import cho_factor, cho_solve

    g = gradient(w)
    factor: Any = cho_factor(hessian(w))
    fresh = True
    while np.any(g):
        step, t = cho_solve(factor, g), 1.0
        norm, trial = np.linalg.norm(g), w - step
        g_trial = gradient(trial)
        if np.linalg.norm(g_trial) > norm / 2:
            if not fresh:
                factor, fresh = cho_factor(hessian(w)), True
                continue
            while np.linalg.norm(g_trial) > (1 - t / 4) * norm:
                t /= 2
                if t < 2.0**-12:
                    return w
                trial = w - t * step
                g_trial = gradient(trial)
        w, g, fresh = trial, g_trial, False
    return w


def least_absolute(X: Array, y: Array) -> Array:
    """Return a minimiser of |X w - y|_1, from its dual: max <y, s> over |s| <= 1, X^T s = 0."""
    return _dual_program(X, y, (-1.0, 1.0))


def least_hinge(X: Array, y: Array) -> Array:
    """Return a minimiser of sum max(0, 1 - y x^T w); the dual: max sum a, 0 <= a <= 1, sum a y x = 0."""
    signed = y[:, None] * X
    w = _dual_program(signed, np.ones(len(y)), (0.0, 1.0))
    margin = float((signed @ w).min())
    # Separable data: the program meets its margins of 1 to its own tolerance only. Every w with larger
    # margins is a minimiser too, and a millionth more is far above the round-off of a margin.
    return w * (1 + 2.0**-20) / margin if margin > 0 else w


def _dual_program(X: Array, y: Array, bounds: tuple[float, float]) -> Array:
    from scipy.optimize import linprog

    found = linprog(-y, A_eq=X.T, b_eq=np.zeros(X.shape[1]), bounds=bounds, method="highs-ds")
    return np.asarray(-found.eqlin.marginals)
