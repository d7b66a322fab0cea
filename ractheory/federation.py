"""Federations: what a round costs in bits, and what averaging the factors separately does.

Fed-RAC-LoRA itself is a method (`ractheory.methods.fed_rac_lora`) on a federated objective
(`ractheory.objectives.federated`). Here are its traffic, and joint LoRA in a federation, whose server has two
things to average: the factors, or their products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError, integer, real
from ractheory.objectives.base import Objective
from ractheory.objectives.quadratic import EntryQuadratic

Array = NDArray[np.float64]
Shapes = Sequence[tuple[int, int]]

SEED_BITS = 64
"""The server names the sketch of a round by the key of a random stream: two words of 32 bits."""


@dataclass(frozen=True)
class Traffic:
    """Bits of one round, over all clients that take part."""

    up: int
    down: int

    @property
    def total(self) -> int:
        return self.up + self.down


def full_averaging_traffic(shapes: Shapes, participating: int, word: int = 32) -> Traffic:
    """Return the bits of full federated averaging: every client sends and receives every W.

    >>> full_averaging_traffic([(64, 32)], participating=2).total
    262144
    """
    entries = integer("participating clients", participating, 1) * sum(m * n for m, n in shapes)
    bits = integer("bits a number", word, 1) * entries
    return Traffic(bits, bits)


def low_rank_traffic(
    shapes: Shapes, rank: int, side: str, participating: int, word: int = 32
) -> Traffic:
    """Return the bits of Fed-RAC-LoRA: the trained factor up; its average, and the sketch's seed, down.

    A client rebuilds the frozen factor from the seed and merges the averaged one: W is never sent.

    >>> low_rank_traffic([(64, 32)], rank=2, side="left", participating=2).total
    8320
    """
    if side not in ("left", "right"):
        raise UsageError.of("side", side, "left or right", "choose one of these")
    r, clients = integer("rank", rank, 1), integer("participating clients", participating, 1)
    entries = sum(r * (n if side == "left" else m) for m, n in shapes)
    bits = integer("bits a number", word, 1) * clients * entries
    return Traffic(bits, bits + clients * SEED_BITS)


# Joint LoRA in a federation.


@dataclass(frozen=True)
class Factors:
    """The pair of one block: W = base + B A."""

    A: Array
    B: Array


def train_locally(f: Objective, base: Array, pair: Factors, eta: float, steps: int) -> Factors:
    """Return the pair after `steps` gradient steps on both factors of one client's f (one block).

    A - eta B^T G and B - eta G A^T, G the gradient of f at base + B A.
    """
    A, B = pair.A, pair.B
    for _ in range(integer("local steps", steps, 1)):
        G = f.gradient(base + B @ A)
        A, B = A - eta * B.T @ G, B - eta * G @ A.T
    return Factors(A, B)


def separate_average(pairs: Sequence[Factors]) -> Factors:
    """Return the pair of averages, (mean A_m, mean B_m)."""
    return Factors(np.mean([p.A for p in pairs], axis=0), np.mean([p.B for p in pairs], axis=0))


def averaging_error(pairs: Sequence[Factors]) -> Array:
    """Return mean(B_m A_m) - mean(B_m) mean(A_m), the covariance of the factors over the clients.

    It is zero when all clients share one of the factors, as they do with a shared frozen sketch.

    >>> one = np.ones((1, 1))
    >>> averaging_error([Factors(one, one), Factors(3 * one, 3 * one)])
    array([[1.]])
    """
    mean = separate_average(pairs)
    products = [p.B @ p.A for p in pairs]
    return np.asarray(np.mean(products, axis=0) - mean.B @ mean.A)


def federated_lora(
    clients: Sequence[Objective],
    base: Array,
    pair: Factors,
    eta: float,
    steps: int,
    rounds: int,
    average: str = "factors",
) -> list[Array]:
    """Return W after each round of joint LoRA on `clients`, the start base + B A included.

    With `average` "factors" the server averages A and B separately, and the clients go on from the averages;
    with "products" it merges the average of the products B_m A_m, and the clients of the next round start from
    the first A and B = 0.

    Raises UsageError for another word, or numbers out of range.
    """
    if average not in ("factors", "products"):
        raise UsageError.of("average", average, "factors or products", "choose one of these")
    real("step", eta, 0.0, open_low=True)
    fresh = Factors(pair.A, np.zeros_like(pair.B))
    origin, now = base, pair
    path = [base + pair.B @ pair.A]
    for _ in range(integer("rounds", rounds, 1)):
        if average == "products":
            origin, now = path[-1], fresh
        ends = [train_locally(f, origin, now, eta, steps) for f in clients]
        now = separate_average(ends)
        product = now.B @ now.A
        if average == "products":
            product = product + averaging_error(ends)
        path.append(origin + product)
    return path


def separate_averaging_fails(
    first: float = 4.0, second: float = 1.0
) -> tuple[list[Objective], float]:
    """Return two clients on which averaged factors never converge, and how far from f* they stay.

    f_m(w) = (w - y_m)^2/2 with y_1, y_2 > 0, w = b a, from a = b > 0, training on each client to the end.

    1. A gradient step keeps a = b (both slopes are a (a^2 - y)), so it is a+ = a (1 - eta (a^2 - y_m)), and
       for a small eta a tends to sqrt(y_m): every client ends at a_m = b_m = sqrt(y_m), whatever a > 0 it
       started from.
    2. The averaged factors are a = b = (sqrt y_1 + sqrt y_2)/2 > 0: so the next round ends there too, and w
       stays at a^2 for ever.
    3. f has its minimum at the mean of y_1 and y_2, and (y_1 + y_2)/2 - a^2 = (sqrt y_1 - sqrt y_2)^2/4. So
       f - f* = (sqrt y_1 - sqrt y_2)^4/32 from the first round on.

    Started from a = 1, b = 0 instead, a client ends at b_m a_m = y_m - w (a^2 - b^2 stays away from 0), and
    the averaged products bring w to (y_1 + y_2)/2, which is f*, in one round.

    >>> separate_averaging_fails()[1]
    0.03125
    """
    targets = [real("target", y, 0.0, open_low=True) for y in (first, second)]
    one = np.ones(1)
    clients: list[Objective] = [
        EntryQuadratic("client", ((1, 1),), one, np.array([y])) for y in targets
    ]
    return clients, float((np.sqrt(targets[0]) - np.sqrt(targets[1])) ** 4 / 32)
