"""Small sums, and the size of what they are computed from."""

from __future__ import annotations

import numpy as np

from ractheory.methods import METHODS, Method
from ractheory.objectives import Objective, objective
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Loss, Softmax

EPS = float(np.finfo(float).eps)


def small_sum(
    loss: Loss,
    N: int = 6,
    p: int = 4,
    c: int = 2,
    ridge: float = 0.0,
    seed: int = 0,
    **more: object,
) -> LinearModel:
    """Return a linear model of N components on made-up data that fit the loss."""
    rng = np.random.default_rng([seed, N, p, c])
    X, Y = rng.standard_normal((N, p)), rng.standard_normal((N, c))
    if loss.family.name in ("LOGISTIC", "HINGE"):
        Y = np.where(Y > 0, 1.0, -1.0)
    if isinstance(loss, Softmax):
        Y = np.eye(c)[np.arange(N) % c]
    return LinearModel("small-sum", X, Y, loss, ridge, **more)  # type: ignore[arg-type]


def component_L(f: Objective) -> float:
    """Return a Lipschitz constant of the components' gradients, 0 where they are piecewise constant."""
    return f.component_L() or 0.0


def component_size(f: Objective, w: np.ndarray) -> float:
    """Bound the terms that a component's gradient at w is summed from."""
    at_zero = np.zeros(f.dim)
    first = max(
        float(np.linalg.norm(f.flat_component_gradient(i, at_zero))) for i in range(f.components)
    )
    return first + component_L(f) * float(np.linalg.norm(w)) + (f.constants.lipschitz or 0.0)


def named(name: str, step: float, **options: object) -> Method:
    return METHODS[name](step, **options)


def logistic(N: int = 6) -> Objective:
    return objective("logistic-synthetic", m=4, N=N, ridge=0.05)
