"""How often the tests of means err on true claims, and how many runs they need to see a false one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import BLACK, BLUE, DASHES, ORANGE, PAGE, RED, SEQUENCE, sheet
from ractheory.records import Record

NAME = "calibration"
NEEDS = ("calibration/means",)
KINDS = {
    "refuted": (BLUE, "o", "true claim refuted"),
    "confirmed": (ORANGE, "s", "false claim confirmed"),
}
MEASURABLE = 1e-3
"""Rates below cannot be told from zero by this many cases."""
POWER_RATE = -1
"""Of the rates of the study, the one at which a claim of a run is judged."""


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw shares of wrong verdicts with intervals under the stated rates, and the power by the falsehood."""
    figure, (wrong, power) = sheet(1, 2, PAGE, 2.6)
    _wrong(wrong, records[NEEDS[0]])
    _power(power, records[NEEDS[0]])
    return figure


def _wrong(axes: Axes, record: Record) -> None:
    curves, rates = record.curves, record.curves["nominal"]
    measured = np.flatnonzero(rates >= MEASURABLE)
    for k, (kind, (colour, mark, label)) in enumerate(KINDS.items()):
        share, (low, high) = curves[kind][measured], curves[f"{kind}, interval"][measured].T
        place = np.arange(len(measured)) + 0.2 * (k - 0.5)
        axes.errorbar(place, share, yerr=[share - low, high - share], color=colour, marker=mark,
                      markersize=4, linestyle="none", capsize=2, label=label,
                      clip_on=False)  # fmt: skip
    for place, rate in enumerate(rates[measured]):
        axes.plot([place - 0.3, place + 0.3], [rate, rate], color=RED, linewidth=1.5,
                  label="stated rate" if place == 0 else None)  # fmt: skip
    axes.set_xticks(range(len(measured)), [f"{100 * r:g} %" for r in rates[measured]])
    axes.set_xlim(-0.5, len(measured) - 0.5)
    axes.set_yscale("symlog", linthresh=1e-4)
    axes.set_ylim(-1e-5, 0.2)
    axes.set_xlabel("stated error rate, any number of looks")
    axes.set_ylabel("share of wrong verdicts")
    axes.set_title(f"{record.claim['parameters']['cases']:,} cases under each of eight laws")
    axes.legend(loc="upper right", fontsize=6.5)


def _power(axes: Axes, record: Record) -> None:
    curves, sizes = record.curves, record.claim["parameters"]["false_by"]
    power = curves["power"][:, :, POWER_RATE, :]
    for k, size in enumerate(sizes):
        axes.plot(curves["seeds"], 100 * power[:, k].mean(axis=0), color=SEQUENCE[k], linestyle=DASHES[k],
                  marker="o", markersize=3, label=f"false by {100 * size:g} %")  # fmt: skip
    axes.axhline(100, color=BLACK, linewidth=0.6, linestyle="dotted")
    axes.set_xscale("log")
    axes.set_ylim(-3, 106)
    axes.set_xlabel("runs")
    axes.set_ylabel("false claims refuted, %")
    exponent = round(float(np.log10(curves["nominal"][POWER_RATE])))
    axes.set_title(f"Power at error rate $10^{{{exponent}}}$, mean of the laws")
    axes.legend(loc="center left", fontsize=6.5)
