"""One chain on one quadratic in exact numbers: its expectations, and the constants of the theorems.

A quadratic of one block is a sum of parts 1/2 tr(D_j^T K_j D_j) whose K_j act on the side of the sketch;
each part follows the recursion of `ractheory.exact.recursion`. With rational spectra, starts and steps
everything is rational; with balls (irrational spectra) every number is enclosed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import accumulate
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.exact.arithmetic import exactly, greater, rational
from ractheory.exact.moments import Moments
from ractheory.exact.recursion import RowRecursion
from ractheory.theorems import Statement
from ractheory.theorems import symbols as sym

Array = NDArray[Any]


def numbers(values: Sequence[Any]) -> Array:
    """Return rationals or balls as an object array."""
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


@dataclass(frozen=True)
class Part:
    """1/2 tr(D^T diag(k) D): eigenvalues k and squared row norms of D_0, shape (d,) each."""

    k: Array
    energy: Array

    @property
    def distances(self) -> Array:
        """The energies but for those of flat directions: from the minimiser nearest to W_0."""
        flat = self.energy * 0
        return numbers(
            [s if v != 0 else z for v, s, z in zip(self.k, self.energy, flat, strict=True)]
        )


@dataclass(frozen=True)
class ExactChain:
    """A chain with the same sketch in every part.

    Attributes
    ----------
    parts : of the quadratic
    step : gamma, or c = eta s^2 of a plain factor step
    moments : of the sketch, in exact numbers
    rank : r

    >>> from ractheory.exact.moments import haar
    >>> one = Part(numbers([rational(1)] * 2), numbers([rational(2)] * 2))
    >>> chain = ExactChain((one,), rational(1), haar(2, 1).convert(rational), 1)
    >>> [str(v) for v in chain.curve(sym.gap(sym.T), 2)]
    ['2', '1', '1/2']
    """

    parts: tuple[Part, ...]
    step: Any
    moments: Moments
    rank: int

    @property
    def dimension(self) -> int:
        return len(self.parts[0].k)

    @cached_property
    def eigenvalues(self) -> list[Any]:
        """All eigenvalues of the quadratic on vec(D), parts one after the other."""
        return [v for part in self.parts for v in part.k]

    @property
    def positive(self) -> list[Any]:
        return [v for v in self.eigenvalues if v != 0]

    def _sums(self, steps: int) -> Iterator[dict[type, Any]]:
        """Yield E f - f*, E|G|^2 and E|D|^2 at t = 0, ..., steps; D from the minimiser nearest to W_0."""
        chains = [RowRecursion(p.k, self.step, self.moments) for p in self.parts]
        states = [c.energies(p.distances, steps) for c, p in zip(chains, self.parts, strict=True)]
        for rows in zip(*states, strict=True):
            pairs = list(zip(chains, rows, strict=True))
            yield {
                sym.gap: sum((c.value(s) for c, s in pairs), rational(0)),
                sym.grad_sq: sum((c.grad_sq(s) for c, s in pairs), rational(0)),
                sym.dist_sq: sum((s.sum() for s in rows), rational(0)),
            }

    def curves(self, steps: int) -> dict[type, list[Any]]:
        """Return E f(W_t) - f*, E|G_t|^2 and E|D_t|^2 at t = 0, ..., steps, by their observables."""
        rows = list(self._sums(steps))
        return {kind: [row[kind] for row in rows] for kind in rows[0]}

    def curve(self, left: Any, steps: int) -> list[Any]:
        """Return E[left] at T = 0, ..., steps, as `expectation` does."""
        return expectation(left, self.curves(steps))

    def constants(self) -> dict[str, Any]:
        """Return the theorems' constants of the objective, the start, and an isotropic sketch.

        L is the largest eigenvalue, mu the least that is not zero, |D_0|^2 that of the nearest minimiser.
        """
        k, d = self.positive, self.dimension
        L, trace = _largest(k), sum(self.parts[0].k, rational(0))
        rho = self.moments.mean
        distance = sum((p.distances.sum() for p in self.parts), rational(0))
        values = {
            "L": L, "mu": -_largest([-v for v in k]), "trace_K": trace, "max_diag_K": L, "rho": rho,
            "lam_min": rho, "lam_max": rho, "gamma": self.step, "d": rational(d),
            "r": rational(self.rank), "D0_sq": distance, "D0_sq_weighted": distance / rho,
            "support": rational(sum(bool(v != 0) for v in self.parts[0].k)),
        }  # fmt: skip
        start = sum((p.k.dot(p.distances) for p in self.parts), rational(0)) / 2
        return {**values, str(sym.gap(0)): start}

    def bound(self, statement: Statement, constants: Mapping[str, Any], T: int) -> Any:
        """Return the right side of `statement` at T, from exact constants (and gap(0) by that name)."""
        return self.evaluated(statement.right, constants, T)

    def evaluated(self, expression: sp.Expr, constants: Mapping[str, Any], T: int) -> Any:
        """Return an expression of constants and gap(0) at T."""
        return exactly(expression, {**constants, sym.T.name: rational(T)})


def _largest(values: Sequence[Any]) -> Any:
    """Return the largest number; for balls, a ball that holds it."""
    return reduce(greater, values)


def expectation(left: Any, curves: Mapping[type, Sequence[Any]]) -> list[Any]:
    """Return E[left] at every T from the curves of a chain; at T = 0 a mean over no step is that of |G_0|^2.

    Raises TypeError for an observable that is no linear function of the second moment.
    """
    if left.func == sym.mean_grad_sq:
        squares = curves[sym.grad_sq]
        sums = list(accumulate(squares[:-1]))
        return [squares[0], *(total / T for T, total in enumerate(sums, start=1))]
    if left.func not in curves:
        raise TypeError(f"no exact expectation of {left}")
    return list(curves[left.func])
