"""The paper's Figure 2: fine-tuning a pre-trained regression; the speed is proportional to r/m."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from figures.style import DASHES, PAGE, SEQUENCE, sheet
from ractheory.records import Record

NAME = "fine-tuning"
RANKS = (1, 2, 5, 10, 20, 50)
NEEDS = tuple(f"gd-pl/fine-tuning/haar-r{r}" for r in RANKS)


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw mean f - f* against links, and against links times r/m, where the curves collapse."""
    figure, (left, right) = sheet(1, 2, PAGE, 2.6)
    for name, r, colour, dashes in zip(NEEDS, RANKS, SEQUENCE, DASHES, strict=False):
        record = records[name]
        t, mean, bound = (record.curves[k] for k in ("t", "mean", "bound"))
        m = record.claim["parameters"]["m"]
        label = f"$r = {r}$" if r < m else f"$r = {r}$ (full)"
        left.plot(t, mean, color=colour, linestyle=dashes, label=label)
        right.plot(t * r / m, mean, color=colour, linestyle=dashes, label=label)
        right.plot(t * r / m, bound, color=colour, linestyle="dotted", linewidth=0.8)
    left.set_xscale("symlog", linthresh=1)
    left.set_xlim(0, 1000)
    left.set_xlabel("link $t$")
    right.set_xlabel("links times rank over rows, $t\\, r/m$")
    left.set_title("Expected suboptimality, ranks 1 to full")
    right.set_title("Speed is proportional to $r/m$; bounds dotted")
    for axes in (left, right):
        axes.set_yscale("log")
        axes.set_ylabel(r"mean of $f(W_t) - f^\star$")
        axes.legend()
    return figure
