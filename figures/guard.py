"""LoRA-Guard: how few parameters a guard trains, its last layer adapted, and deeper adapters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import (
    BLACK,
    BLUE,
    DASHES,
    GREEN,
    GREY,
    METHOD_STYLES,
    ORANGE,
    PAGE,
    plain_ticks,
    sheet,
)
from ractheory.records import Record

NAME = "guard"
PARAMETERS = "lora-guard/trained-parameters/tinyllama-r8"
LAST = "lora-guard/last-layer/rac-lora-reaches-it"
DEEPER = "lora-guard/deeper-adapters"
NEEDS = (PARAMETERS, LAST, DEEPER)
MODELS = {"TinyLlama": (BLUE, "o"), "Llama-2-7B": (ORANGE, "s"), "Llama-3-8B": (GREEN, "^")}
STATED = (100, 1000)
GUARDS = {
    "head alone": ("head alone", GREY),
    **{name: METHOD_STYLES[name][:2] for name in ("asymlora", "rac-lora", "lora", "fpft")},
}
LOWEST = 1e-12
"""Values below are near round-off, and are not shown."""


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw the three panels: counts, one certified layer, and held-out accuracies that nothing certifies."""
    figure, (counts, layer, deeper) = sheet(1, 3, PAGE, 2.5)
    _counts(counts, records[PARAMETERS])
    _layer(layer, records[LAST])
    _deeper(deeper, records[DEEPER])
    return figure


def _counts(axes: Axes, record: Record) -> None:
    rank = record.curves["rank"]
    axes.axhspan(*STATED, color=BLACK, alpha=0.08, linewidth=0)
    for k, (name, (colour, mark)) in enumerate(MODELS.items()):
        axes.plot(rank, record.curves[name], color=colour, marker=mark, markersize=3,
                  linestyle=DASHES[k], label=name)  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    plain_ticks(axes.xaxis, [1, 2, 4, 8, 16, 32, 64, 128])
    axes.annotate("as the paper says", (0.03, STATED[0]), xycoords=("axes fraction", "data"), xytext=(0, 3),
                  textcoords="offset points", fontsize=6.5)  # fmt: skip
    axes.set_xlabel("rank of the adapters")
    axes.set_ylabel("model over trained parameters")
    axes.set_title("Parameters")
    axes.legend(loc="upper right")


def _layer(axes: Axes, record: Record) -> None:
    curves = record.curves
    for floor in curves["floors"]:
        axes.axhline(floor, color="0.5", linewidth=0.6, linestyle="dotted")
    for name in ("fpft", "rac-lora", "asymlora"):
        label, colour, dashes = METHOD_STYLES[name]
        for k, run in enumerate(curves[name]):
            shown = run > LOWEST
            axes.plot(curves[f"t {name}"][shown], run[shown], color=colour, linestyle=dashes, linewidth=0.9,
                      label=label if k == 0 else None)  # fmt: skip
    axes.set_xscale("symlog", linthresh=1)
    axes.set_yscale("log")
    axes.set_xlim(0, curves["t rac-lora"][-1])
    axes.set_xlabel("step or link $t$")
    axes.set_ylabel(r"$f(W_t) - f^\star$")
    rank = record.claim["parameters"]["r"]
    axes.set_title(f"Last layer, rank {rank}: certified")
    axes.legend(loc="lower left")


def _deeper(axes: Axes, record: Record) -> None:
    for k, (name, (_, colour)) in enumerate(GUARDS.items()):
        values = 100 * record.curves[f"accuracy {name}"]
        axes.plot(values, np.full(len(values), float(k)), linestyle="none", marker="o", markersize=3, color=colour,
                  alpha=0.5)  # fmt: skip
        axes.plot([np.median(values)], [k], linestyle="none", marker="|", markersize=14, markeredgewidth=2,
                  color=colour)  # fmt: skip
    axes.set_yticks(range(len(GUARDS)), [label for label, _ in GUARDS.values()])
    axes.set_ylim(-0.6, len(GUARDS) - 0.4)
    axes.set_xlabel("held-out accuracy, %")
    rank = record.claim["parameters"]["rank"]
    axes.set_title(f"Deeper, rank {rank}: uncertified")
