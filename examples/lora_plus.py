"""LoRA+ (arXiv 2402.12354): joint gradient steps on both factors, sixteen times larger on B.

One pair of factors, never merged: no rate to the minimum holds, only a floor (see `rank-floor`).

    ractheory conform examples/lora_plus.py:step --theorem gd-pl
"""

import numpy as np

DECLARES = {"gammaL": 1.0, "rank": 1, "side": "left"}
RATIO = 16.0


def step(W, gradient, rng, state):
    rank, (m, n) = DECLARES["rank"], W.shape
    if state["t"] == 0:
        state["W0"], state["B"] = W.copy(), np.zeros((m, rank))
        state["A"] = rng.standard_normal((rank, n)) / np.sqrt(n)
    A, B, G = state["A"], state["B"], gradient(W)
    eta = DECLARES["gammaL"] / state["L"] / RATIO
    state["A"], state["B"] = A - eta * B.T @ G, B - RATIO * eta * G @ A.T
    return state["W0"] + state["B"] @ state["A"]
