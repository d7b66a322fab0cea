"""Every figure looks as it did when somebody looked at it, and a curve that goes is missed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.lines import Line2D

from figures import figure_names
from tests.figures.baseline import FOLDER, TOLERANCE, change, drawn, pixels

FIGURES = sorted(figure_names())


def test_every_figure_has_a_baseline_and_nothing_else_has() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.png")) == FIGURES


def longest(figure: Figure) -> Line2D:
    """Return the curve that is longest on the page."""

    def length(line: Line2D) -> float:
        points = line.get_transform().transform(line.get_xydata())
        return float(np.nansum(np.hypot(*np.diff(points, axis=0).T)))

    return max((line for axes in figure.axes for line in axes.lines), key=length)


@pytest.mark.parametrize("name", FIGURES)
def test_the_figure_is_its_baseline_and_not_without_a_curve(name: str, tmp_path: Path) -> None:
    figure = drawn(name)
    found = change(figure, name)
    if found > TOLERANCE:
        imsave(tmp_path / f"{name}.png", pixels(figure))
    assert found <= TOLERANCE, f"look at {tmp_path / name}.png, and see tests/figures/baseline.py"
    longest(figure).set_visible(False)
    assert change(figure, name) > TOLERANCE


def test_another_size_is_a_change() -> None:
    figure = drawn(FIGURES[0])
    figure.set_size_inches(3.0, 2.0)
    assert change(figure, FIGURES[0]) == float("inf")
