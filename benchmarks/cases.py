"""The benchmarks of the README: what is simulated, by whom, and how many operations it needs at least."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import references
from benchmarks.harness import Case, Contender
from benchmarks.phase import phase
from ractheory.engine.moments import simulate_moments
from ractheory.engine.simulate import simulate
from ractheory.methods import rac_lora
from ractheory.objectives import Objective, objective

Array = NDArray[np.float64]
THREADS = 2


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

    def ours() -> object:
        return simulate_moments(f, method, start, steps, seeds, threads=THREADS)

    def batched() -> object:
        return references.batched_entries(weights, -centre, gamma, seeds, 20)

    def loss(torch: Any, W: Any) -> Any:
        return 0.5 * (torch.tensor(weights) * (W - torch.tensor(centre)) ** 2).sum()

    return Case(
        "counterexample", seeds * steps, Contender("ours", ours, seeds * steps),
        (*loops(f, gamma, 1, 1, 400), Contender("batched-numpy", batched, seeds * 20),
         *torch(loss, start.reshape(3, 3), gamma, 1, 1, 100)),
        "floating-point operations",
        # G, f, |G|^2, b^T G and the update, 9 entries each; |b|^2, |b^T G|^2 and their scaling.
        9 * (1 + 2 + 2 + 2 + 2) + 20, THREADS,
    )  # fmt: skip


def ridge(rank: int) -> Case:
    """Ridge regression, 500 rows, W 50 x 50: 100 seeds, 1,000 steps, f at every step."""
    m, n, seeds, steps, timed = 50, 50, 100, 1_000, 1_000
    f = objective("ridge-synthetic", m=m, n=n, N=500)
    assert f.constants.L is not None
    assert f.constants.minimiser is not None
    gamma = 1.0 / f.constants.L
    method = rac_lora(gamma, rank)
    start = np.zeros(f.dim)
    K = np.array([f.flat_gradient(e) - f.flat_gradient(start) for e in np.eye(f.dim)[::n]])
    spectrum, U = np.linalg.eigh(K.reshape(m, m, n)[:, :, 0])
    D0 = U.T @ (-f.constants.minimiser).reshape(m, n)

    def ours() -> object:
        return simulate(f, method, start, timed, seeds, threads=THREADS)

    def batched() -> object:
        return references.batched_spectral(spectrum, D0, gamma, rank, seeds, 5)

    return Case(
        f"ridge-r{rank}", seeds * steps, Contender("ours", ours, seeds * timed),
        (*loops(f, gamma, rank, 1, 100), Contender("batched-numpy", batched, seeds * 5)),
        "floating-point operations", 4 * m * n * rank, THREADS,
    )  # fmt: skip


def logistic() -> Case:
    """Multinomial logistic regression, 1,000 rows, W 64 x 10, rank 2: 20 seeds, 300 steps."""
    m, n, N, rank, seeds, steps, timed = 64, 10, 1_000, 2, 20, 300, 300
    f = objective("softmax-synthetic", m=m, n=n, N=N)
    assert f.constants.L is not None
    gamma = 1.0 / f.constants.L
    method = rac_lora(gamma, rank)
    start = np.zeros(f.dim)

    def ours() -> object:
        return simulate(f, method, start, timed, seeds, threads=THREADS, gradients=False)

    # X B, the change of Z, (X B)^T P; exp takes about twelve multiply-adds, the rest of softmax five.
    operations = N * (2 * m * rank + 4 * n * rank + n * (2 * 12 + 5))
    return Case(
        "logistic", seeds * steps, Contender("ours", ours, seeds * timed),
        loops(f, gamma, rank, 1, 50), "floating-point operations", operations, THREADS,
    )  # fmt: skip


CASES: dict[str, Callable[[], Case]] = {
    "counterexample": counterexample,
    "ridge-r1": lambda: ridge(1),
    "ridge-r2": lambda: ridge(2),
    "ridge-r5": lambda: ridge(5),
    "ridge-r10": lambda: ridge(10),
    "logistic": logistic,
    "phase": phase,
}
