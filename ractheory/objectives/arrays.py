"""Checked, read-only arrays and named random streams for the objectives."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ractheory.errors import UsageError, integer

Array = NDArray[np.float64]


def array(name: str, value: ArrayLike, shape: tuple[int | None, ...]) -> Array:
    """Return `value` as a read-only float array of `shape` (None: any positive size), or raise UsageError.

    >>> array("X", [[1, 2]], (None, 2))
    array([[1., 2.]])
    """
    try:
        out = np.array(value, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise UsageError.of(name, value, "an array of numbers", f"give {name} as numbers") from None
    fits = out.ndim == len(shape) and all(
        size > 0 and (want is None or size == want)
        for size, want in zip(out.shape, shape, strict=True)
    )
    if not fits:
        wanted = " x ".join("any" if s is None else str(s) for s in shape)
        raise UsageError.of(f"shape of {name}", out.shape, wanted, f"reshape {name}")
    if not np.all(np.isfinite(out)):
        bad = out[~np.isfinite(out)][0]
        raise UsageError.of(f"an entry of {name}", float(bad), "finite numbers", f"clean {name}")
    out.setflags(write=False)
    return out


def block_shapes(shapes: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return `shapes` as a tuple of pairs of positive integers, or raise UsageError."""
    is_list = isinstance(shapes, Sequence) and len(shapes) > 0
    if not is_list or not all(isinstance(s, Sequence) and len(s) == 2 for s in shapes):
        raise UsageError.of("shapes", shapes, "one pair (rows, columns) a block", "list the blocks")
    return tuple((integer("rows", m, 1), integer("columns", n, 1)) for m, n in shapes)


def stream(purpose: str, seed: object) -> np.random.Generator:
    """Return the random stream of `purpose` under `seed`; other purposes leave it unchanged."""
    return np.random.default_rng([integer("seed", seed, 0), crc32(purpose.encode())])


def haar(d: int, rng: np.random.Generator) -> Array:
    """Return a Haar-distributed orthogonal matrix of order d."""
    q, r = np.linalg.qr(rng.standard_normal((d, d)))
    return np.asarray(q * np.where(np.diag(r) < 0, -1.0, 1.0))


def compiled(value: ArrayLike) -> Array:
    """Return a writable C-contiguous copy with two axes, as the kernels' signatures ask."""
    return np.array(np.atleast_2d(value), dtype=np.float64, order="C")


NOTHING = np.zeros((1, 1))
"""Stands for an array of `Problem` that a family does not use."""
