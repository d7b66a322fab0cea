"""Federations: the floor of Fed-RAC-LoRA against heterogeneity, and what averaging the factors destroys."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import BLUE, DASHES, GREEN, ORANGE, PAGE, RED, sheet
from ractheory.records import Record

NAME = "federated"
FLOORS, AVERAGES = "federated-drift/floors", "federated-drift/averages"
NEEDS = (FLOORS, AVERAGES)
WAYS = {
    "factors": ("LoRA, factors averaged", ORANGE, "s"),
    "products": ("LoRA, products averaged", GREEN, "^"),
    "fed-rac-lora": ("Fed-RAC-LoRA", BLUE, "o"),
}
LOWEST = 1e-16
"""Values below are round-off; drawn at the bottom."""


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw the floors with their bound, and f - f* over the rounds for three ways to average."""
    figure, (floors, rounds) = sheet(1, 2, PAGE, 2.6)
    _floors(floors, records[FLOORS])
    curves = records[AVERAGES].curves
    for name, (label, colour, mark) in WAYS.items():
        rounds.plot(curves["round"], np.maximum(curves[name], LOWEST), color=colour, marker=mark,
                    markersize=3, label=label)  # fmt: skip
    floor = float(curves["floor"][0])
    rounds.axhline(floor, color="0.4", linewidth=0.8, linestyle="dotted")
    rounds.set_yscale("log")
    rounds.set_xlim(0, curves["round"][-1])
    rounds.set_xlabel("round")
    rounds.set_ylabel(r"$f(W_t) - f^\star$")
    rounds.set_title("Two clients, joint LoRA and Fed-RAC-LoRA")
    rounds.legend(loc="lower right", bbox_to_anchor=(1.0, 0.1), fontsize=6.5)
    return figure


def _floors(axes: Axes, record: Record) -> None:
    curves, clients = record.curves, record.claim["parameters"]["clients"]
    zeta = curves["zeta"]
    for k, share in enumerate(curves["shares"]):
        step = rf"$\gamma = 1/({2 / share:g}LN)$"
        colour = (BLUE, GREEN)[k]
        axes.plot(zeta, curves["mean"][k], color=colour, marker="o", markersize=3, linestyle=DASHES[k],
                  label=f"runs, {step}")  # fmt: skip
        axes.fill_between(
            zeta, curves["low"][k], curves["high"][k], color=colour, alpha=0.2, linewidth=0
        )
        axes.plot(zeta, curves["bound"][k], color=RED, linestyle=DASHES[k], label=f"bound, {step}")
    axes.set_xscale("symlog", linthresh=0.5)
    axes.set_yscale("log")
    axes.set_xlim(0, zeta[-1])
    axes.set_xticks(zeta, [f"{z:g}" for z in zeta])
    axes.minorticks_off()
    axes.set_xlabel(r"heterogeneity $\zeta$ of the clients")
    axes.set_ylabel(r"floor of $f - f^\star$")
    axes.set_title(f"Least squares, {clients} clients")
    axes.legend(loc="center left", bbox_to_anchor=(0.0, 0.47), fontsize=6.5)
