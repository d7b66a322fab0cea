"""Mean-square stability and the best step of RAC-LoRA on a spectrum, as roots of secular equations.

M of `ractheory.exact.recursion`, restricted to {i: k_i > 0}, is similar to the symmetric matrix
S(gamma) = diag(d_i) + gamma^2 spread k k^T with d_i = 1 - 2 gamma mean k_i + gamma^2 same k_i^2.
Hence its spectral radius is the largest eigenvalue of S, and for every unit vector y
y^T S(gamma) y is a convex quadratic in gamma: the radius is CONVEX in gamma, equals 1 at gamma = 0 and
at the stability limit, and has one interval of minimisers in between. Each number is one root:

- radius: the root x > max p_i of sum w_i/(x - p_i) = 1 with p = d, w = gamma^2 spread k^2;
- limit: 1/x for the root x with p_i = same k_i/(2 mean), w_i = spread k_i/(2 mean), which is the
  criterion gamma same k_max < 2 mean and sum gamma spread k_i/(2 mean - gamma same k_i) < 1;
- best step: the sign change of the derivative of the radius, by bisection on (0, limit).

All in floating point; `ractheory.exact.recursion.certifies` proves a factor exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError
from ractheory.exact.moments import Moments

Vector = NDArray[np.float64]

NEWTON_STEPS = 2200
"""Newton on a secular equation at least doubles its distance to the pole until it converges: it
needs at most one step per binade of the double range (2098) and a few more."""

LARGEST_STEP = 1e150
"""Steps beyond this over L have a radius that no double holds."""

BISECTIONS = 1100
"""Halvings of an interval of doubles until its midpoint is an end, at most one per binade and bit."""


def secular_root(poles: Vector, weights: Vector) -> float:
    """Return the largest root x of sum_i w_i/(x - p_i) = 1, w >= 0: the largest eigenvalue of
    diag(p) + 1 w^T.

    Newton's method from a point left of the root; the sum is convex and decreasing right of the
    poles, so the iterates rise to the root. The unknown is the distance to the largest pole.

    >>> secular_root(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == (3 + 5**0.5) / 2
    True
    """
    top = float(poles.max())
    live = weights > 0
    if not live.any():
        return top
    pole = float(poles[live].max())
    distance, w = pole - poles[live], weights[live]
    x = float(w[distance == 0].sum())
    for _ in range(NEWTON_STEPS):
        share = w / (x + distance)
        excess = float(share.sum()) - 1.0
        following = x + excess / float((share / (x + distance)).sum())
        if not following > x:
            break
        x = following
    return max(top, pole + x)


@dataclass(frozen=True)
class Stability:
    """Mean-square behaviour of RAC-LoRA on 1/2 tr(D^T K D) as a function of the step.

    Attributes
    ----------
    k : the positive eigenvalues of K, divided by the largest one
    L : the largest eigenvalue
    moments : of the sketch, floats
    """

    k: Vector
    L: float
    moments: Moments

    @classmethod
    def of(cls, spectrum: Vector, moments: Moments) -> Stability:
        """Return the value for a spectrum (zeros allowed, not all zero) and the sketch's moments.

        >>> from ractheory.exact.moments import haar
        >>> chain = Stability.of(np.array([2.0, 2.0, 2.0]), haar(3, 1))
        >>> round(chain.step_limit(), 12), round(chain.best_step(), 12)
        (1.0, 0.5)
        """
        L = float(np.max(spectrum))
        if not 0.0 < L < np.inf:
            raise UsageError.of(
                "largest eigenvalue", L, "finite and > 0", "give a nonzero spectrum"
            )
        k = np.asarray(spectrum, dtype=float) / L
        return cls(k[k > 0], L, moments.convert(float))

    def _losses(self, a: float) -> Vector:
        """Return 1 - d at gamma L = a, with no cancellation against 1."""
        scaled = a * self.k
        return scaled * (2 * self.moments.mean - self.moments.same * scaled)

    def contraction(self, gamma: float) -> float:
        """Return 1 - radius, to full precision also when the radius is near 1."""
        a = gamma * self.L
        if a > LARGEST_STEP:
            return -np.inf
        return -secular_root(-self._losses(a), self.moments.spread * (a * self.k) ** 2)

    def radius(self, gamma: float) -> float:
        """Return the spectral radius of M restricted to {i: k_i > 0}."""
        return 1 - self.contraction(gamma)

    def stable(self, gamma: float) -> bool:
        """Whether E f_t -> 0 from every start: the criterion of the limit, with no radius computed."""
        return 0 < gamma < self.step_limit()

    def step_limit(self) -> float:
        """Return the supremum of the mean-square stable steps."""
        halved = self.k / (2 * self.moments.mean)
        return 1 / (self.L * secular_root(self.moments.same * halved, self.moments.spread * halved))

    def slope(self, a: float) -> float:
        """Return a derivative (one of the subgradients at a kink) of the radius in a = gamma L.

        With y the unit Perron vector of S: -2 mean sum k y^2 + 2 a (same sum k^2 y^2 + spread (sum k y)^2).
        """
        losses, k, moments = self._losses(a), self.k, self.moments
        gap = losses + secular_root(-losses, moments.spread * (a * k) ** 2)
        y = (gap == 0).astype(float) if (gap == 0).any() else k / gap * gap.min()
        y = y / np.sqrt(y @ y)
        curvature = moments.same * float((k * y) @ (k * y)) + moments.spread * float(k @ y) ** 2
        return float(-2 * moments.mean * (k @ (y * y)) + 2 * a * curvature)

    def best_step(self) -> float:
        """Return the step of least spectral radius, to the last bits by bisection on its slope.

        Of the two neighbouring doubles that enclose it the smaller one, which is stable even where the
        best step rounds to the limit (condition numbers near 1/eps).
        """
        low, high = 0.0, self.step_limit() * self.L
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            if middle in (low, high):
                break
            if self.slope(middle) < 0:
                low = middle
            else:
                high = middle
        return low / self.L

    def best_rate(self) -> float:
        """Return the least spectral radius over all steps."""
        return self.radius(self.best_step())
