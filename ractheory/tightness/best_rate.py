"""The best rate of RAC-LoRA over rank and effective dimension, and a law that brackets it.

On 1/2 tr(D^T K D) with a Haar sketch let c(gamma) be one minus the spectral radius of the exact
recursion, gamma_lim the limit of mean-square stability, and c* the largest c. Then

    rho mu/L_eff <= c* <= 2 rho mu gamma_lim <= 8 rho mu/L_eff,    2/L_eff <= gamma_lim <= 4/L_eff.

First: c(1/L_eff) >= rho mu/L_eff (`effective-dimension`). Second: M is nonnegative, so its radius is at
least its diagonal entry at mu, 1 - 2 gamma rho mu + gamma^2 c1 mu^2, and a stable step is below gamma_lim.
Third: stability needs gamma c1 L < 2 rho and gamma c2 tr K < 2 rho, hence gamma_lim is at most
2 rho/max(c1 L, c2 tr K) <= 4 rho/(c1 L + c2 tr K) = 4/L_eff. K = L I attains the first inequality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.exact.moments import haar
from ractheory.exact.stability import Stability

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Rate:
    """Contractions 1 - radius of one link at the named steps, and what the law says of the best."""

    rank: int
    effective_dimension: float
    best: float
    paper: float
    effective: float
    twice: float
    best_step: float
    lower: float
    middle: float
    upper: float

    def holds(self, relative: float) -> bool:
        """Whether lower <= best <= middle <= upper, up to a relative round-off."""
        ends = (self.lower, self.best, self.middle, self.upper)
        return all(a <= b * (1 + relative) for a, b in zip(ends, ends[1:], strict=False))


def rate(spectrum: Vector, rank: int) -> Rate:
    """Return the rates of rank `rank` on a spectrum of positive eigenvalues.

    >>> flat = rate(np.ones(4), 2)
    >>> round(flat.best, 12), round(flat.lower, 12)
    (0.5, 0.5)
    """
    moments = haar(len(spectrum), rank)
    chain = Stability.of(spectrum, moments)
    L, mu, trace = float(spectrum.max()), float(spectrum.min()), float(spectrum.sum())
    rho = rank / len(spectrum)
    L_eff = float(moments.convert(float).effective_smoothness(L, trace))
    step, limit = chain.best_step(), chain.step_limit()
    return Rate(
        rank, trace / L, chain.contraction(step), chain.contraction(1 / L),
        chain.contraction(1 / L_eff), chain.contraction(2 / L), step,
        rho * mu / L_eff, 2 * rho * mu * limit, 8 * rho * mu / L_eff,
    )  # fmt: skip
