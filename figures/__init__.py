"""Figures, one module each, drawn from result files; nothing here simulates.

A figure module has NAME, NEEDS (ids of the claims whose records it draws) and `draw(records)`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from ractheory.errors import UsageError
from ractheory.records import Damaged, read_record

MODULES = (
    "counterexample",
    "fine_tuning",
    "phase",
    "tightness",
    "best_rate",
    "effective_dimension",
    "cola_every_step",
    "accumulated_spectrum",
    "calibration",
    "table_3",
    "federated",
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


def draw_all(records_folder: Path, out: Path) -> tuple[list[Path], list[str]]:
    """Draw every figure whose records are there; return the files, and the figures left out."""
    paths, left_out = [], []
    for name in figure_names():
        if missing(name, records_folder):
            left_out.append(name)
        else:
            paths += draw(name, records_folder, out)
    return paths, left_out
