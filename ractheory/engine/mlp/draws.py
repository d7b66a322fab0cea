"""Every draw of a training run, as a function of (stream, seed, place): no method can shift another's.

So all methods see the same batches and the same dropped units, and start from the same first factors: runs with
one seed are pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.random import (
    BLOCK,
    Purpose,
    fill_normal,
    fill_words,
    shuffle,
    stream_key,
)

Array = NDArray[np.floating]
WORDS = 2.0**32


@dataclass(frozen=True)
class Draws:
    """The draws of some seeds from one stream, in a floating-point type."""

    stream: str
    seeds: Sequence[int]
    dtype: type = np.float64

    @cached_property
    def key(self) -> NDArray[np.uint32]:
        return stream_key(self.stream)

    def order(self, epoch: int, size: int) -> NDArray[np.int64]:
        """Return a permutation of 0, ..., size - 1 for every seed, (S, size)."""
        found = np.tile(np.arange(size), (len(self.seeds), 1))
        for row, seed in zip(found, self.seeds, strict=True):
            shuffle(self.key, seed, epoch, int(Purpose.SHUFFLE), size, row)
        return found

    def normal(self, link: int, layer: int, shape: tuple[int, ...]) -> Array:
        """Return N(0, 1) entries of the frozen or first factor of a layer in a link, (S, *shape)."""
        found = np.empty((len(self.seeds), int(np.prod(shape))))
        purpose = int(Purpose.SKETCH) + BLOCK * layer
        for row, seed in zip(found, self.seeds, strict=True):
            fill_normal(self.key, seed, link, purpose, row)
        return found.reshape(-1, *shape).astype(self.dtype)

    def uniform(self, layer: int, shape: tuple[int, ...], what: Purpose) -> Array:
        """Return entries uniform in (-1, 1) for a layer at the start, (S, *shape)."""
        words = self._words(0, int(what) + BLOCK * layer, int(np.prod(shape)))
        cells = (words.astype(np.float64) + 0.5) * (2.0 / WORDS) - 1.0
        return cells.reshape(-1, *shape).astype(self.dtype)

    def mask(self, step: int, layer: int, shape: tuple[int, ...], drop: float) -> Array:
        """Return 0 with probability `drop`, else 1/(1 - drop), for the units of a layer, (S, *shape)."""
        words = self._words(step, int(Purpose.NOISE) + BLOCK * layer, int(np.prod(shape)))
        kept = words >= np.uint32(drop * WORDS)
        return np.multiply(kept, 1.0 / (1.0 - drop), dtype=self.dtype).reshape(-1, *shape)

    def _words(self, link: int, purpose: int, size: int) -> NDArray[np.uint32]:
        quarter = -(-size // 4)
        found = np.empty((len(self.seeds), 4, quarter), dtype=np.int32)
        for block, seed in zip(found, self.seeds, strict=True):
            fill_words(self.key, seed, link, purpose, block)
        return found.view(np.uint32).reshape(len(self.seeds), -1)[:, :size]
