"""Finite worlds: chains of least squares whose every draw can be counted, so that nothing is sampled.

The components of least squares have gradients K_i D - p_i, D = W - W*. With a sketch from finitely many (or
from a design that shares its second moments), a link of sgd, PAGE or MVR, an epoch or a federated round is a
random affine map of D, and E f(W_t) - f* is a linear function of the second moment of (D, 1). Mini-batches
need not be listed: the second moment of their mean is v times that of one component plus 1 - v times that of
the mean of all, v the variance factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

from ractheory.exact.transfer import MAX_ORDERS, Mean, TransferChain, averaged
from ractheory.exact.worlds import coordinate_projections, haar_design
from ractheory.laws import Law
from ractheory.methods import Method, PseudoInverse, Trains
from ractheory.objectives.base import Objective
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Squared
from ractheory.oracles import (
    MVR,
    PAGE,
    AdditiveNoise,
    FullGradient,
    LocalEpochs,
    MiniBatch,
    Reshuffle,
)

Array = NDArray[np.float64]

MAX_SKETCHES = 64
MAX_STATE = 13
"""Entries of a state (D, c), or (D, g, c), whose second moment is followed."""
MAX_WORK = 2e10
"""Multiplications behind the transfer matrix of a link."""


@dataclass(frozen=True)
class Sum:
    """A finite sum of quadratics: distinct components of gradient K_i D - p_i, and where they stand.

    Attributes
    ----------
    K, p : shapes (k, dim, dim) and (k, dim)
    order : the kind of each of the N components, in the order of the data, shape (N,)
    """

    K: Array
    p: Array
    order: NDArray[np.int64]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        return np.bincount(self.order, minlength=len(self.K))

    @property
    def curvature(self) -> Array:
        """K of the whole sum."""
        return np.asarray(np.einsum("k,kij->ij", self.counts / len(self.order), self.K))


def sum_of(f: Objective) -> Sum | None:
    """Return f as a sum of quadratics of one block about its minimiser, or None."""
    centre = f.constants.minimiser
    if centre is None or len(f.shapes) != 1:
        return None
    if isinstance(f, LinearModel):
        return _least_squares(f, centre)
    form = f.quadratic_form()
    if form is None:
        return None
    kind, K = form
    m, n = f.shapes[0]
    flat = {"left": np.kron(K, np.eye(n)), "right": np.kron(np.eye(m), K)}
    whole = flat[kind] if kind in flat else np.diag(K.ravel())
    return Sum(
        np.asarray(whole[None], dtype=np.float64), np.zeros((1, f.dim)), np.zeros(1, dtype=np.int64)
    )


def _least_squares(f: LinearModel, centre: Array) -> Sum | None:
    if not isinstance(f.loss, Squared) or f.ratio:
        return None
    rows, kind = np.unique(np.hstack([f.X, f.Y]), axis=0, return_inverse=True)
    X, Y = np.split(rows, [f.X.shape[1]], axis=1)
    n, W = f.Y.shape[1], centre.reshape(f.shapes[0])
    K = np.einsum("ki,kj->kij", X, X) + f.ridge * np.eye(X.shape[1])
    p = np.einsum("ki,kj->kij", X, Y - X @ W) - f.ridge * W
    full = np.einsum("kij,ab->kiajb", K, np.eye(n)).reshape(len(K), f.dim, f.dim)
    return Sum(full, p.reshape(len(K), f.dim), np.ravel(kind).astype(np.int64))


def projections(law: Law, d: int, quadratic: bool) -> Array | None:
    """Return equally likely projections with the law's moments, shape (h, d, d), or None.

    A Haar sketch is replaced by a design of the same first two moments, which is enough where a link is
    linear in H (`quadratic`).
    """
    if law.name == "identity" or law.rank >= d:
        return np.eye(d)[None]
    if law.name == "coordinates" and comb(d, law.rank) <= MAX_SKETCHES:
        return np.array([H.astype(float) for H in coordinate_projections(d, law.rank)])
    if law.name in ("haar", "gaussian") and quadratic and d in (2, 3) and law.rank in (1, d - 1):
        return np.array(haar_design(d, law.rank))
    return None


def one_step_only(method: Method) -> bool:
    """Whether a link is one projected step, or the projected steps of an epoch, in double precision."""
    one = isinstance(method.inner, PseudoInverse) and method.inner.steps == 1
    return one and method.trains is not Trains.BOTH and method.precision.value == "float64"


def sketches_of(
    method: Method, shape: tuple[int, int], exact: bool = False
) -> tuple[Array, Array] | None:
    """Return the projections of one link on the flat parameters, and their probabilities, or None.

    With `exact` they have the law of the sketch itself, and not merely its second moments.
    """
    quadratic = not exact and not isinstance(method.oracle, (Reshuffle, LocalEpochs))
    m, n = shape
    if not method.redraw and method.trains is not Trains.FULL:
        return None
    p = {Trains.LEFT: 1.0, Trains.FULL: 1.0, Trains.RIGHT: 0.0}.get(
        method.trains, method.left_probability
    )
    found, weights = [], []
    for share, d, side in ((p, m, "left"), (1.0 - p, n, "right")):
        if share == 0.0:
            continue
        H = projections(method.law, d, quadratic)
        if H is None:
            return None
        found += [np.kron(h, np.eye(n)) if side == "left" else np.kron(np.eye(m), h) for h in H]
        weights += [share / len(H)] * len(H)
    return np.array(found), np.array(weights)


@dataclass(frozen=True)
class World:
    """A chain on a sum of quadratics, all its draws counted.

    Attributes
    ----------
    chain : its transfer matrices on the second moment of (D, 1), or (D, g, 1) where g is remembered
    K : curvature of f, shape (dim, dim)
    start : second moment of the first state
    """

    chain: TransferChain
    K: Array
    start: Array

    def form(self, power: int) -> Array:
        """Return the matrix of <D, K^power D> on the state."""
        Q = np.zeros(self.start.shape)
        dim = len(self.K)
        Q[:dim, :dim] = np.linalg.matrix_power(self.K, power)
        return Q

    def expected(self, power: int, steps: int) -> tuple[Array, Array]:
        """Return E <D_t, K^power D_t> at t = 0, ..., steps, and its round-off."""
        values, errors = self.chain.values(self.start, [self.form(power)], steps)
        return values[0], errors[0]

    @property
    def cost(self) -> float:
        """Multiplications of one link of the second moment."""
        return 2.0 * self.chain.transfers.size

    @property
    def markov(self) -> bool:
        """Whether W_t alone decides the law of the next link."""
        return len(self.chain.weights) == 1 and len(self.start) == len(self.K) + 1


def world_of(f: Objective, method: Method, start: Array) -> World | None:
    """Return the finite world of `method` on f from the flat vector `start`, or None where there is none."""
    return _world_of(f, method, start.tobytes())


@lru_cache(maxsize=4)
def _world_of(f: Objective, method: Method, start: bytes) -> World | None:
    if not one_step_only(method):
        return None
    remembers = isinstance(method.oracle, (PAGE, MVR))
    if (2 if remembers else 1) * f.dim + 1 > MAX_STATE:
        return None
    sketches = sketches_of(method, f.shapes[0]) if len(f.shapes) == 1 else None
    total = sum_of(f) if sketches is not None else None
    if sketches is None or total is None:
        return None
    return _World(f, method, total, *sketches).made(np.frombuffer(start))


@dataclass(frozen=True)
class _World:
    f: Objective
    method: Method
    sum: Sum
    H: Array
    weights: Array

    def made(self, start: Array) -> World | None:
        centre = self.f.constants.minimiser
        assert centre is not None
        D = start - centre
        match self.method.oracle:
            case FullGradient() | AdditiveNoise() | MiniBatch():
                chains = [self._one_step()]
            case PAGE() | MVR():
                return self._remembering(D)
            case Reshuffle(mode) | LocalEpochs(mode=mode):
                chains = self._epochs(mode)
        if not chains:
            return None
        state = np.append(D, 1.0)
        return self._world(chains, np.outer(state, state))

    def _world(self, links: Sequence[Mean], first: Array) -> World:
        transfers = np.array([np.einsum("h,hij->ij", self.weights, m.second) for m in links])
        size, steps = len(first), len(self.sum.order)
        # A chain of so many products of matrices, and the mean over the sketches.
        operations = 4.0 * size * (steps + 2) + len(self.H) + 16.0
        weights = np.full(len(links), 1.0 / len(links))
        return World(TransferChain(weights, transfers, operations), self.sum.curvature, first)

    def _steps(self, gamma: float) -> Array:
        """Return the steps D - gamma H (K_i D - p_i) of all components and sketches, shape (h, k, D, D)."""
        return _affine(self.H, self.sum.K, self.sum.p, gamma)

    def _one_step(self) -> Mean:
        oracle, gamma = self.method.oracle, self.method.step
        share = self.sum.counts / len(self.sum.order)
        p = share @ self.sum.p
        whole = _affine(self.H, self.sum.curvature[None], p[None], gamma)
        if isinstance(oracle, MiniBatch):
            v = oracle.variance_factor(len(self.sum.order))
            maps = np.concatenate([self._steps(gamma), whole], axis=1)
            return Mean.over(maps, np.append(v * share, 1.0 - v))
        mean = Mean.over(whole, np.ones(1))
        if not isinstance(oracle, AdditiveNoise):
            return mean
        noise = np.zeros((len(self.H), len(p) + 1, len(p) + 1))
        noise[:, :-1, :-1] = gamma**2 * oracle.variance / len(p) * self.H
        return mean.with_noise(noise)

    def _epochs(self, mode: str) -> list[Mean]:
        """Return the possible laws of an epoch (one, but for an order drawn once), or nothing if too many."""
        oracle = self.method.oracle
        clients = oracle.clients if isinstance(oracle, LocalEpochs) else 1
        rows = self.sum.order.reshape(clients, -1)
        steps = self._steps(self.method.step)
        counts = [np.bincount(row, minlength=len(self.sum.K)) for row in rows]
        if mode == "once":
            return self._orders_for_ever(steps, rows)
        if mode == "incremental":
            epochs = [Mean.product(steps, [int(i) for i in row]) for row in rows]
        else:
            visited = sum(prod(int(c) + 1 for c in each) for each in counts)
            work = visited * len(self.H) * float(steps.shape[-1]) ** 6
            if visited > MAX_ORDERS or work > MAX_WORK:
                return []
            epochs = [_uniform(steps, each) for each in counts]
        taken = oracle.takes_part if isinstance(oracle, LocalEpochs) else 1
        return [averaged(epochs, taken)]

    def _orders_for_ever(self, steps: Array, rows: NDArray[np.int64]) -> list[Mean]:
        if len(rows) > 1 or rows.shape[1] > LONGEST_LISTED:
            return []
        orders = sorted(set(permutations(int(i) for i in rows[0])))
        return [Mean.product(steps, order) for order in orders]

    def _remembering(self, D: Array) -> World:
        """The state (D, g, 1) of PAGE and MVR, g the estimate that the link takes."""
        oracle, gamma = self.method.oracle, self.method.step
        assert isinstance(oracle, (PAGE, MVR))
        share, N = self.sum.counts / len(self.sum.order), len(self.sum.order)
        K, p = self.sum.curvature, share @ self.sum.p
        v = MiniBatch(oracle.batch).variance_factor(N)
        kinds = np.append(v * share, 1.0 - v)
        Ks, ps = np.concatenate([self.sum.K, K[None]]), np.vstack([self.sum.p, p])
        if isinstance(oracle, PAGE):
            maps = _recursive(self.H, Ks, 0.0 * ps, gamma, 0.0)
            renewed = _recursive(self.H, K[None], p[None], gamma, 1.0)
            q = oracle.probability
            mean = Mean.over(np.concatenate([maps, renewed], axis=1), np.append((1 - q) * kinds, q))
            firsts, weights = np.array([np.concatenate([D, K @ D - p, [1.0]])]), np.ones(1)
        else:
            mean = Mean.over(_recursive(self.H, Ks, ps, gamma, oracle.momentum), kinds)
            firsts = np.array(
                [np.concatenate([D, k @ D - b, [1.0]]) for k, b in zip(Ks, ps, strict=True)]
            )
            weights = kinds
        return self._world([mean], np.einsum("k,ki,kj->ij", weights, firsts, firsts))


LONGEST_LISTED = 5
"""Components whose orders are listed, for an order that is drawn once."""


def _uniform(steps: Array, counts: NDArray[np.int64]) -> Mean:
    """Return the moments of a uniform order of the components that a client has."""
    own = np.flatnonzero(counts)
    return Mean.uniform_order(steps[:, own], [int(c) for c in counts[own]])


def _affine(H: Array, K: Array, p: Array, gamma: float) -> Array:
    """Return D -> D - gamma H (K_i D - p_i) as matrices on (D, 1), shape (h, k, dim + 1, dim + 1)."""
    dim = p.shape[1]
    maps = np.zeros((len(H), len(K), dim + 1, dim + 1))
    maps[..., :dim, :dim] = np.eye(dim) - gamma * (H[:, None] @ K)
    maps[..., :dim, dim] = gamma * np.einsum("hij,kj->hki", H, p)
    maps[..., dim, dim] = 1.0
    return maps


def _recursive(H: Array, K: Array, p: Array, gamma: float, a: float) -> Array:
    """Return the links of an estimate that remembers itself, as matrices on (D, g, 1).

    D+ = D - gamma H g, and g+ = K_i D+ - p_i + (1 - a) (g - (K_i D - p_i)), which for a = 0 needs no p_i.
    """
    dim = p.shape[1]
    maps = np.zeros((len(H), len(K), 2 * dim + 1, 2 * dim + 1))
    eye = np.eye(dim)
    maps[..., :dim, :dim] = eye
    maps[..., :dim, dim:-1] = -gamma * H[:, None]
    maps[..., dim:-1, :dim] = a * K
    maps[..., dim:-1, dim:-1] = (1 - a) * eye - gamma * np.einsum("kij,hjl->hkil", K, H)
    maps[..., dim:-1, -1] = -a * p
    maps[..., -1, -1] = 1.0
    return maps
