"""The rows that these methods are for, with the constants that the oracles grant.

Each sampled mean lies under its bound by more than ten of its standard errors; a fixed order of the
components, which does not grant a fresh permutation, breaks the bound of `rr-pl`.
"""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.assumptions import (
    BoundedDissimilarity,
    ExpectedSmoothness,
    FreshPermutation,
    Heterogeneity,
)
from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate
from ractheory.method import Method
from ractheory.objectives import Objective, objective
from ractheory.theorems import Assumes, Facts, evaluate, theorem
from ractheory.theorems.symbols import gap, weighted_grad_sq
from tests.stochastic.helpers import EPS, component_L, named

STREAM = "rates"


def facts_of(f: Objective, method: Method, start: np.ndarray, T: int) -> Facts:
    c, granted = f.constants, method.grants(f)
    low, high = method.extremes(f.shapes)
    values: dict[str, float] = {
        "gamma": method.step, "T": T, "lam_min": low, "lam_max": high, "s": method.scale,
        "N": f.components,
    }  # fmt: skip
    for value in granted:
        match value:
            case ExpectedSmoothness(A, B, C):
                values |= {"A": A, "B": B, "C": C}
            case BoundedDissimilarity(A, C, N, L):
                values |= {"A": A, "C": C, "N": N, "L_max": L}
            case Heterogeneity(zeta, _):
                values |= {"zeta": zeta}
    known = {"L": c.L, "mu": c.pl, "G0": c.lipschitz, "rho": method.isotropy(f.shapes)}
    values |= {name: value for name, value in known.items() if value is not None}
    if c.minimiser is not None:
        values["D0_sq"] = float(np.sum((start - c.minimiser) ** 2))
    return Facts(values, (*f.assumptions(), *granted))


def bound_of(
    name: str, statement: str, f: Objective, method: Method, start: np.ndarray, T: int
) -> float:
    facts = facts_of(f, method, start, T)
    row = theorem(name)
    asked = [h for h in row.hypotheses if not (isinstance(h, Assumes) and h.name == "Attained")]
    assert all(h.check(facts).holds for h in asked), [h.check(facts) for h in asked]
    right = row.statement(statement).right
    return float(evaluate(right, facts, {e: f.flat_gap(start) for e in right.atoms(gap)}))


def below(samples: np.ndarray, bound: float) -> None:
    assert samples.mean() + 10 * samples.std() / np.sqrt(len(samples)) <= bound


def weighted(run: Run, name: str, facts: Facts) -> np.ndarray:
    """The weighted mean of |G_t|^2 with the weights of the statement itself."""
    (left,) = theorem(name).statement("weighted").left.atoms(weighted_grad_sq)
    growth = float(evaluate(left.args[1], facts))
    T = run.links
    weights = (1 + growth) ** -np.arange(1.0, T + 1)
    return run.grad_sq[:, :T] @ weights / weights.sum()


LOGISTIC = objective("logistic-synthetic", m=4, N=24, ridge=0.1)
FEDERATED = objective("federated-labels", m=4, clients=3, N=8, ridge=0.1)


@pytest.mark.parametrize("name", ["rac-lora-sgd", "rac-lora-noise"])
def test_sgd(name: str) -> None:
    f = LOGISTIC
    assert f.constants.L is not None
    start, T = np.ones(f.dim), 60
    method = named(name, 0.5 / f.constants.L, rank=2)
    run = simulate(f, method, start, T, 200, STREAM)
    below(run.gap[:, T], bound_of("sgd-pl", "paper", f, method, start, T))
    bound = bound_of("sgd-nonconvex", "weighted", f, method, start, T)
    below(weighted(run, "sgd-nonconvex", facts_of(f, method, start, T)), bound)


@pytest.mark.parametrize(("name", "row"), [("rac-lora-rr", "rr"), ("fed-rac-lora", "fed-rr")])
def test_reshuffling(name: str, row: str) -> None:
    f = LOGISTIC if row == "rr" else FEDERATED
    N, options = (24, {}) if row == "rr" else (8, {"clients": 3})
    start, T = np.ones(f.dim), 60
    method = named(name, 0.5 / (component_L(f) * N), rank=2, **options)
    run = simulate(f, method, start, T, 200, STREAM)
    below(run.gap[:, T], bound_of(f"{row}-pl", "paper", f, method, start, T))
    bound = bound_of(f"{row}-nonconvex", "weighted", f, method, start, T)
    below(weighted(run, f"{row}-nonconvex", facts_of(f, method, start, T)), bound)


def test_a_fixed_order_breaks_the_bound() -> None:
    """f_i = (w - b_i)^2/2, +1 first, then -1: asked as if the order were fresh, N = 64 breaks the bound.

    An epoch is w -> q w + c with q = (1 - gamma)^N and c = gamma sum (1 - gamma)^(N-1-j) b_j, so w settles at
    c/(1 - q): the kernel ends there.
    """
    N = 64
    f = objective("signed-targets", N=N)
    gamma = 0.5 / N
    start, T = np.ones(1), 40
    fixed = named("rac-lora-rr", gamma, order="incremental")
    fresh = named("rac-lora-rr", gamma)
    assert FreshPermutation() not in fixed.grants(f)
    bound = bound_of("rr-pl", "paper", f, fresh, start, T)
    signs = np.repeat([1.0, -1.0], N // 2)
    q, c = (1 - gamma) ** N, gamma * np.sum((1 - gamma) ** np.arange(N - 1, -1, -1.0) * signs)
    settled = (c * (1 - q**T) / (1 - q) + q**T) ** 2 / 2
    run = simulate(f, fixed, start, T, 1, STREAM)
    assert abs(run.gap[0, T] - settled) <= 64 * N * T * EPS
    assert run.gap[0, T] > 2 * bound
    below(simulate(f, fresh, start, T, 200, STREAM).gap[:, T], bound)


@pytest.mark.parametrize("name", ["l1-regression", "svm-synthetic"])
def test_nonsmooth(name: str) -> None:
    f = objective(name)
    start, T = np.full(f.dim, 3.0), 200
    step = named("rac-subgradient", 0.05, rank=2)
    run = simulate(f, step, start, T, 50, STREAM)
    below(
        run.extra["mean_gap"][:, T - 1], bound_of("subgradient", "mean iterate", f, step, start, T)
    )
    polyak = named("rac-polyak", 1.0, rank=2)
    run = simulate(f, polyak, start, T, 50, STREAM)
    below(run.gap[:, :T].min(axis=1), bound_of("polyak", "best iterate", f, polyak, start, T))


def test_accelerated_is_under_its_bound_and_faster() -> None:
    f = objective("spectrum-left", m=8, n=3, condition=1000.0)
    assert f.constants.L is not None
    start, T = np.zeros(f.dim), 400
    method = named("rac-accelerated", 1 / f.constants.L, rank=4)
    run = simulate(f, method, start, T, 50, STREAM)
    plain = simulate(
        f, named("rac-lora-noise", 1 / f.constants.L, variance=0.0, rank=4), start, T, 50
    )
    below(run.gap[:, T], bound_of("accelerated", "simple", f, method, start, T))
    assert run.gap[:, T].mean() < 0.5 * plain.gap[:, T].mean()
