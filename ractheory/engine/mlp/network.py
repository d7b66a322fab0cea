"""The network and its gradient, for S seeds at once: S networks, each on its own batch.

h_0 = x, z_l = h_{l-1} W_l^T + b_l, h_l = mask_l relu(z_l) for all layers but the last, whose z are the logits;
the loss is the mean cross-entropy over the batch. W_l is (outputs x inputs).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Layers = list[Array]
"""One array a layer, the seeds first."""


def forward(x: Array, weights: Layers, biases: Layers, masks: Layers | None = None) -> Layers:
    """Return [h_0, ..., h_{l-1}, logits]; masks (S, batch, units) are those of the hidden layers.

    x is (S, batch, inputs), or (batch, inputs) where all seeds share it.
    """
    states = [x]
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
        z = states[-1] @ W.swapaxes(1, 2)
        z += b[:, None, :]
        if layer < len(weights) - 1:
            np.maximum(z, 0, out=z)
            if masks is not None:
                z *= masks[layer]
        states.append(z)
    return states


def errors(states: Layers, labels: NDArray[np.integer], weights: Layers, masks: Layers) -> Layers:
    """Return the gradients of the loss by z_1, ..., z_l, each (S, batch, units); labels are (S, batch)."""
    delta = softmax(states[-1])
    np.put_along_axis(
        delta, labels[..., None], np.take_along_axis(delta, labels[..., None], 2) - 1, 2
    )
    delta /= labels.shape[1]
    found = [delta]
    for layer in range(len(weights) - 1, 0, -1):
        back = found[0] @ weights[layer]
        back *= masks[layer - 1]
        # A unit that was dropped has mask 0, so that the sign of h is that of z wherever it counts.
        back *= states[layer] > 0
        found.insert(0, back)
    return found


def softmax(z: Array) -> Array:
    """Return exp(z) over its sum along the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def cross_entropy(z: Array, labels: NDArray[np.integer]) -> Array:
    """Return the mean over the batch of -log softmax(z)[label], one number a seed."""
    shifted = z - z.max(axis=-1, keepdims=True)
    of_label = np.take_along_axis(shifted, labels[..., None], -1)[..., 0]
    return np.asarray((np.log(np.exp(shifted).sum(axis=-1)) - of_label).mean(axis=-1))


def full_gradients(states: Layers, deltas: Layers) -> list[Array]:
    """Return the gradients by W_1, b_1, W_2, b_2, ..."""
    found: list[Array] = []
    for h, delta in zip(states, deltas, strict=False):
        found += [delta.swapaxes(1, 2) @ h, delta.sum(axis=1)]
    return found


def left_gradient(h: Array, delta: Array, A: Array, scale: float) -> Array:
    """Return the gradient by B of W = W_0 + scale B A: scale delta^T (h A^T), without that by W."""
    return np.asarray(scale * (delta.swapaxes(1, 2) @ (h @ A.swapaxes(1, 2))))


def right_gradient(h: Array, delta: Array, B: Array, scale: float) -> Array:
    """Return the gradient by A of W = W_0 + scale B A: scale (delta B)^T h, without that by W."""
    return np.asarray(scale * ((delta @ B).swapaxes(1, 2) @ h))


def predict(x: Array, weights: Layers, biases: Layers) -> NDArray[np.intp]:
    """Return the class of every row of x, without dropout, (S, rows)."""
    return np.asarray(forward(x, weights, biases)[-1].argmax(axis=-1))


def shapes(widths: Sequence[int]) -> list[tuple[int, int]]:
    """Return (outputs, inputs) of every layer.

    >>> shapes((784, 64, 64, 5))
    [(64, 784), (64, 64), (5, 64)]
    """
    return [(widths[i + 1], widths[i]) for i in range(len(widths) - 1)]
