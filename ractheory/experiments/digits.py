"""Handwritten digits as two tasks of five classes: 0 to 4 to begin with, 5 to 9 to fine-tune on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.mlp.draws import Draws
from ractheory.engine.mlp.training import Task
from ractheory.errors import UsageError
from ractheory.objectives.idx import Images, mnist

DIGITS = "digits"
"""The set that comes with scikit-learn; any other name is that of a folder with MNIST."""

CLASSES = 5
LEARNED = 0.75
"""Share of scikit-learn's images that is learned from; the rest is tested on. MNIST has its own split."""


def task(data: str, first: int, seeds: Sequence[int], stream: str, dtype: type) -> Task:
    """Return the task of the digits first, ..., first + 4, relabelled from 0.

    scikit-learn's images are split anew for every seed.
    """
    if data == DIGITS:
        X, y = _digits()
        rows = np.flatnonzero((y >= first) & (y < first + CLASSES))
        order = rows[Draws(f"{stream}/split", seeds).order(first, len(rows))]
        learned = int(LEARNED * len(rows))
        train, test = order[:, :learned], order[:, learned:]
    else:
        (X, y), train_size = _mnist(data)
        rows = np.flatnonzero((y >= first) & (y < first + CLASSES))[None, :]
        train, test = rows[:, rows[0] < train_size], rows[:, rows[0] >= train_size]
        if not (train.size and test.size):
            allowed = f"images of the digits {first} to {first + 4} to learn from and to test on"
            raise UsageError.of("data", data, allowed, "name a folder with all of MNIST")
    return Task(X.astype(dtype, copy=False), y - first, train, test)


def widths(data: str) -> tuple[int, ...]:
    """Return the widths of the network: one input a pixel, two hidden layers of 64, five classes."""
    pixels = 64 if data == DIGITS else 784
    return (pixels, 64, 64, CLASSES)


@lru_cache(1)
def _digits() -> Images:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return Images((X / 16).astype(np.float32), y)


@lru_cache(1)
def _mnist(folder: str) -> tuple[Images, int]:
    """Return all images, those to learn from first, and how many these are."""
    learned, tested = mnist(folder, "train"), mnist(folder, "t10k")
    X: NDArray[np.float32] = np.concatenate([learned.X, tested.X])
    return Images(X, np.concatenate([learned.y, tested.y])), len(learned.y)
