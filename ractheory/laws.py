"""Laws of the frozen factor as mathematics: exact first and second moments of the projection H.

A law says how the frozen factor of one link is drawn, and so how the orthogonal projection H onto
the range of the factor is distributed. With d the dimension that the sketch acts on (rows for a
left sketch, columns for a right one) every law knows E[H], its extreme eigenvalues, and, where a
closed form exists, E[H X H] for symmetric X.

The scalar moment formulas are plain rational arithmetic: they take floats, Fractions and sympy
symbols alike, so that the simulations, the exact recursions and the proofs share one text.
The samplers are in `ractheory.sketches`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError, integer, real

Matrix = NDArray[np.float64]


# Scalar moments: exact for any number type.


def haar_moments(m: Any, r: Any) -> tuple[Any, Any]:
    """Return (c1, c2) of E[H X H] = c1 X + c2 tr(X) I, X symmetric, H Haar of rank r in R^m.

    Stated for m >= 2 and r <= m. Source: invariance under rotations, and the traces of E[H] and of
    X = u u^T (theory of the suite, section "Sketches").

    >>> haar_moments(Fraction(3), Fraction(1))
    (Fraction(2, 15), Fraction(1, 15))
    """
    c2 = r * (m - r) / ((m - 1) * m * (m + 2))
    c1 = r * (r + 2) / (m * (m + 2)) - c2
    return c1, c2


def pair_inclusion(m: Any, r: Any) -> Any:
    """Return P(i and j are both drawn), i != j, for r of m coordinates without replacement.

    >>> pair_inclusion(Fraction(4), Fraction(2))
    Fraction(1, 6)
    """
    return r * (r - 1) / (m * (m - 1))


def gaussian_factor_moments(r: Any) -> tuple[Any, Any]:
    """Return (a, b) of E[S X S] = a X + b tr(X) I, X symmetric, S = B B^T, B of N(0, 1) entries, rank r.

    >>> gaussian_factor_moments(2)
    (6, 2)
    """
    return r * (r + 1), r


def rademacher_expected_rank(m: int, r: int) -> Fraction:
    """Return E rank of an m x r matrix of independent signs, exactly.

    r = 1 and r = 2 are closed forms; otherwise the law of the rank is enumerated over the sign
    patterns of the shorter side, which is practical up to m * r of about 20.

    >>> rademacher_expected_rank(4, 2)
    Fraction(15, 8)
    """
    if min(m, r) == 1:
        return Fraction(1)
    if r == 2:
        return 2 - Fraction(1, 2 ** (m - 1))
    free = (m - 1) * (r - 1)  # first row and column can be made +1 without changing the rank
    if free > MAX_FREE_SIGNS:
        raise UsageError.of(
            "(m - 1) (r - 1) of the rademacher law", free, f"at most {MAX_FREE_SIGNS} for r >= 3",
            "use rank 1 or 2, or the haar law",
        )  # fmt: skip
    codes = np.arange(2**free)[:, None]
    signs = np.ones((2**free, m, r))
    signs[:, 1:, 1:] = (1 - 2 * ((codes >> np.arange(free)) & 1)).reshape(-1, m - 1, r - 1)
    return Fraction(int(np.linalg.matrix_rank(signs).sum()), 2**free)


MAX_FREE_SIGNS = 16
"""The rank law of random sign matrices is enumerated up to 2^16 patterns."""


class Law(Protocol):
    """Law of one side's projection H on R^d.

    Attributes
    ----------
    name : the word used on the command line and in result files
    rank : number of columns of the frozen factor
    """

    name: ClassVar[str]

    @property
    def rank(self) -> int: ...

    def validate(self, d: int) -> None:
        """Raise UsageError when the law does not exist in dimension d."""

    def mean(self, d: int) -> Matrix:
        """Return E[H], shape (d, d)."""

    def extremes(self, d: int) -> tuple[float, float]:
        """Return (lam_min, lam_max), the extreme eigenvalues of E[H]."""

    def second_moment(self, X: Matrix) -> Matrix | None:
        """Return E[H X H] for symmetric X of shape (d, d), or None where no closed form is known."""


def _rank_fits(name: str, rank: int, d: int) -> None:
    integer(f"rank of the {name} sketch", rank, 1, d, f"the sketched dimension is {d}")


@dataclass(frozen=True)
class _Ranked:
    rank: int
    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        integer(f"rank of the {self.name} sketch", self.rank, 1)

    def validate(self, d: int) -> None:
        _rank_fits(self.name, self.rank, d)


@dataclass(frozen=True)
class _Isotropic(_Ranked):
    """E[H] = rho I with rho = rank / d."""

    def mean(self, d: int) -> Matrix:
        return self.extremes(d)[0] * np.eye(d)

    def extremes(self, d: int) -> tuple[float, float]:
        self.validate(d)
        return self.rank / d, self.rank / d


@dataclass(frozen=True)
class Haar(_Isotropic):
    """A uniformly distributed subspace of dimension `rank`.

    >>> Haar(1).extremes(4)
    (0.25, 0.25)
    """

    name: ClassVar[str] = "haar"

    def second_moment(self, X: Matrix) -> Matrix | None:
        d = len(X)
        self.validate(d)
        if self.rank == d:
            return X.copy()
        c1, c2 = haar_moments(d, self.rank)
        return c1 * X + c2 * np.trace(X) * np.eye(d)


@dataclass(frozen=True)
class Gaussian(Haar):
    """A factor of independent N(0, 1) entries: its range is Haar, so H has the Haar law."""

    name: ClassVar[str] = "gaussian"


@dataclass(frozen=True)
class Coordinates(_Isotropic):
    """`rank` of d coordinates, uniformly without replacement."""

    name: ClassVar[str] = "coordinates"

    def second_moment(self, X: Matrix) -> Matrix | None:
        d = len(X)
        self.validate(d)
        if self.rank == d:
            return X.copy()
        both = pair_inclusion(d, self.rank)
        diagonal = np.diag(np.diag(X))
        return self.rank / d * diagonal + both * (X - diagonal)


@dataclass(frozen=True)
class Hadamard(_Isotropic):
    """Columns of a randomly signed Hadamard matrix, without replacement; d a power of two."""

    name: ClassVar[str] = "hadamard"

    def validate(self, d: int) -> None:
        if d & (d - 1):
            raise UsageError.of(
                "sketched dimension of the hadamard sketch", d, "a power of two", "use the haar law"
            )
        super().validate(d)

    def second_moment(self, X: Matrix) -> Matrix | None:
        d = len(X)
        self.validate(d)
        if self.rank == d:
            return X.copy()
        both, rho = pair_inclusion(d, self.rank), self.rank / d
        offdiagonal = X - np.diag(np.diag(X))
        return both * X + (rho - both) * (np.trace(X) / d * np.eye(d) + 2 / d * offdiagonal)


@dataclass(frozen=True)
class Rademacher(_Ranked):
    """A factor of independent signs. Its rank is deficient with positive probability for rank >= 2."""

    name: ClassVar[str] = "rademacher"

    def mean(self, d: int) -> Matrix:
        return self.extremes(d)[0] * np.eye(d)

    def extremes(self, d: int) -> tuple[float, float]:
        self.validate(d)
        rho = float(rademacher_expected_rank(d, self.rank) / d)
        return rho, rho

    def second_moment(self, X: Matrix) -> Matrix | None:
        return None


@dataclass(frozen=True)
class Importance:
    """A fixed-size design of coordinates with inclusion probabilities p, sum p = rank.

    >>> Importance((0.5, 0.25, 0.25)).extremes(3)
    (0.25, 0.5)
    """

    probabilities: tuple[float, ...]
    name: ClassVar[str] = "importance"

    def __post_init__(self) -> None:
        given: object = self.probabilities
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise UsageError.of(
                "inclusion probabilities", given, "a sequence of numbers", "list them"
            )
        for p in self.probabilities:
            real("inclusion probability", p, 0.0, 1.0, open_low=True)
        total = sum(self.probabilities)
        if abs(total - round(total)) > 1e-9 or round(total) < 1:
            raise UsageError.of(
                "sum of inclusion probabilities", total, "a whole number, the rank", "rescale them"
            )

    @property
    def rank(self) -> int:
        return round(sum(self.probabilities))

    def validate(self, d: int) -> None:
        if d != len(self.probabilities):
            raise UsageError.of(
                "number of inclusion probabilities", len(self.probabilities), f"{d}",
                "give one for each sketched coordinate",
            )  # fmt: skip

    def mean(self, d: int) -> Matrix:
        self.validate(d)
        return np.diag(np.asarray(self.probabilities, dtype=float))

    def extremes(self, d: int) -> tuple[float, float]:
        self.validate(d)
        return min(self.probabilities), max(self.probabilities)

    def second_moment(self, X: Matrix) -> Matrix | None:
        """Depends on the design; systematic sampling has no simple closed form."""
        return None


@dataclass(frozen=True)
class Frozen(_Ranked):
    """One Haar subspace, drawn once and kept: given the draw, E[H] = H and lam_min = 0.

    This is AsymLoRA read as a sketch. `mean` is that of H given a draw along the first coordinates.
    """

    name: ClassVar[str] = "frozen"

    def mean(self, d: int) -> Matrix:
        self.validate(d)
        return np.diag((np.arange(d) < self.rank).astype(float))

    def extremes(self, d: int) -> tuple[float, float]:
        self.validate(d)
        return (1.0 if self.rank == d else 0.0), 1.0

    def second_moment(self, X: Matrix) -> Matrix | None:
        return None


@dataclass(frozen=True)
class Identity:
    """H = I: the full-parameter step."""

    name: ClassVar[str] = "identity"

    @property
    def rank(self) -> int:
        return 0

    def validate(self, d: int) -> None:
        integer("sketched dimension", d, 1)

    def mean(self, d: int) -> Matrix:
        return np.eye(d)

    def extremes(self, d: int) -> tuple[float, float]:
        return 1.0, 1.0

    def second_moment(self, X: Matrix) -> Matrix | None:
        return X.copy()


def bernoulli_mean_extremes(
    p: float, left: tuple[float, float], right: tuple[float, float]
) -> tuple[float, float]:
    """Return (lam_min, lam_max) of p E[H_left] (x) I + (1 - p) I (x) E[H_right].

    The eigenvalues of the sum are p a_i + (1 - p) b_j. Source: Bernoulli-LoRA, arXiv 2508.03820.

    >>> bernoulli_mean_extremes(0.5, (0.5, 0.5), (0.25, 0.25))
    (0.375, 0.375)
    """
    return p * left[0] + (1 - p) * right[0], p * left[1] + (1 - p) * right[1]


LAWS: dict[str, type] = {
    law.name: law
    for law in (Haar, Gaussian, Coordinates, Hadamard, Rademacher, Importance, Frozen, Identity)
}
