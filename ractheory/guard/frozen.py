"""The frozen model: pre-trained in about a second on the text of all kinds, and then never changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.guard.text import LENGTH, SYMBOLS, snippets
from ractheory.guard.transformer import Weights, backward, forward, softmax, to_embedding

Array = NDArray[Any]

WIDTH, HIDDEN = 32, 96
STEPS, BATCH, RATE = 120, 24, 0.01
SEED = 0


def initial(seed: int = SEED) -> dict[str, Array]:
    """Return random weights; the output starts at zero."""
    rng = np.random.default_rng([seed, 1])
    shapes = {
        "embedding": (SYMBOLS, WIDTH), "place": (LENGTH, WIDTH), "q": (WIDTH, WIDTH), "k": (WIDTH, WIDTH),
        "v": (WIDTH, WIDTH), "o": (WIDTH, WIDTH), "up": (WIDTH, HIDDEN), "down": (HIDDEN, WIDTH),
    }  # fmt: skip
    w = {name: rng.standard_normal(s) / np.sqrt(s[0]) for name, s in shapes.items()}
    w["embedding"] = rng.standard_normal(shapes["embedding"])
    w["place"] = 0.1 * rng.standard_normal(shapes["place"])
    w["output"] = np.zeros((WIDTH, SYMBOLS))
    return w


def loss_and_gradient(w: Weights, rows: NDArray[np.int64]) -> tuple[float, dict[str, Array]]:
    """Return the mean of -log p of every next character of the rows (one longer than LENGTH), and its gradient."""
    seen, after = rows[:, :-1], rows[:, 1:]
    kept = forward(w, seen, seen.shape[1])
    p = softmax(kept["features"] @ w["output"])
    places = np.ix_(*map(np.arange, after.shape))
    loss = -float(np.mean(np.log(p[(*places, after)])))
    p[(*places, after)] -= 1
    p /= after.size
    back = backward(w, seen, kept, p @ w["output"].T)
    rest = to_embedding(w, seen, kept, back)
    f = kept["features"].reshape(-1, WIDTH)
    output = f.T @ p.reshape(-1, p.shape[-1])
    grown = {name: value for name, value in back.items() if not name.endswith("'")}
    return loss, {**grown, **rest, "output": output}


class Adam:
    """Adam on named arrays, in place; the moments of each name are its own."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.moments: dict[str, tuple[Array, Array, int]] = {}

    def step(
        self, arrays: Mapping[str, Array], gradient: Mapping[str, Array], share: float
    ) -> None:
        """Move every array by one step of `share` times the rate."""
        for name, x in arrays.items():
            g = gradient[name]
            first, second, t = self.moments.get(name, (np.zeros_like(x), np.zeros_like(x), 0))
            first, second, t = 0.9 * first + 0.1 * g, 0.99 * second + 0.01 * g * g, t + 1
            self.moments[name] = (first, second, t)
            size = np.sqrt(second / (1 - 0.99**t)) + 1e-8
            x -= share * self.rate * (first / (1 - 0.9**t)) / size


@lru_cache(maxsize=2)
def frozen(steps: int = STEPS) -> Weights:
    """Return the weights of the frozen model in double precision; no array of them can be written to."""
    from threadpoolctl import threadpool_limits

    rows = snippets(steps * BATCH, SEED, longer=1).tokens
    w = {name: value.astype(np.float32) for name, value in initial().items()}
    optimizer = Adam(RATE)
    with threadpool_limits(1):
        for t in range(steps):
            _, gradient = loss_and_gradient(w, rows[t * BATCH : (t + 1) * BATCH])
            optimizer.step(w, gradient, 1 - t / steps)
    fixed = {name: value.astype(np.float64) for name, value in w.items()}
    for value in fixed.values():
        value.setflags(write=False)
    return MappingProxyType(fixed)


def trained_numbers(w: Weights) -> int:
    """Return how many numbers the model has.

    >>> trained_numbers(initial())
    17472
    """
    return sum(value.size for value in w.values())


def bits_per_character(w: Weights, count: int = 120) -> float:
    """Return -log2 p of the next character, on average over text that the model was not trained on."""
    rows = snippets(count, SEED, held_out=True, longer=1).tokens
    return loss_and_gradient(w, rows)[0] / float(np.log(2))
