"""Families of convex functions that are no quadratics: Huber's function, and maxima of linear functions.

In the plane the sketch is one of the two coordinates, equally likely (rho = 1/2), or the identity; every
path is followed, so that expectations are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from ractheory.exact.arithmetic import exactly, rational
from ractheory.theorems import theorem
from ractheory.tightness.search import Family, Instance, Point

ONE, ZERO = Fraction(1), Fraction(0)
Vector = tuple[Fraction, Fraction]


# Huber's function: x^2/2 up to a threshold, linear beyond; L = 1.


def huber(x: Fraction, threshold: Fraction) -> tuple[Fraction, Fraction]:
    """Return value and derivative.

    >>> huber(Fraction(2), Fraction(1))
    (Fraction(3, 2), Fraction(1, 1))
    """
    if abs(x) <= threshold:
        return x * x / 2, x
    return threshold * abs(x) - threshold**2 / 2, threshold if x > 0 else -threshold


@dataclass(frozen=True)
class Huber:
    """Gradient descent on Huber's function from x_0 = 1; variables are the step and the threshold."""

    statement: str
    T: int

    def family(self, name: str) -> Family:
        box = {"step": (Fraction(1, 2), 1), "threshold": (0, 1)}
        says = f"Huber's function on the line, T = {self.T}"
        return Family("gd-convex", name, says, box, self.instance, self.statement)

    def instance(self, point: Point) -> Instance | None:
        gamma, threshold = point
        if threshold == 0:
            return None
        x = ONE
        for _ in range(self.T):
            x = x - gamma * huber(x, threshold)[1]
        known = {
            "L": ONE, "gamma": gamma, "lam_min": ONE, "D0_sq": ONE, "D0_sq_weighted": ONE,
            "gap(0)": huber(ONE, threshold)[0], "T": Fraction(self.T),
        }  # fmt: skip
        constants = {name: rational(v) for name, v in known.items()}
        right = exactly(theorem("gd-convex").statement(self.statement).right, constants)
        words = {"step": str(gamma), "threshold": str(threshold), "T": str(self.T)}
        return Instance(rational(huber(x, threshold)[0]), right, words, constants)


# Maxima of linear functions in the plane, with gradients of norm 1 and their negatives: f* = 0 at 0.


def on_circle(t: Fraction) -> Vector:
    """Return a rational point of the unit circle; t in [-1, 1] runs over half of it.

    >>> on_circle(ONE)
    (Fraction(0, 1), Fraction(1, 1))
    """
    return (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)


def dot(g: Vector, x: Vector) -> Fraction:
    return g[0] * x[0] + g[1] * x[1]


@dataclass(frozen=True)
class Piecewise:
    """f(x) = max_i |<g_i, x>|, |g_i| = 1, with the subgradient of the first piece that attains it."""

    pieces: tuple[Vector, ...]

    def __call__(self, x: Vector) -> Fraction:
        return max(abs(dot(g, x)) for g in self.pieces)

    def subgradient(self, x: Vector) -> Vector:
        value = self(x)
        g = next(g for g in self.pieces if abs(dot(g, x)) == value)
        return g if dot(g, x) >= 0 else (-g[0], -g[1])

    def distance_sq(self, x: Vector) -> Fraction:
        """Return the squared distance to the minimisers: a line, or the origin."""
        if len(set(self.pieces)) == 1:
            return self(x) ** 2
        return dot(x, x)


Rule = Callable[[Piecewise, Vector], Fraction]
"""The step at a point."""


def paths(f: Piecewise, start: Vector, rule: Rule, T: int, rho: Fraction) -> Iterator[list[Vector]]:
    """Yield the iterates 0, ..., T-1 of every path; all paths are equally likely."""
    sketches: list[tuple[int, int]] = [(1, 1)] if rho == 1 else [(1, 0), (0, 1)]
    for chosen in product(sketches, repeat=T - 1):
        x, visited = start, [start]
        for h in chosen:
            gamma, g = rule(f, x), f.subgradient(x)
            x = (x[0] - gamma * h[0] * g[0], x[1] - gamma * h[1] * g[1])
            visited.append(x)
        yield visited


@dataclass(frozen=True)
class Nonsmooth:
    """Chains on maxima of linear functions; variables are two angles, the start, and the step.

    `pieces` is 1 or 2; with rho = 1/2 the sketch is one of the two coordinates.
    """

    row: str
    T: int
    rho: Fraction
    pieces: int

    @property
    def polyak(self) -> bool:
        return self.row == "polyak"

    def family(self, name: str) -> Family:
        box: dict[str, tuple[Any, Any]] = {f"angle{i + 1}": (-1, 1) for i in range(self.pieces)}
        box["start"] = (-1, 1)
        if not self.polyak:
            box["step"] = (Fraction(1, 20), 2)
        kind = "|<g, x>|" if self.pieces == 1 else "max(|<g, x>|, |<h, x>|)"
        says = f"{kind} in the plane, rho = {self.rho}, T = {self.T}"
        return Family(self.row, name, says, box, self.instance)

    def instance(self, point: Point) -> Instance | None:
        f = Piecewise(tuple(on_circle(t) for t in point[: self.pieces]))
        start = (ONE, point[self.pieces])
        gamma = ONE if self.polyak else point[-1]
        rule: Rule = (lambda f, x: f(x)) if self.polyak else (lambda f, x: gamma)
        found = [self._observed(f, path) for path in paths(f, start, rule, self.T, self.rho)]
        known = {
            "G0": ONE, "rho": self.rho, "gamma": gamma, "D0_sq": f.distance_sq(start),
            "T": Fraction(self.T), "gap(0)": f(start),
        }  # fmt: skip
        constants = {name: rational(v) for name, v in known.items()}
        right = exactly(theorem(self.row).statement().right, constants)
        words = {
            "gradients": "; ".join(_vector(g) for g in f.pieces), "start": _vector(start),
            "step": "Polyak" if self.polyak else str(gamma), "rho": str(self.rho), "T": str(self.T),
        }  # fmt: skip
        mean = sum(found, ZERO) / len(found)
        return Instance(rational(mean), right, words, constants)

    def _observed(self, f: Piecewise, visited: Sequence[Vector]) -> Fraction:
        if self.polyak:
            return min(f(x) for x in visited)
        count = len(visited)
        first, second = (sum((x[i] for x in visited), ZERO) / count for i in (0, 1))
        return f((first, second))


def _vector(g: Vector) -> str:
    return f"({g[0]}, {g[1]})"


HALF = Fraction(1, 2)

FAMILIES = (
    Huber("sharp", 1).family("huber-one-step"),
    Huber("sharp", 30).family("huber"),
    Huber("simple", 30).family("huber-simple"),
    Nonsmooth("subgradient", 1, ONE, 1).family("line-one-step"),
    Nonsmooth("subgradient", 4, ONE, 2).family("plane"),
    Nonsmooth("subgradient", 3, HALF, 2).family("plane-half"),
    Nonsmooth("polyak", 1, ONE, 1).family("line-one-step"),
    Nonsmooth("polyak", 2, HALF, 2).family("plane-half"),
    Nonsmooth("polyak", 4, ONE, 2).family("plane"),
)
