"""The figures as they have been looked at: small images of all samples, and what has changed since.

After a change that is meant, `python -m tests.figures.baseline` draws them anew; look at what it draws.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread, imsave
from numpy.typing import NDArray

from figures import figure_names
from figures.style import styled
from tests.figures.samples import SAMPLES

FOLDER = Path(__file__).parent / "baseline"
RESOLUTION = 60
"""Dots per inch: a page of 7.2 inches is 432 pixels wide."""

TOLERANCE = 0.5
"""Root mean square of the change over all pixels, of 255: one black pixel in 250,000."""


def drawn(name: str) -> Figure:
    """Return the figure of the sample of `name`."""
    with styled():
        figure: Figure = import_module(f"figures.{figure_names()[name]}").draw(SAMPLES[name]())
        figure.set_dpi(RESOLUTION)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    return figure


def pixels(figure: Figure) -> NDArray[np.uint8]:
    """Return the image, height x width x 3, as the canvas shows it."""
    with styled():
        figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()  # type: ignore[attr-defined]


def change(figure: Figure, name: str) -> float:
    """Return how much `figure` differs from the baseline of `name`; infinite where the sizes differ."""
    kept = np.rint(255 * imread(FOLDER / f"{name}.png")[..., :3])
    image = pixels(figure).astype(float)
    if kept.shape != image.shape:
        return float("inf")
    return float(np.sqrt(np.mean((kept - image) ** 2)))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in SAMPLES:
        imsave(FOLDER / f"{name}.png", pixels(drawn(name)))
        print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
