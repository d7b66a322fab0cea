"""How the time of a link grows with each size, fitted and plotted beside what the algorithm predicts.

    python -m benchmarks.growth         # writes results/growth.json and results/figures/growth.*

The model of a sweep has an exponent for the part that grows and a constant for the rest; what is fitted is the
exponent between neighbouring sizes, and at the largest two it should be the predicted one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.clock import processor_seconds, seconds
from figures.style import BLACK, DASHES, SEQUENCE, plain_ticks, save, sheet, styled
from ractheory.engine.moments import simulate_moments
from ractheory.engine.simulate import simulate
from ractheory.methods import rac_lora
from ractheory.objectives import Objective, objective

Sizes = dict[str, int]
RIDGE = {"m": 128, "n": 128, "r": 4, "N": 160}
SOFTMAX = {"N": 2_000, "m": 64, "n": 16, "r": 2}
ROUNDS = 5


@dataclass(frozen=True)
class Sweep:
    """One size that grows, the others fixed.

    `exponent` is what the cost of a link predicts for large sizes; a link of a quadratic costs O(m n r) in the
    eigenbasis, one of a multinomial regression O(N m r + N n r).
    """

    family: str
    size: str
    values: tuple[int, ...]
    exponent: float
    why: str

    @property
    def name(self) -> str:
        return f"{self.family}, {self.size}"


SWEEPS = (
    Sweep("quadratic", "m", (32, 64, 128, 256), 1, "O(m n r)"),
    Sweep("quadratic", "n", (32, 64, 128, 256), 1, "O(m n r)"),
    Sweep("quadratic", "r", (4, 8, 16, 32), 1, "O(m n r)"),
    Sweep("softmax", "N", (500, 1_000, 2_000, 4_000), 1, "O(N m r + N n r)"),
    Sweep("softmax", "m", (32, 64, 128, 256), 1, "O(N m r + N n r), n small"),
    Sweep("softmax", "n", (4, 8, 16, 32), 1, "O(N m r + N n r), and exp of N n logits"),
    Sweep("softmax", "r", (2, 4, 8), 1, "O(N m r + N n r)"),
    Sweep("counterexample", "seeds", (1_024, 4_096, 16_384, 65_536), 1, "seeds are independent"),
    Sweep("counterexample", "threads", (1, 2), -1, "seeds are independent"),
)


Clock = Callable[[Callable[[], object]], float]
Runs = Callable[[int], object]
"""Runs so many links; what they take beyond one link is the links' own, without what begins and ends a run."""


def quadratic(sizes: Sizes) -> tuple[Runs, int]:
    """Return runs on ridge regression with `sizes`, and of how many links a long one is."""
    f = objective("ridge-synthetic", m=sizes["m"], n=sizes["n"], N=max(sizes["N"], sizes["m"] + 1))
    return projected(f, sizes["r"]), 4_000


def softmax(sizes: Sizes) -> tuple[Runs, int]:
    f = objective("softmax-synthetic", m=sizes["m"], n=sizes["n"], N=sizes["N"])
    return projected(f, sizes["r"]), 241


def projected(f: Objective, rank: int) -> Runs:
    method, start = rac_lora(1.0 / float(f.constants.L or 1.0), rank), np.zeros(f.dim)
    return lambda links: simulate(f, method, start, links, 1, threads=1, gradients=False)


def counterexample(sizes: Sizes) -> tuple[Runs, int]:
    f, method = objective("counterexample"), rac_lora(0.05)

    def run(links: int) -> object:
        return simulate_moments(
            f, method, np.zeros(f.dim), links, sizes["seeds"],
            threads=sizes["threads"], gradients=False,
        )  # fmt: skip

    return run, 400


FAMILIES: dict[str, tuple[Callable[[Sizes], tuple[Runs, int]], Sizes]] = {
    "quadratic": (quadratic, RIDGE),
    "softmax": (softmax, SOFTMAX),
    "counterexample": (counterexample, {"seeds": 16_384, "threads": 1}),
}


def seconds_of_a_link(run: Runs, links: int, clock: Clock) -> float:
    return (clock(lambda: run(links)) - clock(lambda: run(1))) / (links - 1)


def measure(sweep: Sweep) -> dict[str, Any]:
    """Return the least seconds of a link, of all seeds together, at every value, and the exponents between them."""
    make, fixed = FAMILIES[sweep.family]
    runs = [make({**fixed, sweep.size: value}) for value in sweep.values]
    for run, _ in runs:
        run(2)
    clock = seconds if sweep.size == "threads" else processor_seconds
    rounds = [[seconds_of_a_link(*run, clock) for run in runs] for _ in range(ROUNDS)]
    least = np.min(rounds, axis=0)
    steps = np.diff(np.log(least)) / np.diff(np.log(sweep.values))
    return {
        "family": sweep.family, "size": sweep.size, "values": list(sweep.values), "seconds": least.tolist(),
        "fixed": {k: v for k, v in fixed.items() if k != sweep.size}, "exponents": steps.tolist(),
        "predicted": sweep.exponent, "why": sweep.why,
    }  # fmt: skip


def rows() -> Iterator[dict[str, Any]]:
    with threadpool_limits(1):
        for sweep in SWEEPS:
            yield measure(sweep)


def draw(found: list[dict[str, Any]], folder: Path) -> list[Path]:
    """Plot the sweeps, a panel a family, with a line of the predicted exponent through the last point of each."""
    with styled():
        figure, panels = sheet(1, len(FAMILIES), 7.2, 3.0)
        for axes, family in zip(panels, FAMILIES, strict=True):
            ours = [row for row in found if row["family"] == family]
            for row, colour, dashes in zip(ours, SEQUENCE, DASHES, strict=False):
                x, y = np.array(row["values"]), np.array(row["seconds"]) * 1e6
                label = f"{row['size']}: {row['exponents'][-1]:.2f} ({row['predicted']:g})"
                axes.plot(
                    x, y, color=colour, linestyle=dashes, marker="o", markersize=3, label=label
                )
                axes.plot(x, y[-1] * (x / x[-1]) ** row["predicted"], color=BLACK, linewidth=0.5)
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            plain_ticks(axes.xaxis, sorted({v for row in ours for v in row["values"]})[::2])
            axes.set_title(family)
            axes.set_xlabel("size")
            axes.legend(
                title="last exponent (predicted)", title_fontsize=6.5, ncols=2,
                loc="upper center", bbox_to_anchor=(0.5, -0.2),
            )  # fmt: skip
        panels[0].set_ylabel("microseconds a link")
        return save(figure, folder, "growth")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of growth.json")
    options = parser.parse_args(arguments)
    found = []
    for row in rows():
        found.append(row)
        exponents = ", ".join(f"{e:.2f}" for e in row["exponents"])
        print(
            f"{row['family']:15} {row['size']:8} {exponents}  (predicted {row['predicted']:g})",
            flush=True,
        )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "growth.json").write_text(json.dumps(found, indent=1) + "\n")
    for path in draw(found, options.out / "figures"):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
