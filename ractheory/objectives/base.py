"""What an objective is: f, its gradient, and its exact constants.

Parameters are one matrix, or a tuple of matrices (blocks). Users call `value(W)` and `gradient(W)`
with matrices, one argument a block; families implement `flat_value` and `flat_gradient` on the flat
vector that holds the blocks one after the other, row-major.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ractheory.assumptions import (
    PL,
    Convex,
    Lipschitz,
    LowerBounded,
    LSmooth,
    MatrixSmooth,
    StronglyConvex,
)
from ractheory.errors import UsageError
from ractheory.objectives.structure import Problem

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Constants:
    """Exact constants of an objective; None means that it has none (or none is known).

    Attributes
    ----------
    L : smoothness, the smallest valid one (None for a nonsmooth function)
    fstar : infimum, or a lower bound of f where `fstar_is_exact` is False; -inf where f has none
    pl : Polyak-Lojasiewicz constant
    strong : strong convexity constant
    convex : whether f is convex
    minimiser : the unique minimiser as a flat vector, or the one nearest to zero where
        `minimiser_is_unique` is False
    lipschitz : Lipschitz constant of f itself (nonsmooth families)
    curvature : MatrixSmooth, for families whose curvature acts on one side of a single matrix
    """

    fstar: float
    L: float | None = None
    pl: float | None = None
    strong: float | None = None
    convex: bool = False
    fstar_is_exact: bool = True
    minimiser: Vector | None = None
    minimiser_is_unique: bool = False
    lipschitz: float | None = None
    curvature: MatrixSmooth | None = None


class Objective(ABC):
    """A function of one matrix or of a tuple of matrices, with exact constants."""

    name: str
    shapes: tuple[tuple[int, int], ...]
    constants: Constants

    @abstractmethod
    def flat_value(self, w: Vector) -> float:
        """Return f at the flat vector w."""

    @abstractmethod
    def flat_gradient(self, w: Vector) -> Vector:
        """Return the gradient (a subgradient where f is not smooth) at w, flat."""

    def flat_gap(self, w: Vector) -> float:
        """Return f(w) - fstar; families that can, compute it without cancellation."""
        return self.flat_value(w) - self.constants.fstar

    def quadratic_form(self) -> tuple[str, Matrix] | None:
        """Return ("left", K), ("right", K) or ("entry", weights) of a quadratic of one block, else None.

        f - fstar is 1/2 tr(D^T K D), 1/2 tr(D K D^T), or 1/2 sum_ij weights_ij D_ij^2.
        """
        return None

    def problem(self) -> Problem | None:
        """Return the compiled form, or None when only the plain transcription can run it."""
        return None

    def full_gradient_problem(self) -> Problem | None:
        """Return the cheapest compiled form for methods that use full gradients alone."""
        return self.problem()

    # Finite sums: f = (1/N) sum_i f_i. A function that is no sum is its own only component.

    @property
    def components(self) -> int:
        return 1

    def flat_component_gradient(self, i: int, w: Vector) -> Vector:
        """Return the gradient of f_i at w."""
        return self.flat_gradient(w)

    def component_lower_bounds(self) -> Vector:
        """Return a lower bound f_i* of each component, shape (components,)."""
        return np.array([self.constants.fstar])

    def component_L(self) -> float | None:
        """Return the largest smoothness constant of a component."""
        return self.constants.L

    # Shared by all families.

    def with_constants(self, **changes: Any) -> Self:
        """Return the same function with other declared constants (a planted error, a weaker claim)."""
        other = copy(self)
        object.__setattr__(other, "constants", replace(self.constants, **changes))
        return other

    @property
    def dim(self) -> int:
        return sum(m * n for m, n in self.shapes)

    def assumptions(self) -> tuple[object, ...]:
        """Return every assumption of the vocabulary that the objective grants."""
        c = self.constants
        granted: list[object] = [LowerBounded(c.fstar)] if c.fstar > -np.inf else []
        if c.L is not None:
            granted.append(LSmooth(c.L))
        if c.pl is not None:
            granted.append(PL(c.pl, c.fstar))
        if c.strong is not None:
            granted.append(StronglyConvex(c.strong))
        if c.convex:
            granted.append(Convex())
        if c.lipschitz is not None:
            granted.append(Lipschitz(c.lipschitz))
        if c.curvature is not None:
            granted.append(c.curvature)
        return tuple(granted)

    def flatten(self, blocks: Sequence[Matrix]) -> Vector:
        """Return the flat vector of `blocks`, after checking their shapes."""
        shapes = tuple(np.shape(block) for block in blocks)
        if shapes != self.shapes:
            raise UsageError.of(
                f"shapes of the parameters of {self.name}", shapes, str(self.shapes),
                "give one matrix of each shape",
            )  # fmt: skip
        return np.concatenate([np.asarray(b, dtype=np.float64).ravel() for b in blocks])

    def split(self, w: Vector) -> tuple[Matrix, ...]:
        """Return the blocks of the flat vector w, as views."""
        cuts = np.cumsum([m * n for m, n in self.shapes])[:-1]
        parts = np.split(w, cuts)
        return tuple(p.reshape(shape) for p, shape in zip(parts, self.shapes, strict=True))

    def value(self, *blocks: Matrix) -> float:
        """Return f(W), or f(W_1, ..., W_k) for a tuple of blocks."""
        return self.flat_value(self.flatten(blocks))

    def gradient(self, *blocks: Matrix) -> Any:
        """Return the gradient, a matrix for one block and a tuple of matrices for several."""
        parts = self.split(self.flat_gradient(self.flatten(blocks)))
        return parts[0] if len(parts) == 1 else parts


def block_table(shapes: Sequence[tuple[int, int]], sides: Sequence[int] = ()) -> NDArray[np.int64]:
    """Return the `blocks` array of a `Problem`: offset, rows, columns, curvature side of each block.

    >>> block_table([(2, 3), (1, 2)])
    array([[0, 2, 3, 0],
           [6, 1, 2, 0]])
    """
    offsets = np.cumsum([0, *(m * n for m, n in shapes)])[:-1]
    sides = sides or [0] * len(shapes)
    rows = [(o, m, n, s) for o, (m, n), s in zip(offsets, shapes, sides, strict=True)]
    return np.array(rows, dtype=np.int64)
