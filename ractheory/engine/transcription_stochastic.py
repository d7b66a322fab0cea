"""The further methods as they are printed: plain NumPy, H as a matrix, one component at a time.

The compiled kernel is tested against this module; only the random words are shared. Objectives enter
through `flat_gap`, `flat_gradient` and `flat_component_gradient` alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.random import BLOCK, Purpose, fill_normal, shuffle, stream_key, uniform, words
from ractheory.engine.run import Run
from ractheory.engine.transcription import Draws, Factored, projection
from ractheory.laws import Gaussian
from ractheory.links import Accelerated, Adaptive, Polyak, Safeguarded, Subgradient
from ractheory.method import Method, Precision, Trains
from ractheory.objectives.base import Objective
from ractheory.oracles import MVR, PAGE, AdditiveNoise, LocalEpochs, MiniBatch, Reshuffle

Array = NDArray[np.float64]


def transcribe_extended(
    objective: Objective, method: Method, start: Array, links: int, seeds: int, stream: str
) -> Run:
    """Run a method that is not basic as `ractheory.engine.simulate.simulate` does, without divergence."""
    run = Run.begin(seeds, links, start, objective.dim)
    extra = np.zeros(run.step_sq.shape)
    for seed in range(seeds):
        chain = Chain(objective, method, stream, seed)
        w = chain.begin(run.final[seed].copy())
        for t in range(links + 1):
            g = objective.flat_gradient(w)
            run.gap[seed, t], run.grad_sq[seed, t] = objective.flat_gap(w), g @ g
            if t < links:
                w, run.step_sq[seed, t], extra[seed, t] = chain.advance(t, w)
        run.final[seed] = w
    run.extra["extra"] = extra
    return run


@dataclass
class Chain:
    """One seed of a method: its links, and what they keep."""

    objective: Objective
    method: Method
    stream: str
    seed: int
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> NDArray[np.uint32]:
        return stream_key(self.stream)

    @property
    def draws(self) -> Draws:
        return Draws(self.method, self.stream, self.seed)

    def begin(self, w: Array) -> Array:
        """Return the W at which the first link starts."""
        if self.method.precision != Precision.FLOAT64:
            return round_to(w, self.method.precision)
        if isinstance(self.method.inner, Adaptive):
            return self._first_pair(w)
        return w

    def advance(self, t: int, w: Array) -> tuple[Array, float, float]:
        """Return W after link t, the squared step at its start, and what is recorded besides."""
        inner = self.method.inner
        if isinstance(inner, Adaptive):
            return self._adaptive(w, inner)
        H = self.projector(t)
        G = self.objective.flat_gradient(w)
        norm = float(np.sum((H @ G) ** 2))
        gamma = self.method.step
        if self.method.precision != Precision.FLOAT64:
            return *self._merged(w, -gamma * H @ G), norm, self._lost()
        match self.method.oracle:
            case Reshuffle() | LocalEpochs():
                return self._round(t, w, H), norm, 0.0
            case AdditiveNoise() | MiniBatch() | PAGE() | MVR():
                return w - gamma * H @ self._estimate(t, w, G), norm, 0.0
        match inner:
            case Subgradient() | Polyak():
                iterates = self.kept.setdefault("iterates", [])
                iterates.append(w)
                mean_gap = self.objective.flat_gap(np.mean(iterates, axis=0))
                if isinstance(inner, Polyak):
                    gamma *= float(self.objective.flat_gap(w) / (G @ G)) if np.any(G) else 0.0
                return w - gamma * H @ G, norm, mean_gap
            case Accelerated():
                return *self._accelerated(w, H), 0.0
            case Safeguarded():
                return *self._safeguarded(t, w, H, G), norm, self.kept["certified"]
        raise TypeError(f"no transcription of {inner}")

    def projector(self, t: int) -> Array:
        """Return H (x) I or I (x) H of all blocks, as one matrix on flat vectors."""
        method = self.method
        if isinstance(method.inner, Safeguarded) and method.law.name == "haar":
            method = replace(
                method, law=Gaussian(method.rank)
            )  # the factor that is trained against
        draws = Draws(method, self.stream, self.seed)
        side = draws.side(t)
        whole = np.zeros((self.objective.dim, self.objective.dim))
        ends = np.cumsum([0, *(m * n for m, n in self.objective.shapes)])
        for b, ((m, n), (low, high)) in enumerate(
            zip(self.objective.shapes, pairwise(ends), strict=True)
        ):
            part = whole[low:high, low:high]
            if method.trains is Trains.FULL:
                part[:] = np.eye(m * n)
            elif side is Trains.RIGHT:
                part[:] = np.kron(np.eye(m), projection(draws.factor(t, b, n)))
            else:
                part[:] = np.kron(projection(draws.factor(t, b, m)), np.eye(n))
        return whole

    # Stochastic gradients.

    def _batch(self, t: int, size: int, replacement: bool) -> list[int]:
        N = self.objective.components
        if replacement:
            drawn = (words(self.key, self.seed, t, int(Purpose.BATCH), i)[0] for i in range(size))
            return [int(word) * N >> 32 for word in drawn]
        order = np.arange(N)
        shuffle(self.key, self.seed, t, int(Purpose.BATCH), size, order)
        return [int(i) for i in order[:size]]

    def _mean(self, batch: list[int], w: Array) -> Array:
        gradients = [self.objective.flat_component_gradient(i, w) for i in batch]
        return np.asarray(np.mean(gradients, axis=0))

    def _estimate(self, t: int, w: Array, G: Array) -> Array:
        oracle = self.method.oracle
        if isinstance(oracle, AdditiveNoise):
            xi = np.empty(w.size)
            fill_normal(self.key, self.seed, t, int(Purpose.NOISE), xi)
            return G + np.sqrt(oracle.variance / w.size) * xi
        assert isinstance(oracle, MiniBatch | PAGE | MVR)
        batch = self._batch(t, oracle.batch, isinstance(oracle, MiniBatch) and oracle.replacement)
        g = self._mean(batch, w)
        if isinstance(oracle, PAGE):
            coin = uniform(self.key, self.seed, t, int(Purpose.COIN), 0)
            full = t == 0 or coin < oracle.probability
            g = G if full else self.kept["g"] + g - self._mean(batch, self.kept["w"])
        if isinstance(oracle, MVR) and t > 0:
            earlier = self._mean(batch, self.kept["w"])
            g = g + (1 - oracle.momentum) * (self.kept["g"] - earlier)
        self.kept |= {"g": g, "w": w.copy()}
        return g

    # Epochs.

    def _order(self, t: int, client: int, mode: str, N: int) -> list[int]:
        order = np.arange(N)
        if mode != "incremental":
            at, purpose = t if mode == "random" else 0, int(Purpose.SHUFFLE) + BLOCK * client
            shuffle(self.key, self.seed, at, purpose, N, order)
        return [int(i) for i in order]

    def _round(self, t: int, w: Array, H: Array) -> Array:
        oracle = self.method.oracle
        clients, taking_part, mode = 1, [0], "random"
        if isinstance(oracle, LocalEpochs):
            clients, mode = oracle.clients, oracle.mode
            everyone = np.arange(clients)
            if oracle.takes_part < clients:
                shuffle(self.key, self.seed, t, int(Purpose.BATCH), oracle.takes_part, everyone)
            taking_part = [int(m) for m in everyone[: oracle.takes_part]]
        elif isinstance(oracle, Reshuffle):
            mode = oracle.mode
        N = self.objective.components // clients
        ends = []
        for client in taking_part:
            local = w.copy()
            for i in self._order(t, client, mode, N):
                gradient = self.objective.flat_component_gradient(client * N + i, local)
                local = local - self.method.step * H @ gradient
            ends.append(local)
        return np.asarray(np.mean(ends, axis=0))

    # Further links.

    def _accelerated(self, x: Array, H: Array) -> tuple[Array, float]:
        gamma, rho = self.method.step, self.method.isotropy(self.objective.shapes)
        assert rho is not None
        z, A = self.kept.get("z", x), self.kept.get("A", 0.0)
        b = gamma * (rho + np.sqrt(rho**2 + 4 * A / gamma)) / 2
        tau = rho * b / (A + rho * b)
        y = (1 - tau) * x + tau * z
        step = H @ self.objective.flat_gradient(y)
        self.kept |= {"z": z - b * step, "A": A + rho * b}
        return y - gamma * step, float(step @ step)

    def _safeguarded(self, t: int, w: Array, H: Array, G: Array) -> tuple[Array]:
        inner = self.method.inner
        assert isinstance(inner, Safeguarded)
        solver = replace(self.method, inner=inner.solver, step=inner.eta)
        solved, _ = Factored(self.objective, Draws(solver, self.stream, self.seed)).advance(t, w)
        exact = w - self.method.step * H @ G
        kept = self.objective.flat_gap(solved) <= self.objective.flat_gap(exact)
        self.kept["certified"] = float(kept)
        return (solved if kept else exact,)

    def _merged(self, w: Array, update: Array) -> tuple[Array]:
        held = round_to(w + update, self.method.precision)
        self.kept["wanted"] = self.kept.get("wanted", 0.0) + update
        self.kept["held"] = self.kept.get("held", 0.0) + (held - w)
        return (held,)

    def _lost(self) -> float:
        wanted = self.kept["wanted"]
        return float(np.linalg.norm(wanted - self.kept["held"]) / np.linalg.norm(wanted))

    # LoRA with an adaptive step.

    def _first_pair(self, w: Array) -> Array:
        inner, shapes, r = self.method.inner, self.objective.shapes, self.method.rank
        assert isinstance(inner, Adaptive)
        pairs, rest = [], np.array(inner.factors)
        for b, (m, n) in enumerate(shapes):
            if inner.factors:
                A, B, rest = np.split(rest, [r * n, r * n + m * r])
                pairs.append((A.reshape(r, n), B.reshape(m, r)))
            else:
                drawn = self.method.initial_std * self.draws.factor(0, b, n)
                pairs.append((drawn.T, np.zeros((m, r))))
        self.kept = {"base": w.copy(), "pairs": pairs}
        return self._adapted()

    def _adapted(self) -> Array:
        products = [self.method.scale * (B @ A).ravel() for A, B in self.kept["pairs"]]
        return np.asarray(self.kept["base"] + np.concatenate(products))

    def _adaptive(self, w: Array, inner: Adaptive) -> tuple[Array, float, float]:
        s, G = self.method.scale, self.objective.split(self.objective.flat_gradient(w))
        pairs = self.kept["pairs"]
        slopes = [(s * B.T @ g, s * g @ A.T) for (A, B), g in zip(pairs, G, strict=True)]
        V_sq = sum(np.sum(A**2) + np.sum(B**2) for A, B in pairs)
        norm = np.sqrt(sum(np.sum(g**2) for g in G))
        if inner.rule == "proved":
            eta = self.method.step / (inner.L * s**2 * V_sq + s * norm)
        else:
            eta = self.method.step * min(1.0, 1 / (4 * np.sqrt(2) * inner.L * (V_sq + norm)))
        self.kept["pairs"] = [
            (A - eta * a, B - eta * b) for (A, B), (a, b) in zip(pairs, slopes, strict=True)
        ]
        total = sum(np.sum(a**2) + np.sum(b**2) for a, b in slopes)
        return self._adapted(), float(total), float(eta)


def round_to(w: Array, precision: Precision) -> Array:
    """Return w rounded to nearest, ties to even, in the format; bfloat16 by the bits of a float32.

    >>> round_to(np.array([1.0 + 2.0**-8, 1.0 + 3 * 2.0**-8]), Precision.BFLOAT16)
    array([1.      , 1.015625])
    """
    if precision == Precision.BFLOAT16:
        bits = np.asarray(w, dtype=np.float32).view(np.uint32)
        nearest = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
        return (nearest & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)
    return w.astype(
        {"float16": np.float16, "float32": np.float32}.get(precision, np.float64)
    ).astype(np.float64)
