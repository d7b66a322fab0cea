"""What chains accumulate: the singular values of W_T - W_0 approach those of W* - W_0; LoRA keeps its rank."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from figures.style import BLACK, BLUE, DASHES, METHOD_STYLES, PAGE, WHITE, plain_ticks, sheet
from ractheory.records import Record

NAME = "accumulated-spectrum"
CHAIN = "accumulated-spectrum/rac-lora-r1"
RANKS = {
    "fpft": "full fine-tuning",
    "rac-lora-r4": "RAC-LoRA, $r = 4$",
    "rac-lora-r1": "RAC-LoRA, $r = 1$",
    "cola-r1": "CoLA, $r = 1$",
    "lora-r1": "LoRA, $r = 1$",
}
NEEDS = tuple(f"accumulated-spectrum/{name}" for name in RANKS)
MARKS = ("o", "s", "D", "v", "^")


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw the spectrum of a chain of rank one over the links, and the share of W* - W_0 that is reached."""
    figure, (spectrum, rank) = sheet(1, 2, PAGE, 2.7)
    _spectra(spectrum, records[CHAIN])
    for i, (name, label) in enumerate(RANKS.items()):
        curves = records[f"accumulated-spectrum/{name}"].curves
        method = name.split("-r")[0] if name != "fpft" else name
        colour = METHOD_STYLES[method][1]
        rank.plot(curves["t"], _participation(curves["spectra"]), color=colour, linestyle=DASHES[i],
                  marker=MARKS[i], markersize=3, label=label)  # fmt: skip
    target = _participation(records[CHAIN].curves["target"][None])[0]
    rank.axhline(target, color=BLACK, linewidth=0.8, linestyle="dotted")
    rank.annotate(r"$W^\star - W_0$", (0.99, target), xycoords=("axes fraction", "data"), xytext=(0, 3),
                  textcoords="offset points", ha="right", va="bottom", fontsize=6.5)  # fmt: skip
    rank.set_xscale("log")
    plain_ticks(rank.xaxis, records[CHAIN].curves["t"])
    rank.set_ylim(0, 1.15 * target)
    rank.set_xlabel("links $T$")
    rank.set_ylabel(r"$(\sum \sigma_i)^2 / \sum \sigma_i^2$ of $W_T - W_0$")
    rank.set_title("How many directions carry it")
    rank.legend(loc="lower right", bbox_to_anchor=(1.0, 0.1), fontsize=6.5)
    return figure


def _participation(spectra: np.ndarray) -> np.ndarray:
    """Return the number of singular values that matter: k of them if k are equal and the rest zero."""
    values: np.ndarray = spectra.sum(axis=1) ** 2 / (spectra**2).sum(axis=1)
    return values


def _spectra(axes: Axes, record: Record) -> None:
    curves = record.curves
    index = np.arange(1, len(curves["target"]) + 1)
    for k, (links, values) in enumerate(zip(curves["t"], curves["spectra"], strict=True)):
        weight = 0.25 + 0.75 * k / (len(curves["t"]) - 1)
        colour = weight * np.array(to_rgb(BLUE)) + (1 - weight) * np.array(to_rgb(WHITE))
        shown = values > 1e-9 * values[0]
        axes.plot(index[shown], values[shown], color=colour, marker="o", markersize=2.5,
                  label=f"$T = {int(links)}$")  # fmt: skip
    axes.plot(index, curves["target"], color=BLACK, linestyle="dotted", label=r"$W^\star - W_0$")
    axes.set_yscale("log")
    axes.set_xlim(0.5, len(index) + 0.5)
    axes.set_xticks(index[4::5])
    axes.set_xlabel("index of the singular value")
    axes.set_ylabel(r"singular value of $W_T - W_0$")
    axes.set_title("RAC-LoRA of rank 1: every link adds a direction")
    axes.legend(ncols=2, loc="lower left", fontsize=6)
