"""The guard: low-rank adapters on the projections of queries and values and a head, on a path of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError
from ractheory.guard.text import KINDS, LENGTH
from ractheory.guard.transformer import Weights, features, logits

Array = NDArray[Any]

ADAPTED = ("q", "v")
"""The weights that adapters go to, as in the reference implementation of the paper."""


@dataclass(frozen=True)
class Guard:
    """Adapters (B, A) by the name of the weight, which acts as W + B A for the guard, and a head.

    Shapes: B is d x r, A is r x d, the head is d x (number of kinds).
    """

    factors: Mapping[str, tuple[Array, Array]]
    head: Array

    def adapted(self, w: Weights) -> Weights:
        """Return the weights that the guard computes with; those of `w` stay as they are."""
        return {**w, **{name: w[name] + B @ A for name, (B, A) in self.factors.items()}}

    def scores(self, w: Weights, tokens: NDArray[np.int64]) -> Array:
        """Return one number for each kind and each row of tokens."""
        return features(self.adapted(w), tokens) @ self.head


CONTENTS: Mapping[str, Callable[[np.random.Generator, tuple[int, int]], Array]] = {
    "random": lambda rng, shape: rng.standard_normal(shape),
    "huge": lambda rng, shape: 1e200 * rng.standard_normal(shape),
    "nan": lambda rng, shape: np.full(shape, np.nan),
}
"""What adapters may hold: of the size of the weights, products that overflow, and no numbers at all."""


def guard_of(content: str, rank: int, width: int, seed: int = 0) -> Guard:
    """Return a guard whose adapters and head hold what is asked for.

    Raises UsageError for a content that is not known.
    """
    if content not in CONTENTS:
        raise UsageError.of(
            "content of the adapters", content, ", ".join(CONTENTS), "choose one of these"
        )
    rng, fill = np.random.default_rng([seed, 2]), CONTENTS[content]
    factors = {name: (fill(rng, (width, rank)), fill(rng, (rank, width))) for name in ADAPTED}
    return Guard(factors, fill(rng, (width, len(KINDS))))


PATHS = ("apart", "adapted", "merged-for-the-guard")
"""How generation may go: with the frozen weights, which the guard only reads (the dual path); with the
adapted weights; or with the frozen weights after the adapters were added to them in place for the guard and
then subtracted again. The last two are planted errors."""


class Guarded:
    """A language model with a guard installed: it generates, and it scores what it reads."""

    def __init__(self, w: Weights, guard: Guard, path: str = "apart") -> None:
        if path not in PATHS:
            raise UsageError.of("path", path, ", ".join(PATHS), "choose one of these")
        self.weights: Weights = (
            {name: value.copy() for name, value in w.items()} if path == PATHS[2] else w
        )
        self.guard, self.path = guard, path

    def logits(self, tokens: NDArray[np.int64]) -> Array:
        """Return the logits of the next character."""
        w = self.guard.adapted(self.weights) if self.path == "adapted" else self.weights
        return logits(w, tokens)

    def scores(self, tokens: NDArray[np.int64]) -> Array:
        """Return the guard's scores."""
        if self.path != PATHS[2]:
            return self.guard.scores(self.weights, tokens)
        for name, (B, A) in self.guard.factors.items():
            self.weights[name][...] += B @ A
        found = features(self.weights, tokens) @ self.guard.head
        for name, (B, A) in self.guard.factors.items():
            self.weights[name][...] -= B @ A
        return found


def generate(
    next_logits: Callable[[NDArray[np.int64]], Array],
    prompt: NDArray[np.int64],
    count: int,
    seed: int,
    read: Callable[[NDArray[np.int64]], object] = lambda tokens: None,
) -> tuple[NDArray[np.int64], Array]:
    """Return the characters that follow the prompts (N x .), sampled, and the logits of every one.

    `read` is called with what is there before each character: a guard that watches.
    """
    rng, tokens, seen = np.random.default_rng([seed, 3]), prompt, []
    for _ in range(count):
        shown = tokens[:, -LENGTH:]
        read(shown)
        z = next_logits(shown)
        seen.append(z)
        # The largest of z + Gumbel noise is a draw from softmax(z).
        drawn = np.argmax(z + rng.gumbel(size=z.shape), axis=-1)
        tokens = np.hstack([tokens, drawn[:, None]])
    return tokens[:, prompt.shape[1] :], np.array(seen)
