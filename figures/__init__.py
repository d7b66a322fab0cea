"""Figures, one module each, drawn from result files; nothing here simulates.

A figure module has NAME, NEEDS (ids of the claims whose records it draws) and `draw(records)`.
"""

from __future__ import annotations

import os
from contextlib import closing
from importlib import import_module
from pathlib import Path

from ractheory.errors import UsageError
from ractheory.parallel import Failed, run_tasks
from ractheory.records import Damaged, read_record

MODULES = (
    "counterexample",
    "fine_tuning",
    "logistic_regression",
    "phase",
    "tightness",
    "best_rate",
    "effective_dimension",
    "cola_every_step",
    "accumulated_spectrum",
    "calibration",
    "table_3",
    "federated",
    "guard",
)
"""Every figure; its module here is imported when it is drawn."""


def figure_names() -> dict[str, str]:
    """Return the module of each figure by the figure's name."""
    return {module.replace("_", "-"): module for module in MODULES}


def missing(name: str, records_folder: Path) -> list[str]:
    """Return the ids of the claims that figure `name` needs and that have no usable record."""
    module = import_module(f"figures.{figure_names()[name]}")
    absent = []
    for claim in module.NEEDS:
        try:
            read_record(records_folder, claim)
        except Damaged:
            absent.append(claim)
    return absent


def draw(name: str, records_folder: Path, out: Path) -> list[Path]:
    """Draw one figure and return its files.

    Raises UsageError for an unknown figure, and when a record that it needs is missing.
    """
    from figures.style import save, styled

    names = figure_names()
    if name not in names:
        raise UsageError.of("figure", name, ", ".join(names), "choose one of these")
    absent = missing(name, records_folder)
    if absent:
        raise UsageError.of(
            f"records of figure {name}", f"without {absent[0]}", "complete",
            "run 'ractheory repro' without --quick",
        )  # fmt: skip
    module = import_module(f"figures.{names[name]}")
    records = {claim: read_record(records_folder, claim) for claim in module.NEEDS}
    with styled():
        return save(module.draw(records), out, name)


def draw_all(
    records_folder: Path, out: Path, workers: int | None = None
) -> tuple[list[Path], list[str]]:
    """Draw every figure whose records are there; return the files, and the figures left out.

    A figure takes a second, most of it fonts and layout: several are drawn at once, by as many processes as
    there are processors unless `workers` says otherwise. The files do not depend on it.

    Raises OSError for the first figure that cannot be drawn.
    """
    left_out = [name for name in figure_names() if missing(name, records_folder)]
    names = [name for name in figure_names() if name not in left_out]
    at_once = min(workers or os.cpu_count() or 1, len(names))
    if at_once <= 1:
        return [path for name in names for path in draw(name, records_folder, out)], left_out
    found: dict[int, list[Path]] = {}
    tasks = [(name, records_folder, out) for name in names]
    with closing(run_tasks(draw, tasks, at_once)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Failed):
                raise OSError(f"{names[outcome.task]}: {outcome.reason}")
            found[outcome.task] = outcome.value
    return [path for task in sorted(found) for path in found[task]], left_out
