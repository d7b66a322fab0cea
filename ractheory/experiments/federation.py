"""Federations: how the floor of Fed-RAC-LoRA grows with heterogeneity, and what averaging factors destroys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ractheory.compare.decision import Decision, exact_decision
from ractheory.compare.facts import facts_of
from ractheory.engine.simulate import simulate
from ractheory.errors import UsageError, integer
from ractheory.experiments.decisions import above_in_most_runs, all_of
from ractheory.experiments.family import Asked, Outcome
from ractheory.federation import Factors, federated_lora, separate_averaging_fails
from ractheory.methods import fed_rac_lora
from ractheory.objectives import objective
from ractheory.objectives.base import Objective
from ractheory.objectives.federated import FederatedModel
from ractheory.objectives.losses import Squared
from ractheory.theorems import evaluate, theorem
from ractheory.theorems.symbols import gap

CLIENTS, COMPONENTS, RANK = 4, 10, 2
ZETAS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
SHARES = (0.5, 0.25)
"""Steps, as shares of 1/(2 L N)."""
LINKS, SETTLED = 300, 100
"""Rounds from W*, and the last of them whose mean is the floor of a run."""

THEOREM = "fed-rr-pl"


def _floor(zeta: float, share: float, seeds: int, stream: str) -> tuple[np.ndarray, float]:
    """Return the floor of each run, and the one that the theorem guarantees for their mean."""
    f = objective("federated-least-squares", zeta=zeta, condition=1.0)
    L, start = f.component_L(), f.constants.minimiser
    assert L is not None
    assert start is not None
    method = fed_rac_lora(share / (2 * L * COMPONENTS), clients=CLIENTS, rank=RANK)
    facts = facts_of(f, method, start, LINKS)
    statement = theorem(THEOREM).statement("sharp")
    refused = [c for h in statement.needs if not (c := h.check(facts)).holds]
    if refused:
        raise UsageError.of("step", share, "one that the theorem allows", refused[0].reason)
    bound = float(evaluate(statement.right, facts.including(T=1e9), {gap(0): 0.0}))
    run = simulate(f, method, start, LINKS, seeds, stream)
    return run.gap[:, -SETTLED:].mean(axis=1), bound


def _floors(asked: Asked) -> Outcome:
    """The floor grows with zeta, as zeta^2 in the end, and lies under the theorem's in most runs."""
    seeds = integer("seeds", asked.parameters.get("seeds", 40), 1)
    found = {(z, s): _floor(z, s, seeds, asked.stream) for s in SHARES for z in ZETAS}
    floors = np.array([[found[z, s][0] for z in ZETAS] for s in SHARES])
    bounds = np.array([[found[z, s][1] for z in ZETAS] for s in SHARES])
    last, before = floors[:, -1], floors[:, -2]
    tests = []
    for k, share in enumerate(SHARES):
        for name, low, high in (
            ("under the bound", floors[k, -1], np.full(seeds, bounds[k, -1])),
            ("grows from zeta = 0", floors[k, 0], floors[k, 2]),
            ("at twice zeta at least 3 times", 3.0 * before[k], last[k]),
            ("at twice zeta at most 5 times", last[k], 5.0 * before[k]),
        ):
            tests.append((f"step {share:g}/(2LN), {name}", high, low))
    rate = asked.error_rate / len(tests)
    decision = all_of([(n, above_in_most_runs(a, b, rate=rate)) for n, a, b in tests])
    low, middle, high = np.quantile(floors, [0.05, 0.5, 0.95], axis=2)
    curves = {
        "zeta": np.array(ZETAS), "mean": floors.mean(axis=2), "low": low, "median": middle,
        "high": high, "bound": bounds, "shares": np.array(SHARES),
    }  # fmt: skip
    settings = {"clients": CLIENTS, "N": COMPONENTS, "r": RANK, "T": LINKS, "seeds": seeds}
    return Outcome(decision, settings, curves, method="fed-rac-lora", sketch="haar, rank 2, left",
                   seeds=seeds)  # fmt: skip


ETA, LOCAL, ROUNDS = 0.05, 400, 12
ROUND_OFF = 1e-12
"""Of W near 1 after ROUNDS rounds of LOCAL contracting steps each: hundreds of units of round-off."""


def _averages(asked: Asked) -> Outcome:
    """Averaged factors stay at a floor in closed form, averaged products and Fed-RAC-LoRA reach f*."""
    clients, floor = separate_averaging_fails()
    targets = np.array(
        [float(f.constants.minimiser[0]) for f in clients if f.constants.minimiser is not None]
    )
    pooled = FederatedModel("two clients", np.ones((2, 1)), targets[:, None], Squared(), clients=2)
    curves = {"round": np.arange(ROUNDS + 1.0), "floor": np.array([floor])}
    one, zero = np.ones((1, 1)), np.zeros((1, 1))
    for average, pair, base in (
        ("factors", Factors(one, one), zero),
        ("products", Factors(one, zero), one),
    ):
        path = federated_lora(clients, base, pair, ETA, LOCAL, ROUNDS, average)
        curves[average] = np.array([_gap(pooled, W) for W in path])
    run = simulate(pooled, fed_rac_lora(0.5, clients=2), np.ones(1), ROUNDS, 1, asked.stream)
    curves["fed-rac-lora"] = run.gap[0]
    ends = {name: float(curves[name][-1]) for name in ("factors", "products", "fed-rac-lora")}
    # Fed-RAC-LoRA's gap falls by (1 - 1/2)^2 a round.
    allowed = {"products": ROUND_OFF, "fed-rac-lora": 1.001 * 0.25**ROUNDS * float(run.gap[0, 0])}
    decisions: list[tuple[str, Decision]] = [
        (
            "averaged factors",
            exact_decision("=", ends["factors"], floor, ROUND_OFF, "f - f* at the end"),
        )
    ]
    decisions += [
        (name, exact_decision("<=", ends[name], most, 0.0, "f - f* at the end"))
        for name, most in allowed.items()
    ]
    settings = {"clients": 2, "T": ROUNDS, "local_steps": LOCAL, "targets": targets.tolist()}
    return Outcome(all_of(decisions), settings, curves, method="several", sketch="rank 1", seeds=1)


def _gap(f: Objective, W: np.ndarray) -> float:
    return float(f.flat_gap(W.ravel()))


MEASURES: Mapping[str, Callable[[Asked], Outcome]] = {"floors": _floors, "averages": _averages}
"""What can be asked, by name."""


def measure(asked: Asked) -> Outcome:
    """Measure what a claim of the family asks."""
    found: Outcome = asked.one_of(MEASURES)(asked)
    return found
