"""CoLA with two inner steps: what the expectation does, and what any number of runs reports."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures.style import BLUE, ORANGE, PAGE, RED, sheet
from ractheory.records import Record

NAME = "cola-every-step"
AVERAGE, ESCAPE = "rare-events/average", "rare-events/escape"
NEEDS = (AVERAGE, ESCAPE)


def draw(records: Mapping[str, Record]) -> Figure:
    """Draw the exact second moment beside the mean of the runs, and the share of runs that diverge."""
    figure, (moments, escape) = sheet(1, 2, PAGE, 2.6)
    _moments(moments, records[AVERAGE])
    curves = records[ESCAPE].curves
    escape.plot(curves["start"], 100 * curves["diverged"], color=RED, marker="o", markersize=3)
    escape.set_xscale("log")
    escape.set_ylim(-3, 103)
    escape.set_xlabel(r"start $D_0$")
    escape.set_ylabel("runs that diverge, %")
    escape.set_title("The same chain from farther off")
    return figure


def _moments(axes: Axes, record: Record) -> None:
    curves, runs = record.curves, record.claim["parameters"]["seeds"]
    t, exact = curves["t"], curves["exact"]
    axes.plot(t, curves["mean"], color=BLUE, label=f"mean of {runs:,} runs")
    axes.fill_between(t, curves["low"], curves["high"], color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(t, curves["largest"], color=ORANGE, linestyle="dashed", label="largest of them")
    axes.plot(t[: len(exact)], exact, color=RED, linestyle="dotted", marker="o", markersize=4,
              label="expectation, exact")  # fmt: skip
    power = f"{exact[-1]:.1e}".replace("e+", r"\cdot 10^{") + "}"
    axes.annotate(f"${power}$", (t[len(exact) - 1], exact[-1]), xytext=(6, -2),
                  textcoords="offset points", color=RED, va="center")  # fmt: skip
    axes.set_yscale("log")
    axes.set_yticks([10.0**k for k in range(0, 80, 20)])
    axes.minorticks_off()
    axes.set_xlim(t[0], t[-1])
    axes.set_xlabel("link $t$")
    axes.set_ylabel(r"$D_t^2$")
    axes.set_title(r"Two inner steps, $\eta L = 1/10$, $D_0 = 1$")
    axes.legend(loc="center right")
