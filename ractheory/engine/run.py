"""What a simulation records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """What was recorded of S seeds over T links.

    Attributes
    ----------
    gap : f(W_t) - fstar, shape (S, T+1)
    grad_sq : |grad f(W_t)|^2, shape (S, T+1)
    step_sq : |H_t G_t|^2 at the start of each link for a projected method, the squared gradient norm on
        the trained factors otherwise; shape (S, T)
    diverged_at : first link whose start was out of bounds, -1 for a run that stayed; shape (S,)
    final : last parameters, flat, shape (S, dim)
    extra : what some methods record besides, by name, each of shape (S, T): "mean_gap" (gap of the mean of
        W_0, ..., W_t; subgradient chains), "certified" (1 where a safeguarded link kept its solver's
        end), "eta" (the adaptive step taken), "lost" (part of the updates so far that rounding lost)
    """

    gap: Array
    grad_sq: Array
    step_sq: Array
    diverged_at: NDArray[np.int64]
    final: Array
    extra: dict[str, Array] = field(default_factory=dict)

    @classmethod
    def begin(cls, seeds: int, links: int, start: Array | None, dim: int) -> Run:
        """Return a run of unwritten records whose parameters are at the start, or without one unwritten as well.

        >>> Run.begin(2, 3, np.zeros(4), 4).gap.shape
        (2, 4)
        """
        final = np.empty((seeds, dim))
        if start is not None:
            final[:] = start
        shape = (seeds, links + 1)
        diverged = np.full(seeds, -1, dtype=np.int64)
        return cls(np.empty(shape), np.empty(shape), np.empty((seeds, links)), diverged, final)

    def joined(self, other: Run) -> Run:
        """Return the run of these seeds followed by those of `other`.

        >>> run = Run.begin(2, 3, np.zeros(4), 4)
        >>> run.joined(run).seeds
        4
        """
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Run(*(_stacked(*pair) for pair in pairs))

    @property
    def seeds(self) -> int:
        return len(self.gap)

    @property
    def links(self) -> int:
        return self.step_sq.shape[1]


def _stacked(first: Any, second: Any) -> Any:
    if isinstance(first, Mapping):
        return {name: _stacked(first[name], second[name]) for name in first}
    return np.concatenate([first, second])
