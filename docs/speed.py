"""The table of the README on speed, from the results of `make bench`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WORK = {
    "counterexample": "3 x 3 counterexample, rank 1: 10,240 seeds x 1,000 steps",
    "ridge-r1": "ridge regression, W 50 x 50, rank 1: 100 seeds x 1,000 steps",
    "ridge-r2": "the same, rank 2",
    "ridge-r5": "the same, rank 5",
    "ridge-r10": "the same, rank 10",
    "logistic": "multinomial logistic regression, 1,000 rows, W 64 x 10, rank 2: 20 seeds x 300 steps",
    "exact": "E f of the first of these ridge regressions at every step, without sampling",
    "phase": "phase diagrams of LoRA and CoLA: 2 x 10,000 cells x 100 seeds",
    "digits-mlp": "the paper's network on digits, nine methods, 10 seeds",
    "start-help": "`ractheory --help`",
    "start-error": "a usage error",
    "start-simulate": "10^7 seed-steps of the counterexample, whole process, compiled before",
}
"""What is done in a benchmark, in the order of the table; others are left out."""

LOOPS = {
    "research-numpy": "research code",
    "clean-numpy": "a clean loop with QR",
    "batched-numpy": "batched NumPy",
    "torch": "PyTorch",
}
"""The references that have a column of their own."""

OTHERS = {
    "simulation": "the fastest simulation of 100 seeds",
    "python-pass": "`python -c pass`",
    "import-numpy": "`import numpy`",
}


def speed_table(path: Path) -> str:
    """Return the table of loops and their references, and the one of what is compared with something else."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads(path.read_text(encoding="utf-8")):
        found.setdefault(row["name"], []).append(row)
    loops = [f"| times as fast as: | {' | '.join(LOOPS.values())} | seconds | share of the limit |"]
    others = ["| work | seconds | times as fast as |"]
    loops.append("| --- " * (len(LOOPS) + 3) + "|")
    others.append("| --- " * 3 + "|")
    for name in [name for name in WORK if name in found]:
        rows, seconds = found[name], _seconds(found[name][0]["ours_seconds"])
        ratios = {row["reference"]: _ratio(row["ratio"]) for row in rows}
        if ratios.keys() & OTHERS.keys():
            against = "; ".join(f"{OTHERS[key]}: {ratio}" for key, ratio in ratios.items())
            others.append(f"| {WORK[name]} | {seconds} | {against} |")
        else:
            cells = " | ".join(ratios.get(key, "") for key in LOOPS)
            loops.append(f"| {WORK[name]} | {cells} | {seconds} | {_share(rows[0])} |")
    return "".join(f"{line}\n" for line in [*loops, "", *others])


def _share(row: dict[str, Any]) -> str:
    """Return the share of what binds most on two threads, and of the multiply-adds of one thread."""
    if not row["fraction_of_limit"]:
        return ""
    share = f"{100 * row['fraction_of_limit']:.0f} % of the {row['limit']}"
    alone = row["fraction_of_peak_on_one_thread"]
    return f"{share}; on one thread {100 * alone:.0f} %" if alone else share


def _ratio(ratio: float) -> str:
    return (
        f"{ratio:,.0f}" if ratio >= 20 else f"{ratio:.1f}" if ratio >= 1 else f"1/{1 / ratio:.1f}"
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:.2g}" if seconds < 1 else f"{seconds:.1f}"
