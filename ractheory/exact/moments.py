"""First and second moments of a sketch in the one form that the exact recursions use.

Every law here has E[S] = mean I and, for symmetric X,

    E[S X S] = off (X - diag X) + same diag X + spread tr(X) I,

with numbers of any type. S is the projection H, or B B^T for plain factor steps. The numbers come
from the formulas of `ractheory.laws`; this module only brings them to one form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError, integer
from ractheory.laws import gaussian_factor_moments, haar_moments, pair_inclusion

Array = NDArray[Any]


@dataclass(frozen=True)
class Moments:
    """The four numbers of the form above.

    >>> haar(3, 1).spread
    Fraction(1, 15)
    """

    mean: Any
    same: Any
    off: Any
    spread: Any

    def second(self, X: Array) -> Array:
        """Return E[S X S] for symmetric X of shape (d, d)."""
        diagonal = np.diag(np.diag(X))
        identity = np.diag(np.diag(X) * 0 + 1)
        return (
            self.off * (X - diagonal) + self.same * diagonal + self.spread * np.trace(X) * identity
        )

    @property
    def invariant(self) -> bool:
        """Whether they are those of a law that rotations do not change."""
        return bool(self.same == self.off)

    def effective_smoothness(self, L: Any, trace: Any, max_diag: Any = None) -> Any:
        """Return L_eff >= the largest eigenvalue of E[S K S] divided by `mean`, where same >= off:
        E f+ <= f - gamma mean (1 - gamma L_eff/2) |G|^2.

        L is the largest eigenvalue of K, `max_diag` its largest diagonal entry: L, unless given, as for a
        diagonal K. They matter for laws that are not invariant.

        >>> haar(3, 1).effective_smoothness(Fraction(1), Fraction(1))
        Fraction(3, 5)
        """
        top = L if max_diag is None else max_diag
        return ((self.same - self.off) * top + self.off * L + self.spread * trace) / self.mean

    def convert(self, to: Callable[[Fraction], Any]) -> Moments:
        """Return the same moments as another number type.

        >>> haar(2, 1).convert(float).mean
        0.5
        """
        return Moments(to(self.mean), to(self.same), to(self.off), to(self.spread))


IDENTITY = Moments(Fraction(1), Fraction(1), Fraction(1), Fraction(0))
"""H = I: full-parameter steps."""


def haar(d: int, r: int) -> Moments:
    """Return the exact moments of a Haar projection of rank r in R^d."""
    integer("rank", r, 1, d, f"the sketched dimension is {d}")
    if r == d:
        return IDENTITY
    c1, c2 = haar_moments(Fraction(d), Fraction(r))
    return Moments(Fraction(r, d), c1, c1, c2)


def coordinate(d: int, r: int) -> Moments:
    """Return the exact moments of r of d coordinates, uniform without replacement.

    >>> coordinate(4, 2).off
    Fraction(1, 6)
    """
    integer("rank", r, 1, d, f"the sketched dimension is {d}")
    if r == d:
        return IDENTITY
    rho = Fraction(r, d)
    return Moments(rho, rho, pair_inclusion(Fraction(d), Fraction(r)), Fraction(0))


def hadamard(d: int, r: int) -> Moments:
    """Return the exact moments of r of the d columns of a randomly signed Hadamard matrix.

    With P the chance of a pair of columns, E[H X H] = P X + (rho - P) (tr(X)/d I + (2/d) offdiag X).

    >>> hadamard(4, 4) == IDENTITY
    True
    """
    integer("rank", r, 1, d, f"the sketched dimension is {d}")
    if r == d:
        return IDENTITY
    rho, pair = Fraction(r, d), pair_inclusion(Fraction(d), Fraction(r))
    return Moments(rho, pair, pair + 2 * (rho - pair) / d, (rho - pair) / d)


def gaussian_factor(d: int, r: int, variance: Fraction = Fraction(1)) -> Moments:
    """Return the exact moments of S = B B^T, B of shape (d, r) with N(0, variance) entries, no pseudo-inverse."""
    integer("rank", r, 1)
    same, spread = (variance**2 * c for c in gaussian_factor_moments(Fraction(r)))
    return Moments(variance * r, same, same, spread)


def opposite_side(moments: Moments, d: int) -> Moments:
    """Return the moments that act when the sketch is on the side where K does not act.

    With D+ = D - gamma K D S, only E[S] and E[S^2] = (same + d spread) I enter the moment E[D D^T]:
    E[D+ D+^T] = Sigma - gamma mean (K Sigma + Sigma K) + gamma^2 (same + d spread) K Sigma K.

    >>> opposite_side(haar(3, 1), 3).same
    Fraction(1, 3)
    """
    square = moments.same + d * moments.spread
    return Moments(moments.mean, square, square, moments.spread * 0)


SKETCHES: dict[str, Callable[[int, int], Moments]] = {
    "haar": haar,
    "coordinate": coordinate,
    "gaussian-factor": gaussian_factor,
}
"""Sketches with a closed recursion, by the word of the command line."""


def sketch_moments(sketch: str, d: int, r: int) -> Moments:
    """Return the exact moments of the sketch called `sketch`, or raise UsageError."""
    if sketch not in SKETCHES:
        raise UsageError.of("sketch", sketch, ", ".join(sorted(SKETCHES)), "choose one of these")
    return SKETCHES[sketch](d, r)
