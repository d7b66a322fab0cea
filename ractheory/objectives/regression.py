"""Regression problems by name: ridge, least squares, nonconvex, robust and l1."""

from __future__ import annotations

from collections.abc import Sequence

from ractheory.errors import integer, real
from ractheory.objectives import datasets
from ractheory.objectives.linear_model import LinearModel, group_sizes
from ractheory.objectives.losses import Absolute, GemanMcClure, Loss, Squared, Welsch


def ridge_synthetic(
    m: int = 6, n: int = 4, N: int = 40, ridge: float = 0.01, condition: float = 10.0, seed: int = 0
) -> LinearModel:
    """Return ridge regression with n columns on synthetic data; W is m x n."""
    X, Y = datasets.regression(m, n, N, seed, condition)
    return LinearModel("ridge-synthetic", X, Y, Squared(), ridge)


def ridge_blocks(
    groups: Sequence[int] = (4, 3), n: int = 3, N: int = 40, ridge: float = 0.01, seed: int = 0
) -> LinearModel:
    """Return ridge regression whose rows are grouped into blocks of the given sizes."""
    sizes = group_sizes(groups)
    X, Y = datasets.regression(sum(sizes), n, N, seed)
    return LinearModel("ridge-blocks", X, Y, Squared(), ridge, row_groups=sizes)


def least_squares_over(
    m: int = 6, n: int = 4, N: int = 40, condition: float = 10.0, seed: int = 0
) -> LinearModel:
    """Return least squares with more rows than features: strongly convex."""
    m, N = integer("m", m, 1), integer("N", N, m)
    X, Y = datasets.regression(m, n, N, seed, condition)
    return LinearModel("least-squares-over", X, Y, Squared())


def least_squares_under(
    m: int = 8, n: int = 3, N: int = 5, condition: float = 10.0, seed: int = 0
) -> LinearModel:
    """Return least squares with fewer rows than features: PL, convex, not strongly convex; f* = 0."""
    m = integer("m", m, 2)
    N = integer("N", N, 1, m - 1, "take fewer rows than features")
    X, Y = datasets.regression(m, n, N, seed, condition)
    return LinearModel("least-squares-under", X, Y, Squared())


def ridge_diabetes(ridge: float = 0.01, measurements: int = 10, patients: int = 442) -> LinearModel:
    """Return ridge regression on the first patients of the diabetes data; W is (measurements + 1) x 1."""
    X, Y = datasets.diabetes()
    kept = [*range(integer("measurements", measurements, 1, 10)), -1]
    rows = integer("patients", patients, 2, len(X))
    return LinearModel("ridge-diabetes", X[:rows, kept], Y[:rows], Squared(), ridge)


def least_squares_diabetes() -> LinearModel:
    """Return least squares on the diabetes data; W is 11 x 1."""
    return LinearModel("least-squares-diabetes", *datasets.diabetes(), Squared())


def ridge_digits(ridge: float = 0.01, rows: int | None = 400) -> LinearModel:
    """Return ridge regression of the ten one-hot classes on the digits (the first `rows`); W is 62 x 10."""
    return LinearModel("ridge-digits", *datasets.digits(rows), Squared(), ridge)


def nonconvex_regression(
    m: int = 6, n: int = 4, N: int = 40, ratio: float = 0.5, condition: float = 10.0, seed: int = 0
) -> LinearModel:
    """Return least squares plus ratio sum x^2/(1 + x^2); f* is a lower bound."""
    ratio = real("ratio", ratio, 0.0, open_low=True)
    X, Y = datasets.regression(m, n, N, seed, condition)
    return LinearModel("nonconvex-regression", X, Y, Squared(), 0.0, ratio)


def nonconvex_diabetes(ratio: float = 0.1) -> LinearModel:
    """Return least squares plus ratio sum x^2/(1 + x^2) on the diabetes data."""
    ratio = real("ratio", ratio, 0.0, open_low=True)
    return LinearModel("nonconvex-diabetes", *datasets.diabetes(), Squared(), 0.0, ratio)


def welsch(
    m: int = 6, n: int = 3, N: int = 40, scale: float = 1.0, noise: float = 0.0, seed: int = 0
) -> LinearModel:
    """Return regression with the Welsch loss; without noise f* = 0 at the planted solution."""
    return _robust("welsch", Welsch(scale), m, n, N, noise, seed)


def geman_mcclure(
    m: int = 6, n: int = 3, N: int = 40, scale: float = 1.0, noise: float = 0.0, seed: int = 0
) -> LinearModel:
    """Return regression with the Geman-McClure loss; without noise f* = 0 at the planted solution."""
    return _robust("geman-mcclure", GemanMcClure(scale), m, n, N, noise, seed)


def l1_regression(
    m: int = 5, n: int = 3, N: int = 30, noise: float = 0.5, seed: int = 0
) -> LinearModel:
    """Return least absolute deviations: convex, Lipschitz, not smooth; f* by linear programming."""
    X, Y = datasets.regression(m, n, N, seed, noise=noise)
    return LinearModel("l1-regression", X, Y, Absolute())


def _robust(name: str, loss: Loss, m: int, n: int, N: int, noise: float, seed: int) -> LinearModel:
    X, Y = datasets.regression(m, n, N, seed, noise=noise)
    planted = datasets.planted(m, n, seed) if noise == 0 else None
    return LinearModel(name, X, Y, loss, planted=planted)
