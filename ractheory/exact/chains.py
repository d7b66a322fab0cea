"""One chain on one quadratic, without sampling: its expectations, and the constants of the theorems.

A quadratic of one block is a sum of parts 1/2 tr(D_j^T K_j D_j) whose K_j act on the side of the sketch;
each part follows a recursion of `ractheory.exact`: of its row energies where K_j is diagonal, of its
whole second moment otherwise. Numbers are floats, rationals (python-flint), or balls: the text is one.
With rational spectra, starts and steps everything is rational; with balls every number is enclosed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import accumulate
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.exact.arithmetic import exactly, greater, rational, symmetric_eigen
from ractheory.exact.moments import Moments
from ractheory.exact.recursion import RowRecursion
from ractheory.theorems import Statement
from ractheory.theorems import symbols as sym

Array = NDArray[Any]

POWERS: dict[type, tuple[int, int]] = {sym.gap: (1, 2), sym.grad_sq: (2, 1), sym.dist_sq: (0, 1)}
"""Observables <D, K^power D>/divisor."""


def numbers(values: Sequence[Any]) -> Array:
    """Return rationals or balls as an object array."""
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array


@dataclass(frozen=True)
class Part:
    """1/2 tr(D^T K D).

    Attributes
    ----------
    K : eigenvalues, shape (d,), in a basis where K is diagonal; or K itself, shape (d, d)
    S : of D_0, the squared row norms in that basis, shape (d,); or D_0 D_0^T, shape (d, d)
    step : step on this part, where it is not that of the chain
    """

    K: Array
    S: Array
    step: Any = None

    @property
    def by_rows(self) -> bool:
        return self.K.ndim == 1

    @property
    def start(self) -> Array:
        """S from the minimiser nearest to W_0: flat rows count nothing."""
        return np.where(self.K != 0, self.S, self.S * 0) if self.by_rows else self.S

    @property
    def one(self) -> Array:
        """The identity, in the shape of S."""
        return self.S * 0 + 1 if self.by_rows else _identity(self.S)

    def power(self, exponent: int) -> Array:
        """Return K^exponent, as K is given."""
        if self.by_rows:
            return self.K**exponent
        return reduce(np.dot, [self.K] * exponent, self.one)

    def motion(self, step: Any, moments: Moments) -> Callable[[Array], Array]:
        """Return the map of a link on S; the part's own step goes before `step`."""
        c = step if self.step is None else self.step
        if self.by_rows:
            chain = RowRecursion(self.K, c, moments)
            diagonal, weights = chain.diagonal, chain.weights
            return lambda s: diagonal * s + weights.dot(s)
        cK = c * self.K  # c and K alone may be too large or too small to be squared

        def dense(S: Array) -> Array:
            pull = moments.mean * cK.dot(S)
            return S - (pull + pull.T) + moments.second(cK.dot(S).dot(cK))

        return dense

    def next_value(self, step: Any, moments: Moments) -> Array:
        """Return Q, as K is given, with E[1/2 <D_+, K D_+> | D] = <D, Q D>."""
        c = step if self.step is None else self.step
        K, cK = self.K, c * self.K
        if self.by_rows:
            curved = moments.same * K + moments.spread * K.sum()
            return (K - 2 * moments.mean * cK * K + cK * curved * cK) / 2
        return (K - 2 * moments.mean * cK.dot(K) + cK.dot(moments.second(K)).dot(cK)) / 2


def _identity(S: Array) -> Array:
    return np.diag(np.diag(S) * 0 + 1)


@dataclass(frozen=True)
class Chain:
    """A chain with the same sketch in every part.

    Attributes
    ----------
    parts : of the quadratic
    step : gamma, or c = eta s^2 of a plain factor step
    moments : of the sketch, in the numbers of the parts
    rank : r

    >>> from ractheory.exact.moments import haar
    >>> one = Part(numbers([rational(1)] * 2), numbers([rational(2)] * 2))
    >>> chain = Chain((one,), rational(1), haar(2, 1).convert(rational), 1)
    >>> [str(v) for v in chain.curve(sym.gap(sym.T), 2)]
    ['2', '1', '1/2']
    """

    parts: tuple[Part, ...]
    step: Any
    moments: Moments
    rank: int

    @property
    def dimension(self) -> int:
        return len(self.parts[0].K)

    @cached_property
    def eigenvalues(self) -> list[Any]:
        """All eigenvalues of the quadratic on vec(D), parts one after the other."""
        spectra = (p.K if p.by_rows else symmetric_eigen(p.K)[0] for p in self.parts)
        return [v for spectrum in spectra for v in spectrum]

    @property
    def positive(self) -> list[Any]:
        return [v for v in self.eigenvalues if v != 0]

    def states(self, steps: int) -> Iterator[list[Array]]:
        """Yield the S of every part at t = 0, ..., steps; D from the minimiser nearest to W_0."""
        moves = [p.motion(self.step, self.moments) for p in self.parts]
        state = [p.start for p in self.parts]
        for t in range(steps + 1):
            yield state
            if t < steps:
                state = [move(S) for move, S in zip(moves, state, strict=True)]

    def curves(self, steps: int) -> dict[type, list[Any]]:
        """Return E f(W_t) - f*, E|G_t|^2 and E|D_t|^2 at t = 0, ..., steps, by their observables."""
        forms = {k: [p.power(power) for p in self.parts] for k, (power, _) in POWERS.items()}
        found: dict[type, list[Any]] = {kind: [] for kind in POWERS}
        for state in self.states(steps):
            for kind, (_, divisor) in POWERS.items():
                found[kind].append(weighed(forms[kind], state) / divisor)
        return found

    def curve(self, left: Any, steps: int) -> list[Any]:
        """Return E[left] at T = 0, ..., steps, as `expectation` does."""
        return expectation(left, self.curves(steps))

    def constants(self) -> dict[str, Any]:
        """Return the theorems' constants of the objective, the start, and an isotropic sketch.

        L is the largest eigenvalue, mu the least that is not zero, |D_0|^2 that of the nearest minimiser.
        """
        k, d, first = self.positive, self.dimension, self.parts[0]
        diagonal = first.K if first.by_rows else np.diag(first.K)
        L, trace = _largest(k), reduce(lambda a, b: a + b, diagonal)
        rho = self.moments.mean
        ones = [p.one for p in self.parts]
        distance = weighed(ones, [p.start for p in self.parts])
        values = {
            "L": L, "mu": -_largest([-v for v in k]), "trace_K": trace, "max_diag_K": _largest(diagonal),
            "rho": rho, "lam_min": rho, "lam_max": rho, "gamma": self.step, "d": rational(d),
            "r": rational(self.rank), "D0_sq": distance, "D0_sq_weighted": distance / rho,
            "support": rational(sum(bool(v != 0) for v in self.eigenvalues[:d])),
        }  # fmt: skip
        start = weighed([p.power(1) for p in self.parts], [p.start for p in self.parts]) / 2
        return {**values, str(sym.gap(0)): start}

    def bound(self, statement: Statement, constants: Mapping[str, Any], T: int) -> Any:
        """Return the right side of `statement` at T, from exact constants (and gap(0) by that name)."""
        return self.evaluated(statement.right, constants, T)

    def evaluated(self, expression: sp.Expr, constants: Mapping[str, Any], T: int) -> Any:
        """Return an expression of constants and gap(0) at T."""
        return exactly(expression, {**constants, sym.T.name: rational(T)})


def weighed(forms: Sequence[Array], state: Sequence[Array]) -> Any:
    """Return the sum over the parts of the form against the second moment."""
    return reduce(lambda a, b: a + b, [(F * S).sum() for F, S in zip(forms, state, strict=True)])


def _largest(values: Sequence[Any] | Array) -> Any:
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
