"""The network of Table 3 on scikit-learn's digits: all methods and both factors, 10 seeds, against PyTorch."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness import Case, Contender
from ractheory.engine.mlp.draws import Draws
from ractheory.engine.mlp.training import METHODS, Network, Task, Training, initial, train
from ractheory.experiments.digits import DIGITS, task, widths

SEEDS, EPOCHS = 10, 4
ROWS = [
    Training(method, factor, epochs=EPOCHS, rate=1e-3)
    for method in METHODS
    for factor in ("B", "A")
    if method != "fpft" or factor == "B"
]


def digits_mlp() -> Case:
    """A unit is one epoch of one seed, with a test after every second; in single precision, as is usual."""
    draws = Draws("benchmark", range(SEEDS), np.float32)
    begin = initial(widths(DIGITS), draws)
    what = task(DIGITS, 5, range(SEEDS), "benchmark", np.float32)

    def ours() -> object:
        return [train(begin, how, what, draws) for how in ROWS]

    references = ()
    if importlib.util.find_spec("torch") is not None:
        references = (Contender("torch", torch_loop(begin, what), len(ROWS) * EPOCHS),)
    return Case(
        "digits-mlp", SEEDS * len(ROWS) * EPOCHS,
        Contender("ours", ours, SEEDS * len(ROWS) * EPOCHS), references,
    )  # fmt: skip


def torch_loop(begin: Network, what: Task) -> Callable[[], object]:
    """The same in PyTorch for the first seed, as one writes it: modules, autograd, AdamW, a loop over batches."""
    import torch

    X = torch.tensor(what.X)
    y = torch.tensor(np.asarray(what.y, dtype=np.int64))
    ready, test = torch.tensor(what.train[0]), torch.tensor(what.test[0])

    class Adapted(torch.nn.Module):  # type: ignore[misc]
        """A linear layer with an adapter; without one where `how` trains all parameters."""

        def __init__(self, W: np.ndarray, b: np.ndarray, how: Training) -> None:
            super().__init__()
            self.how, full = how, how.method == "fpft"
            self.W = torch.nn.Parameter(torch.tensor(W), requires_grad=full)
            self.b = torch.nn.Parameter(torch.tensor(b), requires_grad=full)
            if not full:
                both = METHODS[how.method][0]
                self.A = torch.nn.Parameter(
                    torch.empty(how.rank, W.shape[1]), both or how.train == "A"
                )
                self.B = torch.nn.Parameter(
                    torch.empty(W.shape[0], how.rank), both or how.train == "B"
                )
                self.draw()

        def draw(self) -> None:
            with torch.no_grad():
                gaussian, zero = (self.A, self.B) if self.how.train == "B" else (self.B, self.A)
                gaussian.normal_()
                zero.zero_()

        def merge(self) -> None:
            with torch.no_grad():
                self.W += self.how.scale * self.B @ self.A
            self.draw()

        def forward(self, x: Any) -> Any:
            W = self.W if self.how.method == "fpft" else self.W + self.how.scale * self.B @ self.A
            return torch.nn.functional.linear(x, W, self.b)

    def fine_tune(how: Training) -> float:
        layers = [
            Adapted(W[0], b[0], how) for W, b in zip(begin.weights, begin.biases, strict=True)
        ]
        parts: list[Any] = []
        for layer in layers[:-1]:
            parts += [layer, torch.nn.ReLU(), torch.nn.Dropout(how.dropout)]
        model = torch.nn.Sequential(*parts, layers[-1])
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trained, how.rate, weight_decay=how.decay)
        accuracy = 0.0
        for epoch in range(how.epochs):
            model.train()
            for rows in ready[torch.randperm(len(ready))].split(how.batch):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(X[rows]), y[rows]).backward()
                optimizer.step()
            if (epoch + 1) % how.every == 0:
                if METHODS[how.method][1]:
                    for layer in layers:
                        layer.merge()
                model.eval()
                with torch.no_grad():
                    accuracy = float((model(X[test]).argmax(1) == y[test]).float().mean())
        return accuracy

    return lambda: [fine_tune(how) for how in ROWS]
