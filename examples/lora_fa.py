"""LoRA-FA (arXiv 2308.03303) as its optimizer does it: the exact projected gradient, but A is never redrawn.

Every step decreases f, as `descent` says; a frozen factor has lam_min = 0, and the rate is refuted.

    ractheory conform examples/lora_fa.py:step --theorem descent gd-pl
"""

import numpy as np

DECLARES = {"gammaL": 1.0, "rank": 1, "side": "right"}


def step(W, gradient, rng, state):
    if state["t"] == 0:
        state["A"] = rng.standard_normal((DECLARES["rank"], W.shape[1]))
    A = state["A"]
    H = np.linalg.pinv(A) @ A
    return W - DECLARES["gammaL"] / state["L"] * gradient(W) @ H
