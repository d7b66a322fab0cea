"""Run the benchmarks, print the table, and write results/bench.json."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.cases import CASES
from benchmarks.harness import Result, run_case
from benchmarks.limits import peak_operations


def row(result: Result) -> str:
    return (
        f"{result.name:16} {result.reference:16} {result.ours_seconds:10.4f} s "
        f"{result.reference_seconds:12.2f} s {result.ratio:10.1f} x "
        f"{100 * result.fraction_of_limit:5.0f} % of peak"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=9, help="paired rounds (default 9)")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of bench.json")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in CASES]
    if unknown or options.rounds < 1:
        given = unknown[0] if unknown else options.rounds
        print(f"benchmarks: {given}: allowed are {', '.join(CASES)}, rounds >= 1", file=sys.stderr)
        return 2
    results: list[Result] = []
    with threadpool_limits(1):  # the fastest for the references: their matrices are small
        for name in options.names or CASES:
            found = run_case(CASES[name](), options.rounds, peak_operations)
            results += found
            for result in found:
                print(row(result), flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps([result.to_json() for result in results], indent=1)
    (options.out / "bench.json").write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
