"""Samplers of the frozen factor, and the projection that it defines.

Every draw is a pure function of (stream, seed, link, block); it is the same draw that the compiled
engine makes. The laws themselves, as mathematics, are in `ractheory.laws`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.draw import LawCode, draw_factor, range_basis
from ractheory.engine.random import BLOCK, Purpose, stream_key
from ractheory.laws import Importance, Law

Matrix = NDArray[np.float64]

CODES = {
    "haar": LawCode.HAAR,
    "gaussian": LawCode.GAUSSIAN,
    "coordinates": LawCode.COORDINATES,
    "importance": LawCode.IMPORTANCE,
    "rademacher": LawCode.RADEMACHER,
    "hadamard": LawCode.HADAMARD,
    "frozen": LawCode.GAUSSIAN,
    "identity": LawCode.IDENTITY,
}
"""How the engine draws each law."""


def inclusion_probabilities(law: Law) -> Matrix:
    """Return the inclusion probabilities of an importance law, empty for the others."""
    return np.array(law.probabilities if isinstance(law, Importance) else (), dtype=np.float64)


def factor(law: Law, d: int, stream: str, seed: int, link: int = 0, block: int = 0) -> Matrix:
    """Return the frozen factor of one link, shape (d, rank); the identity law has the identity.

    >>> from ractheory.laws import Coordinates
    >>> factor(Coordinates(2), 4, "doctest", seed=0).sum()
    np.float64(2.0)
    """
    law.validate(d)
    if law.name == "identity":
        return np.eye(d)
    B = np.empty((d, law.rank))
    order = np.empty(d, dtype=np.int64)
    purpose = int(Purpose.SKETCH) + BLOCK * block
    key, chances = stream_key(stream), inclusion_probabilities(law)
    draw_factor(int(CODES[law.name]), chances, key, seed, link, purpose, order, B)
    return B


def projection(B: Matrix) -> Matrix:
    """Return H = B (B^T B)^+ B^T, the orthogonal projection onto range(B), for B of shape (d, r).

    >>> projection(np.array([[1.0, 2.0], [0.0, 0.0]]))
    array([[1., 0.],
           [0., 0.]])
    """
    d, r = B.shape
    Q = np.empty((r, d))
    rank = range_basis(np.ascontiguousarray(B, dtype=np.float64), Q)
    return Q[:rank].T @ Q[:rank]
