"""An interval for a mean from independent samples of bounded variance, however heavy their tails.

M-estimator of Catoni, "Challenging the empirical mean and empirical variance: a deviation study", Annales
de l'IHP (Probabilites et Statistiques) 48 (2012), Proposition 2.4: for independent samples of a common mean m
and variances at most v, and n > 2 log(1/e), each of m_hat - m <= h and m_hat - m >= -h fails with probability
at most e, where h = sqrt(2 v log(1/e)/(n - 2 log(1/e))).
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np
from numpy.typing import ArrayLike

from ractheory.errors import UsageError, real
from ractheory.evidence.betting import Array, one_axis

BISECTIONS = 200
"""Halvings that find the root of a monotone function to the last bit of a double."""


def catoni_interval(samples: ArrayLike, variance: float, error_rate: float) -> tuple[float, float]:
    """Return (low, high) that holds the mean with probability at least 1 - error_rate.

    `variance` is an upper bound of the variance of a sample, known beforehand; shape (S,). The whole line
    where there are too few samples.

    >>> low, high = catoni_interval(np.tile([-1.0, 1.0], 5000), 1.0, 1e-9)
    >>> low < 0.0 < high < 0.1
    True
    """
    x = one_axis(samples)
    v = real("variance", variance, 0.0, open_low=True)
    alpha = real("error rate", error_rate, 0.0, 1.0, open_low=True, open_high=True)
    if not np.all(np.isfinite(x)):
        raise UsageError.of("samples", "some infinite or NaN", "finite numbers", "mend them")
    n, stake = len(x), log(2.0 / alpha)
    if n <= 2.0 * stake:
        return -np.inf, np.inf
    half = sqrt(2.0 * v * stake / (n - 2.0 * stake))
    scale = sqrt(2.0 * stake / (n * (v + 2.0 * v * stake / (n - 2.0 * stake))))
    middle = _root(x, scale)
    return middle - half, middle + half


def _root(x: Array, scale: float) -> float:
    """Return the m with sum psi(scale (x - m)) = 0; psi grows like a logarithm."""
    low, high = float(x.min()), float(x.max())
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        u = scale * (x - middle)
        if float(np.sum(np.sign(u) * np.log1p(np.abs(u) + u * u / 2))) > 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
