"""GaLore-style projection (arXiv 2403.03507): onto the leading singular vectors of the gradient.

The subspace depends on the gradient, which no theorem here allows. Renewed at each step it can only
help: |P G|^2 is then at least (r/m) |G|^2, and the rates of RAC-LoRA follow. Kept for many steps, as
in practice, it stalls in between: `step_seldom` is refuted where the subspace is small.

    ractheory conform examples/galore.py:step --theorem descent gd-pl
    ractheory conform examples/galore.py:step_seldom --theorem gd-pl
"""

import numpy as np

DECLARES = {"gammaL": 1.0, "rank": 1, "side": "left"}
SELDOM = 10


def projected_step(W, gradient, state, every):
    G = gradient(W)
    if state["t"] % every == 0:
        state["P"] = np.linalg.svd(G)[0][:, : DECLARES["rank"]]
    P = state["P"]
    return W - DECLARES["gammaL"] / state["L"] * P @ (P.T @ G)


def step(W, gradient, rng, state):
    return projected_step(W, gradient, state, every=1)


def step_seldom(W, gradient, rng, state):
    return projected_step(W, gradient, state, every=SELDOM)
