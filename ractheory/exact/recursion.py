"""Expectations of RAC-LoRA on quadratics by recursion, with no sampling.

f = 1/2 tr(D^T K D), K = U diag(k) U^T. With the moments of the sketch in the form of
`ractheory.exact.moments`, the row energies s_i = E|u_i^T D|^2 obey s+ = M s + noise with

    M = diag(1 - 2 gamma mean k_i + gamma^2 same k_i^2) + gamma^2 spread 1 (k * k)^T,

so that a step costs O(m). Source: row `exact-quadratic` of the theory. A Haar sketch (and B B^T with
Gaussian B) may be used for any K; a coordinate sketch only when K is diagonal in its coordinates, else
`ractheory.exact.second_moment`. A right sketch with curvature on the columns is the same recursion for
the columns of D. Numbers are floats, Fractions, python-flint rationals or balls: the text is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError
from ractheory.exact.moments import Moments

Array = NDArray[Any]

LONG = 50_000
"""Steps beyond which the compiled recursion takes less than to load a compiler does."""


def vector(values: Sequence[Any] | Array) -> Array:
    """Return `values` as a float array, or as an object array when they are no floats or ints.

    >>> vector([1, 2]).dtype.name
    'float64'
    """
    plain = all(isinstance(v, (float, int, np.floating, np.integer)) for v in values)
    return np.array(list(values), dtype=float if plain else object)


@dataclass(frozen=True)
class RowRecursion:
    """The row energies of one chain on one quadratic.

    Attributes
    ----------
    k : eigenvalues of K, shape (d,)
    gamma : step
    moments : of the sketch, in the same number type as k
    noise : u_i^T C u_i for gradient noise of covariance C = E[xi xi^T], independent of the sketch;
        None for full gradients

    >>> from fractions import Fraction as F
    >>> from ractheory.exact.moments import haar
    >>> chain = RowRecursion(vector([F(1), F(1)]), F(1), haar(2, 1))
    >>> [str(value) for value in chain.expected(vector([F(2), F(2)]), 2)]
    ['2', '1', '1/2']
    """

    k: Array
    gamma: Any
    moments: Moments
    noise: Array | None = None

    @property
    def diagonal(self) -> Array:
        """Diagonal part of M, shape (d,)."""
        a = self.gamma * self.k
        return 1 - 2 * self.moments.mean * a + self.moments.same * a * a

    @property
    def weights(self) -> Array:
        """The row gamma^2 spread (k * k) that M adds to every row, shape (d,)."""
        a = self.gamma * self.k
        return self.moments.spread * a * a

    @property
    def injected(self) -> Array | int:
        """Energy that the noise adds to each row in one step, shape (d,), or 0."""
        if self.noise is None:
            return 0
        square = self.gamma * self.gamma
        return square * (self.moments.same * self.noise + self.moments.spread * self.noise.sum())

    def matrix(self) -> Array:
        """Return M, shape (d, d)."""
        return np.diag(self.diagonal) + np.stack([self.weights] * len(self.k))

    def energies(self, start: Array, steps: int) -> Iterator[Array]:
        """Yield the row energies at t = 0, ..., steps from those of D_0."""
        diagonal, weights, injected = self.diagonal, self.weights, self.injected
        s = start
        yield s
        for _ in range(steps):
            s = diagonal * s + weights.dot(s) + injected
            yield s

    def value(self, s: Array) -> Any:
        """Return E f - f* = (1/2) k^T s."""
        return self.k.dot(s) / 2

    def grad_sq(self, s: Array) -> Any:
        """Return E |G|^2 = sum_i k_i^2 s_i."""
        return (self.k * self.k).dot(s)

    def expected(self, start: Array, steps: int) -> list[Any]:
        """Return E f(W_t) - f* for t = 0, ..., steps."""
        if steps > LONG and self.k.dtype == float and start.dtype == float:
            return self.curve(start, steps).tolist()
        return [self.value(s) for s in self.energies(start, steps)]

    def curve(self, start: Array, steps: int) -> NDArray[np.float64]:
        """Return the same for floats, compiled, shape (steps + 1,).

        >>> from ractheory.exact.moments import haar
        >>> RowRecursion(np.ones(2), 1.0, haar(2, 1)).curve(np.full(2, 2.0), 2).tolist()
        [2.0, 1.0, 0.5]
        """
        from ractheory.exact.curve import expected_values

        mean, same, spread = (
            float(v) for v in (self.moments.mean, self.moments.same, self.moments.spread)
        )
        noise = np.zeros(len(self.k)) + np.asarray(self.injected, dtype=float)
        out = np.empty(steps + 1)
        expected_values(self.k, float(self.gamma), mean, same, spread, noise, start, out)
        return out


def contraction(chain: RowRecursion) -> Any:
    """Return the least q with k^T M <= q k^T on {i: k_i > 0}: E f_{t+1} <= q E f_t for every start.

    Componentwise (k^T M)_i / k_i = 1 - 2 gamma mean k_i + gamma^2 (same k_i^2 + spread tr(K) k_i).

    >>> from fractions import Fraction as F
    >>> from ractheory.exact.moments import haar
    >>> str(contraction(RowRecursion(vector([F(1), F(1)]), F(1), haar(2, 1))))
    '1/2'
    """
    positive = [bool(v > 0) for v in chain.k]
    if not any(positive):
        raise UsageError.of(
            "spectrum", list(chain.k), "at least one eigenvalue > 0", "K = 0 has f = 0"
        )
    square = chain.gamma * chain.gamma * chain.moments.spread * chain.k.sum()
    return max((chain.diagonal + square * chain.k)[positive])


def certifies(chain: RowRecursion, q: Any) -> bool:
    """Whether k^T M <= q k^T holds componentwise: the one-step proof of E f_t <= q^t f_0 for all t.

    Exact for Fractions; for balls, True means proved.
    """
    row = chain.k.dot(chain.matrix())
    return all(bool(left <= q * k) for left, k in zip(row, chain.k, strict=True))
