"""Expectations of accelerated chains on quadratics without sampling, with their round-off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.compare.curvature import sketch_side
from ractheory.compare.exactly import FLOAT, parts_of
from ractheory.engine.accelerated import next_step
from ractheory.evidence import round_off
from ractheory.exact.accelerated import Link, PairRecursion
from ractheory.exact.chains import Part
from ractheory.exact.moments import IDENTITY, Moments, haar
from ractheory.methods import Accelerated, Method, Trains
from ractheory.objectives.base import Objective

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PairMoments:
    """The second moments of (x, z) of an accelerated chain on the parts of a quadratic.

    Attributes
    ----------
    parts : spectra and row energies of D_0
    sketch : moments of H, as floats
    gamma, rho : of the links
    """

    parts: tuple[Part, ...]
    sketch: Moments
    gamma: float
    rho: float

    def links(self) -> Iterator[Link]:
        """Yield the numbers of link 0, 1, 2, ..."""
        A = 0.0
        while True:
            b, after = next_step(self.gamma, self.rho, A)
            yield Link(self.rho * b / after, self.gamma, b)
            A = after

    def expected(self, power: int, steps: int) -> tuple[Array, Array]:
        """Return E <D_t, K^power D_t>, D = x - x*, at t = 0, ..., steps, and its round-off.

        A link preserves the order of second moments, so a bound E of the error obeys
        E+ = map(E) + n eps a tr(P) I, n operations on terms of total size at most a tr(P).
        """
        values, errors = np.zeros(steps + 1), np.zeros(steps + 1)
        for part in self.parts:
            chain, weights = PairRecursion(part.K, self.sketch), part.power(power)
            P = chain.start(part.start)
            one = np.broadcast_to(np.eye(2), P.shape)
            E = round_off(self.operations, part.start.sum()) * one
            for t, link in zip(range(steps + 1), self.links(), strict=False):
                values[t] += weights @ P[:, 0, 0]
                errors[t] += weights @ E[:, 0, 0]
                total = float(np.trace(P, axis1=1, axis2=2).sum())
                slip = round_off(self.operations, chain.growth(link) * total)
                P, E = chain.advance(P, link), chain.advance(E, link) + slip * one
        return values, errors

    @property
    def operations(self) -> int:
        """Rounded operations behind one entry of a link, at most."""
        return 64 + 8 * max(len(part.K) for part in self.parts)

    @property
    def cost(self) -> float:
        """Multiplications of one link, roughly."""
        return 64.0 * sum(len(part.K) for part in self.parts)


def pair_moments_of(f: Objective, method: Method, start: Array) -> PairMoments | None:
    """Return the second moments of accelerated links from the flat vector `start`, where they close.

    f is a quadratic of one block, the sketch Haar or absent.
    """
    if not isinstance(method.inner, Accelerated):
        return None
    if not (method.redraw or method.trains is Trains.FULL):
        return None
    if method.law.name not in ("haar", "gaussian", "identity"):
        return None

    def law(d: int) -> Moments:
        return IDENTITY if method.law.name == "identity" else haar(d, method.rank)

    parts = parts_of(f, sketch_side(method), start, law, FLOAT)
    rho = method.isotropy(f.shapes)
    if parts is None or rho is None:
        return None
    return PairMoments(parts, law(len(parts[0].K)).convert(float), method.step, rho)
