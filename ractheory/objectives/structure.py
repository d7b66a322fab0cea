"""The compiled form of an objective: plain arrays that the engine's kernels understand.

Every family that the engine compiles is one code of `Family` and one meaning of the arrays of
`Problem`. An objective outside these families is run by the plain transcription instead.
The parameter is one flat vector w that holds the blocks one after the other, each row-major.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Family(IntEnum):
    """What the arrays of `Problem` mean.

    ENTRY_QUADRATIC: fstar + 1/2 sum_k X[0, k] (w_k - Y[0, k])^2; scalars = (fstar,).
    MATRIX_QUADRATIC: fstar + 1/2 sum over blocks of <D, K D> (side 0) or <D, D K> (side 1); X[0] holds
        the K of the blocks one after the other, row-major, Y[0] the minimiser; scalars = (fstar,).
    SQUARED ... HINGE: linear models with one matrix W (p x c), whose blocks are groups of its rows:
        (1/N) sum_i loss(X[i] W, Y[i]) + ridge/2 |w|^2 + ratio sum w^2/(1+w^2);
        scalars = (fstar, ridge, ratio, loss scale).
        SQUARED: 1/2 |z - y|^2. LOGISTIC: sum log(1 + exp(-y z)), y = +-1. SOFTMAX: log sum exp z - <y, z>,
        y one-hot. WELSCH: sum (c^2/2) (1 - exp(-(z-y)^2/c^2)). GEMAN_MCCLURE: sum (c^2/2) u^2/(c^2 + u^2),
        u = z - y. ABSOLUTE: sum |z - y|. HINGE: sum max(0, 1 - y z).
    SINE: sum_k X[0, k] (u_k^2 + 3 sin(u_k)^2), u = w - Y[0]; scalars = (fstar,). PL and not convex.
    TWO_LAYER: (1/(2N)) sum_i |V tanh(W X[i]) - Y[i]|^2 with V = Z fixed, W (h x p) trained;
        scalars = (fstar,).
    """

    ENTRY_QUADRATIC = 0
    MATRIX_QUADRATIC = 1
    SQUARED = 2
    LOGISTIC = 3
    SOFTMAX = 4
    WELSCH = 5
    GEMAN_MCCLURE = 6
    ABSOLUTE = 7
    HINGE = 8
    SINE = 9
    TWO_LAYER = 10


class Problem(NamedTuple):
    """Arrays of one objective; all float64 and C-contiguous, `blocks` int64.

    Row b of `blocks` is (offset, rows, columns, curvature side) of block b in the flat vector.
    """

    family: int
    blocks: NDArray[np.int64]
    X: NDArray[np.float64]
    Y: NDArray[np.float64]
    Z: NDArray[np.float64]
    scalars: NDArray[np.float64]
