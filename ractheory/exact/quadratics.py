"""Finite sums of quadratics as arrays: f(W) = (1/N) sum_i 1/2 tr((W - C_i)^T K_i (W - C_i)).

The arrays may hold floats or Fractions; everything that is computed from Fractions is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError

Array = NDArray[Any]


def fractions(values: Any) -> Array:
    """Return an object array of the exact Fractions of `values` (nested lists of numbers or strings).

    >>> fractions([["1/3", 2]])
    array([[Fraction(1, 3), Fraction(2, 1)]], dtype=object)
    """
    array = np.array(values, dtype=object)
    return np.array([Fraction(v) for v in array.ravel()], dtype=object).reshape(array.shape)


@dataclass(frozen=True)
class QuadraticSum:
    """f = (1/N) sum_i f_i with f_i(W) = 1/2 tr((W - C_i)^T K_i (W - C_i)).

    Attributes
    ----------
    curvatures : the symmetric K_i, each of shape (m, m)
    centres : the C_i, each of shape (m, n)
    """

    curvatures: tuple[Array, ...]
    centres: tuple[Array, ...]

    def __post_init__(self) -> None:
        if not self.curvatures or len(self.curvatures) != len(self.centres):
            raise UsageError.of(
                "numbers of curvatures and centres", (len(self.curvatures), len(self.centres)),
                "equal and at least 1", "give one centre for each curvature",
            )  # fmt: skip
        for K, C in zip(self.curvatures, self.centres, strict=True):
            if K.shape != (len(C), len(C)) or C.shape != self.centres[0].shape:
                raise UsageError.of(
                    "shapes of a curvature and its centre", (K.shape, C.shape),
                    "(m, m) and (m, n), the same for all", "reshape the arrays",
                )  # fmt: skip
            if not (K == K.T).all():
                raise UsageError.of(
                    "curvature", K.tolist(), "a symmetric matrix", "use (K + K^T)/2"
                )

    @property
    def components(self) -> int:
        return len(self.curvatures)

    @cached_property
    def curvature(self) -> Array:
        """K = mean of the K_i, shape (m, m)."""
        return sum(self.curvatures) / self._one(self.components)

    @cached_property
    def pull(self) -> Array:
        """Mean of K_i C_i, shape (m, n): the gradient is K W - pull."""
        terms = [K.dot(C) for K, C in zip(self.curvatures, self.centres, strict=True)]
        return sum(terms) / self._one(self.components)

    def component_gradient(self, i: int, W: Array) -> Array:
        """Return grad f_i(W) = K_i (W - C_i)."""
        return self.curvatures[i].dot(W - self.centres[i])

    def gradient(self, W: Array) -> Array:
        """Return grad f(W), shape (m, n)."""
        return self.curvature.dot(W) - self.pull

    def value(self, W: Array) -> Any:
        """Return f(W)."""
        total: Any = 0
        for i in range(self.components):
            total = total + ((W - self.centres[i]) * self.component_gradient(i, W)).sum()
        return total / self._one(2 * self.components)

    def grad_sq(self, W: Array) -> Any:
        """Return |grad f(W)|^2."""
        return (self.gradient(W) ** 2).sum()

    def minimiser(self) -> Array:
        """Return the minimiser, exactly for Fractions; K must be invertible."""
        if self.curvature.dtype != object:
            return np.linalg.solve(self.curvature, self.pull)
        from flint import fmpq, fmpq_mat

        def flint_matrix(A: Array) -> Any:
            return fmpq_mat(
                A.shape[0], A.shape[1], [fmpq(v.numerator, v.denominator) for v in A.ravel()]
            )

        try:
            solution = flint_matrix(self.curvature).solve(flint_matrix(self.pull))
        except ZeroDivisionError:
            raise UsageError.of(
                "mean curvature", "singular", "an invertible matrix", "add a component that fixes W"
            ) from None
        exact = [Fraction(int(v.p), int(v.q)) for v in solution.entries()]
        return np.array(exact, dtype=object).reshape(self.pull.shape)

    def _one(self, count: int) -> Any:
        """Return `count` in a type that keeps Fractions exact."""
        return Fraction(count) if self.curvatures[0].dtype == object else float(count)


def pooled(clients: Sequence[QuadraticSum]) -> QuadraticSum:
    """Return the sum over all components of all clients (each with the same number of components)."""
    if len({client.components for client in clients}) != 1:
        raise UsageError.of(
            "components of the clients", [c.components for c in clients], "the same number each",
            "the theory's federations weigh all clients alike",
        )  # fmt: skip
    return QuadraticSum(
        tuple(K for client in clients for K in client.curvatures),
        tuple(C for client in clients for C in client.centres),
    )
