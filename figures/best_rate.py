"""The best rate of a fixed step over the rank, one panel a spectrum, and the law that brackets it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import (
    BLACK,
    BLUE,
    DASHES,
    GREEN,
    ORANGE,
    PAGE,
    PURPLE,
    RED,
    SEQUENCE,
    sheet,
)
from ractheory.claims.best_rate import TABLES
from ractheory.records import Record

NAME = "best-rate"
NEEDS = tuple(claim.id for claim in TABLES)
CURVES = {
    "best": ("best step", BLUE, "solid", "o"),
    "1/L_eff": (r"$1/L_{\mathrm{eff}}$", GREEN, "dashed", "s"),
    "2/L": (r"$2/L$", PURPLE, (0, (5, 1)), "^"),
    "1/L": (r"$1/L$", RED, "dashdot", "v"),
    "exact links": ("exact links, sampled", ORANGE, (0, (1, 1)), "D"),
}
MARKS = ("o", "s", "^", "v", "D")


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw the contraction of a link over the rank, and its multiple of the guaranteed rate."""
    figure, axes = sheet(2, 3, PAGE, 2.3)
    for panel, name in zip(axes, NEEDS, strict=False):
        _rates(panel, records[name])
        panel.set_title(_title(name, records[name]))
    _law(axes[len(NEEDS)], records)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=6, fontsize=6.5)
    return figure


def _title(name: str, record: Record) -> str:
    word = name.split("/")[1]
    spectrum = f"$k_i = i^{{-{word[6:]}}}$" if word.startswith("power-") else "diabetes"
    spectrum = "$k_i = 1$" if word == "power-0" else spectrum
    size = record.claim["parameters"]["effective_dimension"]
    return rf"{spectrum}, tr$\,K/L = {size:.3g}$"


def _rates(panel: Axes, record: Record) -> None:
    curves = record.curves
    ranks = curves["r"]
    panel.fill_between(ranks, curves["guaranteed"], np.minimum(curves["ceiling"], 1.0), color="0.88",
                       linewidth=0, label="the law")  # fmt: skip
    for name, (label, colour, dashes, mark) in CURVES.items():
        # A step at or beyond the limit of stability does not contract.
        shown = curves[name] > curves["guaranteed"] * 1e-3
        errors = 2 * curves["exact links, error"][shown] if name == "exact links" else None
        panel.errorbar(ranks[shown], curves[name][shown], yerr=errors, color=colour, linestyle=dashes,
                       marker=mark, markersize=3, elinewidth=0.8, label=label)  # fmt: skip
    _over_ranks(panel, ranks)
    panel.set_ylabel("contraction of a link")


def _law(panel: Axes, records: Mapping[str, Record]) -> None:
    for i, name in enumerate(NEEDS):
        curves = records[name].curves
        size = records[name].claim["parameters"]["effective_dimension"]
        panel.plot(curves["r"], curves["best"] / curves["guaranteed"], color=SEQUENCE[i],
                   linestyle=DASHES[i], marker=MARKS[i], markersize=3, label=f"{size:.3g}")  # fmt: skip
    for level in (1.0, 8.0):
        panel.axhline(level, color=BLACK, linewidth=0.8, linestyle="dotted")
    _over_ranks(panel, np.max([records[n].curves["r"] for n in NEEDS[:1]], axis=0))
    panel.set_ylim(0.85, 26.0)
    panel.set_yticks([1, 2, 4, 8], ["1", "2", "4", "8"])
    panel.minorticks_off()
    panel.set_ylabel(r"best rate over $\rho\mu/L_{\mathrm{eff}}$")
    panel.set_title("Between once and eight times")
    panel.legend(title=r"tr$\,K/L$", title_fontsize=6, fontsize=6, ncols=3, loc="upper center")


def _over_ranks(panel: Axes, ranks: np.ndarray) -> None:
    panel.set_xscale("log", base=2)
    panel.set_yscale("log")
    panel.set_xticks(ranks, [f"{int(r)}" for r in ranks])
    panel.set_xlabel("rank $r$")
