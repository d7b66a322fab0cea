"""Data: three real sets that ship with scikit-learn, and synthetic ones from a named seed.

Real data enter with every varying column standardised (mean 0, variance 1), constant columns
dropped, and a last column of ones. The pixels of the digits share one unit and are scaled together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ractheory.errors import integer, real
from ractheory.objectives.arrays import Array, haar, stream


class Data(NamedTuple):
    """Features X (N x p) and targets Y (N x c)."""

    X: Array
    Y: Array


def diabetes() -> Data:
    """Return 442 patients: 10 measurements and ones, one standardised target."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True, scaled=False)
    return Data(_with_ones(_standardised(X)), _standardised(y[:, None]))


def breast_cancer(seed: int | None = None) -> Data:
    """Return 569 tumours, or the random half of them that `seed` draws: 30 measurements and ones.

    Labels are +1 (benign) and -1; measurements are standardised over all tumours.
    """
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    X, Y = _with_ones(_standardised(X)), 2.0 * y[:, None] - 1.0
    if seed is None:
        return Data(X, Y)
    half = np.sort(stream("half", seed).permutation(len(X))[: len(X) // 2])
    return Data(X[half], Y[half])


def digits(rows: int | None = None) -> Data:
    """Return 1797 images (or the first `rows`): 61 pixels that vary and ones, ten one-hot classes."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X = X[:, X.std(axis=0) > 0] - X[:, X.std(axis=0) > 0].mean(axis=0)
    X, Y = _with_ones(X / X.std()), np.eye(10)[y]
    count = len(X) if rows is None else integer("rows", rows, 2, len(X))
    return Data(X[:count], Y[:count])


def images(digit: int) -> Array:
    """Return all images of one digit, shape (N, 8, 8), pixels from 0 to 1."""
    from sklearn.datasets import load_digits

    digit = integer("digit", digit, 0, 9)
    X, y = load_digits(return_X_y=True)
    return np.asarray(X[y == digit].reshape(-1, 8, 8) / 16.0)


def regression(
    m: int, n: int, N: int, seed: int, condition: float = 10.0, noise: float = 0.5
) -> Data:
    """Return Y = X W + noise, W standard normal (m x n), X = sqrt(N) U diag(s) V^T.

    U and V are Haar, s^2 runs geometrically from 1 to 1/condition: those are the nonzero eigenvalues of
    X^T X/N.
    """
    X, W = features(m, N, seed, condition), planted(m, n, seed)
    return Data(X, X @ W + noise_matrix(len(X), n, noise, seed))


def noise_matrix(N: int, n: int, size: float, seed: int) -> Array:
    """Return normal errors of standard deviation `size`, N x n; exact zeros for size 0."""
    return real("noise", size, 0.0) * stream("noise", seed).standard_normal((N, n))


def planted(m: int, n: int, seed: int) -> Array:
    """Return the W of `regression`."""
    return stream("planted", seed).standard_normal((integer("m", m, 1), integer("n", n, 1)))


def classification(m: int, classes: int, N: int, seed: int, condition: float = 10.0) -> Data:
    """Return features with a last column of ones, and one-hot classes drawn from a softmax of X W."""
    m, classes = integer("m", m, 2), integer("classes", classes, 2)
    X = _with_ones(features(m - 1, N, seed, condition))
    rng = stream("targets", seed)
    Z = X @ rng.standard_normal((m, classes))
    # The largest of z + Gumbel noise is a draw from softmax(z).
    labels = np.argmax(Z + rng.gumbel(size=Z.shape), axis=1)
    return Data(X, np.eye(classes)[labels])


def features(m: int, N: int, seed: int, condition: float) -> Array:
    """Return X, N x m, with a geometric spectrum of X^T X/N from 1 down to 1/condition."""
    m, N = integer("m", m, 1), integer("N", N, 1)
    condition = real("condition", condition, 1.0)
    rng, d = stream("features", seed), min(m, N)
    U = np.linalg.qr(rng.standard_normal((N, d)))[0]
    V = haar(m, rng)[:, :d]
    s = np.sqrt(N) * condition ** (-np.linspace(0.0, 0.5, d))
    return np.asarray((U * s) @ V.T)


def _standardised(X: Array) -> Array:
    X = X[:, X.std(axis=0) > 0]
    return np.asarray((X - X.mean(axis=0)) / X.std(axis=0))


def _with_ones(X: Array) -> Array:
    return np.hstack([X, np.ones((len(X), 1))])
