"""Expectations of accelerated RAC-LoRA on quadratics by recursion, with no sampling.

In the eigenbasis of K the pair (x_i, z_i) of row i of x - x* and z - x* moves, with y = (1 - tau) x + tau z, by

    x+ = y - gamma H K y,    z+ = z - b H K y,

and for a Haar sketch the 2 x 2 second moments P_i of the pairs close: with u = (1 - tau, tau), h = (gamma, b),
R = ((1 - tau, tau), (0, 1)) and E[H X H] = c1 X + c2 tr(X) I,

    P_i+ = R P_i R^T - rho k_i (h u^T P_i R^T + R P_i u h^T)
           + h h^T (c1 k_i^2 u^T P_i u + c2 sum_j k_j^2 u^T P_j u).

The cross terms of two rows vanish under the sign changes of the eigenbasis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.exact.moments import Moments

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """The numbers of one link: tau, gamma and b."""

    tau: float
    gamma: float
    b: float

    @property
    def mix(self) -> Array:
        return np.array([1.0 - self.tau, self.tau])

    @property
    def keep(self) -> Array:
        return np.array([self.mix, [0.0, 1.0]])

    @property
    def push(self) -> Array:
        return np.array([self.gamma, self.b])


@dataclass(frozen=True)
class PairRecursion:
    """The second moments of the pairs (x_i, z_i) of one chain on one quadratic.

    Attributes
    ----------
    k : eigenvalues of K, shape (d,)
    moments : of the sketch, as floats
    """

    k: Array
    moments: Moments

    def start(self, energies: Array) -> Array:
        """Return the P_i of x_0 = z_0 with the row energies `energies`, shape (d, 2, 2)."""
        return energies[:, None, None] * np.ones((2, 2))

    def advance(self, P: Array, link: Link) -> Array:
        """Return the P_i after one link.

        >>> from ractheory.exact.moments import IDENTITY
        >>> chain = PairRecursion(np.ones(1), IDENTITY)
        >>> float(chain.advance(chain.start(np.ones(1)), Link(1.0, 1.0, 1.0))[0, 0, 0])
        0.0
        """
        u, R, h = link.mix, link.keep, link.push
        one, k = self.moments, self.k[:, None, None]
        moved = (R @ P @ u)[:, :, None] * h
        energy = self.k**2 * ((P @ u) @ u)
        drawn = one.same * energy + one.spread * energy.sum()
        pulled = one.mean * k * (moved + moved.transpose(0, 2, 1))
        return np.asarray(R @ P @ R.T - pulled + drawn[:, None, None] * np.outer(h, h))

    def growth(self, link: Link) -> float:
        """Return a with |terms of (x+, z+)|^2 <= a |(x, z)|^2 whatever H is: the sizes of the terms together."""
        pushed = np.linalg.norm(link.push) * np.linalg.norm(link.mix) * float(self.k.max())
        return float((np.linalg.norm(link.keep) + pushed) ** 2)
