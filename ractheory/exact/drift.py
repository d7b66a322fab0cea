"""Drifts of random walks by quadrature: mean and variance of the logarithm of a link's contraction.

On (L/2)|W - W*|^2 the logarithm of f(W_t) - f* is a random walk: by rotation invariance the contraction of a
link does not depend on where the chain stands. Its mean is the almost-sure rate, by the strong law of
large numbers. Nothing here uses a closed form of a theorem: the integrals are over the densities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import exp, inf, lgamma, log, pi, sqrt

from ractheory.errors import integer, real


@dataclass(frozen=True)
class Drift:
    """Mean and variance of log(f(W_{t+1}) - f*) - log(f(W_t) - f*), and how far the mean may be off."""

    mean: float
    variance: float
    error: float


Density = Callable[[float], float]

TOLERANCE = 1e-11
"""Asked of every integral."""


def _normal(g: float) -> float:
    return exp(-g * g / 2) / sqrt(2 * pi)


def _chi(k: int) -> Density:
    """Return the density at h > 0 of the norm of k independent N(0, 1) numbers."""
    constant = (1 - k / 2) * log(2.0) - lgamma(k / 2)
    return lambda h: exp(constant + (k - 1) * log(h) - h * h / 2) if h > 0.0 else 0.0


@lru_cache(maxsize=64)
def plain_drift(d: int, c: float) -> Drift:
    """Return the drift of W - c G A^T A with one N(0, 1) factor of length d: CoLA's links of rank one.

    log(1 - 2 c z + c^2 z (z + y)) = log((1 - c z)^2 + c^2 z y) with z = g^2, g ~ N(0, 1), and y = h^2, h
    the norm of d - 1 further N(0, 1) numbers.

    >>> round(plain_drift(1, 1.0).mean / 2, 5)
    -0.41699
    """
    integer("dimension", d, 1)
    real("step", c, 0.0, open_low=True)
    zero = 1 / sqrt(c)  # where the first square vanishes

    def moment(power: int) -> tuple[float, float]:
        def outer(g: float) -> float:
            a, b = (1 - c * g * g) ** 2, c * c * g * g
            return 2 * _normal(g) * _mean_log(a, b, d - 1, power)

        return _integral(outer, [0.0, zero, 2 * zero, zero + 10.0, inf])

    mean, error = moment(1)
    square, _ = moment(2)
    return Drift(mean, square - mean**2, error + TOLERANCE)


def _mean_log(a: float, b: float, k: int, power: int) -> float:
    """Return E log(a + b h^2)^power, h the norm of k independent N(0, 1) numbers."""
    if k == 0:
        return log(max(a, 1e-300)) ** power
    density = _chi(k)
    knee = min(sqrt(a / b), sqrt(k) + 5.0) if b > 0.0 else 1.0

    def inner(h: float) -> float:
        return density(h) * log(max(a + b * h * h, 1e-300)) ** power

    return _integral(inner, sorted({0.0, knee, sqrt(k) + 5.0, inf}))[0]


@lru_cache(maxsize=64)
def projected_drift(d: int, r: int) -> Drift:
    """Return the drift of W - H G/L with a Haar H of rank r, from a shift of rank one.

    The contraction is the squared length of the part of a unit vector that a random subspace of
    dimension r misses: its density is x^((d-r)/2 - 1) (1 - x)^(r/2 - 1) up to a constant.

    >>> round(projected_drift(2, 1).mean, 6)     # -2 log 2
    -1.386294
    """
    integer("dimension", d, 2)
    integer("rank", r, 1, d - 1)
    constant = lgamma(d / 2) - lgamma((d - r) / 2) - lgamma(r / 2)

    def moment(power: int) -> tuple[float, float]:
        # x = u^2/(1 + u^2) takes the ends to 0 and infinity, where the integrand vanishes.
        def outer(u: float) -> float:
            if u <= 0.0:
                return 0.0
            log_x = 2 * log(u) - log(1 + u * u)
            weight = constant + (d - r - 1) * log(u) - d / 2 * log(1 + u * u) + log(2.0)
            return exp(weight) * log_x**power

        return _integral(outer, [0.0, 1.0, sqrt(d), 100.0 * d, inf])

    mean, error = moment(1)
    square, _ = moment(2)
    return Drift(mean, square - mean**2, error + TOLERANCE)


def _integral(integrand: Density, points: list[float]) -> tuple[float, float]:
    """Return the integral over consecutive pieces, and the sum of their error estimates."""
    from scipy.integrate import quad  # heavy, and needed here only

    total, error = 0.0, 0.0
    for low, high in pairwise(points):
        value, slip = quad(integrand, low, high, epsabs=TOLERANCE, epsrel=1e-10, limit=400)
        total, error = total + value, error + slip
    return total, error
