"""The paper's Figure 2: fine-tuning a pre-trained regression; the speed is proportional to r/m."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from figures.over_ranks import over_ranks
from ractheory.claims.core import FINE_TUNING_RANKS
from ractheory.records import Record

NAME = "fine-tuning"
NEEDS = tuple(f"gd-pl/fine-tuning/haar-r{r}" for r in FINE_TUNING_RANKS)


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw mean f - f* against links, and against links times r/m, where the curves collapse."""
    return over_ranks(records, NEEDS, links=1000)
