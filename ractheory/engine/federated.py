"""Epochs: reshuffled component steps with one sketch, on one client or averaged over several.

The components are those of the clients, one client after the other, equally many each. Every client
that takes part starts from the server's W, makes one epoch W - gamma H grad f_i with the round's H, and
the server averages. With one shared H the average of the W_m is W plus the average of the trained factors
times the frozen one. One client is random reshuffling.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ractheory.compiled import INNER, KERNEL, njit
from ractheory.engine.draw import IDENTITY
from ractheory.engine.gradients import HINGE, SQUARED, component_gradient, loss_and_derivative
from ractheory.engine.projected import LEFT
from ractheory.engine.random import BLOCK, Purpose, shuffle
from ractheory.engine.sketching import apply_sketch, move

SHUFFLE, CHOICE = int(Purpose.SHUFFLE), int(Purpose.BATCH)
FRESH, ONCE, GIVEN = 0, 1, 2


class Epochs(NamedTuple):
    """Epochs as numbers; `order` is FRESH, ONCE or GIVEN, `components` N of one client."""

    clients: int = 1
    participating: int = 1
    components: int = 1
    order: int = FRESH


@njit(**KERNEL)
def client_order(epochs, key, seed, link, client, order):  # type: ignore[no-untyped-def]
    """Fill `order` with the order in which a client visits its components in this epoch."""
    for i in range(order.size):
        order[i] = i
    if epochs.order != GIVEN:
        drawn_at = link if epochs.order == FRESH else 0
        shuffle(key, seed, drawn_at, SHUFFLE + BLOCK * client, order.size, order)


@njit(**INNER)
def participants(epochs, key, seed, link, chosen):  # type: ignore[no-untyped-def]
    """Fill `chosen` with the clients, those of this round first."""
    for m in range(epochs.clients):
        chosen[m] = m
    if epochs.participating < epochs.clients:
        shuffle(key, seed, link, CHOICE, epochs.participating, chosen)


@njit(**INNER)
def plain_round(problem, plan, key, seed, link, side, w, room, scratch):  # type: ignore[no-untyped-def]
    """A round of any family and sketch, local - gamma H grad f_i(local); w becomes the average."""
    epochs = plan.epochs
    component, step, local, total = room.vectors[:4]
    for k in range(w.size):
        total[k] = 0.0
    for which in range(epochs.participating):
        client = room.clients[which]
        client_order(epochs, key, seed, link, client, room.batch)
        move(w, 0.0, w, local)
        for i in room.batch:
            component_gradient(problem, client * epochs.components + i, local, component, scratch)
            apply_sketch(problem.blocks, plan.sketch, side, room.space, component, step)
            move(local, plan.sketch.gamma, step, local)
        for k in range(w.size):
            total[k] += local[k]
    for k in range(w.size):
        w[k] = total[k] / epochs.participating


@njit(**INNER)
def reducible(problem, sketch, side):  # type: ignore[no-untyped-def]
    """Whether the epoch can run in the coordinates of the sketch: a linear model, sketched on the left."""
    linear = SQUARED <= problem.family <= HINGE
    return linear and side == LEFT and sketch.law != IDENTITY and problem.scalars[2] == 0.0


@njit(**INNER)
def stacked_bases(blocks, bases, ranks, p):  # type: ignore[no-untyped-def]
    """Return the bases of all blocks, which are groups of rows of W, as rows of length p."""
    rows = 0
    for b in range(blocks.shape[0]):
        rows += ranks[b]
    Q = np.zeros((rows, p))
    count, first = 0, 0
    for b in range(blocks.shape[0]):
        for k in range(ranks[b]):
            for i in range(blocks[b, 1]):
                Q[count, first + i] = bases[b, k, i]
            count += 1
        first += blocks[b, 1]
    return Q


@njit(**KERNEL)
def reduced_epoch(problem, gamma, start, inputs, slopes, first, order, moved, z):  # type: ignore[no-untyped-def]
    """The epoch of `plain_round` in the coordinates of the sketch: W = W_0 + Q^T a, a = `moved` (R x c).

    inputs = X Q^T (rows of all clients) and slopes = X W_0 are given; start = Q W_0; z is room for c. A
    step is a - gamma (Q x_i l'(x_i W_0 + (Q x_i)^T a)^T + ridge (Q W_0 + a)): O(R c) instead of O(p c).
    """
    R, c = moved.shape
    ridge = problem.scalars[1]
    for k in range(R):
        for j in range(c):
            moved[k, j] = 0.0
    for i in order:
        x = inputs[first + i]
        for j in range(c):
            z[j] = slopes[first + i, j]
            for k in range(R):
                z[j] += x[k] * moved[k, j]
        loss_and_derivative(problem.family, z, problem.Y[first + i], problem.scalars[3])
        for k in range(R):
            for j in range(c):
                moved[k, j] -= gamma * (x[k] * z[j] + ridge * (start[k, j] + moved[k, j]))


@njit(**INNER)
def reduced_round(problem, plan, key, seed, link, w, room):  # type: ignore[no-untyped-def]
    """`plain_round` in the coordinates of the sketch, for a linear model sketched on the left."""
    epochs = plan.epochs
    p, c = problem.X.shape[1], problem.Y.shape[1]
    Q = stacked_bases(problem.blocks, room.space[2], room.space[3], p)
    W = w.reshape(p, c)
    inputs, slopes, start = np.dot(problem.X, Q.T), np.dot(problem.X, W), np.dot(Q, W)
    total, moved, z = np.zeros(start.shape), np.empty(start.shape), np.empty(c)
    for which in range(epochs.participating):
        client = room.clients[which]
        client_order(epochs, key, seed, link, client, room.batch)
        first = client * epochs.components
        reduced_epoch(
            problem, plan.sketch.gamma, start, inputs, slopes, first, room.batch, moved, z
        )
        for k in range(moved.shape[0]):
            for j in range(c):
                total[k, j] += moved[k, j]
    for k in range(total.shape[0]):
        for j in range(c):
            change = total[k, j] / epochs.participating
            for i in range(p):
                W[i, j] += Q[k, i] * change


@njit(**INNER)
def epoch_link(problem, plan, key, seed, link, side, w, g, room, scratch):  # type: ignore[no-untyped-def]
    """Move w by a round; return |H G|^2 of the full gradient at its start."""
    step = room.vectors[0]
    projected = apply_sketch(problem.blocks, plan.sketch, side, room.space, g, step)
    participants(plan.epochs, key, seed, link, room.clients)
    if reducible(problem, plan.sketch, side):
        reduced_round(problem, plan, key, seed, link, w, room)
    else:
        plain_round(problem, plan, key, seed, link, side, w, room, scratch)
    return projected
