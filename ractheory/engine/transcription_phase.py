"""The chains of `ractheory.engine.phase` with matrices: B and A explicit, in plain NumPy, from the same draws.

f(W) = 1/2 |W - W*|^2 and D = W - W*. The drawn squares become the coordinates of a: along the direction that
D has, and along one orthogonal to it, which rotation invariance leaves free.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.phase import FACTOR, ROUND, SKETCH, Line, draw_squares, line_key

Array = NDArray[np.float64]


def squares(
    line: int, seed: int, link: int, purpose: int, freedom: int, stream: str
) -> tuple[float, float]:
    """Return the chi-square numbers of 1 and of `freedom` degrees that a link draws."""
    block, square, rest = np.empty(4 * ROUND, dtype=np.int32), np.empty(ROUND), np.empty(ROUND)
    draw_squares(line_key(stream, line), seed, link, 1, purpose, freedom, block, square, rest)
    return float(square[0]), float(rest[0])


def joint_steps(D: Array, A: Array, eta: float, steps: int) -> tuple[Array, Array]:
    """Return B and A after joint gradient steps on 1/2 |D + B A|^2 from B = 0."""
    B = np.zeros((D.shape[0], A.shape[0]))
    for _ in range(steps):
        G = D + B @ A
        A, B = A - eta * B.T @ G, B - eta * G @ A.T
    return B, A


def lora_start(line: Line, i: int, seed: int, stream: str = "ractheory") -> tuple[Array, Array]:
    """Return D_0, diagonal, and the first A, which stands in the first coordinate of each class."""
    sizes, counts = list(line.shift.sizes), list(line.shift.multiplicities)
    if sum(counts) < line.columns:
        sizes, counts = [*sizes, 0.0], [*counts, line.columns - sum(counts)]
    A = np.zeros((1, line.columns))
    at = 0
    for j, count in enumerate(counts):
        square, rest = squares(i, seed, j, FACTOR, count - 1, stream)
        A[0, at] = line.initial_std * np.sqrt(square + rest)
        at += count
    return np.diag(np.repeat(sizes, counts)), A


def cola_link(
    D: Array, line: Line, i: int, seed: int, link: int, eta: float, inner_steps: int,
    stream: str = "ractheory",
) -> Array:  # fmt: skip
    """Return D after one link of CoLA: a fresh A, B = 0, joint steps, and the merge."""
    square, rest = squares(i, seed, link, SKETCH, line.columns - 1, stream)
    along = np.linalg.svd(D)[2][0]
    A = np.sqrt(square) * along
    if line.columns > 1:
        A = A + np.sqrt(rest) * np.linalg.svd(along[None, :])[2][1]
    B, A = joint_steps(D, line.initial_std * A[None, :], eta, inner_steps)
    return D + B @ A
