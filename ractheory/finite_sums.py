"""Constants of finite sums f = (1/N) sum_i f_i, computed: dissimilarity and heterogeneity.

**Dissimilarity** sigma^2(W) = (1/N) sum_i |grad f_i - G|^2 = (1/N) sum_i |grad f_i|^2 - |G|^2.

1. Every f_i L-smooth and bounded below by f_i*: |grad f_i|^2 <= 2 L (f_i - f_i*), and the mean gives
   sigma^2 <= 2 L (f - f*) + 2 L (f* - mean f_i*) - |G|^2. So A = L, C = 2 L (f* - mean f_i*), and |G|^2
   may be given back.
2. Linear models, f_i(W) = l(x_i W, y_i) + R(W) with |l'| <= beta: R cancels in grad f_i - G, and the mean
   square about the mean is at most that about 0: sigma^2 <= beta^2 (1/N) sum_i |x_i|^2. So A = 0.
3. Least squares with x_i = +-x for all i: grad f_i - G does not depend on W. So A = 0, C = sigma^2.

**Expected smoothness** of a batch of size b: the variance of the mean of b draws is v sigma^2, v = 1/b with
replacement and v = (N - b)/(b (N - 1)) without, so E|g|^2 = |G|^2 + v sigma^2(W): (v A, 1 - v, v C) from 1, and
(0, 1, v C) from 2 and 3.

**Clients.** f = (1/M) sum_m f_m with f_m the mean of N components. The pooled sum has the clients' rows one
after the other. The mean dissimilarity within a client is at most that of the pool. `heterogeneity` bounds
(1/M) sum_m |grad f_m - G|^2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ractheory.assumptions import BoundedDissimilarity
from ractheory.errors import UsageError
from ractheory.objectives.base import Objective
from ractheory.objectives.structure import Family, Problem


def derivative_bound(problem: Problem) -> float | None:
    """Return beta with |l'(x_i W, y_i)| <= beta for all W and i, or None where there is none.

    Logistic and hinge: each entry in [-1, 1]; absolute: the same. Softmax: the difference of a
    probability vector p and a label vector q has |p - q|^2 <= |p|_1 + |q|_1 <= 2. Welsch: u exp(-u^2/c^2)
    is largest at u = c/sqrt 2. Geman-McClure: u c^4/(c^2 + u^2)^2 is largest at u = c/sqrt 3.
    """
    columns, c = problem.Y.shape[1], float(problem.scalars[-1])
    entry = {
        Family.LOGISTIC: 1.0,
        Family.HINGE: 1.0,
        Family.ABSOLUTE: 1.0,
        Family.WELSCH: c / np.sqrt(2 * np.e),
        Family.GEMAN_MCCLURE: 3 * np.sqrt(3) / 16 * c,
    }.get(Family(problem.family))
    if entry is not None:
        return float(entry * np.sqrt(columns))
    return float(np.sqrt(2.0)) if problem.family == Family.SOFTMAX else None


def _one_direction(problem: Problem) -> bool:
    """Whether this is least squares with x_i = +-x for all i."""
    if problem.family != Family.SQUARED:
        return False
    first = problem.X[0]
    return bool(np.all(np.all(first == problem.X, axis=1) | np.all(-first == problem.X, axis=1)))


def dissimilarity_at(objective: Objective, w: NDArray[np.float64]) -> float:
    """Return sigma^2(w) = (1/N) sum_i |grad f_i(w) - grad f(w)|^2."""
    parts = np.array([objective.flat_component_gradient(i, w) for i in range(objective.components)])
    return float(np.mean(np.sum((parts - parts.mean(axis=0)) ** 2, axis=1)))


def uniform_dissimilarity(objective: Objective) -> float | None:
    """Return C with sigma^2(W) <= C for all W (rules 2 and 3), or None where the family grants none."""
    if objective.components == 1:
        return 0.0
    problem = objective.problem()
    if problem is None:
        return None
    if _one_direction(problem):
        return dissimilarity_at(objective, np.zeros(objective.dim))
    if not Family.SQUARED <= problem.family <= Family.HINGE:
        return None
    beta = derivative_bound(problem)
    return None if beta is None else beta**2 * float(np.mean(np.sum(problem.X**2, axis=1)))


def smooth_dissimilarity(objective: Objective) -> tuple[float, float]:
    """Return (A, C) = (L, 2 L (f* - mean f_i*)) of rule 1; f* may be a lower bound of f.

    Raises UsageError for components that are not smooth.
    """
    L = objective.component_L()
    if L is None:
        raise UsageError.of(
            "components", objective.name, "smooth ones", "use a smooth loss or a subgradient method"
        )
    spread = objective.constants.fstar - float(np.mean(objective.component_lower_bounds()))
    return L, 2 * L * max(spread, 0.0)


def dissimilarity(
    objective: Objective, uniform: bool | None = None, components: int | None = None
) -> BoundedDissimilarity:
    """Return the bounded dissimilarity of the components.

    `uniform` True asks for A = 0 (rules 2 and 3), False for rule 1; the first that holds unless given.
    `components` is N, the length of an epoch, where it is not the number of all components.

    Raises UsageError for components that are not smooth, or that have no bound with A = 0.
    """
    N = components or objective.components
    L, smooth_C = smooth_dissimilarity(objective)
    bound = None if uniform is False else uniform_dissimilarity(objective)
    if bound is not None:
        return BoundedDissimilarity(0.0, bound, N, L)
    if uniform:
        raise UsageError.of(
            "uniform", uniform, f"false for {objective.name}, whose dissimilarity is unbounded",
            "use the constants with A > 0",
        )  # fmt: skip
    return BoundedDissimilarity(L, smooth_C, N, L)


def heterogeneity(objective: Objective, clients: int) -> float | None:
    """Return zeta with (1/M) sum_m |grad f_m(W) - grad f(W)|^2 <= zeta^2 for all W, or None.

    The rows of the pool are those of the M clients one after the other, N each.

    1. Logistic and softmax models whose clients share their inputs x_i, and differ in labels: the
       derivative of the loss is p(z) - q with q the label, so grad f_m - G = -(1/N) X^T (q_m - mean q):
       exact, constant in W.
    2. Least squares whose clients have one Gram matrix X_m^T X_m (up to round-off): the same with
       X_m^T Y_m, exact, constant in W.
    3. |l'| <= beta: |grad of client m's loss| <= min((beta/N) sum |x_i|, beta |X_m| / sqrt N), |X_m| the
       spectral norm; the mean square about the mean is at most that about 0.
    """
    problem = objective.problem()
    if clients == 1:
        return 0.0
    if problem is None or not Family.SQUARED <= problem.family <= Family.HINGE:
        return None
    X, Y = _by_client(problem.X, clients), _by_client(problem.Y, clients)
    N = X.shape[1]
    if _linear_in_labels(problem, X):
        labels = Y / 2 if problem.family == Family.LOGISTIC else Y
        moments = np.einsum("mni,mnj->mij", X, labels) / N
        return float(np.sqrt(np.mean(np.sum((moments - moments.mean(axis=0)) ** 2, axis=(1, 2)))))
    beta = derivative_bound(problem)
    if beta is None:
        return None
    lengths = np.sum(np.linalg.norm(X, axis=2), axis=1) / N
    spectral = np.linalg.norm(X, ord=2, axis=(1, 2)) / np.sqrt(N)
    return beta * float(np.sqrt(np.mean(np.minimum(lengths, spectral) ** 2)))


def _by_client(rows: NDArray[np.float64], clients: int) -> NDArray[np.float64]:
    return rows.reshape(clients, -1, rows.shape[1])


def _linear_in_labels(problem: Problem, X: NDArray[np.float64]) -> bool:
    """Whether the clients' gradients differ by a constant in W, linear in their labels."""
    if problem.family in (Family.LOGISTIC, Family.SOFTMAX):
        return bool(np.all(X[0] == X))
    if problem.family != Family.SQUARED:
        return False
    grams = np.einsum("mni,mnj->mij", X, X)
    # An entry is a sum of N products: round-off of at most N eps times the sum of their sizes, and the
    # inputs themselves were orthogonalised to p eps.
    size = float(np.max(np.einsum("mni,mni->m", X, X)))
    tolerance = 4 * (X.shape[1] + X.shape[2]) * float(np.finfo(np.float64).eps) * size
    return bool(np.max(np.abs(grams - grams[0])) <= tolerance)
