"""How close each theorem comes to its bound: the largest ratio found, row by row and family by family."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from figures.style import BLUE, GREEN, ORANGE, PAGE, sheet
from ractheory.claims.tightness import LENGTHY, REACHES
from ractheory.records import Record

NAME = "tightness"
NEEDS = tuple(f"tightness/{family}" for family in REACHES if family not in LENGTHY)
STYLES = {
    "value": (BLUE, "o", "E[left]/right at some T"),
    "floor": (ORANGE, "s", "ratio of the limits as T grows"),
    "decrease": (GREEN, "^", "guaranteed/true decrease of one link"),
}


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw one dot a family, rows grouped, the colour and mark by what is compared."""
    figure, (axes,) = sheet(1, 1, PAGE, 0.15 * len(NEEDS) + 0.8)
    for height, name in enumerate(NEEDS):
        claim = records[name].claim
        colour, mark, _ = STYLES[claim["parameters"]["compares"]]
        axes.plot([0, claim["ratio"]], [height] * 2, color=colour, linewidth=0.8, alpha=0.5)
        axes.plot(claim["ratio"], height, mark, color=colour, markersize=4)
        axes.text(1.03, height, f"{claim['ratio']:.3g}", va="center", fontsize=6)
    for colour, mark, label in STYLES.values():
        axes.plot([], [], mark, color=colour, markersize=4, label=label)
    axes.axvline(1.0, color="0.3", linewidth=0.8, linestyle="dotted")
    axes.set_yticks(range(len(NEEDS)), [n.removeprefix("tightness/") for n in NEEDS], fontsize=6)
    axes.set_ylim(len(NEEDS) - 0.3, -0.7)
    axes.set_xlim(0, 1.1)
    axes.set_xlabel("largest ratio found (1: the bound is attained)")
    figure.legend(loc="outside upper center", ncols=3)
    return figure
