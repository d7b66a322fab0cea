"""What we compare with: research code, a clean loop, batched NumPy, and a PyTorch layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def research_numpy(
    value: Callable[[Array], float],
    gradient: Callable[[Array], Array],
    start: Array,
    gamma: float,
    rank: int,
    seeds: int,
    steps: int,
) -> Array:
    """RAC-LoRA as research code has it: explicit H by pinv, full gradient, loops over seeds and steps."""
    history = np.zeros((seeds, steps + 1))
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        W = start.copy()
        for t in range(steps):
            history[seed, t] = value(W)
            B = rng.standard_normal((W.shape[0], rank))
            H = B @ np.linalg.pinv(B.T @ B) @ B.T
            W = W - gamma * H @ gradient(W)
        history[seed, steps] = value(W)
    return history


def clean_numpy(
    value: Callable[[Array], float],
    gradient: Callable[[Array], Array],
    start: Array,
    gamma: float,
    rank: int,
    seeds: int,
    steps: int,
) -> Array:
    """The same with an orthonormal basis from QR, and no matrix H."""
    history = np.zeros((seeds, steps + 1))
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        W = start.copy()
        for t in range(steps):
            history[seed, t] = value(W)
            Q, _ = np.linalg.qr(rng.standard_normal((W.shape[0], rank)))
            W -= gamma * Q @ (Q.T @ gradient(W))
        history[seed, steps] = value(W)
    return history


def batched_entries(weights: Array, D0: Array, gamma: float, seeds: int, steps: int) -> Array:
    """The counterexample with seeds innermost, no QR and arrays made beforehand; mean f of each step."""
    rng = np.random.Generator(np.random.SFC64(0))
    m, n = D0.shape
    D = np.repeat(D0[:, :, None], seeds, axis=2)
    G, b = np.empty_like(D), np.empty((m, seeds))
    inner, change = np.empty((n, seeds)), np.empty_like(D)
    mean = np.empty(steps + 1)
    for t in range(steps + 1):
        np.multiply(weights[:, :, None], D, out=G)
        mean[t] = 0.5 * np.vdot(G, D) / seeds
        rng.standard_normal(out=b)
        np.einsum("is,ijs->js", b, G, out=inner)
        inner *= gamma / np.einsum("is,is->s", b, b)
        np.multiply(b[:, None], inner, out=change)
        D -= change
    return mean


def batched_spectral(
    spectrum: Array, D0: Array, gamma: float, rank: int, seeds: int, steps: int
) -> Array:
    """A quadratic in the eigenbasis of its curvature, all seeds in one array, f updated from the sketch."""
    rng = np.random.Generator(np.random.SFC64(0))
    root = np.sqrt(spectrum)[:, None]
    F = np.repeat((root * D0)[None], seeds, axis=0)
    f = np.full(seeds, 0.5 * np.sum(F[0] ** 2))
    history = np.empty((steps + 1, seeds))
    for t in range(steps):
        history[t] = f
        B = rng.standard_normal((seeds, len(spectrum), rank))
        C = root * B
        sketched = C.transpose(0, 2, 1) @ F
        M = gamma * np.linalg.solve(B.transpose(0, 2, 1) @ B, sketched)
        f += 0.5 * np.sum((C.transpose(0, 2, 1) @ C @ M - 2 * sketched) * M, axis=(1, 2))
        F -= C @ M
    history[steps] = f
    return history


def torch_layer(
    loss: Callable[[Any, Any], Any], start: Array, gamma: float, rank: int, seeds: int, steps: int
) -> Callable[[], list[list[float]]]:
    """A PyTorch LoRA layer trained per seed: A from zero by autograd, merged, B drawn again; needs torch."""
    import torch

    torch.set_num_threads(1)

    def train() -> list[list[float]]:
        histories = []
        for seed in range(seeds):
            generator = torch.Generator().manual_seed(seed)
            W = torch.tensor(start)
            history = []
            for _ in range(steps):
                shape = (W.shape[0], rank)
                B, _ = torch.linalg.qr(torch.randn(shape, generator=generator, dtype=W.dtype))
                A = torch.zeros((rank, W.shape[1]), dtype=W.dtype, requires_grad=True)
                f = loss(torch, W + B @ A)
                f.backward()
                with torch.no_grad():
                    W = W - gamma * B @ A.grad
                history.append(float(f.detach()))
            histories.append(history)
        return histories

    return train
