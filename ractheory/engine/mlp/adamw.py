"""AdamW: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.

The schedule multiplier is 1, and the decay is multiplied by the rate, as the deep-learning libraries do:
p <- (1 - rate decay) p - rate m^ / (sqrt(v^) + eps).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

BETA_1, BETA_2, EPS = 0.9, 0.999, 1e-8


@dataclass
class AdamW:
    """The moments of some arrays; the one thing here that changes as it is used.

    Attributes
    ----------
    rate, decay : learning rate and weight decay
    first, second : moving means of the gradients and of their squares
    count : steps taken
    """

    rate: float
    decay: float
    first: list[Array] = field(default_factory=list)
    second: list[Array] = field(default_factory=list)
    count: int = 0

    def step(self, parameters: Sequence[Array], gradients: Sequence[Array]) -> None:
        """Take one step: `parameters` are changed in place."""
        if not self.first:
            self.first = [np.zeros_like(p) for p in parameters]
            self.second = [np.zeros_like(p) for p in parameters]
        self.count += 1
        size = self.rate / (1 - BETA_1**self.count)
        root = np.sqrt(1 - BETA_2**self.count)
        every = zip(parameters, gradients, self.first, self.second, strict=True)
        for p, g, m, v in every:
            m *= BETA_1
            m += (1 - BETA_1) * g
            v *= BETA_2
            v += (1 - BETA_2) * (g * g)
            p *= 1 - self.rate * self.decay
            p -= size * m / (np.sqrt(v) / root + EPS)

    def forget(self) -> None:
        """Start afresh, as if no step had been taken."""
        self.first, self.second, self.count = [], [], 0
