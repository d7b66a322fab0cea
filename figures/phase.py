"""Phase diagrams of LoRA and CoLA: shares of runs that converge, settle, move on or diverge, and what is proved."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from figures.style import BLACK, BLUE, GREY, PAGE, RED, WHITE, YELLOW, plain_ticks, sheet
from ractheory.records import Record

NAME = "phase"
PANELS = {
    "lora-scale": r"LoRA, $3 \times 3$",
    "cola-scale": r"CoLA, $3 \times 3$",
    "cola-ten-steps": r"CoLA, ten inner steps",
    "lora-dimension": r"LoRA, $n \times n$",
    "cola-dimension": "CoLA, $n$ columns",
}
NEEDS = tuple(f"phase/{name}" for name in PANELS)
OUTCOMES = {
    "converged": (BLUE, "reached $f^\\star$"),
    "settled": (YELLOW, "settled above $f^\\star$"),
    "moving": (GREY, "still moving at the end"),
    "diverged": (RED, "diverged"),
}
"""By the names in a record; a cell mixes the colours by its shares."""
BOUNDARIES = {
    "lower": ("solid", "LoRA: sharpness;\nCoLA: mean of $f$ grows"),
    "critical": ("dashed", "CoLA: drift changes sign"),
    "upper": ("dotted", "CoLA: inverse moment is 1"),
}
DESCENT = 2.0
"""2/L, where gradient descent and RAC-LoRA cease to descend."""
DECADES = (0.01, 0.1, 1.0, 10.0, 100.0)
TICKS = (*DECADES, 0.2, 0.5, 2.0, 5.0, 20.0, 50.0)


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw one panel a diagram, and the key in the last."""
    figure, axes = sheet(2, 3, PAGE, 2.3)
    for panel, (name, title) in zip(axes, PANELS.items(), strict=False):
        _diagram(panel, records[f"phase/{name}"])
        panel.set_title(title)
    key = axes[-1]
    key.set_axis_off()
    shares = [Patch(color=colour, label=label) for colour, label in OUTCOMES.values()]
    lines = [Line2D([], [], color=BLACK, linestyle=d, label=t) for d, t in BOUNDARIES.values()]
    first = key.legend(
        handles=shares, loc="upper left", title="shares of the runs", alignment="left"
    )
    key.add_artist(first)
    key.legend(
        handles=lines, loc="lower left", title="proved (CoLA: one inner step)", alignment="left"
    )
    return figure


def _diagram(axes: Axes, record: Record) -> None:
    curves, settings = record.curves, record.claim["parameters"]
    steps, lines, counts = curves["steps"], curves["lines"], curves["counts"].astype(float)
    palette = np.array([to_rgb(OUTCOMES[name][0]) for name in settings["outcomes"]])
    shares = counts / counts.sum(axis=2, keepdims=True)
    axes.pcolormesh(steps, lines, shares @ palette, shading="nearest", rasterized=True)
    for name, (dashes, _) in BOUNDARIES.items():
        if name in curves:
            axes.plot(curves[name], lines, color=BLACK, linestyle=dashes, linewidth=1.0)
    axes.axvline(DESCENT, color=WHITE, linewidth=0.8)
    axes.annotate("$2/L$", (DESCENT, 0.97), xycoords=("data", "axes fraction"), rotation=90,
                  ha="right", va="top", fontsize=6.5, color=WHITE)  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(steps[0], steps[-1])
    axes.set_ylim(lines[0], lines[-1])
    plain_ticks(axes.xaxis, DECADES)
    plain_ticks(axes.yaxis, TICKS if lines[-1] <= 100 * lines[0] else DECADES)
    axes.grid(False)
    axes.set_xlabel(r"step $\eta L$")
    scale = settings["axis"] == "scale"
    axes.set_ylabel("standard deviation of $A_0$" if scale else "dimension $n$")
