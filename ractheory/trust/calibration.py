"""Calibration of the tests of means: false verdicts on true claims, and power on false ones.

Every law below has mean 1. A null case is the true claim "E X <= 1", attained with equality, looked
at after every few seeds and counted as refuted if it is refuted at any look: the strictest reading
of an anytime-valid error rate. A false claim "E X <= 1/(1 + d)" is false by the share d. Both are
played with the e-process of `ractheory.evidence`, on all cases at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any
from zlib import crc32

import numpy as np

from ractheory.errors import integer
from ractheory.evidence import betting, claim_error_rate, clopper_pearson
from ractheory.evidence.betting import Array

Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]

NOMINAL_RATES = (0.05, 0.01, claim_error_rate())
"""Rates that can be measured, and the one at which a claim of a run is judged."""

INTERVAL_RATE = 0.05
"""Error rate of the Clopper-Pearson intervals of measured shares."""

LOOK = 16
"""Seeds between two looks at a null case."""

FALSE_BY = (0.01, 0.05, 0.2, 0.5)
POWER_SEEDS = (10, 32, 100, 316, 1000, 3162, 10_000, 31_623, 100_000)


@dataclass(frozen=True)
class Law:
    """A law of X >= 0 with E X = 1 and X <= ceiling (infinite if unbounded)."""

    name: str
    tail: str
    ceiling: float
    draw: Draw


LOGNORMAL_SIGMA = 1.5
PARETO_INDEX = 1.5

LAWS = (
    Law("point mass", "none", 2.0, lambda rng, shape: np.ones(shape)),
    Law("bernoulli 1/2", "bounded", 2.0, lambda rng, shape: np.where(rng.random(shape) < 0.5, 2.0, 0.0)),
    Law("two-point 1/100", "bounded", 100.0, lambda rng, shape: np.where(rng.random(shape) < 0.01, 100.0, 0.0)),
    Law("beta(2, 5)", "bounded", 3.5, lambda rng, shape: 3.5 * rng.beta(2.0, 5.0, shape)),
    Law("beta(1/10, 1/10)", "bounded", 2.0, lambda rng, shape: 2.0 * rng.beta(0.1, 0.1, shape)),
    Law("exponential", "light", inf, lambda rng, shape: rng.exponential(size=shape)),
    Law(
        "lognormal, sigma 3/2", "heavy", inf,
        lambda rng, shape: rng.lognormal(-(LOGNORMAL_SIGMA**2) / 2, LOGNORMAL_SIGMA, shape),
    ),
    Law(
        "pareto, index 3/2", "infinite variance", inf,
        lambda rng, shape: (1 + rng.pareto(PARETO_INDEX, shape)) * (1 - 1 / PARETO_INDEX),
    ),
)  # fmt: skip


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return the random stream of `names`: adding a law or a study changes no other stream."""
    return np.random.default_rng([seed, *(crc32(name.encode()) for name in names)])


def calibrate(
    seed: int = 0, cases: int = 1500, seeds: int = 512, power_cases: int = 40,
    longest: int = POWER_SEEDS[-1],
) -> dict[str, Any]:  # fmt: skip
    """Return both studies as one JSON-able object, with the totals at the rate of a claim of a run.

    `cases` null cases for each law, up to `seeds` seeds each; `power_cases` false claims for each
    law and size of falsehood, up to `longest` seeds each.

    >>> study = calibrate(cases=20, seeds=32, power_cases=2, longest=100)
    >>> study["null_cases"], study["false_refutations"]
    (160, 0)
    """
    integer("cases", cases, 1)
    integer("seeds", seeds, 1)
    integer("power_cases", power_cases, 1)
    integer("longest", longest, POWER_SEEDS[0])
    null = null_study(seed, cases, seeds)
    judged = null["refuted"][-1]
    return {
        "null": null,
        "power": power_study(seed, power_cases, longest),
        "null_cases": judged["cases"],
        "false_refutations": judged["wrong"],
        "stated_rate": judged["nominal"],
    }


# True claims


def null_study(seed: int, cases: int, seeds: int) -> dict[str, Any]:
    """Return the shares of false refutations and confirmations over all laws, at each nominal rate.

    Refuted: "E X <= 1" is true and was refuted at some look. Confirmed: "E X < 1" is false and
    would have been confirmed at some look (laws with a ceiling).
    """
    highest_refuting, highest_confirming = {}, {}
    for law in LAWS:
        samples = law.draw(generator(seed, "null", law.name), (seeds, cases))
        highest_refuting[law.name] = highest_log_e_value(samples - 1.0)
        if law.ceiling < inf:
            excess = (1.0 - samples) / (law.ceiling - 1.0)
            highest_confirming[law.name] = highest_log_e_value(excess)
    return {
        "seeds": seeds,
        "look_every": LOOK,
        "refuted": _rates(np.concatenate(list(highest_refuting.values()))),
        "confirmed": _rates(np.concatenate(list(highest_confirming.values()))),
        "laws": [
            {
                "law": law.name,
                "tail": law.tail,
                "refuted": _rates(highest_refuting[law.name]),
                "confirmed": _rates(highest_confirming.get(law.name, np.zeros(0))),
            }
            for law in LAWS
        ],
    }


def highest_log_e_value(excess: Array) -> Array:
    """Return the largest log e-value of each case over all looks; excess y >= -1 of shape (S, cases).

    >>> float(highest_log_e_value(np.zeros((40, 1)))[0])
    0.0
    """
    wealth = np.zeros((len(betting.SHARES), excess.shape[1]))
    highest = np.zeros(excess.shape[1])
    for first in range(0, len(excess), LOOK):
        wealth += betting.log_wealths(excess[first : first + LOOK])
        highest = np.maximum(highest, betting.log_average(wealth))
    return highest


def _rates(highest: Array) -> list[dict[str, Any]]:
    """Return, for each nominal rate, how many cases were decided wrongly, with an interval."""
    rows = []
    for nominal in NOMINAL_RATES:
        wrong = int((highest >= betting.log_threshold(nominal)).sum())
        low, high = clopper_pearson(wrong, len(highest), INTERVAL_RATE)
        share = wrong / len(highest) if len(highest) else None
        rows.append(
            {
                "nominal": nominal,
                "cases": len(highest),
                "wrong": wrong,
                "share": share,
                "interval": [low, high],
            }
        )
    return rows


# False claims


def power_study(seed: int, cases: int, longest: int = POWER_SEEDS[-1]) -> list[dict[str, Any]]:
    """Return the share of false claims refuted by each number of seeds, for law x size x rate."""
    numbers = [seeds for seeds in POWER_SEEDS if seeds <= longest]
    rows = []
    for law in LAWS:
        for false_by in FALSE_BY:
            rng = generator(seed, "power", law.name, str(false_by))
            highest = _highest_along(law, false_by, rng, numbers, cases)
            for nominal in NOMINAL_RATES:
                decided = highest >= betting.log_threshold(nominal)
                rows.append(
                    {
                        "law": law.name,
                        "false_by": false_by,
                        "nominal": nominal,
                        "cases": cases,
                        "seeds": numbers,
                        "power": decided.mean(axis=1).tolist(),
                    }
                )
    return rows


def _highest_along(
    law: Law, false_by: float, rng: np.random.Generator, numbers: list[int], cases: int
) -> Array:
    """Return the largest log e-value so far at each number of seeds, shape (numbers, cases).

    Once all cases are decided at the strictest rate they stay so, and nothing more is drawn.
    """
    wealth: Array = np.zeros((len(betting.SHARES), cases))
    highest: Array = np.zeros((len(numbers), cases))
    strictest = betting.log_threshold(min(NOMINAL_RATES))
    drawn = 0
    for k, seeds in enumerate(numbers):
        highest[k] = highest[max(k - 1, 0)]
        if highest[k].min() >= strictest:
            continue
        samples = law.draw(rng, (seeds - drawn, cases))
        wealth += betting.log_wealths(samples * (1.0 + false_by) - 1.0)
        highest[k] = np.maximum(highest[k], betting.log_average(wealth))
        drawn = seeds
    return highest
