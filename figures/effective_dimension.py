"""Rank 1 in dimension 1000 with spectrum i^-2: the step decides, and the effective dimension is 1.6."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from figures.style import BLACK, BLUE, COLUMN, ORANGE, RED, sheet
from ractheory.records import Record

NAME = "effective-dimension"
CURVES = {
    "gd-convex/power-law/fpft": ("full fine-tuning, $1/L$", BLACK, (0, (1, 1))),
    "exact-links/power-law/exact-links": ("exact links", ORANGE, "dashed"),
    "effective-dimension/power-law/effective-step": (
        r"RAC-LoRA, $1/L_{\mathrm{eff}}$",
        BLUE,
        "solid",
    ),
    "gd-convex/power-law/paper-step": ("RAC-LoRA, $1/L$", RED, "dashdot"),
}
NEEDS = tuple(CURVES)


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw the mean of f - f* over its start against the link, and the range of the runs."""
    figure, (axes,) = sheet(1, 1, COLUMN, 2.6)
    for name, (label, colour, dashes) in CURVES.items():
        curves = records[name].curves
        first = curves["mean"][0]
        axes.plot(curves["t"], curves["mean"] / first, color=colour, linestyle=dashes, label=label)
        axes.fill_between(curves["t"], curves["low"] / first, curves["high"] / first, color=colour,
                          alpha=0.15, linewidth=0)  # fmt: skip
    axes.set_xscale("symlog", linthresh=1)
    axes.set_yscale("log")
    axes.set_xlim(0, records[NEEDS[0]].curves["t"][-1])
    axes.set_xlabel("link $t$ of rank 1, $m = 1000$")
    axes.set_ylabel(r"$(f(W_t) - f^\star)/(f(W_0) - f^\star)$")
    axes.set_title(r"Curvature $i^{-2}$: tr$\,K/L = 1.64$")
    axes.legend(loc="lower left")
    return figure
