"""The statistics of a finished cell, read from its blocks one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ractheory.sweep.grid import Cell
from ractheory.sweep.statistics import Mean, quantiles, rechunked
from ractheory.sweep.store import Blocks, content
from ractheory.sweep.tasks import Task

PERCENTS = {"q05": 5, "median": 50, "q95": 95}

COLUMNS = ("gap", "last", "diverged", "observed")


def summarise(blocks: Blocks, number: int, cell: Cell, tasks: Sequence[Task]) -> dict[str, Any]:
    """Return the row of a cell: what its runs came to, and beside it what the theorem says.

    mean, error, q05, median, q95: of f(W_T) - f* over all seeds, `error` the standard error of the mean.
    observed, bound: the two sides of the statement, the left one averaged over all seeds where it is an
    expectation. verdict: reached on the first seeds (`judged` of them at most). content: digest of all rows.

    Raises Damaged, with the file, when a block cannot be used.
    """
    (verdict,) = (blocks.read(task).claim for task in tasks if task.is_verdict)
    rows = [task for task in tasks if not task.is_verdict]
    for task in rows:
        blocks.read(task)

    def column(name: str) -> Iterator[Any]:
        return (blocks.column(task, name) for task in rows)

    last, observed = _mean(column("last")), _mean(column("observed"))
    assert last is not None
    values = quantiles(lambda: column("last"), last.count, list(PERCENTS.values()))
    gone = sum(int(np.count_nonzero(piece >= 0)) for piece in column("diverged"))
    left = observed.value if observed else verdict["observed"]
    bound = verdict["bound"]
    return {
        "cell": number,
        "axes": dict(cell.axes),
        "objective": verdict["objective"],
        "method": verdict["method"],
        "sketch": verdict["sketch"],
        "seeds": last.count,
        "steps": cell.claim.steps,
        "mean": last.value,
        "error": last.standard_error(),
        **dict(zip(PERCENTS, values, strict=True)),
        "diverged": gone / last.count,
        "theorem": verdict["theorem"],
        "statement": verdict["parameters"]["statement"],
        "observed": left,
        "bound": bound,
        "ratio": _ratio(left, bound),
        "verdict": verdict["verdict"],
        "judged": verdict["parameters"]["seeds"],
        "reason": _reason(verdict),
        "content": content({name: column(name) for name in COLUMNS}),
    }


def _mean(column: Iterator[Any]) -> Mean | None:
    """Return the mean of a column, None for one without values."""
    mean = Mean()
    for chunk in rechunked(column):
        if np.isnan(chunk).any():
            return None
        mean.add(chunk)
    return mean


def _ratio(left: Any, bound: Any) -> float | None:
    if not isinstance(left, float) or not isinstance(bound, float) or bound == 0.0:
        return None
    return left / bound


def _reason(verdict: dict[str, Any]) -> str:
    """Return which hypotheses fail, empty where all hold."""
    return "; ".join(f"{h['name']}: {h['reason']}" for h in verdict["hypotheses"] if not h["holds"])
