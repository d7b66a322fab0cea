"""Tiny worlds, enumerated: every permutation and every sketch, every batch, every choice of clients.

A run of the kernel must end in one of the enumerated places, and over many seeds in each of them equally
often: the counts of K equally likely places over S seeds are within sqrt(S log(2K/alpha)/2) of S/K with
probability 1 - alpha (Hoeffding and a union bound), alpha = 1e-9 here.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations, permutations, product

import numpy as np
import pytest

from ractheory.engine.simulate import simulate
from ractheory.laws import Coordinates
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Squared
from tests.stochastic.helpers import EPS, named

SEEDS, ALPHA = 4000, 1e-9
X = np.array([[1.0, 0.5], [-0.5, 2.0], [1.5, 1.0]])
Y = np.array([[1.0], [-2.0], [0.5]])
TINY = LinearModel("tiny", X, Y, Squared())
STEP = 0.125
START = np.array([0.5, -1.0])


def exact_component(i: int, w: list[Fraction]) -> list[Fraction]:
    x = [Fraction(value) for value in X[i]]
    residual = sum((a * b for a, b in zip(x, w, strict=True)), Fraction(-Y[i, 0]))
    return [residual * a for a in x]


def exact_epoch(order: tuple[int, ...], coordinate: int, w: list[Fraction]) -> list[Fraction]:
    """One epoch with the sketch that keeps one coordinate, in exact arithmetic."""
    w = list(w)
    for i in order:
        w[coordinate] -= Fraction(STEP) * exact_component(i, w)[coordinate]
    return w


def counted(finals: np.ndarray, places: list[list[Fraction]]) -> Counter[int]:
    """Count the runs that ended in each place; all must have ended in one, up to round-off."""
    at = np.array([[float(x) for x in place] for place in places])
    apart = np.abs(at[:, None] - at[None]).max(axis=2) + np.eye(len(at))
    assert apart.min() > 1e-6
    distances = np.abs(finals[:, None] - at[None]).max(axis=2)
    assert distances.min(axis=1).max() <= 64 * EPS
    return Counter(int(k) for k in distances.argmin(axis=1))


def check_uniform(finals: np.ndarray, places: list[list[Fraction]]) -> None:
    counts = counted(finals, places)
    K, S = len(places), len(finals)
    allowed = np.sqrt(S * np.log(2 * K / ALPHA) / 2)
    assert all(abs(counts[k] - S / K) <= allowed for k in range(K))
    # Every place is reached: one is missed with probability at most K (1 - 1/K)^S.
    assert K * (1 - 1 / K) ** S <= ALPHA
    assert len(counts) == K


def exact_start() -> list[Fraction]:
    return [Fraction(value) for value in START]


def test_reshuffled_epoch() -> None:
    """Six permutations by two sketches: uniform, so the permutation is independent of the sketch."""
    places = [
        exact_epoch(order, j, exact_start()) for order in permutations(range(3)) for j in (0, 1)
    ]
    method = named("rac-lora-rr", STEP, law=Coordinates(1))
    run = simulate(TINY, method, START, 1, SEEDS, "reshuffled")
    check_uniform(run.final, places)


def test_second_epoch_takes_a_fresh_permutation_only_at_random() -> None:
    """Both epochs with all coordinates kept: 36 pairs of orders, or 6, or 1."""

    def both(first: tuple[int, ...], second: tuple[int, ...]) -> list[Fraction]:
        w = exact_start()
        for order in (first, second):
            for i in order:
                g = exact_component(i, w)
                w = [a - Fraction(STEP) * b for a, b in zip(w, g, strict=True)]
        return w

    orders = list(permutations(range(3)))
    expected = {
        "random": [both(a, b) for a, b in product(orders, orders)],
        "once": [both(a, a) for a in orders],
        "incremental": [both(orders[0], orders[0])],
    }
    for mode, places in expected.items():
        method = named("rac-lora-rr", STEP, law=Coordinates(2), order=mode)
        run = simulate(TINY, method, START, 2, SEEDS, "epochs")
        if mode == "incremental":
            assert np.abs(run.final - [float(x) for x in places[0]]).max() <= 64 * EPS
        else:
            check_uniform(run.final, places)


@pytest.mark.parametrize("replacement", [False, True])
def test_batches(replacement: bool) -> None:
    method = named("rac-lora-sgd", STEP, batch=2, replacement=replacement, law=Coordinates(2))
    run = simulate(TINY, method, START, 1, SEEDS, "batches")
    chosen = list(product(range(3), repeat=2)) if replacement else list(combinations(range(3), 2))

    def end(batch: tuple[int, ...]) -> list[Fraction]:
        g = [exact_component(i, exact_start()) for i in batch]
        mean = [sum(column, Fraction(0)) / 2 for column in zip(*g, strict=True)]
        return [a - Fraction(STEP) * b for a, b in zip(exact_start(), mean, strict=True)]

    if not replacement:
        check_uniform(run.final, [end(batch) for batch in chosen])
        return
    # (i, j) and (j, i) end alike: count the pairs i < j twice.
    doubled = [batch for batch in chosen if batch[0] <= batch[1]]
    counts = counted(run.final, [end(batch) for batch in doubled])
    for k, (i, j) in enumerate(doubled):
        expected = SEEDS * (1 if i == j else 2) / 9
        assert abs(counts[k] - expected) <= np.sqrt(SEEDS * np.log(2 * 6 / ALPHA) / 2)


def test_sampled_clients() -> None:
    """Three clients of one component each, two of them a round: three averages, equally often."""
    method = named("fed-rac-lora", STEP, clients=3, participating=2, law=Coordinates(2))
    run = simulate(TINY, method, START, 1, SEEDS, "clients")

    def average(pair: tuple[int, ...]) -> list[Fraction]:
        g = [exact_component(i, exact_start()) for i in pair]
        return [a - Fraction(STEP) * (x + y) / 2 for a, x, y in zip(exact_start(), *g, strict=True)]

    check_uniform(run.final, [average(pair) for pair in combinations(range(3), 2)])


def test_expectation_over_all_epochs_matches_the_sampled_mean() -> None:
    """E f after one epoch is a mean over the twelve places; a bounded mean is within Hoeffding of it."""
    places = [
        exact_epoch(order, j, exact_start()) for order in permutations(range(3)) for j in (0, 1)
    ]
    values = [TINY.flat_gap(np.array([float(x) for x in place])) for place in places]
    run = simulate(TINY, named("rac-lora-rr", STEP, law=Coordinates(1)), START, 1, SEEDS, "mean")
    width = max(values) - min(values)
    allowed = width * np.sqrt(np.log(2 / ALPHA) / (2 * SEEDS))
    assert abs(run.gap[:, 1].mean() - np.mean(values)) <= allowed


def test_page_coin() -> None:
    """With batch N every estimate is the full gradient; with a coin of 1 as well: gradient descent."""
    for options in ({"batch": 3, "probability": 0.3}, {"batch": 1, "probability": 1.0}):
        method = named("rac-lora-page", STEP, law=Coordinates(2), **options)
        run = simulate(TINY, method, START, 3, 4, "page")
        w = START.copy()
        for _ in range(3):
            w = w - STEP * TINY.flat_gradient(w)
        assert np.abs(run.final - w).max() <= 256 * EPS
