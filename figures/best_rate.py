"""The best rate of RAC-LoRA over rank and effective dimension, beside the steps of the theorems."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, RED, sheet
from ractheory.claims.tightness import BEST_RATE
from ractheory.records import Record

NAME = "best-rate"
NEEDS = (BEST_RATE.id,)
CURVES = {
    "best": (r"best step", BLUE, "solid", "o"),
    "effective": (r"$1/L_{\mathrm{eff}}$", GREEN, "dashed", "s"),
    "twice": "2/L",
    "paper": (r"$1/L$", RED, "dashdot", "v"),
    "exact_links": ("exact links (sampled)", ORANGE, "dotted", "D"),
}
CURVES["twice"] = (r"$2/L$", BLACK, (0, (5, 1)), "^")


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw the contraction of a link against the rank, one panel an effective dimension, with the law's band."""
    curves = records[NEEDS[0]].curves
    dimensions, ranks = curves["effective_dimension"], curves["rank"]
    chosen = [i for i in range(len(dimensions)) if i > 0][:4]
    figure, axes = sheet(2, 2, PAGE, 2.4)
    for panel, i in zip(axes, chosen, strict=True):
        panel.fill_between(ranks, curves["lower"][i], curves["middle"][i], color="0.85",
                           label=r"$\rho\mu/L_{\mathrm{eff}}$ to $2\rho\mu\gamma_{\mathrm{lim}}$")  # fmt: skip
        for name, (label, colour, dashes, mark) in CURVES.items():
            values = curves[name][i]
            shown = values > 0  # a step beyond its limit does not contract
            panel.plot(ranks[shown], values[shown], color=colour, linestyle=dashes, marker=mark,
                       markersize=3, label=label)  # fmt: skip
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.set_xticks(ranks, [f"{int(r)}" for r in ranks])
        panel.set_title(rf"effective dimension tr$K/L$ = {dimensions[i]:.3g}")
        panel.set_xlabel("rank $r$")
        panel.set_ylabel("contraction of a link")
    axes[0].legend(fontsize=6)
    return figure
