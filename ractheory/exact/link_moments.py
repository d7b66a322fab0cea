"""Moments and the mean logarithm of a link of CoLA, fast enough for every cell of a diagram.

One inner step multiplies |D|^2 by m = (1 - c z)^2 + c^2 z y, z and y chi-square with 1 and n - 1 degrees
(see `ractheory.exact.drift`, whose adaptive quadrature the tests compare with). log|D_t|^2 is a random
walk, and where E m^p = 1 the powers |D_t|^(2p) are a martingale, so that by Ville's inequality

    P(some t: |D_t|^2 >= F |D_0|^2) <= F^-p   where E m^p <= 1, p > 0,
    P(some t: |D_t|^2 <= |D_0|^2 / F) <= F^p  where E m^p <= 1, p < 0.

The integral over y is one over t = log(y/2), where the trapezoidal rule converges exponentially; that over
g = sqrt(z) is split at 1/sqrt(c), where the integrand has a corner, and mapped by the double exponential rule.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError, integer, real

Array = NDArray[np.float64]

SPACING = 0.3
"""Of the trapezoidal rule in log(y/2), in units of the width of the density: over sqrt(1 + (n - 1)/2). The
integrand is analytic and falls off faster than any power, so the error does too."""

SMALL = 80.0
"""Densities below exp(-SMALL) are left out."""


@lru_cache(maxsize=256)
def _gamma_rule(half: float) -> tuple[Array, Array]:
    """Return nodes y and weights of E over y = 2 times a Gamma(half) number."""
    spacing = SPACING / (1 + half) ** 0.5
    low, high = log(half) - SMALL / half - 1, log(SMALL + 3 * half + 20)
    t = np.arange(low, high, spacing)
    return 2 * np.exp(t), spacing * np.exp(half * t - np.exp(t) - lgamma(half))


@lru_cache(maxsize=1)
def _panel_rule() -> tuple[Array, Array]:
    """Return nodes in (0, 1) and weights of the double exponential rule."""
    t = np.arange(-45, 46) / 13.0
    reach = np.pi / 2 * np.sinh(t)
    nodes = 1 / (1 + np.exp(-2 * reach))
    return nodes, np.pi / 2 * np.cosh(t) / np.cosh(reach) ** 2 / 2 / 13.0


def _expectation(n: int, c: float, function: Callable[[Array], Array]) -> float:
    """Return E function(m)."""
    u, weights = _panel_rule()
    corner = 1 / c**0.5
    ends = (0.0, min(corner, 12.0), min(corner, 12.0) + 12.0)
    g = np.concatenate([low + (high - low) * u for low, high in pairwise(ends)])
    w = np.concatenate([(high - low) * weights for low, high in pairwise(ends)])
    w *= 2 * np.exp(-g * g / 2) / np.sqrt(2 * np.pi)
    z = g * g
    kept = np.maximum((1 - c * z) ** 2, 1e-300)
    if n == 1:
        return float(w @ function(kept))
    y, over_y = _gamma_rule((n - 1) / 2)
    return float(w @ (function(kept[:, None] + (c * c * z)[:, None] * y) @ over_y))


def mean_log(n: int, c: float) -> float:
    """Return E log m, the almost-sure rate of |D|^2.

    >>> round(mean_log(2, 1.0) / 2, 5)
    0.0297
    """
    return _expectation(integer("dimension", n, 1), _step(c), np.log)


def link_moment(n: int, c: float, power: float) -> float:
    """Return E m^power; it is finite for power > -n/2, and for n = 1 above -1/2.

    >>> round(link_moment(3, 0.4, 1.0), 9)    # 1 - 2 c + c^2 (n + 2)
    1.0
    """
    integer("dimension", n, 1)
    real("power", power, -min(n, 2) / 4, mend="a smaller one converges too slowly")
    return _expectation(n, _step(c), lambda m: m**power)


def critical_step(n: int) -> float:
    """Return the step above which CoLA diverges almost surely, in units of 1/(L s^2): E log m = 0.

    >>> round(critical_step(2), 4)
    0.9371
    """
    return _root(lambda c: mean_log(n, c), 2.0 / (n + 2), n)


def crossing_step(n: int, power: float) -> float:
    """Return the step c > 0 at which E m^power = 1, 2/(n + 2) for power 1.

    >>> round(crossing_step(3, 1.0), 9)
    0.4
    """
    real("power", power, mend="a power other than 0")
    if power == 0.0:
        raise UsageError.of("power", power, "other than 0", "use critical_step")
    return _root(lambda c: np.sign(power) * (link_moment(n, c, power) - 1.0), 1.0 / (n + 2), n)


def _root(rising: Callable[[float], float], low: float, n: int) -> float:
    """Return the zero of a function that is negative below it and positive above, from a c below it."""
    from scipy.optimize import brentq

    high = low
    while rising(high) <= 0.0:
        low, high = high, 1.3 * high
    return float(brentq(rising, low, high, xtol=1e-12, rtol=1e-10))


def _step(c: float) -> float:
    return real("step", c, 0.0, open_low=True)
