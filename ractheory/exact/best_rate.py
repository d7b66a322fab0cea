"""The best fixed step on one spectrum: enclosed, and compared with the law of `best-rate`.

The steps are those of `ractheory.exact.stability`, in floating point. What is said of them is decided in
rationals or balls: the contraction c is a concave function of the step, so that values at a step and a
little to either side of it enclose its maximum, and the secular equation decides every comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.exact.arithmetic import exactly, rational
from ractheory.exact.moments import Moments
from ractheory.exact.recursion import RowRecursion, certifies
from ractheory.exact.secular import beyond_limit, radius_above, radius_below, within_limit
from ractheory.exact.stability import Stability
from ractheory.theorems import Statement
from ractheory.theorems.best_rate import GUARANTEED
from ractheory.theorems.effective import L_EFF_HAAR
from ractheory.theorems.symbols import best_contraction, step_limit

Vector = NDArray[np.float64]
Enclosure = tuple[Any, Any]
"""A lower and an upper bound that are proved."""

WIDTH = rational(2) ** -36
"""Relative width of the enclosures; doubles are good to about d 2^-52."""

APART = rational(2) ** -14
"""Relative distance of the steps that enclose the best one.

c is the least of functions b gamma - a gamma^2, so that it falls by at least the square of this, relative,
at this distance from its maximum: well above the width.
"""


@dataclass(frozen=True)
class BestRate:
    """The steps of one sketch on one spectrum, and how fast each contracts.

    Attributes
    ----------
    k : all eigenvalues of K, rationals or balls
    moments : of the sketch, in the same numbers
    constants : of the theorem, in the same numbers: L, mu, trace_K, d, r

    >>> from ractheory.exact.chains import numbers
    >>> from ractheory.exact.moments import haar
    >>> flat = numbers([rational(1)] * 4)
    >>> values = {"L": 1, "mu": 1, "trace_K": 4, "d": 4, "r": 2}
    >>> found = BestRate(flat, haar(4, 2).convert(rational), {n: rational(v) for n, v in values.items()})
    >>> round(found.contraction("best"), 9), round(found.steps["limit"], 9)
    (0.5, 2.0)
    """

    k: NDArray[Any]
    moments: Moments
    constants: dict[str, Any]

    @cached_property
    def stability(self) -> Stability:
        spectrum = np.array([float(v) for v in self.k])
        return Stability.of(spectrum, self.moments)

    @cached_property
    def steps(self) -> dict[str, float]:
        """1/L, 1/L_eff (of this sketch), 2/L, the best step, and the limit of stability."""
        L, trace = (float(self.constants[name]) for name in ("L", "trace_K"))
        L_eff = float(self.moments.convert(float).effective_smoothness(L, trace))
        found = self.stability
        return {
            "1/L": 1 / L, "1/L_eff": 1 / L_eff, "2/L": 2 / L, "best": found.best_step(),
            "limit": found.step_limit(),
        }  # fmt: skip

    @property
    def rho(self) -> float:
        return float(self.moments.mean)

    def contraction(self, step: str) -> float:
        """Return one minus the spectral radius at a step of `steps`."""
        return self.stability.contraction(self.steps[step])

    def guaranteed(self) -> float:
        """Return rho mu/L_eff of a Haar sketch."""
        return float(exactly(GUARANTEED, self.constants))

    # Enclosures.

    def _chain(self, gamma: Any) -> RowRecursion:
        return RowRecursion(self.k, gamma, self.moments)

    def _around(self, value: float) -> Enclosure:
        exact = rational(float(value))
        return exact * (1 - WIDTH), exact * (1 + WIDTH)

    def _contraction_at(self, gamma: Any) -> Enclosure | None:
        """Return proved bounds on one minus the radius at an exact step."""
        value = self.stability.contraction(float(gamma))
        if not value > 0:
            return None
        (low, high), chain = self._around(value), self._chain(gamma)
        proved = radius_below(chain, 1 - low) and radius_above(chain, 1 - high)
        return (low, high) if proved else None

    @cached_property
    def limit(self) -> Enclosure | None:
        """Proved bounds on the limit of mean-square stability."""
        low, high = self._around(self.steps["limit"])
        proved = within_limit(self._chain(low)) and beyond_limit(self._chain(high))
        return (low, high) if proved else None

    @cached_property
    def best(self) -> Enclosure | None:
        """Proved bounds on the largest contraction over all steps.

        Take steps a < b < c < d < e at equal distances with c(b), c(d) < c(c): the maximum of the concave
        function lies in [b, d]. On [b, c] it stays below the lines through its values at a, b and at
        c, d, prolonged by one distance; on [c, d] below those at b, c and at d, e.
        """
        middle = rational(self.steps["best"])
        steps = [middle * (1 + i * APART) for i in (-2, -1, 0, 1, 2)]
        found = [e for e in map(self._contraction_at, steps) if e is not None]
        if len(found) < len(steps):
            return None
        a, b, (low, high), d, e = found
        if not max(b[1], d[1]) < low:
            return None
        left = min(2 * b[1] - a[0], 2 * high - d[0])
        right = min(2 * high - b[0], 2 * d[1] - e[0])
        return low, max(left, right)

    # The law.

    def decide(self, statement: Statement, factor: Any) -> bool | None:
        """Return whether the statement of `best-rate`, its bound times `factor`, is proved, or disproved.

        None where the enclosures leave it open.
        """
        bound = factor * self._bound(statement.right)
        if statement.left == step_limit:
            chain = self._chain(bound)
            below, above = within_limit(chain), beyond_limit(chain)
        elif statement.left == best_contraction:
            if self.best is None:
                return None
            low, high = self.best
            below = bool(bound <= low) or self._guarantees(bound)
            above = bool(bound >= high)
        else:
            raise ValueError(f"no enclosure of {statement.left}")
        holds, fails = (below, above) if statement.is_lower_bound else (above, below)
        if holds:
            return True
        return False if fails else None

    def _bound(self, right: sp.Expr) -> Any:
        """Return the right side; the limit in it is the proved bound on the safe side."""
        limit = {"step_limit": self.limit[0]} if self.limit else {}
        return exactly(right, {**self.constants, **limit})

    def _guarantees(self, contraction: Any) -> bool:
        """Whether every link at 1/L_eff contracts E f by so much from every start, exactly."""
        gamma = 1 / exactly(L_EFF_HAAR, self.constants)
        return certifies(self._chain(gamma), 1 - contraction)
