"""Guards with adapters inside the transformer: full fine-tuning, LoRA, AsymLoRA and RAC-LoRA with Adam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError
from ractheory.guard.adapters import ADAPTED
from ractheory.guard.frozen import Adam
from ractheory.guard.text import KINDS, Snippets
from ractheory.guard.transformer import Weights, backward, forward, softmax

Array = NDArray[Any]

METHODS = ("fpft", "lora", "asymlora", "rac-lora")


def loss_and_gradient(
    w: Weights, head: Array, what: Snippets
) -> tuple[float, dict[str, Array], Array]:
    """Return the mean of -log p(kind) over the snippets, and its gradient in the weights and the head.

    The head is (d + 1) x kinds; its last row is the intercept.
    """
    kept = forward(w, what.tokens, 1)
    X = np.hstack([kept["features"][:, 0], np.ones((len(what.kinds), 1))])
    p = softmax(X @ head)
    rows = np.arange(len(X))
    loss = -float(np.mean(np.log(p[rows, what.kinds])))
    p[rows, what.kinds] -= 1
    p /= len(X)
    slope = (p @ head[:-1].T)[:, None]
    back = backward(w, what.tokens, kept, slope)
    return loss, {name: back[name] for name in ADAPTED}, X.T @ p


def accuracy(w: Weights, head: Array, what: Snippets) -> float:
    """Return the share of snippets whose kind the guard tells."""
    found = forward(w, what.tokens, 1)["features"][:, 0] @ head[:-1] + head[-1]
    return float(np.mean(np.argmax(found, axis=1) == what.kinds))


@dataclass(frozen=True)
class How:
    """How a guard is trained: Adam at `rate`, `batch` snippets a step, rank and length of a link."""

    steps: int = 40
    batch: int = 48
    rate: float = 0.03
    rank: int = 4
    every: int = 10


def _factors(rng: np.random.Generator, width: int, rank: int) -> dict[str, tuple[Array, Array]]:
    """Return for each adapted weight an orthonormal B and A = 0."""
    return {
        name: (np.linalg.qr(rng.standard_normal((width, rank)))[0], np.zeros((rank, width)))
        for name in ADAPTED
    }


def train(w: Weights, method: str, how: How, what: Snippets, seed: int) -> tuple[Weights, Array]:
    """Return the weights that the guard computes with after training, and its head.

    Full fine-tuning moves the adapted weights themselves, LoRA both factors, AsymLoRA A alone; RAC-LoRA is
    AsymLoRA that merges after every link and draws B anew. The frozen weights are only read.

    Raises UsageError for a method that is not known.
    """
    if method not in METHODS:
        raise UsageError.of("method", method, ", ".join(METHODS), "choose one of these")
    rng = np.random.default_rng([seed, 4])
    width = len(w["q"])
    base = {name: w[name].copy() for name in ADAPTED}
    head, factors = np.zeros((width + 1, len(KINDS))), _factors(rng, width, how.rank)
    optimizer = Adam(how.rate)
    for t in range(how.steps):
        if method == "rac-lora" and t and t % how.every == 0:
            base = _moved(base, factors)
            factors = _factors(rng, width, how.rank)
            optimizer.moments = {k: v for k, v in optimizer.moments.items() if k == "head"}
        chosen = rng.choice(len(what.kinds), how.batch, replace=False)
        rows = Snippets(what.tokens[chosen], what.kinds[chosen])
        _, slopes, head_slope = loss_and_gradient({**w, **_moved(base, factors)}, head, rows)
        arrays, gradient = _trained(method, base, factors, slopes)
        optimizer.step(
            {**arrays, "head": head}, {**gradient, "head": head_slope}, 1 - t / how.steps
        )
    return {**w, **_moved(base, factors)}, head


def _moved(
    base: Mapping[str, Array], factors: Mapping[str, tuple[Array, Array]]
) -> dict[str, Array]:
    return {name: base[name] + B @ A for name, (B, A) in factors.items()}


def _trained(
    method: str,
    base: dict[str, Array],
    factors: Mapping[str, tuple[Array, Array]],
    slopes: Mapping[str, Array],
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the arrays that the method trains, by name, and the gradient in them."""
    if method == "fpft":
        return base, dict(slopes)
    arrays = {f"A {name}": A for name, (_, A) in factors.items()}
    gradient = {f"A {name}": B.T @ slopes[name] for name, (B, _) in factors.items()}
    if method == "lora":
        arrays |= {f"B {name}": B for name, (B, _) in factors.items()}
        gradient |= {f"B {name}": slopes[name] @ A.T for name, (_, A) in factors.items()}
    return arrays, gradient
