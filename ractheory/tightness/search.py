"""How close a theorem comes to its bound: a family of instances, and the search for the tightest.

An instance is a point of a grid of rationals; its ratio, left side over right, is computed exactly
(or enclosed in a ball). The search is a compass search from the middle of the family and from the best of a
differential evolution with a named seed. What
it finds is a certified lower bound of the largest ratio; a ratio above 1 would refute the theorem.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

GRID = 1000
"""Parts into which the range of each variable is divided."""

GENERATIONS, POPULATION = 6, 8
"""Of the differential evolution; the population is this many times the number of variables."""

VALUE, FLOOR, DECREASE = "value", "floor", "decrease"
"""What is compared: sides at some T; their limits as T grows; the decrease of one link, guaranteed over true."""


@dataclass(frozen=True)
class Instance:
    """One instance: both sides of its statement in exact numbers, and what it is.

    `left <= right` where the theorem holds; for statements "at least" the sides are exchanged.
    `constants` are those that entered, by the names of the theorem's symbols.
    """

    left: Any
    right: Any
    description: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """left over right, rounded; minus infinity where the right side is zero."""
        return float(self.left / self.right) if self.right != 0 else float("-inf")

    @property
    def holds(self) -> bool:
        """Whether the bound is proved to hold here."""
        return bool(self.left <= self.right)

    @property
    def fails(self) -> bool:
        """Whether the bound is proved to fail here."""
        return bool(self.left > self.right)

    def reaches(self, share: Any) -> bool:
        """Whether left >= share * right is proved."""
        return bool(self.left >= share * self.right)


Point = Sequence[Fraction]


@dataclass(frozen=True)
class Family:
    """Instances of one statement, by a few variables.

    Attributes
    ----------
    row, statement : of the theorem
    name : of the family, unique within the row
    says : the family in words
    compares : "value", "floor" or "decrease"
    box : range of each variable, by its name
    instance : makes the instance of a point of the box; None where the hypotheses fail
    """

    row: str
    name: str
    says: str
    box: Mapping[str, tuple[Any, Any]]
    instance: Callable[[Point], Instance | None]
    statement: str | None = None
    compares: str = VALUE

    @property
    def id(self) -> str:
        return f"{self.row}/{self.name}"

    def at(self, cell: Sequence[int]) -> Instance | None:
        """Return the instance of a point of the grid, 0 <= cell[i] <= GRID."""
        ranges = [(Fraction(low), Fraction(high)) for low, high in self.box.values()]
        steps = zip(cell, ranges, strict=True)
        return self.instance(
            [low + (high - low) * Fraction(int(i), GRID) for i, (low, high) in steps]
        )

    def score(self, cell: Sequence[int]) -> float:
        """Return the ratio of a point, minus infinity where the hypotheses fail."""
        found = self.at(cell)
        return float("-inf") if found is None else found.ratio


def search(family: Family, seed: str = "ractheory") -> Instance:
    """Return the tightest instance of `family` that is found; the same for the same seed.

    >>> def halves(point):
    ...     return Instance(point[0], Fraction(2), {})
    >>> search(Family("row", "halves", "x over 2", {"x": (0, 1)}, halves)).ratio
    0.5
    """
    starts = [tuple([GRID // 2] * len(family.box))]
    if family.box:
        starts = [_compass(family, cell) for cell in (*starts, _evolved(family, seed))]
    best = max(starts, key=family.score)
    found = family.at(best)
    if found is None:
        raise ValueError(f"{family.id}: no instance has the hypotheses")
    return found


def _evolved(family: Family, seed: str) -> tuple[int, ...]:
    from scipy.optimize import differential_evolution  # heavy, and needed here only

    count = len(family.box)
    digest = hashlib.sha256(f"{seed}/{family.id}".encode()).digest()

    def loss(x: NDArray[np.float64]) -> float:
        return min(-family.score(_cell(x)), 1e300)

    result = differential_evolution(
        loss, [(0.0, float(GRID))] * count, maxiter=GENERATIONS, popsize=POPULATION, tol=0.0,
        polish=False, seed=int.from_bytes(digest[:4], "big"), init="sobol",
    )  # fmt: skip
    return _cell(result.x)


def _cell(x: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(int(v) for v in np.rint(x))


def _compass(family: Family, cell: tuple[int, ...]) -> tuple[int, ...]:
    """Return a point of the grid from which no step along an axis, of any power of two, is better."""
    score, step = family.score(cell), GRID // 2
    while step:
        moves = [
            tuple(min(max(v + s * (i == j), 0), GRID) for j, v in enumerate(cell))
            for i in range(len(cell)) for s in (step, -step)
        ]  # fmt: skip
        scores = [family.score(move) for move in moves]
        at = int(np.argmax(scores))
        if scores[at] > score:
            cell, score = moves[at], scores[at]
        else:
            step //= 2
    return cell
