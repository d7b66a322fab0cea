"""A PyTorch module with an optimizer as an update rule.

    class Lora(torch.nn.Module):
        def __init__(self, W, L):    # begins at W, a tensor in double precision; f is L-smooth
            ...
            self.optimizer = torch.optim.SGD(self.parameters(), lr=1 / L)

        def forward(self):           # the matrix that the parameters stand for
            return self.W0 + self.B @ self.A

        def merge(self):             # if there is one: called after each step of the optimizer
            ...

The gradient of f at that matrix goes back through `forward` to the parameters, and the optimizer takes its step.
PyTorch is imported by the file that holds the module, never by this package.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError

Matrix = NDArray[np.float64]

ARGUMENTS = "__init__(self, W, L)"

START_TOLERANCE = 1e-9
"""Relative. The round-off of a forward pass lies far below it, a module that begins elsewhere far above."""


class Unfit(UsageError):
    """A module that is no update rule: its own one line, not that of an exception in the user's code."""


def is_module(found: object) -> bool:
    """Return whether `found` is a class of PyTorch modules without a method `step` of its own.

    >>> is_module(dict)
    False
    """
    torch = sys.modules.get("torch")
    if torch is None or not inspect.isclass(found):
        return False
    return issubclass(found, torch.nn.Module) and not hasattr(found, "step")


class ModuleSteps:
    """The steps of one run of a module, in double precision, with random numbers of its own."""

    def __init__(self, name: str, kind: type) -> None:
        self.name, self.kind = name, kind
        self.module: Any = None
        self.random: Any = None

    def step(
        self, W: Matrix, gradient: Any, rng: np.random.Generator, state: dict[str, Any]
    ) -> Any:
        """Return W after one step of the optimizer; the first call makes the module.

        Raises Unfit for a module that does not begin at W or has no optimizer.
        """
        import torch

        with self._apart(rng):
            if self.module is None:
                self.module = self._begun(W, float(state["L"]))
            self.module.optimizer.zero_grad()
            self.module().backward(torch.from_numpy(gradient(W)))
            self.module.optimizer.step()
            if hasattr(self.module, "merge"):
                self.module.merge()
            return self.module().detach().numpy().copy()

    @contextmanager
    def _apart(self, rng: np.random.Generator) -> Iterator[None]:
        """Let PyTorch compute in double precision, and draw the numbers of this run and of no other."""
        import torch

        kind, others = torch.get_default_dtype(), torch.get_rng_state()
        torch.set_default_dtype(torch.float64)
        if self.random is None:
            torch.manual_seed(int(rng.integers(2**63)))
        else:
            torch.set_rng_state(self.random)
        try:
            yield
        finally:
            self.random = torch.get_rng_state()
            torch.set_default_dtype(kind)
            torch.set_rng_state(others)

    def _begun(self, W: Matrix, L: float) -> Any:
        import torch

        module = self.kind(torch.from_numpy(W.copy()), L).double()
        if not hasattr(getattr(module, "optimizer", None), "zero_grad"):
            raise Unfit.of(
                f"optimizer of {self.name}", "none", "an optimizer of torch.optim",
                "set self.optimizer in __init__",
            )  # fmt: skip
        start = module().detach()
        if tuple(start.shape) != W.shape:
            raise Unfit.of(
                f"shape of {self.name}()", tuple(start.shape), str(W.shape), "let forward return W"
            )
        away = float(np.linalg.norm(start.numpy() - W))
        if not away <= START_TOLERANCE * float(np.linalg.norm(W)):
            raise Unfit.of(
                f"distance of {self.name}() from W", f"{away:.3g}", "0 before the first step",
                "begin at the W of __init__",
            )  # fmt: skip
        return module
