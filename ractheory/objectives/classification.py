"""Classification problems by name: logistic, multinomial logistic, support vector machine."""

from __future__ import annotations

import numpy as np

from ractheory.errors import integer
from ractheory.objectives import datasets
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Hinge, Logistic, Softmax


def logistic_synthetic(
    m: int = 6, N: int = 60, ridge: float = 0.01, condition: float = 10.0, seed: int = 0
) -> LinearModel:
    """Return logistic regression on synthetic data; W is m x 1, its last row the intercept."""
    X, Y = datasets.classification(m, 2, N, seed, condition)
    return LinearModel("logistic-synthetic", X, 2 * Y[:, :1] - 1, Logistic(), ridge)


def logistic_breast_cancer(ridge: float = 0.01, seed: int | None = None) -> LinearModel:
    """Return logistic regression on the breast cancer data (a random half with `seed`); W is 31 x 1."""
    data = datasets.breast_cancer(seed)
    return LinearModel("logistic-breast-cancer", *data, Logistic(), ridge)


def logistic_blocks(ridge: float = 0.01) -> LinearModel:
    """Return the same, in blocks: mean, error and worst value of ten measurements, and the intercept."""
    X, Y = datasets.breast_cancer()
    return LinearModel("logistic-blocks", X, Y, Logistic(), ridge, row_groups=(10, 10, 10, 1))


def softmax_synthetic(
    m: int = 6, n: int = 3, N: int = 60, ridge: float = 0.01, condition: float = 10.0, seed: int = 0
) -> LinearModel:
    """Return multinomial logistic regression with n classes; the last row of W is the intercept."""
    X, Y = datasets.classification(m, n, N, seed, condition)
    return LinearModel("softmax-synthetic", X, Y, Softmax(), ridge)


def softmax_blocks(
    m: int = 7, n: int = 3, N: int = 60, ridge: float = 0.01, seed: int = 0
) -> LinearModel:
    """Return multinomial logistic regression with the weights and the intercepts as two blocks."""
    X, Y = datasets.classification(integer("m", m, 2), n, N, seed)
    return LinearModel("softmax-blocks", X, Y, Softmax(), ridge, row_groups=(m - 1, 1))


def softmax_digits(ridge: float = 0.01, rows: int | None = None) -> LinearModel:
    """Return multinomial logistic regression on the digits (the first `rows`); W is 62 x 10."""
    return LinearModel("softmax-digits", *datasets.digits(rows), Softmax(), ridge)


def svm_synthetic(m: int = 5, N: int = 40, seed: int = 0) -> LinearModel:
    """Return a support vector machine without ridge on synthetic data that do not separate."""
    X, Y = datasets.classification(m, 2, N, seed)
    return LinearModel("svm-synthetic", X, 2 * Y[:, :1] - 1, Hinge())


def svm_breast_cancer(measurements: int = 10) -> LinearModel:
    """Return a support vector machine on the first measurements of the breast cancer data.

    All 30 separate the classes (f* = 0); the first ten, the means, do not.
    """
    X, Y = datasets.breast_cancer()
    count = integer("measurements", measurements, 1, X.shape[1] - 1)
    return LinearModel("svm-breast-cancer", np.hstack([X[:, :count], X[:, -1:]]), Y, Hinge())
