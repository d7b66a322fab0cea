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

from ractheory.engine.random import BLOCK, Purpose, fill_normal, shuffle, stream_key
from ractheory.engine.run import Run
from ractheory.engine.transcription import Draws
from ractheory.errors import UsageError, integer, real
from ractheory.method import Method, Trains
from ractheory.objectives.base import Objective
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.quadratic import EntryQuadratic
from ractheory.oracles import LocalEpochs, SeparateFactors
from ractheory.sketches import factor

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


# Runs of joint LoRA in a federation.


def clients_of(f: Objective, clients: int) -> list[LinearModel]:
    """Return the objectives of the clients of a pooled linear model, each of its own rows.

    Raises UsageError for another objective, or rows that cannot be shared out equally.
    """
    if not isinstance(f, LinearModel) or f.ratio or len(f.X) % integer("clients", clients, 1):
        raise UsageError.of(
            "objective", f.name, f"a linear model of a multiple of {clients} rows",
            "use a federated objective",
        )  # fmt: skip
    rows = zip(np.split(f.X, clients), np.split(f.Y, clients), strict=True)
    return [LinearModel("client", X, Y, f.loss, f.ridge) for X, Y in rows]


def simulate_rounds(
    f: Objective, method: Method, start: Array, links: int, seeds: int | range, stream: str
) -> Run:
    """Run joint LoRA whose server averages A and B separately; the record of a run, and three of its own.

    The factors of the server start from those of the oracle, or from A of N(0, std^2) entries and B = 0; every
    round each client takes `method.inner.steps` gradient steps on both from the server's. In `extra`, shapes
    (S, T): "averaging_error" |mean(B_m A_m) - mean(B_m) mean(A_m)|, "factor_covariance"
    |mean((B_m - mean B)(A_m - mean A))|, and "product_size", mean |B_m| |A_m|, of which their round-off is a part.

    Raises UsageError for another method, or an objective without such clients.
    """
    oracle = method.oracle
    if not isinstance(oracle, SeparateFactors):
        raise UsageError.of("method", method.name, "fed-lora", "let the engine run the others")
    clients = clients_of(f, oracle.clients)
    numbers = seeds if isinstance(seeds, range) else range(integer("seeds", seeds, 1))
    run = Run.begin(len(numbers), links, start, f.dim)
    for name in ("averaging_error", "factor_covariance", "product_size"):
        run.extra[name] = np.empty((len(numbers), links))
    base, pair = start.reshape(f.shapes[0]), _first_factors(f, method, stream, numbers)
    for t in range(links + 1):
        _record_server(f, run, t, base, pair)
        if t < links:
            ends = [_train_all(c, base, pair, method.step, method.inner.steps) for c in clients]
            pair = separate_average(ends)
            run.extra["averaging_error"][:, t] = _norms(averaging_error(ends))
            run.extra["factor_covariance"][:, t] = _norms(factor_covariance(ends))
            run.extra["product_size"][:, t] = product_size(ends)
    return run


def _first_factors(f: Objective, method: Method, stream: str, numbers: range) -> Factors:
    """Return the first factors of every seed, stacked."""
    (m, n), r = f.shapes[0], method.rank
    given = method.oracle.factors if isinstance(method.oracle, SeparateFactors) else ()
    pairs = np.zeros((len(numbers), r * (n + m)))
    for row, seed in enumerate(numbers):
        drawn = np.empty(r * n)
        fill_normal(stream_key(stream), seed, 0, int(Purpose.INITIAL_FACTOR), drawn)
        pairs[row, : r * n] = method.initial_std * drawn
    if given:
        if len(given) != r * (n + m):
            raise UsageError.of("number of factors", len(given), str(r * (n + m)), "A before B")
        pairs[:] = given
    A, B = np.split(pairs, [r * n], axis=1)
    return Factors(A.reshape(-1, r, n), B.reshape(-1, m, r))


def _train_all(f: LinearModel, base: Array, pair: Factors, eta: float, steps: int) -> Factors:
    """`train_locally` for the pairs of all seeds at once, shapes (S, r, n) and (S, m, r)."""
    A, B = pair.A, pair.B
    Y = np.tile(f.Y, (len(A), 1))
    for _ in range(steps):
        W = base + B @ A
        slopes = f.loss.derivative((f.X @ W).reshape(Y.shape), Y).reshape(len(A), *f.Y.shape)
        G = f.X.T @ slopes / len(f.X) + f.ridge * W
        A, B = A - eta * B.swapaxes(1, 2) @ G, B - eta * G @ A.swapaxes(1, 2)
    return Factors(A, B)


def _record_server(f: Objective, run: Run, t: int, base: Array, pair: Factors) -> None:
    for row, (A, B) in enumerate(zip(pair.A, pair.B, strict=True)):
        w = (base + B @ A).ravel()
        g = f.flat_gradient(w)
        run.gap[row, t], run.grad_sq[row, t], run.final[row] = f.flat_gap(w), g @ g, w
        if t < run.links:
            G = g.reshape(base.shape)
            run.step_sq[row, t] = np.sum((B.T @ G) ** 2) + np.sum((G @ A.T) ** 2)


def _norms(matrices: Array) -> Array:
    return np.asarray(np.linalg.norm(matrices, axis=(-2, -1)))


def factor_covariance(pairs: Sequence[Factors]) -> Array:
    """Return mean((B_m - mean B)(A_m - mean A)) over the clients."""
    mean = separate_average(pairs)
    return np.asarray(np.mean([(p.B - mean.B) @ (p.A - mean.A) for p in pairs], axis=0))


def product_size(pairs: Sequence[Factors]) -> Array:
    """Return mean |B_m| |A_m|, the size of what the averaging error is a difference of."""
    return np.asarray(np.mean([_norms(p.B) * _norms(p.A) for p in pairs], axis=0))


def local_factors(
    f: Objective, method: Method, w: Array, stream: str, seed: int, link: int
) -> list[Factors]:
    """Return the factors of the clients after the round of Fed-RAC-LoRA that starts from w, a single matrix.

    Written with the factors themselves: the server's frozen B, and at each client A - gamma (B^T B)^+ B^T G for
    every component in its order, from A = 0; of a right sketch the same with everything transposed, A frozen.
    All clients take part.
    """
    oracle, shape = method.oracle, f.shapes[0]
    assert isinstance(oracle, LocalEpochs)
    right = method.trains is Trains.RIGHT
    at = Draws(method, stream, seed).drawn_at(link)
    frozen = factor(method.law, shape[right], stream, seed, at)
    inverse, size = np.linalg.pinv(frozen), f.components // oracle.clients
    ends = []
    for client in range(oracle.clients):
        trained = np.zeros((frozen.shape[1], shape[not right]))
        for i in _client_order(oracle.mode, size, stream, seed, link, client):
            product = frozen @ trained
            local = w + (product.T if right else product).ravel()
            G = f.flat_component_gradient(client * size + i, local).reshape(shape)
            trained = trained - method.step * inverse @ (G.T if right else G)
        ends.append(Factors(frozen.T, trained.T) if right else Factors(trained, frozen))
    return ends


def _client_order(
    mode: str, size: int, stream: str, seed: int, link: int, client: int
) -> list[int]:
    order = np.arange(size)
    if mode != "incremental":
        at, purpose = link if mode == "random" else 0, int(Purpose.SHUFFLE) + BLOCK * client
        shuffle(stream_key(stream), seed, at, purpose, size, order)
    return [int(i) for i in order]
