"""Chains whose links are finitely many affine maps, all equally likely: first and second moments, exactly.

Stochastic gradients, epochs of reshuffling and rounds of a federation on quadratics are such chains. With
W+ = A W + b the state (1, E W, E[W W^T]) moves by one matrix: T links are a power of it, and the
limit of the chain is the solution of one linear system. Entries are Fractions or floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError, integer

Array = NDArray[Any]
Map = tuple[Array, Array]
"""(A, b) of W -> A W + b, shapes (d, d) and (d,)."""

Component = tuple[Array, Array]
"""(K, p) of a function with gradient K W - p; K need not be definite."""


def gradient_map(component: Component, H: Array, gamma: Any) -> Map:
    """Return W -> W - gamma H grad f_i(W)."""
    K, p = component
    return _identity(len(p), p.dtype) - gamma * H.dot(K), gamma * H.dot(p)


def _identity(d: int, kind: Any) -> Array:
    return np.array([[Fraction(i == j) for j in range(d)] for i in range(d)], dtype=kind)


def composed(maps: Iterable[Map]) -> Map:
    """Return the maps one after the other, the first one first."""
    return reduce(lambda f, g: (g[0].dot(f[0]), g[0].dot(f[1]) + g[1]), maps)


def epoch_maps(components: Sequence[Component], H: Array, gamma: Any) -> list[Map]:
    """Return the epochs over all permutations of the components, with one sketch."""
    steps = [gradient_map(c, H, gamma) for c in components]
    return [composed(order) for order in permutations(steps)]


def mean_map(maps: Sequence[Map]) -> Map:
    """Return the average of maps: what a server makes of its clients."""
    A, b = maps[0]
    count: Any = Fraction(len(maps)) if A.dtype == object else float(len(maps))
    return sum((A for A, _ in maps), A * 0) / count, sum((b for _, b in maps), b * 0) / count


def round_maps(clients: Sequence[Sequence[Component]], H: Array, gamma: Any) -> list[Map]:
    """Return the rounds of a federation over all permutations of every client, with a shared sketch."""
    each = [epoch_maps(client, H, gamma) for client in clients]
    return [mean_map(chosen) for chosen in product(*each)]


@dataclass(frozen=True)
class AffineChain:
    """A chain of equally likely affine links in R^d.

    >>> half = (np.array([[Fraction(1, 2)]]), np.array([Fraction(0)]))
    >>> stay = (np.array([[Fraction(1)]]), np.array([Fraction(0)]))
    >>> chain = AffineChain((half, stay))
    >>> [str(S[0, 0]) for _, S in chain.states(np.array([Fraction(2)]), 2)]
    ['4', '5/2', '25/16']
    """

    maps: tuple[Map, ...]

    @property
    def dimension(self) -> int:
        return len(self.maps[0][1])

    def matrix(self) -> Array:
        """Return the matrix on (1, E W, vec E[W W^T]), shape (1 + d + d^2, 1 + d + d^2)."""
        d = self.dimension
        M = np.zeros((1 + d + d * d,) * 2, dtype=self.maps[0][0].dtype)
        M = M + Fraction(0) if M.dtype == object else M
        count: Any = Fraction(len(self.maps)) if M.dtype == object else float(len(self.maps))
        for A, b in self.maps:
            column = b.reshape(d, 1)
            M[1 : d + 1, 0] += b
            M[1 : d + 1, 1 : d + 1] += A
            M[d + 1 :, 0] += np.kron(column, column)[:, 0]
            M[d + 1 :, 1 : d + 1] += np.kron(A, column) + np.kron(column, A)
            M[d + 1 :, d + 1 :] += np.kron(A, A)
        M = M / count
        M[0, 0] = count / count
        return M

    def states(self, start: Array, steps: int) -> Iterator[tuple[Array, Array]]:
        """Yield (E W_t, E[W_t W_t^T]) for t = 0, ..., steps."""
        integer("steps", steps, 0)
        d, M = self.dimension, self.matrix()
        one = M[:1, 0]
        state = np.concatenate([one, start, np.outer(start, start).ravel()])
        for t in range(steps + 1):
            yield state[1 : d + 1], state[d + 1 :].reshape(d, d)
            if t < steps:
                state = M.dot(state)

    def limit(self) -> Array:
        """Return the limit of E[W_t W_t^T], for Fractions exactly.

        Raises UsageError where the moments do not settle: a spectral radius of 1 or more.
        """
        d, M = self.dimension, self.matrix()
        moving = M[1:, 1:]
        radius = float(np.abs(np.linalg.eigvals(moving.astype(float))).max())
        if radius >= 1.0:
            raise UsageError.of("spectral radius", radius, "below 1", "take a smaller step")
        eye = _identity(d + d * d, M.dtype)
        return _solved(eye - moving, M[1:, 0])[d:].reshape(d, d)


def _solved(A: Array, b: Array) -> Array:
    """Return the solution of A x = b, exactly for Fractions."""
    if A.dtype != object:
        return np.linalg.solve(A, b)
    from flint import fmpq_mat

    from ractheory.exact.arithmetic import rational

    rows = len(A)
    left = fmpq_mat(rows, rows, [rational(v) for v in A.ravel()])
    right = fmpq_mat(rows, 1, [rational(v) for v in b])
    found = [Fraction(int(v.p), int(v.q)) for v in left.solve(right).entries()]
    return np.array(found, dtype=object)
