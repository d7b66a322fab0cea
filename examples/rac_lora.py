"""RAC-LoRA, as in arXiv 2410.08305: a fresh Gaussian factor each link, the other one by pseudo-inverse.

ractheory conform examples/rac_lora.py:step --theorem descent gd-pl
"""

import numpy as np

DECLARES = {"gammaL": 1.0, "rank": 2, "side": "left"}


def step(W, gradient, rng, state):
    gamma = DECLARES["gammaL"] / state["L"]
    B = rng.standard_normal((W.shape[0], DECLARES["rank"]))
    A = -gamma * np.linalg.pinv(B) @ gradient(W)
    return W + B @ A
