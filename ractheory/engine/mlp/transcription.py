"""The plain form of `training.train`: one seed, one image after another, gradients by W first.

It shares the draws with what it is the oracle of, and nothing else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.mlp.draws import Draws
from ractheory.engine.mlp.training import Training

Array = NDArray[np.float64]
Arrays = list[Array]


def loss_gradients(
    x: Array, label: int, W: Arrays, b: Arrays, masks: Arrays
) -> tuple[Arrays, Arrays]:
    """Return the gradients of -log softmax(z)[label] by every W and b, for one image."""
    h, z = [x], []
    for k in range(len(W)):
        z.append(W[k] @ h[k] + b[k])
        if k < len(W) - 1:
            h.append(masks[k] * np.where(z[k] > 0, z[k], 0.0))
    p = np.exp(z[-1]) / np.sum(np.exp(z[-1]))
    d = p - np.eye(len(p))[label]
    by_W, by_b = [], []
    for k in reversed(range(len(W))):
        by_W.append(np.outer(d, h[k]))
        by_b.append(d)
        if k > 0:
            d = (W[k].T @ d) * masks[k - 1] * np.where(z[k - 1] > 0, 1.0, 0.0)
    return by_W[::-1], by_b[::-1]


def adamw(
    p: Array, g: Array, m: Array, v: Array, t: int, how: Training
) -> tuple[Array, Array, Array]:
    """Return p, m, v after step number t, as the algorithm is printed."""
    p = p - how.rate * how.decay * p
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return p - how.rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


def train_one(
    W: Arrays, b: Arrays, how: Training, X: Array, y: NDArray[np.integer], stream: str, seed: int
) -> Arrays:
    """Return the weights after training on all rows of X: W_0 + s B A, or W itself for `fpft`."""
    draws = Draws(stream, [seed])
    s, layers, adapts = how.alpha / how.rank, range(len(W)), how.method != "fpft"
    trains_B = how.method in ("lora", "cola") or how.train == "B"
    trains_A = how.method in ("lora", "cola") or how.train == "A"
    B, A = _factors(W, how, draws, 0)
    moments: dict[tuple[str, int], tuple[Array, Array]] = {}
    step = link = t = 0
    for epoch in range(how.epochs):
        order = draws.order(epoch, len(X))[0]
        for batch in np.split(order, range(how.batch, len(X), how.batch)):
            now = [W[k] + s * B[k] @ A[k] for k in layers] if adapts else W
            masks = [
                draws.mask(step, k, (len(batch), W[k].shape[0]), how.dropout)[0]
                for k in layers[:-1]
            ]
            by_W, by_b = [0 * w for w in W], [0 * c for c in b]
            for place, row in enumerate(batch):
                gradients = loss_gradients(X[row], int(y[row]), now, b, [m[place] for m in masks])
                by_W = [a + c / len(batch) for a, c in zip(by_W, gradients[0], strict=True)]
                by_b = [a + c / len(batch) for a, c in zip(by_b, gradients[1], strict=True)]
            step, t = step + 1, t + 1
            wanted: list[tuple[str, Arrays, Arrays]] = []
            if not adapts:
                wanted = [("W", W, by_W), ("b", b, by_b)]
            if adapts and trains_B:
                wanted.append(("B", B, [s * by_W[k] @ A[k].T for k in layers]))
            if adapts and trains_A:
                wanted.append(("A", A, [s * B[k].T @ by_W[k] for k in layers]))
            new = {name: list(arrays) for name, arrays, _ in wanted}
            for name, arrays, gradient in wanted:
                for k in layers:
                    zero = (0 * arrays[k], 0 * arrays[k])
                    m, v = moments.get((name, k), zero)
                    new[name][k], m, v = adamw(arrays[k], gradient[k], m, v, t, how)
                    moments[name, k] = (m, v)
            W, b = new.get("W", W), new.get("b", b)
            B, A = new.get("B", B), new.get("A", A)
        ends = (epoch + 1) % how.every == 0 or epoch + 1 == how.epochs
        if how.method in ("cola", "rac-lora") and ends:
            W = [W[k] + s * B[k] @ A[k] for k in layers]
            link += 1
            B, A = _factors(W, how, draws, link if how.redraw else 0)
            if not how.keep_state:
                moments, t = {}, 0
    return [W[k] + s * B[k] @ A[k] for k in layers] if adapts else W


def _factors(W: Arrays, how: Training, draws: Draws, link: int) -> tuple[Arrays, Arrays]:
    B, A = [], []
    for k, w in enumerate(W):
        m, n = w.shape
        if how.train == "B":
            B.append(np.zeros((m, how.rank)))
            A.append(how.std * draws.normal(link, k, (how.rank, n))[0])
        else:
            B.append(how.std * draws.normal(link, k, (m, how.rank))[0])
            A.append(np.zeros((how.rank, n)))
    return B, A
