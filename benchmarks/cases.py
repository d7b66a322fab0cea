"""The benchmarks of the README: what is simulated, by whom, and how many operations it needs at least."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import references, starts
from benchmarks.harness import Case, Contender
from benchmarks.limits import Needs
from benchmarks.network import digits_mlp
from benchmarks.phase import phase
from ractheory.engine.moments import simulate_moments
from ractheory.engine.simulate import simulate
from ractheory.engine.softmax import AHEAD
from ractheory.engine.spectral import COLUMNS_AT_ONCE
from ractheory.exact.moments import haar
from ractheory.exact.recursion import RowRecursion
from ractheory.methods import rac_lora
from ractheory.objectives import Objective, objective

Array = NDArray[np.float64]
THREADS = 2
CURVES = 200
"""Exact curves in one timing: one alone takes less than the clock needs to settle."""


def loops(
    f: Objective, gamma: float, rank: int, seeds: int, steps: int
) -> tuple[Contender, Contender]:
    """Return research code and its clean form on an objective of one matrix."""
    start = np.zeros(f.shapes[0])

    def value(W: Array) -> float:
        return f.flat_value(W.ravel())

    def gradient(W: Array) -> Array:
        return f.flat_gradient(W.ravel()).reshape(W.shape)

    arguments = (value, gradient, start, gamma, rank, seeds, steps)
    return (
        Contender("research-numpy", lambda: references.research_numpy(*arguments), seeds * steps),
        Contender("clean-numpy", lambda: references.clean_numpy(*arguments), seeds * steps),
    )


def torch(
    loss: Callable[[Any, Any], Any], start: Array, gamma: float, rank: int, seeds: int, steps: int
) -> tuple[Contender, ...]:
    """Return the PyTorch layer, or nothing where torch is not installed."""
    if importlib.util.find_spec("torch") is None:
        return ()
    train = references.torch_layer(loss, start, gamma, rank, seeds, steps)
    return (Contender("torch", train, seeds * steps),)


def counterexample() -> Case:
    """The 3 x 3 counterexample, rank 1: 10,240 seeds, 1,000 steps, moments of f at every step."""
    f = objective("counterexample")
    problem = f.problem()
    assert problem is not None
    weights, centre = problem.X.reshape(3, 3), problem.Y.reshape(3, 3)
    gamma, seeds, steps = 0.05, 10_240, 1_000
    method = rac_lora(gamma)
    start = np.zeros(9)

    def ours(threads: int) -> Contender:
        def work() -> object:
            return simulate_moments(
                f, method, start, steps, seeds, threads=threads, gradients=False
            )

        return Contender("ours", work, seeds * steps)

    def batched() -> object:
        return references.batched_entries(weights, -centre, gamma, seeds, 20)

    def loss(torch: Any, W: Any) -> Any:
        return 0.5 * (torch.tensor(weights) * (W - torch.tensor(centre)) ** 2).sum()

    # G, f, b^T G and the update, 9 entries each; |b|^2 and its inverse. A direction takes two words for three entries.
    needs = Needs(9 * (1 + 2 + 2 + 2) + 12, bytes=2 * 9 * 8 + 3 * 8, deviates=2.0)
    return Case(
        "counterexample", seeds * steps, ours(THREADS),
        (*loops(f, gamma, 1, 1, 400), Contender("batched-numpy", batched, seeds * 20),
         *torch(loss, start.reshape(3, 3), gamma, 1, 1, 100)),
        needs, THREADS, ours(1),
    )  # fmt: skip


@dataclass(frozen=True)
class Ridge:
    """Ridge regression, 500 rows, W 50 x 50: 100 seeds, 1,000 steps, f at every step."""

    rank: int
    m: int = 50
    n: int = 50
    seeds: int = 100
    steps: int = 1_000

    @property
    def objective(self) -> Objective:
        return objective("ridge-synthetic", m=self.m, n=self.n, N=500)

    def ours(self, threads: int) -> Contender:
        f = self.objective
        assert f.constants.L is not None
        method, start = rac_lora(1.0 / f.constants.L, self.rank), np.zeros(f.dim)

        def work() -> object:
            return simulate(
                f, method, start, self.steps, self.seeds, threads=threads, gradients=False
            )

        return Contender("ours", work, self.seeds * self.steps)

    def eigenbasis(self) -> tuple[Array, Array]:
        """Return the spectrum of the curvature and D_0 in its eigenbasis."""
        f = self.objective
        assert f.constants.minimiser is not None
        zero = f.flat_gradient(np.zeros(f.dim))
        K = np.array([f.flat_gradient(e) - zero for e in np.eye(f.dim)[:: self.n]])
        spectrum, U = np.linalg.eigh(K.reshape(self.m, self.m, self.n)[:, :, 0])
        return spectrum, U.T @ (-f.constants.minimiser).reshape(self.m, self.n)


def ridge(rank: int) -> Case:
    """What the operations are counted of: C^T F and F + C M."""
    one, f = Ridge(rank), Ridge(rank).objective
    spectrum, D0 = one.eigenbasis()
    gamma = 1.0 / float(f.constants.L or 1.0)
    problem = f.problem()
    assert problem is not None

    def batched() -> object:
        return references.batched_spectral(spectrum, D0, gamma, rank, one.seeds, 5)

    def loss(torch: Any, W: Any) -> Any:
        residual = torch.tensor(problem.X) @ W - torch.tensor(problem.Y)
        ridge = problem.scalars[1] * (W**2).sum()
        return 0.5 * (residual**2).sum() / len(problem.X) + 0.5 * ridge

    # A pass reads F twice and writes it once; links of few columns share one.
    moved = 3 * 8 * one.m * one.n * min(1.0, rank / COLUMNS_AT_ONCE)
    needs = Needs(4 * one.m * one.n * rank, moved, one.m * rank, 8 * one.m * one.n)
    return Case(
        f"ridge-r{rank}", one.seeds * one.steps, one.ours(THREADS),
        (*loops(f, gamma, rank, 1, 100), Contender("batched-numpy", batched, one.seeds * 5),
         *torch(loss, np.zeros((one.m, one.n)), gamma, rank, 1, 40)),
        needs, THREADS, one.ours(1),
    )  # fmt: skip


def logistic() -> Case:
    """Multinomial logistic regression, 1,000 rows, W 64 x 10, rank 2: 20 seeds, 300 steps."""
    m, n, N, rank, seeds, steps = 64, 10, 1_000, 2, 20, 300
    f = objective("softmax-synthetic", m=m, n=n, N=N)
    problem = f.problem()
    assert f.constants.L is not None
    assert problem is not None
    gamma = 1.0 / f.constants.L
    method = rac_lora(gamma, rank)
    start = np.zeros(f.dim)

    def ours(threads: int) -> Contender:
        def work() -> object:
            return simulate(f, method, start, steps, seeds, threads=threads, gradients=False)

        return Contender("ours", work, seeds * steps)

    def loss(torch: Any, W: Any) -> Any:
        Z, Y = torch.tensor(problem.X) @ W, torch.tensor(problem.Y)
        ridge = 0.5 * problem.scalars[1] * (W**2).sum()
        return (torch.logsumexp(Z, 1) - (Z * Y).sum(1)).mean() + ridge

    # X B, the change of Z, (X B)^T P; exp takes about sixteen multiply-adds, the rest of softmax five. Z is read and
    # written, Y read twice, V read twice; X is read once for AHEAD links.
    operations = N * (2 * m * rank + 4 * n * rank + n * (2 * 16 + 5))
    moved = 8 * N * (4 * n + 2 * rank + m / AHEAD)
    return Case(
        "logistic", seeds * steps, ours(THREADS),
        (*loops(f, gamma, rank, 1, 50), *torch(loss, np.zeros((m, n)), gamma, rank, 1, 40)),
        Needs(operations, moved, m * rank, 8 * N * (2 * n + m)), THREADS, ours(1),
    )  # fmt: skip


def exact() -> Case:
    """E f of ridge regression at every step up to 1,000, rank 1, against the simulation of 100 seeds."""
    one = Ridge(1)
    spectrum, D0 = one.eigenbasis()
    chain = RowRecursion(spectrum, 1.0 / float(one.objective.constants.L or 1.0), haar(one.m, 1))
    energies = np.sum(D0**2, axis=1)

    def work() -> None:
        for _ in range(CURVES):
            chain.curve(energies, one.steps)

    whole = replace(one.ours(THREADS), name="simulation", units=1)
    needs = Needs(one.steps * one.m * 6, bytes=2 * 8 * one.m * one.steps)
    return Case("exact", 1, Contender("ours", work, CURVES), (whole,), needs, threads=1)


CASES: dict[str, Callable[[], Case]] = {
    "counterexample": counterexample,
    "ridge-r1": lambda: ridge(1),
    "ridge-r2": lambda: ridge(2),
    "ridge-r5": lambda: ridge(5),
    "ridge-r10": lambda: ridge(10),
    "logistic": logistic,
    "exact": exact,
    "phase": phase,
    "digits-mlp": digits_mlp,
    "start-help": starts.help_page,
    "start-error": starts.usage_error,
    "start-simulate": starts.simulation,
}

LONG: dict[str, Callable[[], Case]] = {"repro": starts.main_job}
"""Run once, and only by name."""
