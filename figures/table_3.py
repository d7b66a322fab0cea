"""The paper's Table 3 over its epochs, on scikit-learn's digits: test accuracy of every method."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from figures.style import METHOD_STYLES, PAGE, sheet
from ractheory.records import Record

NAME = "table-3"
FACTORS = ("B", "A")
NEEDS = tuple(f"table-3/digits/train-{factor}/order" for factor in FACTORS)
METHODS = ("fpft", "cola", "rac-lora", "lora", "asymlora")
BAND = (0.05, 0.95)


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw medians over the seeds with 5-95 % bands, one panel for each trained factor."""
    figure, panels = sheet(1, 2, PAGE, 2.6)
    for axes, name, factor in zip(panels, NEEDS, FACTORS, strict=True):
        curves = records[name].curves
        for method in METHODS:
            label, colour, dashes = METHOD_STYLES[method]
            accuracy = 100 * curves[f"accuracy {method}"]
            low, high = np.quantile(accuracy, BAND, axis=0)
            axes.fill_between(curves["epoch"], low, high, color=colour, alpha=0.12, linewidth=0)
            axes.plot(
                curves["epoch"],
                np.median(accuracy, axis=0),
                color=colour,
                linestyle=dashes,
                label=label,
            )
        axes.set_xlabel("epoch")
        axes.set_ylabel("test accuracy, %")
        axes.set_xlim(0, curves["epoch"][-1])
        axes.set_ylim(0, 100)
        other = "A" if factor == "B" else "B"
        axes.set_title(f"${factor}$ trained from zero, ${other}$ Gaussian")
    panels[1].legend(loc="lower right")
    return figure
