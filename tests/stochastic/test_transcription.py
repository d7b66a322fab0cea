"""The kernel of the further methods against the methods as printed, component by component.

Round-off of a run is bounded by following three errors over its links: e of W, d of the gradient that moves
it, p of the W before. A component gradient is off by `fresh` besides, and its size is at most `size`.
"""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.engine.simulate import simulate
from ractheory.engine.transcription_stochastic import transcribe_extended
from ractheory.laws import Coordinates
from ractheory.links import Safeguarded
from ractheory.method import Method
from ractheory.objectives import Objective, objective
from ractheory.objectives.losses import Absolute, Softmax, Squared
from tests.engine.helpers import sketch_condition
from tests.stochastic.helpers import EPS, component_L, component_size, logistic, named, small_sum

STREAM, LINKS, SEEDS = "further methods", 4, 2
SQUARED = small_sum(Squared(), ridge=0.2, row_groups=(3, 1))
SOFTMAX = small_sum(Softmax(), c=3, ridge=0.1)
RATIO = small_sum(Squared(), ratio=0.2)


def step_of(f: Objective) -> float:
    return 0.5 / (component_L(f) or 1.0)


def check(f: Objective, method: Method, gamma: float, evaluations: int, Lipschitz: float) -> None:
    """Compare runs, given how many gradients a link takes and how Lipschitz they are."""
    start = np.random.default_rng(11).standard_normal(f.dim)
    run = simulate(f, method, start, LINKS, SEEDS, STREAM)
    plain = transcribe_extended(f, method, start, LINKS, SEEDS, STREAM)
    assert np.all(run.diverged_at == -1)
    for seed in range(SEEDS):
        condition = sketch_condition(f, method, STREAM, seed, LINKS)
        reach = float(np.linalg.norm(start)) + float(np.abs(plain.final[seed]).max()) * f.dim
        size = component_size(f, reach * np.ones(1) * np.ones(f.dim) / np.sqrt(f.dim))
        fresh = 32 * (f.dim + f.components) * condition * EPS * size
        e = d = p = 0.0
        for t in range(LINKS + 1):
            near(run.gap[seed, t], plain.gap[seed, t], drift(f, plain.grad_sq[seed, t], e, reach))
            slope = (Lipschitz * e + fresh) * (2 * np.sqrt(plain.grad_sq[seed, t]) + size)
            near(run.grad_sq[seed, t], plain.grad_sq[seed, t], slope)
            if t < LINKS:
                near(run.step_sq[seed, t], plain.step_sq[seed, t], 4 * slope)
            for _ in range(evaluations):
                e, d, p = e + gamma * d + EPS * reach, d + Lipschitz * (e + p) + fresh, e
        assert np.linalg.norm(run.final[seed] - plain.final[seed]) <= e
        extra = next(iter(run.extra.values()), plain.extra["extra"])[seed]
        # What is recorded besides: a gap, a ratio of norms, a step, or a flag; each a smooth function of W.
        scale = 1 + float(np.abs(extra).max()) + size * size
        near(extra, plain.extra["extra"][seed], scale * (Lipschitz + size + 1 / EPS * EPS) * e)


def near(got: object, expected: object, allowed: float) -> None:
    assert np.all(np.abs(np.asarray(got) - np.asarray(expected)) <= allowed)


def drift(f: Objective, grad_sq: float, e: float, reach: float) -> float:
    """Bound the change of f when W moves by e, and the round-off of a value."""
    L = (component_L(f) + 1.0) * reach**2 + (f.constants.lipschitz or 0.0) * (e + reach)
    value = (f.dim + f.components + 20) * EPS * (abs(f.constants.fstar) + L + 1.0)
    return float(np.sqrt(grad_sq) * e + component_L(f) * e**2 + value) + (
        (f.constants.lipschitz or 0.0) * e
    )
