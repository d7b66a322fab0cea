"""A transformer of one block in NumPy: features, logits, and the gradient with respect to its weights.

With n the normalised embeddings of a row of tokens, a head gives each late position

    p = softmax((n_late W_q) (n W_k)^T / sqrt(d_h), the past alone),   c = (p n) W_v,

y = x_late + [c of all heads] W_o, and the features are norm(y + tanh(norm(y) W_up) W_down), where norm divides
by the root mean square. It is smooth in all of its weights. Weights act from the right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = Mapping[str, Array]

HEADS = 2
EPS = 1e-6
"""Added to the mean square."""


def _norm(x: Array) -> tuple[Array, Array]:
    inverse = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + EPS)
    return x * inverse, inverse


def _norm_back(slope: Array, n: Array, inverse: Array) -> Array:
    return inverse * (slope - n * np.mean(slope * n, axis=-1, keepdims=True))


def _by_head(W: Array) -> Array:
    """Return the columns of W by head, heads x d x d/heads."""
    return W.reshape(len(W), HEADS, -1).swapaxes(0, 1)


def softmax(z: Array) -> Array:
    """Return the softmax of the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def forward(w: Weights, tokens: NDArray[np.int64], late: int) -> dict[str, Array]:
    """Return the features of the last `late` positions of each row, N x late x d, and what the gradient needs."""
    T = tokens.shape[1]
    x = w["embedding"][tokens] + w["place"][:T]
    n, n_inverse = _norm(x)
    N, d = len(tokens), x.shape[-1]
    q = (n[:, T - late :] @ w["q"]).reshape(N, late, HEADS, -1).swapaxes(1, 2)
    g = q @ _by_head(w["k"]).swapaxes(1, 2)
    scores = g @ n[:, None].swapaxes(-1, -2) / math.sqrt(d // HEADS)
    future = np.arange(T)[None, :] > np.arange(T - late, T)[:, None]
    p = softmax(np.where(future, -np.inf, scores))
    u = p @ n[:, None]
    c = (u @ _by_head(w["v"])).swapaxes(1, 2).reshape(N, late, d)
    y = x[:, T - late :] + c @ w["o"]
    m, m_inverse = _norm(y)
    a = np.tanh(m @ w["up"])
    features, f_inverse = _norm(y + a @ w["down"])
    return {
        "n": n, "n_inverse": n_inverse, "q": q, "g": g, "p": p, "u": u, "c": c, "m": m, "m_inverse": m_inverse,
        "a": a, "features": features, "f_inverse": f_inverse,
    }  # fmt: skip


def _outer(a: Array, b: Array) -> Array:
    """Return the sum of a^T b over all positions."""
    return a.reshape(-1, a.shape[-1]).T @ b.reshape(-1, b.shape[-1])


def backward(
    w: Weights, tokens: NDArray[np.int64], kept: Mapping[str, Array], slope: Array
) -> dict[str, Array]:
    """Return the gradient with respect to q, v and all that lies behind them, from that of the features.

    What `to_embedding` needs to go on comes with it, under the names of `forward` with a prime.
    """
    late, d = slope.shape[1], slope.shape[2]
    dz = _norm_back(slope, kept["features"], kept["f_inverse"])
    da = (dz @ w["down"].T) * (1 - kept["a"] ** 2)
    dy = dz + _norm_back(da @ w["up"].T, kept["m"], kept["m_inverse"])
    dc = (dy @ w["o"].T).reshape(len(tokens), late, HEADS, -1).swapaxes(1, 2)
    du = dc @ _by_head(w["v"]).swapaxes(1, 2)
    p, n = kept["p"], kept["n"]
    dp = du @ n[:, None].swapaxes(-1, -2)
    ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True)) / math.sqrt(d // HEADS)
    dg = ds @ n[:, None]
    dq = (dg @ _by_head(w["k"])).swapaxes(1, 2).reshape(len(tokens), late, d)
    dv = [_outer(kept["u"][:, h], dc[:, h]) for h in range(HEADS)]
    return {
        "q": _outer(n[:, -late:], dq), "v": np.concatenate(dv, axis=1), "o": _outer(kept["c"], dy),
        "up": _outer(kept["m"], da), "down": _outer(kept["a"], dz),
        "y'": dy, "u'": du, "s'": ds, "g'": dg, "q'": dq,
    }  # fmt: skip


def to_embedding(
    w: Weights, tokens: NDArray[np.int64], kept: Mapping[str, Array], back: Mapping[str, Array]
) -> dict[str, Array]:
    """Return the gradient with respect to k, the embedding and the places."""
    late, T = back["y'"].shape[1], tokens.shape[1]
    dk = [_outer(back["g'"][:, h], kept["q"][:, h]) for h in range(HEADS)]
    turned = (kept["p"].swapaxes(-1, -2), back["s'"].swapaxes(-1, -2))
    dn = np.sum(turned[0] @ back["u'"] + turned[1] @ kept["g"], axis=1)
    dn[:, T - late :] += back["q'"] @ w["q"].T
    dx = _norm_back(dn, kept["n"], kept["n_inverse"])
    dx[:, T - late :] += back["y'"]
    embedding = np.zeros_like(w["embedding"])
    np.add.at(embedding, tokens, dx)
    place = np.zeros_like(w["place"])
    place[:T] = dx.sum(axis=0)
    return {"k": np.concatenate(dk, axis=1), "embedding": embedding, "place": place}


def logits(w: Weights, tokens: NDArray[np.int64]) -> Array:
    """Return the logits of the character after each row."""
    kept = forward(w, tokens, 1)
    return kept["features"][:, 0] @ w["output"]


def features(w: Weights, tokens: NDArray[np.int64]) -> Array:
    """Return the features of the last position of each row, N x d: what a guard's head reads."""
    return forward(w, tokens, 1)["features"][:, 0]
