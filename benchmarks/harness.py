"""Paired timings: every round times all contenders once, and the medians over the rounds are compared."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

Work = Callable[[], object]


@dataclass(frozen=True)
class Contender:
    """Somebody who does `seed_steps` of the same work per call."""

    name: str
    work: Work
    seed_steps: int


@dataclass(frozen=True)
class Case:
    """One benchmark: ours against its references, and what limits it.

    Attributes
    ----------
    name : as in result files
    seed_steps : size of the whole job, to which every time is scaled
    ours, references : the contenders; each is timed on as few seeds as give a steady figure
    limit : the binding limit, in words
    operations : double-precision operations of one seed-step of the best algorithm, a fused
        multiply-add counted as two
    threads : how many ours uses
    """

    name: str
    seed_steps: int
    ours: Contender
    references: tuple[Contender, ...]
    limit: str
    operations: float
    threads: int


@dataclass(frozen=True)
class Result:
    """One ratio, as written to `results/bench.json`."""

    name: str
    ours_seconds: float
    reference: str
    reference_seconds: float
    ratio: float
    limit: str
    fraction_of_limit: float
    rounds: int
    threads: int
    ours_seed_steps_timed: int
    reference_seed_steps_timed: int
    reference_threads: int = 1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def seconds(work: Work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def run_case(case: Case, rounds: int, peak: Callable[[int], float]) -> list[Result]:
    """Time a case; `peak(threads)` measures the peak rate of operations within the same rounds."""
    contenders = (case.ours, *case.references)
    for contender in contenders:  # compile and warm up
        contender.work()
    times: dict[str, list[float]] = {c.name: [] for c in contenders}
    peaks = []
    for _ in range(rounds):
        for c in contenders:
            times[c.name].append(seconds(c.work) / c.seed_steps)
        peaks.append(peak(case.threads))
    ours = times[case.ours.name]
    rates = [case.operations / t / p for t, p in zip(ours, peaks, strict=True)]
    return [
        Result(
            case.name, median(ours) * case.seed_steps, c.name,
            median(times[c.name]) * case.seed_steps,
            median(theirs / own for theirs, own in zip(times[c.name], ours, strict=True)),
            case.limit, median(rates), rounds, case.threads,
            case.ours.seed_steps, c.seed_steps,
        )
        for c in case.references
    ]  # fmt: skip
