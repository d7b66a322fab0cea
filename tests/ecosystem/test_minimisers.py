"""scikit-learn's minimisers and scipy's stationary points against our f* and floors."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression, Ridge

from ractheory.engine.simulate import simulate
from ractheory.methods import rac_lora
from ractheory.objectives import objective

EPS = np.finfo(float).eps


def excess(f, w):
    """Return the largest f(w) - f* that the gradient at w allows: |grad|^2/(2 mu), and round-off of f."""
    g = f.flat_gradient(w)
    size = abs(f.constants.fstar) + abs(f.flat_value(w))
    return float(g @ g) / (2 * f.constants.strong) + (f.dim + f.components) * EPS * size


@pytest.mark.parametrize("name", ["ridge-synthetic", "ridge-diabetes"])
def test_ridge(name):
    f = objective(name, ridge=0.1)
    model = Ridge(alpha=f.ridge * len(f.X), fit_intercept=False, solver="svd").fit(f.X, f.Y)
    w = np.atleast_2d(model.coef_).T.ravel()
    gap = f.flat_value(w) - f.constants.fstar
    assert abs(gap) <= excess(f, w) + excess(f, f.constants.minimiser)
    assert np.allclose(w, f.constants.minimiser, rtol=0, atol=1e-9 * np.linalg.norm(w))


@pytest.mark.parametrize("name", ["logistic-synthetic", "logistic-breast-cancer"])
def test_logistic(name):
    f = objective(name, ridge=0.01)
    model = LogisticRegression(C=1 / (f.ridge * len(f.X)), fit_intercept=False, tol=1e-10, max_iter=1000,
                               solver="newton-cholesky").fit(f.X, f.Y[:, 0])  # fmt: skip
    w = model.coef_.ravel()
    assert -excess(f, f.constants.minimiser) <= f.flat_value(w) - f.constants.fstar <= excess(f, w)
    assert excess(f, w) < 1e-9


def test_softmax():
    f = objective("softmax-synthetic", ridge=0.05)
    found = minimize(
        f.flat_value, np.zeros(f.dim), jac=f.flat_gradient, method="BFGS", options={"gtol": 1e-9}
    )
    assert abs(f.flat_value(found.x) - f.constants.fstar) <= excess(f, found.x) + excess(
        f, f.constants.minimiser
    )


def test_stationary_points_of_rank_one_on_the_counterexample():
    """Every stationary point that a search finds lies at 13/45 or above it, and the best one at it."""
    f, best = objective("counterexample"), float(Fraction(13, 45))

    def phi(z):
        return f.flat_gap(np.outer(z[:3], z[3:]).ravel())

    def slope(z):
        G = f.flat_gradient(np.outer(z[:3], z[3:]).ravel()).reshape(3, 3)
        return np.concatenate([G @ z[3:], G.T @ z[:3]])

    rng = np.random.default_rng(5)
    found = [minimize(phi, rng.standard_normal(6), jac=slope, method="BFGS", options={"gtol": 1e-10}).fun
             for _ in range(20)]  # fmt: skip
    assert min(found) >= best - 100 * EPS
    assert min(found) == pytest.approx(best, rel=1e-10)


def test_a_chain_ends_at_the_stationary_point_that_scipy_finds():
    f = objective("two-layer")
    start = 0.3 * np.random.default_rng(6).standard_normal(f.dim)
    ours = simulate(f, rac_lora(1.0 / f.constants.L, rank=2), start, 4000, 1, "scipy")
    g = f.flat_gradient(ours.final[0])
    found = minimize(
        f.flat_value, ours.final[0], jac=f.flat_gradient, method="BFGS", options={"gtol": 1e-10}
    )
    moved = np.linalg.norm(found.x - ours.final[0])
    # Between the two points f falls by at most |g| times the way: nothing lower is near.
    assert (
        0.0
        <= f.flat_value(ours.final[0]) - found.fun + 100 * EPS
        <= np.linalg.norm(g) * moved + 200 * EPS
    )
    assert np.linalg.norm(g) < 1e-2 * np.linalg.norm(f.flat_gradient(start))
