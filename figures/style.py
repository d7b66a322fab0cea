"""One style for every figure: sizes, colours, and how a figure becomes files with the same bytes each time.

Colours are those of Okabe and Ito, distinguishable with any colour vision; every curve also differs in
its dashes. Text is large enough for one column of a two-column paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
WHITE, GREY = "#FFFFFF", "#9A9A9A"

METHOD_STYLES = {
    "gd": ("gradient descent", BLACK, (0, (1, 1))),
    "fpft": ("full fine-tuning", BLACK, (0, (1, 1))),
    "lora": ("LoRA", ORANGE, "dashed"),
    "asymlora": ("AsymLoRA", PURPLE, "dashdot"),
    "cola": ("CoLA", RED, (0, (5, 1, 1, 1))),
    "rac-lora": ("RAC-LoRA", BLUE, "solid"),
}
"""Label, colour and dashes of each method, the same in every figure."""

SEQUENCE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK)
DASHES = ("solid", "dashed", "dashdot", (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (3, 1)), (0, (8, 2)))

COLUMN, PAGE = 3.5, 7.2
"""Widths of one and of two columns, in inches."""

SETTINGS: dict[Any, Any] = {
    "font.size": 8.0,
    "axes.labelsize": 8.0,
    "axes.titlesize": 8.5,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "lines.linewidth": 1.3,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "svg.hashsalt": "ractheory",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "figure.constrained_layout.use": True,
}

FORMATS = ("pdf", "svg", "png")
RESOLUTION = 200
"""Dots per inch of a PNG, and of what is an image within the other formats."""


@contextmanager
def styled() -> Iterator[None]:
    """Apply the style within the block."""
    with mpl.rc_context(SETTINGS):
        yield


def sheet(
    rows: int = 1, columns: int = 1, width: float = COLUMN, height: float = 2.4
) -> tuple[Figure, list[Axes]]:
    """Return a figure with rows x columns axes, and the axes row by row."""
    figure = Figure(figsize=(width, height * rows))
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    return figure, [axes for row in grid for axes in row]


def plain_ticks(axis: Axis, values: Sequence[float]) -> None:
    """Label a logarithmic axis at those of `values` that it shows, as plain numbers, and nowhere else."""
    low, high = sorted(axis.get_view_interval())
    shown = [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
    axis.set_ticks(shown, [f"{v:g}" for v in shown])
    axis.set_minor_locator(NullLocator())


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write the figure in every format, free of dates and versions; return the paths.

    It is laid out once, and each canvas draws it once: `savefig` does both twice for each format.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figure.set_dpi(RESOLUTION)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    paths = {kind: folder / f"{name}.{kind}" for kind in FORMATS}
    nothing = {"CreationDate": None, "Producer": None, "Creator": None}
    FigureCanvasAgg(figure).print_png(paths["png"], metadata={"Software": None})
    FigureCanvasPdf(figure).print_pdf(paths["pdf"], metadata=nothing)
    figure.set_dpi(RESOLUTION)  # a vector canvas leaves its own
    FigureCanvasSVG(figure).print_svg(paths["svg"], metadata={"Date": None, "Creator": None})
    return list(paths.values())
