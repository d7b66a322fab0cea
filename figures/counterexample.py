"""The paper's Figure 1: who diverges, who stalls and where, who converges on the counterexample."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import METHOD_STYLES, PAGE, sheet
from ractheory.records import Record

NAME = "counterexample"
METHODS = ("gd", "lora", "asymlora", "cola", "rac-lora")
PANELS = (("zero", 1.0), ("zero", 0.1), ("far", 1.0), ("far", 0.1))
FLOOR_CLAIM = "counterexample/lora-floor"


def claim_id(method: str, start: str, step: float) -> str:
    return f"counterexample/figure-1/{start}-gammaL{step:g}/{method}"


NEEDS = (*(claim_id(m, *panel) for m in METHODS for panel in PANELS), FLOOR_CLAIM)
"""Claims whose records the figure draws."""

LINKS = 1000
LOWEST = 1e-16
"""Values below are round-off; drawn at the bottom."""


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw median and 5-95 percent band of f - f* over the seeds; the floor of rank one dashed."""
    figure, axes = sheet(2, 2, PAGE, 2.3)
    floor = records[FLOOR_CLAIM].claim["bound"]
    for panel, (start, step) in zip(axes, PANELS, strict=True):
        for method in METHODS:
            _curve(panel, method, records[claim_id(method, start, step)])
        if start == "zero":
            panel.axhline(floor, color="0.4", linewidth=0.8, linestyle="dotted")
            panel.annotate("floor 13/45", (0.02, floor), xycoords=("axes fraction", "data"),
                           ha="left", va="top", fontsize=6.5, color="0.3")  # fmt: skip
        panel.set_yscale("log")
        panel.set_xscale("symlog", linthresh=1)
        panel.set_xlim(0, LINKS)
        panel.set_ylim(LOWEST / 3, 1e6)
        where = "$W_0 = 0$" if start == "zero" else "$W_0$ far"
        panel.set_title(f"{where}, step ${'1' if step == 1 else step}/L$")
        panel.set_xlabel("link $t$")
        panel.set_ylabel(r"$f(W_t) - f^\star$")
        panel.legend(loc="lower left", fontsize=6)
    return figure


def _curve(axes: Axes, method: str, record: Record) -> None:
    label, colour, dashes = METHOD_STYLES[method]
    share = float(record.curves["diverged"][0])
    if share > 0:
        label += f" ({100 * share:.0f} % diverge)"
    t = record.curves["t"]
    low, middle, high = (_clipped(record.curves[k]) for k in ("low", "median", "high"))
    axes.plot(t, middle, color=colour, linestyle=dashes, label=label)
    axes.fill_between(t, low, high, color=colour, alpha=0.15, linewidth=0)


def _clipped(values: np.ndarray) -> np.ndarray:
    return np.clip(np.nan_to_num(values, nan=1e30, posinf=1e30), LOWEST, 1e30)
