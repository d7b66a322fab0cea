"""`ractheory exact`: expectations of RAC-LoRA on a quadratic, without sampling."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from ractheory.commands.options import Parser, say, whole


def configure(parser: Parser) -> None:
    need: dict[str, Any] = {"required": True}
    parser.add_argument(
        "--spectrum", metavar="K1,K2,...", help="eigenvalues of K, all >= 0", **need
    )
    parser.add_argument(
        "--columns", metavar="N", help="columns of W; its rows for --side right", **need
    )
    parser.add_argument("--rank", metavar="R", help="rank of the sketch", **need)
    parser.add_argument("--step", metavar="GAMMA", help="step on W", **need)
    parser.add_argument("--steps", metavar="T", help="number of links", **need)
    parser.add_argument("--side", default="left", metavar="SIDE", help="left (default) or right")
    parser.add_argument(
        "--sketch", default="haar", metavar="NAME", help="haar (default) or coordinate"
    )
    parser.add_argument(
        "--start-energy",
        metavar="S1,S2,...",
        help="squared row norms of D_0 in the eigenbasis (N each)",
    )
    parser.add_argument(
        "--arithmetic", default="float", metavar="KIND", help="float (default) or rational"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Compute the expectations."""
    columns = whole("--columns", options.columns, 1)
    rank, steps = whole("--rank", options.rank, 1), whole("--steps", options.steps, 0)
    from ractheory.exact.report import exact_report

    answer = exact_report(
        options.spectrum, columns, rank, options.step, steps, options.side, options.sketch,
        options.start_energy, options.arithmetic,
    )  # fmt: skip
    if options.json:
        from ractheory.records import dumps

        say(dumps(answer))
    else:
        say("\n".join(description(answer)))
    return 0


def description(answer: Mapping[str, Any]) -> list[str]:
    """Return the lines that show the answer: a row for every t, then the rates."""
    bounds = answer["bounds"]
    widths = {name: max(12, len(name)) for name in ("expected", *bounds)}
    head = "".join(f"  {name:>{width}}" for name, width in widths.items())
    lines = [f"{'t':>6}{head}"]
    for t, expected in zip(answer["t"], answer["expected"], strict=True):
        row = [expected, *(curve[t] for curve in bounds.values())]
        cells = zip(row, widths.values(), strict=True)
        lines.append(f"{t:6}" + "".join(f"  {_number(x):>{width}}" for x, width in cells))
    stable = "stable" if answer["stable"] else "not stable"
    rates = ("spectral_radius", "step_limit", "best_step", "L_eff")
    lines += ["", "; ".join(f"{name} {_number(answer[name])}" for name in rates) + f"; {stable}"]
    for name, reason in answer.get("not_applicable", {}).items():
        lines.append(f"{name} does not apply: {reason}")
    for name, holds in answer.get("certified", {}).items():
        lines.append(f"{name} {'holds' if holds else 'FAILS'} at every t, in exact arithmetic")
    return lines


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"
