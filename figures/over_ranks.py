"""The speed of fine-tuning over the ranks: what the figures of regression and of classification share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from figures.style import DASHES, PAGE, SEQUENCE, sheet
from ractheory.records import Record


def over_ranks(records: Mapping[str, Record], names: Sequence[str], links: int) -> Figure:
    """Draw mean f - f* against links, and against links times r/m, where the curves collapse.

    `names` are the claims, one a rank; the first axis ends at `links`.
    """
    figure, (left, right) = sheet(1, 2, PAGE, 2.6)
    for name, colour, dashes in zip(names, SEQUENCE, DASHES, strict=False):
        record = records[name]
        t, mean, bound = (record.curves[k] for k in ("t", "mean", "bound"))
        r, m = (record.claim["parameters"][k] for k in ("r", "m"))
        label = f"$r = {r}$" if r < m else f"$r = {r}$ (full)"
        left.plot(t, mean, color=colour, linestyle=dashes, label=label)
        right.plot(t * r / m, mean, color=colour, linestyle=dashes, label=label)
        right.plot(t * r / m, bound, color=colour, linestyle="dotted", linewidth=0.8)
    left.set_xscale("symlog", linthresh=1)
    left.set_xlim(0, links)
    left.set_xlabel("link $t$")
    right.set_xlabel("links times rank over rows, $t\\, r/m$")
    left.set_title("Mean of the runs, ranks 1 to full")
    right.set_title("Speed is proportional to $r/m$; bounds dotted")
    for axes in (left, right):
        axes.set_yscale("log")
        axes.set_ylabel(r"mean of $f(W_t) - f^\star$")
        axes.legend()
    return figure
