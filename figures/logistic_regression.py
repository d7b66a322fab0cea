"""The paper's appendix A: fine-tuning logistic regression, from one random half of a real data set to another."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from figures.over_ranks import over_ranks
from ractheory.claims.core import CANCER_RANKS
from ractheory.records import Record

NAME = "logistic-regression"
NEEDS = tuple(f"gd-pl/logistic-fine-tuning/haar-r{r}" for r in CANCER_RANKS)


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw mean f - f* against links, and against links times r/m, where the curves collapse."""
    return over_ranks(records, NEEDS, links=1000)
