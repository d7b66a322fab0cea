"""Linear models: extreme curvatures attained, f* certified, components, compiled form."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.objectives import objective
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import (
    Absolute,
    GemanMcClure,
    Hinge,
    Logistic,
    Loss,
    Softmax,
    Squared,
    Welsch,
)
from tests.objectives.helpers import (
    EPS,
    IDS,
    VARIANTS,
    centre,
    gradient_error,
    hessian,
    make,
    points,
    value_error,
    work,
)

MODELS = [
    pytest.param(v, id=i)
    for v, i in zip(VARIANTS, IDS, strict=True)
    if isinstance(make(v), LinearModel)
]
SMOOTH = [p for p in MODELS if make(p.values[0]).constants.L is not None]
KINKED = [p for p in MODELS if make(p.values[0]).constants.L is None]

Variant = tuple[str, dict[str, object]]


def witness(f: LinearModel) -> np.ndarray:
    """A point at which the Hessian's largest eigenvalue is L (or so close that rounding hides it).

    Zero, where logistic curvature is 1/4 and that of x^2/(1+x^2) is 2; the planted point of a robust loss;
    for a softmax the intercepts leave two classes with probability 1/2 each.
    """
    if isinstance(f.loss, Softmax):
        W = np.zeros((f.X.shape[1], f.Y.shape[1]))
        W[-1, 2:] = -60.0
        return W.ravel()
    return centre(f) if f.planted is not None else np.zeros(f.dim)


@pytest.mark.parametrize("variant", SMOOTH)
def test_L_is_attained(variant: Variant) -> None:
    """Differences over h miss a third derivative of at most 10 |x|^3 times h^2 (relative 1e-4)."""
    f = make(variant)
    top = np.linalg.eigvalsh(hessian(f, witness(f), h=1e-4))[-1]
    assert top <= f.constants.L * (1 + 1e-4)
    assert top >= f.constants.L * (1 - 1e-4)


@pytest.mark.parametrize("variant", SMOOTH)
def test_strong_convexity_is_approached(variant: Variant) -> None:
    """Far out a logistic loss is flat and only the ridge is left; a quadratic has mu everywhere."""
    f = make(variant)
    if f.constants.strong is None:
        return
    noise = 4 * gradient_error(f, points(f)[0]) / 1e-2 if isinstance(f.loss, Squared) else 1e-9
    far = 1e3 * np.random.default_rng(0).standard_normal(f.dim)
    w = np.zeros(f.dim) if isinstance(f.loss, Squared) else far
    H = hessian(f, w, h=1e-2)
    bottom = np.linalg.eigvalsh(H)[0]
    roundoff = noise + f.dim * gradient_error(f, w) / 1e-2
    assert abs(bottom - f.constants.strong) <= roundoff + 1e-3 * f.constants.strong


@pytest.mark.parametrize("name", ["least-squares-under", "least-squares-over", "ridge-diabetes"])
def test_pl_constant_is_attained(name: str) -> None:
    f = objective(name)
    k, U = np.linalg.eigh(hessian(f, np.zeros(f.dim), h=1.0))
    lowest = int(np.argmax(k > 1e-9 * k[-1]))
    mu, direction = k[lowest], U[:, lowest]
    assert abs(mu - f.constants.pl) <= work(f) * EPS * 10 * f.constants.L
    w = f.constants.minimiser + 100 * direction
    g = f.flat_gradient(w)
    assert abs(float(g @ g) / 2 / (mu * f.flat_gap(w)) - 1) <= 1e-9


def test_under_determined_is_not_strongly_convex() -> None:
    c = objective("least-squares-under").constants
    assert c.strong is None
    assert c.pl is not None
    assert c.convex
    assert c.fstar == 0.0
    assert not c.minimiser_is_unique


@pytest.mark.parametrize("variant", [p for p in SMOOTH if make(p.values[0]).constants.curvature])
def test_matrix_curvature_bounds_the_hessian(variant: Variant) -> None:
    f = make(variant)
    curvature = f.constants.curvature
    c = f.Y.shape[1]
    K = f.loss.high * f.X.T @ f.X / len(f.X) + (f.ridge + 2 * f.ratio) * np.eye(f.X.shape[1])
    assert np.allclose(np.diag(K), curvature.diagonal, rtol=1e-12, atol=0)
    assert np.allclose(
        np.linalg.eigvalsh(K)[::-1], curvature.eigenvalues, rtol=0, atol=1e-12 * K.max()
    )
    for w in points(f)[:2]:
        slack = np.kron(K, np.eye(c)) - hessian(f, w, h=1e-4)
        assert np.linalg.eigvalsh(slack)[0] >= -1e-4 * f.constants.L


def terms(loss: Loss, z: np.ndarray, y: np.ndarray) -> float:
    """The losses of one row as the documentation of the compiled form states them."""
    u, c = z - y, loss.scale
    return {
        Squared: lambda: np.sum(u**2) / 2,
        Logistic: lambda: np.sum(np.log(1 + np.exp(-y * z))),
        Softmax: lambda: np.log(np.sum(np.exp(z))) - y @ z,
        Welsch: lambda: np.sum(c**2 / 2 * (1 - np.exp(-(u**2) / c**2))),
        GemanMcClure: lambda: np.sum(c**2 / 2 * u**2 / (c**2 + u**2)),
        Absolute: lambda: np.sum(np.abs(u)),
        Hinge: lambda: np.sum(np.maximum(0, 1 - y * z)),
    }[type(loss)]()


@pytest.mark.parametrize("variant", MODELS)
def test_compiled_arrays_mean_what_they_say(variant: Variant) -> None:
    f = make(variant)
    p = f.problem()
    assert p.family == f.loss.family
    _, ridge, ratio, c = p.scalars
    assert c == f.loss.scale
    for w in points(f)[:2]:
        W = w.reshape(p.X.shape[1], p.Y.shape[1])
        value = np.mean([terms(f.loss, x @ W, y) for x, y in zip(p.X, p.Y, strict=True)])
        value += ridge / 2 * w @ w + ratio * np.sum(w**2 / (1 + w**2))
        assert abs(value - f.flat_value(w)) <= 2 * value_error(f, w)


@pytest.mark.parametrize("variant", MODELS)
def test_component_bounds_hold_everywhere(variant: Variant) -> None:
    f = make(variant)
    bounds = f.component_lower_bounds()
    for w in points(f):
        W, regulariser = f.matrix(w), f._regulariser(w)
        for i in range(0, f.components, 7):
            value = f.loss.value(f.X[i : i + 1] @ W, f.Y[i : i + 1]) + regulariser
            assert bounds[i] <= value + value_error(f, w)


@pytest.mark.parametrize("name", ["ridge-synthetic", "logistic-synthetic", "softmax-synthetic"])
def test_component_bounds_are_minima(name: str) -> None:
    """Minimising one component numerically comes down to its bound, within L |step|^2 of a solver."""
    from scipy.optimize import minimize

    f = objective(name)
    for i in (0, 5):
        one = LinearModel("one", f.X[i : i + 1], f.Y[i : i + 1], f.loss, f.ridge)
        found = minimize(one.flat_value, np.zeros(f.dim), jac=one.flat_gradient, method="BFGS",
                         options={"gtol": 1e-7})  # fmt: skip
        above = found.fun - f.component_lower_bounds()[i]
        # f - f* <= |grad|^2/(2 mu) with mu = ridge.
        bound = float(np.sum(one.flat_gradient(found.x) ** 2)) / (2 * f.ridge)
        assert -value_error(one, found.x) <= above <= bound + value_error(one, found.x)


@pytest.mark.parametrize("variant", KINKED)
def test_kinked_minimum_has_a_dual_certificate(variant: Variant) -> None:
    """Multipliers within bounds on the kinked rows, fixed by their side elsewhere: 0 is a subgradient."""
    f = make(variant)
    W = f.matrix(f.constants.minimiser)
    for j, y in enumerate(f.Y.T):
        hinge = isinstance(f.loss, Hinge)
        A = y[:, None] * f.X if hinge else f.X
        slack = A @ W[:, j] - (1.0 if hinge else y)
        active = np.abs(slack) <= 1e-9
        s = np.where(slack < 0, -1.0, 0.0 if hinge else 1.0)
        s[active] = np.linalg.lstsq(A[active].T, -A[~active].T @ s[~active])[0]
        assert np.linalg.norm(A.T @ s) <= 1e-9 * np.linalg.norm(A)
        assert s.min() >= -1 - 1e-9
        assert s.max() <= (1e-9 if hinge else 1 + 1e-9)


def test_lipschitz_constant_is_within_a_factor() -> None:
    """G_0 bounds a maximum over sign patterns; far from the data a subgradient reaches most of it."""
    for variant in KINKED:
        f = make(variant.values[0])
        v = np.linalg.svd(f.X)[2][0]
        W = np.outer(v, np.ones(f.Y.shape[1])).ravel() * 1e4
        reached = max(np.linalg.norm(f.flat_gradient(s * W)) for s in (1, -1))
        assert f.constants.lipschitz / 3 <= reached <= f.constants.lipschitz


def test_separable_data_reach_zero_hinge_loss() -> None:
    f = objective("svm-breast-cancer", measurements=30)
    assert f.constants.fstar == 0.0
    assert f.flat_value(f.constants.minimiser) == 0.0


def test_scikit_learn_agrees() -> None:
    """Its objectives are N times ours: ridge alpha = N ridge, C = 1/(N ridge)."""
    from sklearn.linear_model import LogisticRegression, Ridge

    f = objective("ridge-diabetes")
    N = f.components
    model = Ridge(alpha=N * f.ridge, fit_intercept=False).fit(f.X, f.Y)
    w = np.ravel(model.coef_)
    assert abs(f.flat_value(w) - f.constants.fstar) <= value_error(f, w)

    f = objective("logistic-breast-cancer")
    labels = f.Y[:, 0]
    logistic = LogisticRegression(C=1 / (f.components * f.ridge), fit_intercept=False,
                                  solver="newton-cholesky", tol=1e-10, max_iter=200)  # fmt: skip
    w = logistic.fit(f.X, labels).coef_.ravel()
    g = f.flat_gradient(w)
    above = f.flat_value(w) - f.constants.fstar
    assert -value_error(f, w) <= above <= float(g @ g) / (2 * f.ridge) + value_error(f, w)
    assert np.linalg.norm(w - f.constants.minimiser) <= 1e-6 * np.linalg.norm(w)


def test_a_seed_draws_half_of_the_tumours() -> None:
    every, one, other = (objective("logistic-breast-cancer", seed=s) for s in (None, 0, 1))
    assert (len(every.X), len(one.X), len(other.X)) == (569, 284, 284)
    rows = [{tuple(row) for row in np.hstack([f.X, f.Y])} for f in (every, one, other)]
    assert rows[1] < rows[0]
    assert rows[2] < rows[0]
    assert rows[1] != rows[2]
    again = objective("logistic-breast-cancer", seed=0)
    assert np.array_equal(again.X, one.X)


def test_blocks_are_groups_of_rows_of_the_same_function() -> None:
    one, many = objective("logistic-breast-cancer"), objective("logistic-blocks")
    w = points(one)[1]
    assert many.shapes == ((10, 1), (10, 1), (10, 1), (1, 1))
    assert one.flat_value(w) == many.value(*many.split(w))
    assert np.array_equal(one.flat_gradient(w), many.flat_gradient(w))
    assert many.constants.curvature is None


def test_weak_ridge_is_still_enclosed() -> None:
    """Newton's method reaches round-off also where the condition number is large."""
    c = objective("logistic-breast-cancer", ridge=1e-6).constants
    assert c.fstar_is_exact
    assert 0 < c.fstar < objective("logistic-breast-cancer").constants.fstar


def test_without_ridge_a_logistic_infimum_is_not_claimed() -> None:
    c = objective("logistic-synthetic", ridge=0.0).constants
    assert not c.fstar_is_exact
    assert c.strong is None
    assert c.pl is None
    assert c.minimiser is None


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("ridge-synthetic", {"ridge": -1.0}),
        ("ridge-synthetic", {"ridge": float("inf")}),
        ("ridge-synthetic", {"m": 0}),
        ("ridge-synthetic", {"condition": "bad"}),
        ("ridge-blocks", {"groups": ()}),
        ("ridge-blocks", {"groups": "43"}),
        ("least-squares-over", {"m": 9, "N": 8}),
        ("least-squares-under", {"m": 5, "N": 5}),
        ("softmax-digits", {"rows": 1798}),
        ("softmax-synthetic", {"n": 1}),
        ("welsch", {"scale": 0.0}),
        ("l1-regression", {"noise": -0.1}),
        ("nonconvex-regression", {"ratio": 0.0}),
        ("svm-breast-cancer", {"measurements": 31}),
    ],
)
def test_bad_parameters(name: str, parameters: dict[str, object]) -> None:
    with pytest.raises(UsageError) as error:
        objective(name, **parameters)
    assert "\n" not in str(error.value)
    assert "allowed is" in str(error.value)


X2 = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    ("X", "Y", "loss", "groups"),
    [
        (X2, np.ones((2, 1)), Squared(), ()),
        (X2, np.ones(3), Squared(), ()),
        (np.array([[np.nan]]), np.ones((1, 1)), Squared(), ()),
        (0 * X2, np.ones((3, 1)), Squared(), ()),
        (X2, 2 * np.ones((3, 1)), Logistic(), ()),
        (X2, np.ones((3, 2)), Softmax(), ()),
        (X2, np.zeros((3, 1)), Hinge(), ()),
        (X2, np.ones((3, 1)), Squared(), (1, 2)),
        (X2, np.ones((3, 1)), Squared(), "2"),
        ("text", np.ones((3, 1)), Squared(), ()),
        (np.zeros((0, 2)), np.zeros((0, 1)), Squared(), ()),
    ],
)
def test_bad_data(X: np.ndarray, Y: np.ndarray, loss: Loss, groups: tuple[int, ...]) -> None:
    with pytest.raises(UsageError) as error:
        LinearModel("bad", X, Y, loss, row_groups=groups)
    assert "\n" not in str(error.value)
