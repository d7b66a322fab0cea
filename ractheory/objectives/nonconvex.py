"""A nonconvex function with a proved Polyak-Lojasiewicz constant: u^2 + 3 sin^2 u in every entry."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ractheory.errors import UsageError, integer, real
from ractheory.objectives.arrays import NOTHING, Array, array, block_shapes, compiled, stream
from ractheory.objectives.base import Constants, Objective, block_table
from ractheory.objectives.spectra import spectrum
from ractheory.objectives.structure import Family, Problem

SINE_PL = 0.1755309
"""PL constant of phi(u) = u^2 + 3 sin^2 u, 5e-7 below the best one, which u = 2.201709... attains.

Karimi, Nutini and Schmidt (2016) state 1/32. Proof, by symmetry for u > 0. If 0 < u <= pi/2, then
phi' = 2u + 3 sin 2u >= 2u and phi <= 4 u^2, so phi'^2 >= phi. If u >= 3, then phi'^2 >= (2u - 3)^2 and
phi <= u^2 + 3, and (2u - 3)^2 - 2 c (u^2 + 3) is positive at 3 and rises for c <= 1/4. In [pi/2, 3] the
tests enclose phi'^2 - 2 c phi from below by interval arithmetic.
"""

SINE_L = 8.0
"""phi'' = 2 + 6 cos 2u lies in [-4, 8]; 8 is attained at 0."""


@dataclass(frozen=True, eq=False)
class Sine(Objective):
    """f(W) = fstar + sum_k a_k phi(W_k - W*_k), phi(u) = u^2 + 3 sin^2 u, a_k > 0: PL and not convex.

    Since 1/2 a_k^2 phi'^2 >= a_min SINE_PL a_k phi, f is PL with a_min SINE_PL; L = 8 a_max.
    `weights` (the a_k) and `centre` (W*, the unique minimiser and stationary point) are flat.

    >>> f = sine(m=2, n=2, L=8.0)
    >>> f.constants.L, f.constants.convex
    (8.0, False)
    """

    name: str
    shapes: tuple[tuple[int, int], ...]
    weights: Array
    centre: Array
    fstar: float = 0.0
    constants: Constants = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("shapes", block_shapes(self.shapes))
        put("weights", array("weights", self.weights, (self.dim,)))
        if self.weights.min() <= 0:
            raise UsageError.of("weights", self.weights, "positive numbers", "mend the weights")
        put("centre", array("centre", self.centre, (self.dim,)))
        put("constants", Constants(
            fstar=real("fstar", self.fstar),
            L=SINE_L * float(self.weights.max()),
            pl=SINE_PL * float(self.weights.min()),
            minimiser=self.centre,
            minimiser_is_unique=True,
        ))  # fmt: skip

    def flat_gap(self, w: Array) -> float:
        u = w - self.centre
        return float(self.weights @ (u * u + 3 * np.sin(u) ** 2))

    def flat_value(self, w: Array) -> float:
        return self.fstar + self.flat_gap(w)

    def flat_gradient(self, w: Array) -> Array:
        u = w - self.centre
        return self.weights * (2 * u + 3 * np.sin(2 * u))

    def problem(self) -> Problem:
        X, Y = compiled(self.weights), compiled(self.centre)
        scalars = np.array([self.fstar])
        return Problem(Family.SINE, block_table(self.shapes), X, Y, NOTHING.copy(), scalars)


def sine(m: int = 4, n: int = 3, L: float = 1.0, condition: float = 2.0, seed: int = 0) -> Sine:
    """Return a Sine function with weights from L/8 down to L/(8 condition), W* standard normal."""
    m, n = integer("m", m, 1), integer("n", n, 1)
    weights = spectrum("geometric", m * n, L, condition) / SINE_L
    centre = stream("centre", seed).standard_normal(m * n)
    return Sine("sine", ((m, n),), weights, centre)
