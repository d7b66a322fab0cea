"""The sketch of a link, for kernels that use one H several times in it, and the room that they work in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.draw import IDENTITY
from ractheory.engine.projected import draw_bases, link_side, project, squared_norm


class Room(NamedTuple):
    """What a link works in.

    space : the sketch (see `sketch_space`)
    vectors : six of the size of W, zero at the start of a run; what a link leaves there, the next finds
    table, factors, slope, moments : offsets of the factors of each block, the factors of all blocks,
        their gradient, and the two moments of a solver
    batch, clients : room for component and client numbers
    """

    space: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    vectors: tuple[np.ndarray, ...]
    table: np.ndarray
    factors: np.ndarray
    slope: np.ndarray
    moments: np.ndarray
    batch: np.ndarray
    clients: np.ndarray


@njit(**KERNEL)
def move(w, rate, step, out):  # type: ignore[no-untyped-def]
    """Write w - rate step into out."""
    for k in range(w.size):
        out[k] = w[k] - rate * step[k]


@njit(**INNER)
def sketch_space(blocks, sketch):  # type: ignore[no-untyped-def]
    """Return (B, order, bases, ranks): room for the sketches of all blocks."""
    size = 0
    for b in range(blocks.shape[0]):
        size = max(size, blocks[b, 1], blocks[b, 2])
    rank = min(sketch.rank, size) if sketch.law != IDENTITY else 1
    B, order = np.empty(size * rank), np.empty(size, dtype=np.int64)
    bases = np.empty((blocks.shape[0], rank, size))
    return B, order, bases, np.zeros(blocks.shape[0], dtype=np.int64)


@njit(**INNER)
def draw_sketch(blocks, sketch, key, seed, link, space):  # type: ignore[no-untyped-def]
    """Draw H of this link into the bases of `space`, unless it is frozen; return its side."""
    B, order, bases, ranks = space
    side = link_side(sketch, key, seed, link if sketch.redraw else 0)
    if sketch.law != IDENTITY and (sketch.redraw or link == 0):
        draw_bases(blocks, sketch, side, key, seed, link, B, order, bases, ranks)
    return side


@njit(**KERNEL)
def apply_sketch(blocks, sketch, side, space, g, out):  # type: ignore[no-untyped-def]
    """Write H G (or G H) into out; return its squared norm."""
    if sketch.law == IDENTITY:
        move(g, 0.0, g, out)
        return squared_norm(g)
    return project(blocks, side, space[2], space[3], g, out)
