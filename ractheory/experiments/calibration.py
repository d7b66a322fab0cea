"""The tests of means on claims whose truth is known: how often they err, and how soon they see a fault."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from ractheory.compare.decision import Decision
from ractheory.errors import integer
from ractheory.evidence import Evidence, Verdict, proportion_at_most
from ractheory.experiments.family import Asked, Outcome
from ractheory.trust.calibration import FALSE_BY, LAWS, NOMINAL_RATES, calibrate

MEASURABLE = 0.01
"""Nominal rates from here on can be told from higher ones with some thousand cases."""

KNOWN = {"means": calibrate}


def measure(asked: Asked) -> Outcome:
    """Play true and false claims, and decide that wrong verdicts are no more frequent than stated.

    At nominal rates too small to measure, no case may be wrong so often that the rate is refuted.
    """
    given = asked.parameters
    cases, seeds = (
        integer("cases", given.get("cases", 1000), 1),
        integer("seeds", given.get("seeds", 128), 1),
    )
    longest = integer("longest", given.get("longest", 10_000), 10)
    study = asked.one_of(KNOWN)(crc32(asked.stream.encode()), cases, seeds, 10, longest)
    rows = [(kind, row) for kind in ("refuted", "confirmed") for row in study["null"][kind]]
    verdicts = []
    for _, row in rows:
        verdict, _ = proportion_at_most(
            row["wrong"], row["cases"], row["nominal"], asked.error_rate / len(rows)
        )
        if row["nominal"] >= MEASURABLE or verdict is Verdict.REFUTED:
            verdicts.append(verdict)
    found = Verdict.UNDECIDED
    if Verdict.REFUTED in verdicts:
        found = Verdict.REFUTED
    elif all(v is Verdict.CONFIRMED for v in verdicts):
        found = Verdict.CONFIRMED
    detail = "; ".join(
        f"{row['wrong']} of {row['cases']} wrongly {kind} at rate {row['nominal']:.2g}"
        for kind, row in rows
    )
    total = len(LAWS) * cases
    evidence = Evidence("statistical", asked.error_rate, None, None, total, detail)
    worst = max(row["share"] / row["nominal"] for _, row in rows)
    settings = {
        "cases": cases, "seeds": seeds, "longest": longest, "rates": list(NOMINAL_RATES),
        "false_by": list(FALSE_BY), "laws": [law.name for law in LAWS],
        "tails": [law.tail for law in LAWS],
    }  # fmt: skip
    return Outcome(
        Decision(found, evidence, worst, 1.0), settings, _curves(study), method="none", sketch="none",
        seeds=total,
    )  # fmt: skip


def _curves(study: dict[str, Any]) -> dict[str, Any]:
    """Return shares of wrong verdicts (rates), with intervals, and the power: laws x sizes x rates x seeds."""
    curves: dict[str, Any] = {"nominal": np.array(NOMINAL_RATES)}
    for kind in ("refuted", "confirmed"):
        curves[kind] = np.array([row["share"] for row in study["null"][kind]])
        curves[f"{kind}, interval"] = np.array([row["interval"] for row in study["null"][kind]])
        curves[f"{kind}, laws"] = np.array(
            [[row["share"] or 0.0 for row in law[kind]] for law in study["null"]["laws"]]
        )
    power = np.array([row["power"] for row in study["power"]])
    curves["seeds"] = np.array(study["power"][0]["seeds"], dtype=float)
    shape = (len(LAWS), len(FALSE_BY), len(NOMINAL_RATES), len(curves["seeds"]))
    curves["power"] = power.reshape(shape)
    return curves
