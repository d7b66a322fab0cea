"""A projected step with a stochastic gradient: W - gamma H g.

The estimator g is additive noise, a mini-batch, PAGE, or MVR (`ractheory.oracles`). What is recorded at
the start of a link is f and the full gradient G: |G|^2 and |H G|^2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.gradients import component_gradient
from ractheory.engine.random import Purpose, fill_normal, shuffle, uniform, words
from ractheory.engine.sketching import apply_sketch, move

NOISE, BATCH = int(Purpose.NOISE), int(Purpose.BATCH)
COIN = int(Purpose.COIN)
ADDITIVE, MEAN, PAGE, MVR = 0, 1, 2, 3


class Sampling(NamedTuple):
    """A stochastic gradient as numbers.

    `deviation` is the standard deviation of each entry of the noise; `probability` that of a full
    gradient in PAGE; `momentum` that of MVR.
    """

    estimator: int = ADDITIVE
    components: int = 1
    batch: int = 1
    replacement: bool = False
    deviation: float = 0.0
    probability: float = 0.0
    momentum: float = 0.0


@njit(**INNER)
def draw_batch(sampling, key, seed, link, batch):  # type: ignore[no-untyped-def]
    """Fill the first entries of `batch` (length N) with the components of this link."""
    if sampling.replacement:
        for i in range(sampling.batch):
            word = words(key, seed, link, BATCH, i)[0]
            batch[i] = np.int64((np.uint64(word) * np.uint64(sampling.components)) >> np.uint64(32))
        return
    for i in range(sampling.components):
        batch[i] = i
    shuffle(key, seed, link, BATCH, sampling.batch, batch)


@njit(**KERNEL)
def batch_mean(problem, size, batch, w, component, scratch, out):  # type: ignore[no-untyped-def]
    """Write the mean gradient at w of the first `size` components in `batch` into out."""
    for k in range(w.size):
        out[k] = 0.0
    for i in range(size):
        component_gradient(problem, batch[i], w, component, scratch)
        for k in range(w.size):
            out[k] += component[k]
    for k in range(w.size):
        out[k] /= size


@njit(**INNER)
def estimate(problem, sampling, key, seed, link, w, g, room, scratch):  # type: ignore[no-untyped-def]
    """Write the estimate of the gradient at w into vector 0, which holds that of the last link.

    Vector 1 holds the W of the last link, and then this one; g is the full gradient.
    """
    out, before, mean, earlier, component = room.vectors[:5]
    full = sampling.estimator == PAGE and (
        link == 0 or uniform(key, seed, link, COIN, 0) < sampling.probability
    )
    if full:
        move(g, 0.0, g, out)
    elif sampling.estimator == ADDITIVE:
        fill_normal(key, seed, link, NOISE, component)
        move(g, -sampling.deviation, component, out)
    else:
        draw_batch(sampling, key, seed, link, room.batch)
        for which in range(2 if sampling.estimator >= PAGE and link > 0 else 1):
            at, into = (w, mean) if which == 0 else (before, earlier)
            batch_mean(problem, sampling.batch, room.batch, at, component, scratch, into)
        keep = 1.0 if sampling.estimator == PAGE else 1.0 - sampling.momentum
        if sampling.estimator == MEAN or link == 0:
            keep = 0.0
        for k in range(w.size):
            out[k] = mean[k] + keep * (out[k] - earlier[k])
    move(w, 0.0, w, before)


@njit(**INNER)
def sampled_link(problem, plan, key, seed, link, side, w, g, room, scratch):  # type: ignore[no-untyped-def]
    """Move w to w - gamma H g; return |H G|^2 of the full gradient."""
    step = room.vectors[5]
    projected = apply_sketch(problem.blocks, plan.sketch, side, room.space, g, step)
    estimate(problem, plan.sampling, key, seed, link, w, g, room, scratch)
    apply_sketch(problem.blocks, plan.sketch, side, room.space, room.vectors[0], step)
    move(w, plan.sketch.gamma, step, w)
    return projected
