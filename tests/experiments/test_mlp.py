"""Training of small networks: gradients, the plain transcription, merges, and what shares which draws."""

from dataclasses import replace

import numpy as np
import pytest

from ractheory.engine.mlp import network
from ractheory.engine.mlp.draws import Draws
from ractheory.engine.mlp.training import (
    METHODS,
    Learner,
    Task,
    Training,
    initial,
    train,
    trained_numbers,
)
from ractheory.engine.mlp.transcription import train_one
from ractheory.errors import UsageError

WIDTHS = (7, 5, 4, 3)
ROWS = 11
SMALL = Training(epochs=4, every=2, batch=4, rate=0.05, rank=2, alpha=3.0, decay=0.1)
SEEDS = (0, 3)


def small(dtype=np.float64):
    rng = np.random.default_rng(5)
    X = rng.standard_normal((ROWS, WIDTHS[0])).astype(dtype)
    rows = np.arange(ROWS)[None, :]
    return Task(X, rng.integers(0, WIDTHS[-1], ROWS), rows, rows)


def start(stream="start"):
    return initial(WIDTHS, Draws(stream, SEEDS))


VARIANTS = [
    *[{"method": m, "train": f} for m in METHODS for f in "BA"],
    {"method": "rac-lora", "redraw": False},
    {"method": "cola", "keep_state": False},
    {"method": "cola", "train": "A", "every": 3, "std": 0.5},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_batches_of_seeds_are_the_plain_transcription(variant):
    """Equal up to rounding, which AdamW amplifies where gradients are small: it divides by their size.

    So the distance allowed is a share of what an error of algebra would make: a step moves an entry by about
    the rate, 0.05, and 12 steps are compared with a part in 10^8 of one.
    """
    how, task, begin = replace(SMALL, **variant), small(), start()
    ours = train(begin, how, task, Draws("run", SEEDS)).network.weights
    for place, seed in enumerate(SEEDS):
        W = [w[place] for w in begin.weights]
        b = [c[place] for c in begin.biases]
        plain = train_one(W, b, how, task.X, task.y, "run", seed)
        for mine, theirs in zip(ours, plain, strict=True):
            np.testing.assert_allclose(mine[place], theirs, rtol=0, atol=1e-8 * how.rate)
        moved = [np.abs(a[place] - w).max() for a, w in zip(ours, W, strict=True)]
        assert all(m > how.rate / 10 for m in moved), moved


def test_gradients_are_those_of_the_loss():
    """Central differences err by h^2 times a third derivative below 100 here, and by eps/h."""
    h, task, net = 1e-5, small(), start()
    x, labels = task.X[np.array([[0, 1, 2], [3, 4, 5]])], task.y[np.array([[0, 1, 2], [3, 4, 5]])]
    masks = [Draws("mask", SEEDS).mask(0, k, (3, w), 0.3) for k, w in enumerate(WIDTHS[1:-1])]

    def loss(seed):
        states = network.forward(x, net.weights, net.biases, masks)
        return network.cross_entropy(states[-1], labels)[seed]

    states = network.forward(x, net.weights, net.biases, masks)
    deltas = network.errors(states, labels, net.weights, masks)
    found = network.full_gradients(states[:-1], deltas)
    arrays = [a for pair in zip(net.weights, net.biases, strict=True) for a in pair]
    for array, gradient in zip(arrays, found, strict=True):
        numeric = np.empty_like(array)
        for index in np.ndindex(array.shape):
            kept = array[index]
            array[index] = kept + h
            up = loss(index[0])
            array[index] = kept - h
            numeric[index] = (up - loss(index[0])) / (2 * h)
            array[index] = kept
        np.testing.assert_allclose(gradient, numeric, rtol=0, atol=100 * h**2 + 1e-15 / h * 10)


def test_factor_gradients_follow_the_chain_rule():
    rng = np.random.default_rng(0)
    h, delta = rng.standard_normal((2, 6, 5)), rng.standard_normal((2, 6, 4))
    B, A = rng.standard_normal((2, 4, 2)), rng.standard_normal((2, 2, 5))
    by_W = delta.swapaxes(1, 2) @ h
    left, right = network.left_gradient(h, delta, A, 1.5), network.right_gradient(h, delta, B, 1.5)
    np.testing.assert_allclose(left, 1.5 * by_W @ A.swapaxes(1, 2), rtol=0, atol=1e-13)
    np.testing.assert_allclose(right, 1.5 * B.swapaxes(1, 2) @ by_W, rtol=0, atol=1e-13)


def test_merging_without_redrawing_or_decay_is_asymlora():
    how, task, begin = replace(SMALL, decay=0.0), small(), start()
    chain = train(begin, replace(how, method="rac-lora", redraw=False), task, Draws("run", SEEDS))
    frozen = train(begin, replace(how, method="asymlora"), task, Draws("run", SEEDS))
    redrawn = train(begin, replace(how, method="rac-lora"), task, Draws("run", SEEDS))
    for a, b, c in zip(
        chain.network.weights, frozen.network.weights, redrawn.network.weights, strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)
        assert np.abs(a - c).max() > 1e-3


@pytest.mark.parametrize("method", [m for m in METHODS if m != "fpft"])
def test_adapters_change_weights_by_their_rank_and_leave_biases(method):
    how, task, begin = replace(SMALL, method=method, rank=1, epochs=2), small(), start()
    end = train(begin, how, task, Draws("run", SEEDS)).network
    for before, after in zip(begin.weights, end.weights, strict=True):
        assert np.all(np.linalg.matrix_rank(after - before, tol=1e-12) == 1)
    assert all(np.array_equal(a, b) for a, b in zip(begin.biases, end.biases, strict=True))


def test_a_seed_draws_the_same_in_any_company():
    task, how = small(), replace(SMALL, method="cola")
    both = train(start(), how, task, Draws("run", SEEDS))
    begin = initial(WIDTHS, Draws("start", SEEDS[1:]))
    alone = train(begin, how, task, Draws("run", SEEDS[1:]))
    for a, b in zip(both.network.weights, alone.network.weights, strict=True):
        assert np.array_equal(a[1], b[0])


def test_one_stream_gives_all_methods_the_same_first_factors():
    one = Learner(start(), replace(SMALL, method="lora"), Draws("run", SEEDS))
    other = Learner(start(), replace(SMALL, method="rac-lora"), Draws("run", SEEDS))
    assert all(np.array_equal(a, b) for a, b in zip(one.A, other.A, strict=True))


def test_draws_have_the_law_that_they_say():
    draws = Draws("law", range(4))
    mask = draws.mask(0, 0, (100, 50), 0.1)
    kept = int((mask > 0).sum())
    # 20,000 units: 6 standard deviations of a binomial proportion.
    assert abs(kept / mask.size - 0.9) < 6 * np.sqrt(0.09 / mask.size)
    assert set(np.unique(mask)) == {0.0, 1 / 0.9}
    assert np.all(draws.mask(0, 0, (3, 3), 0.0) == 1.0)
    orders = draws.order(0, 20)
    assert np.array_equal(np.sort(orders), np.tile(np.arange(20), (4, 1)))
    assert not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(draws.mask(1, 0, (100, 50), 0.1), mask)


def test_accuracy_is_told_after_every_link():
    found = train(start(), replace(SMALL, method="cola", epochs=5), small(), Draws("run", SEEDS))
    assert found.epochs == (0, 2, 4, 5)
    assert found.accuracy.shape == (2, 4)
    right = (found.predictions == small().y).mean(axis=1)
    assert np.array_equal(found.accuracy[:, -1], right)


def test_single_precision_stays_single():
    begin = initial(WIDTHS, Draws("start", SEEDS, np.float32))
    draws = Draws("run", SEEDS, np.float32)
    learner = Learner(begin, replace(SMALL, method="cola"), draws)
    task = small(np.float32)
    learner.learn(task.X[np.zeros((2, 3), dtype=int)], task.y[np.zeros((2, 3), dtype=int)], 0)
    learner.merge()
    assert {a.dtype for a in (*learner.weights, *learner.trained)} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "adam"}, {"train": "C"}, {"rank": 0}, {"epochs": 1.5}, {"rate": 0.0},
        {"dropout": 1.0}, {"std": float("nan")}, {"decay": -1.0},
    ],
)  # fmt: skip
def test_a_training_refuses_what_it_cannot_mean(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Training(**wrong)


def test_parameters_are_counted_as_formulas_say():
    pairs = [(WIDTHS[k + 1], WIDTHS[k]) for k in range(3)]
    of_B, of_A = (2 * sum(p[side] for p in pairs) for side in (0, 1))
    full = sum(m * n + m for m, n in pairs)
    one_sided = {"B": of_B, "A": of_A}
    for method in METHODS:
        for factor in "BA":
            how = replace(SMALL, method=method, train=factor)
            both = full if method == "fpft" else of_B + of_A
            expected = one_sided[factor] if method in ("asymlora", "rac-lora") else both
            assert trained_numbers(how, WIDTHS) == expected
