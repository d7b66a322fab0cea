"""One style for every figure: sizes, colours, and how a figure becomes files with the same bytes each time.

Colours are those of Okabe and Ito, distinguishable with any colour vision; every curve also differs in
its dashes. Text is large enough for one column of a two-column paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

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


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write the figure in every format, free of dates and versions; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in FORMATS:
        path = folder / f"{name}.{kind}"
        nothing = {"pdf": {"CreationDate": None, "Producer": None, "Creator": None},
                   "svg": {"Date": None, "Creator": None}, "png": {"Software": None}}[kind]  # fmt: skip
        figure.savefig(path, format=kind, dpi=200, metadata=nothing)
        paths.append(path)
    return paths
