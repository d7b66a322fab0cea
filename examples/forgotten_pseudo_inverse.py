"""RAC-LoRA whose author forgot the pseudo-inverse: a plain gradient step on the factor. It is refuted.

ractheory conform examples/forgotten_pseudo_inverse.py:step --theorem descent gd-pl
"""

DECLARES = {"gammaL": 1.0, "rank": 2, "side": "left"}


def step(W, gradient, rng, state):
    gamma = DECLARES["gammaL"] / state["L"]
    B = rng.standard_normal((W.shape[0], DECLARES["rank"]))
    A = -gamma * B.T @ gradient(W)
    return W + B @ A
