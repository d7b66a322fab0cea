"""`ractheory predict`: what the theory says of a layer."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from ractheory.commands.options import Parser, say, whole


def configure(parser: Parser) -> None:
    parser.add_argument("--rows", required=True, metavar="M")
    parser.add_argument("--columns", required=True, metavar="N")
    parser.add_argument("--rank", required=True, metavar="R")
    curvature = parser.add_mutually_exclusive_group(required=True)
    curvature.add_argument(
        "--spectrum", metavar="FILE", help="eigenvalues of K: text, .csv or .npy"
    )
    curvature.add_argument("--decay", metavar="P", help="eigenvalues i^-P")
    curvature.add_argument("--effective-dimension", metavar="D", help="tr K / L")
    parser.add_argument("--side", default="left", metavar="SIDE", help="left (default) or right")
    parser.add_argument(
        "--shift", metavar="FILE", help="singular values of K^{1/2}(W* - W_0), for the floors"
    )
    parser.add_argument("--accuracy", metavar="EPS", help="of f - f*, relative to the start")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Predict."""
    rows, columns = whole("--rows", options.rows, 1), whole("--columns", options.columns, 1)
    rank = whole("--rank", options.rank, 1)
    from pathlib import Path

    from ractheory.predict import predict_report

    chosen = {} if options.accuracy is None else {"accuracy": options.accuracy}
    answer = predict_report(
        rows, columns, rank,
        spectrum=None if options.spectrum is None else Path(options.spectrum),
        decay=options.decay,
        effective_dimension=options.effective_dimension,
        side=options.side,
        shift=None if options.shift is None else Path(options.shift),
        **chosen,
    )  # fmt: skip
    if options.json:
        from ractheory.records import dumps

        say(dumps(answer))
    else:
        say("\n".join(description(answer)))
    return 0


def description(answer: Mapping[str, Any]) -> list[str]:
    """Return the answer as lines: the advice, then "name  value", then notes."""
    from ractheory.commands.explain import item

    pairs = [(k, v) for k, v in _flat(answer) if not k.startswith(("notes", "advice"))]
    width = max(len(name) for name, _ in pairs)
    lines = [line for text in answer["advice"] for line in item(text)]
    lines += ["", *(f"{name:{width}}  {_words(value)}" for name, value in pairs), ""]
    for text in answer["notes"]:
        lines += item(text)
    return lines


def _flat(answer: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in answer.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key} ")
        else:
            yield prefix + key, value


def _words(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
