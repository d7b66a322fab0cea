"""Training a network: which arrays are trained, what a merge does, and the run over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.mlp import network
from ractheory.engine.mlp.adamw import AdamW
from ractheory.engine.mlp.draws import Draws
from ractheory.engine.mlp.network import Array, Layers
from ractheory.engine.random import Purpose
from ractheory.errors import UsageError, integer, real

METHODS = {
    "fpft": (False, False),
    "lora": (True, False),
    "asymlora": (False, False),
    "cola": (True, True),
    "rac-lora": (False, True),
}
"""By name: whether both factors are trained, and whether links are merged; `fpft` has no factors."""


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    Attributes
    ----------
    method : key of METHODS
    train : factor that starts from zero, "B" or "A"; the other starts Gaussian, and one-sided methods freeze it
    rank, alpha : of the adapters, W = W_0 + (alpha/rank) B A on every layer; biases are frozen
    epochs, every : epochs in all, and of one link of a chain
    batch, rate, decay, dropout : of AdamW and of the network
    std : standard deviation of the Gaussian factor
    redraw : whether a merge draws a new Gaussian factor
    keep_state : whether the moments of AdamW outlive a merge
    """

    method: str = "fpft"
    train: str = "B"
    rank: int = 1
    alpha: float = 1.0
    epochs: int = 50
    every: int = 2
    batch: int = 128
    rate: float = 2e-4
    decay: float = 0.01
    dropout: float = 0.1
    std: float = 1.0
    redraw: bool = True
    keep_state: bool = True

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError.of("method", self.method, ", ".join(METHODS), "choose one of these")
        if self.train not in ("A", "B"):
            raise UsageError.of("train", self.train, "A or B", "choose one of these")
        for name in ("rank", "epochs", "every", "batch"):
            integer(name, getattr(self, name), 1)
        for name in ("alpha", "rate", "std"):
            real(name, getattr(self, name), 0.0, open_low=True)
        real("decay", self.decay, 0.0)
        real("dropout", self.dropout, 0.0, 1.0, open_high=True)

    @property
    def scale(self) -> float:
        return self.alpha / self.rank


@dataclass
class Network:
    """Weights (S, outputs, inputs) and biases (S, outputs) of every layer."""

    weights: Layers
    biases: Layers


@dataclass(frozen=True)
class Task:
    """Images by rows with their classes, and the rows to learn from and to test on.

    Rows are (S, rows), or (1, rows) where all seeds share them.
    """

    X: Array
    y: NDArray[np.integer]
    train: NDArray[np.integer]
    test: NDArray[np.integer]


@dataclass(frozen=True)
class Trained:
    """A run.

    Attributes
    ----------
    network : at the end, adapters merged
    accuracy : on the test rows before the first epoch and after each of `epochs`, (S, len(epochs))
    predictions : classes of the test rows at the end, (S, rows)
    """

    network: Network
    epochs: tuple[int, ...]
    accuracy: Array
    predictions: NDArray[np.intp]


def initial(widths: Sequence[int], draws: Draws) -> Network:
    """Return a network with weights and biases uniform in +-1/sqrt(inputs), the usual choice."""
    sizes = network.shapes(widths)
    every = list(enumerate(sizes))
    return Network(
        [draws.uniform(k, s, Purpose.START) / np.sqrt(s[1], dtype=draws.dtype) for k, s in every],
        [
            draws.uniform(k, s[:1], Purpose.COIN) / np.sqrt(s[1], dtype=draws.dtype)
            for k, s in every
        ],
    )


class Learner:
    """A network in training: its frozen weights, its factors, and what AdamW changes."""

    def __init__(self, start: Network, how: Training, draws: Draws) -> None:
        self.how, self.draws = how, draws
        self.weights = [W.copy() for W in start.weights]
        self.biases = [b.copy() for b in start.biases]
        self.adapts = how.method != "fpft"
        self.both, self.merges = METHODS[how.method]
        self.adamw = AdamW(how.rate, how.decay)
        self.link = 0
        self.B: Layers = []
        self.A: Layers = []
        if self.adapts:
            self._draw()

    def _draw(self) -> None:
        """Draw the Gaussian factors of this link; the other factors are zero."""
        r, how = self.how.rank, self.how
        self.B, self.A = [], []
        for layer, W in enumerate(self.weights):
            seeds, m, n = W.shape
            of_B, of_A = (m, r), (r, n)
            at = self.link if how.redraw else 0
            gaussian, zero = (of_A, of_B) if how.train == "B" else (of_B, of_A)
            drawn = self.draws.normal(at, layer, gaussian) * W.dtype.type(how.std)
            none = np.zeros((seeds, *zero), dtype=W.dtype)
            self.B.append(none if how.train == "B" else drawn)
            self.A.append(drawn if how.train == "B" else none)

    @property
    def trained(self) -> list[Array]:
        """The arrays that AdamW changes."""
        if not self.adapts:
            pairs = zip(self.weights, self.biases, strict=True)
            return [array for pair in pairs for array in pair]
        if self.both:
            return [*self.B, *self.A]
        return self.B if self.how.train == "B" else self.A

    def effective(self) -> Layers:
        """Return W_0 + s B A of every layer."""
        if not self.adapts:
            return self.weights
        s = self.how.scale
        triples = zip(self.weights, self.B, self.A, strict=True)
        return [W + s * (B @ A) for W, B, A in triples]

    def learn(self, x: Array, labels: NDArray[np.integer], step: int) -> None:
        """Take step number `step` on a batch."""
        weights = self.effective()
        units = [W.shape[1] for W in weights[:-1]]
        masks = [
            self.draws.mask(step, layer, (x.shape[1], width), self.how.dropout)
            for layer, width in enumerate(units)
        ]
        states = network.forward(x, weights, self.biases, masks)
        deltas = network.errors(states, labels, weights, masks)
        self.adamw.step(self.trained, self._gradients(states[:-1], deltas))

    def predict(self, task: Task) -> NDArray[np.intp]:
        """Return the classes of the test rows, (S, rows)."""
        return network.predict(task.X[task.test], self.effective(), self.biases)

    def _gradients(self, states: Layers, deltas: Layers) -> list[Array]:
        if not self.adapts:
            return network.full_gradients(states, deltas)
        s = self.how.scale
        every = list(zip(states, deltas, self.B, self.A, strict=True))
        of_B = of_A = []
        if self.both or self.how.train == "B":
            of_B = [network.left_gradient(h, delta, A, s) for h, delta, _, A in every]
        if self.both or self.how.train == "A":
            of_A = [network.right_gradient(h, delta, B, s) for h, delta, B, _ in every]
        return [*of_B, *of_A]

    def merge(self) -> None:
        """Add the product of the factors to the weights and begin a new link."""
        self.weights = self.effective()
        self.link += 1
        self._draw()
        if not self.how.keep_state:
            self.adamw.forget()


def train(start: Network, how: Training, task: Task, draws: Draws) -> Trained:
    """Train from `start` and test after every link, or after as many epochs for methods without links."""
    learner, step = Learner(start, how, draws), 0
    seeds, size = len(draws.seeds), task.train.shape[1]
    ready = np.broadcast_to(task.train, (seeds, size))
    tested, predictions = [0], [learner.predict(task)]
    for epoch in range(how.epochs):
        order = np.take_along_axis(ready, draws.order(epoch, size), 1)
        for first in range(0, size, how.batch):
            rows = order[:, first : first + how.batch]
            learner.learn(task.X[rows], task.y[rows], step)
            step += 1
        if (epoch + 1) % how.every == 0 or epoch + 1 == how.epochs:
            if learner.merges:
                learner.merge()
            tested.append(epoch + 1)
            predictions.append(learner.predict(task))
    accuracy = np.array([(p == task.y[task.test]).mean(axis=1) for p in predictions]).T
    end = Network(learner.effective(), learner.biases)
    return Trained(end, tuple(tested), accuracy, predictions[-1])


def trained_numbers(how: Training, widths: Sequence[int]) -> int:
    """Return how many numbers AdamW changes in a network of these widths.

    >>> trained_numbers(Training("rac-lora", "A"), (784, 64, 64, 5))
    912
    """
    draws = Draws("count", [0])
    return sum(array.size for array in Learner(initial(widths, draws), how, draws).trained)
