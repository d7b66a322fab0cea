"""The phase diagrams of LoRA and CoLA, 3 x 3: 100 x 100 cells, 100 seeds each, against research code.

Research code runs a sample of the cells, one seed each: W, A and B as matrices, a Python loop over the
steps, f recorded at each. It leaves a run where ours does, so a step is compared with a step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Case, Contender
from benchmarks.limits import Needs
from ractheory.engine.phase import FAR, ROUND, STILL, Line
from ractheory.experiments.phase import PLANS, Plan, simulate

Array = NDArray[np.float64]
CELLS, SEEDS, SAMPLE, THREADS = 100, 100, 12, 2
DIAGRAMS = ("lora-scale", "cola-scale")


def over(f: float, slope: float, first: float) -> bool:
    """Return whether a run is decided, by the rules of `ractheory.engine.phase`."""
    return not f <= FAR * first or f * FAR <= first or slope <= STILL * (2 * first) ** 1.5


def research_lora(D0: Array, std: float, eta: float, links: int, seed: int) -> int:
    """Train A and B jointly on 1/2 |W_0 + B A - W*|^2; return how many steps were made."""
    A = std * np.random.default_rng(seed).standard_normal((1, D0.shape[1]))
    B = np.zeros((D0.shape[0], 1))
    history = np.zeros(links)
    for t in range(links):
        G = D0 + B @ A
        history[t] = 0.5 * np.sum(G**2)
        dA, dB = B.T @ G, G @ A.T
        if t % ROUND == 0 and over(history[t], np.sum(dA**2) + np.sum(dB**2), history[0]):
            return t
        A, B = A - eta * dA, B - eta * dB
    return links


def research_cola(D0: Array, std: float, eta: float, links: int, seed: int) -> int:
    """Draw A, set B = 0, step jointly once, merge, and repeat; return how many steps were made."""
    rng = np.random.default_rng(seed)
    D = D0.copy()
    history = np.zeros(links)
    for t in range(links):
        A, B = std * rng.standard_normal((1, D0.shape[1])), np.zeros((D0.shape[0], 1))
        G = D + B @ A
        history[t] = 0.5 * np.sum(G**2)
        if t % ROUND == 0 and over(history[t], np.inf, history[0]):
            return t
        A, B = A - eta * B.T @ G, B - eta * G @ A.T
        D = D + B @ A
    return links


def start(line: Line) -> Array:
    """Return a D_0 with the singular values of a line."""
    sizes = np.repeat(line.shift.sizes, line.shift.multiplicities)
    return np.diag(
        np.resize(np.append(sizes, 0.0), line.columns) * (np.arange(line.columns) < len(sizes))
    )


@np.errstate(over="ignore", invalid="ignore")
def research(plans: list[Plan]) -> int:
    """Run a sample of the cells of each diagram; return how many steps were made."""
    made = 0
    for plan in plans:
        run = research_lora if plan.method == "lora" else research_cola
        # A grid of cells with as many of each kind as the whole diagram, one seed in each.
        for i in range(CELLS // SAMPLE // 2, CELLS, CELLS // SAMPLE):
            for j in range(CELLS // SAMPLE // 2, CELLS, CELLS // SAMPLE):
                line = plan.lines[i]
                made += run(start(line), line.initial_std, plan.steps[j], plan.links, 100 * i + j)
    return made


def phase() -> Case:
    """Both diagrams, with all of their cells."""
    plans = [PLANS[name](CELLS) for name in DIAGRAMS]

    def ours() -> int:
        return sum(simulate(plan, SEEDS, "benchmark", THREADS).made for plan in plans)

    made = [simulate(plan, SEEDS, "benchmark", THREADS).made for plan in plans]
    sampled = research(plans)
    # LoRA: |a|^2, |b|^2, the slopes and the update, three classes; CoLA: the factor of a link.
    operations = (42 * made[0] + 7 * made[1]) / sum(made)
    return Case(
        "phase", sum(made), Contender("ours", ours, sum(made)),
        (Contender("research-numpy", lambda: research(plans), sampled),),
        Needs(operations), THREADS,
    )  # fmt: skip
