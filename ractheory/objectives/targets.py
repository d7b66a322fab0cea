"""Sums of components of one curvature, f_i(w) = |w - b_i|^2/2: what reshuffling can and cannot do.

The dissimilarity is the same at every w, sigma^2 = (1/N) sum |b_i - mean b|^2, and nothing but the order of the
components tells one epoch from another. W has one row: only right sketches are more than scalars.
"""

from __future__ import annotations

import numpy as np

from ractheory.errors import integer
from ractheory.objectives.arrays import stream
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Squared


def signed_targets(N: int = 64, columns: int = 1) -> LinearModel:
    """Return the sum with b_i = +1 in the first half and -1 in the second, in every column.

    Taken in this order, one epoch after the other, the iterates settle far from the minimiser 0: the worst
    order there is.

    >>> signed_targets(4).Y[:, 0]
    array([ 1.,  1., -1., -1.])
    """
    N, columns = integer("N", N, 2), integer("columns", columns, 1)
    signs = np.where(np.arange(N) < N / 2, 1.0, -1.0)
    return LinearModel(
        "signed-targets", np.ones((N, 1)), np.tile(signs[:, None], (1, columns)), Squared()
    )


def scattered_targets(N: int = 16, columns: int = 4, seed: int = 0) -> LinearModel:
    """Return the sum with standard normal b_i."""
    N, columns = integer("N", N, 1), integer("columns", columns, 1)
    targets = stream("targets", seed).standard_normal((N, columns))
    return LinearModel("scattered-targets", np.ones((N, 1)), targets, Squared())
