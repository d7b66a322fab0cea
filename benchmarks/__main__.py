"""Run the benchmarks, print the table, and write results/bench.json."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.cases import CASES, LONG
from benchmarks.harness import Result, line, run_case


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join([*CASES, *LONG])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {names}")
    parser.add_argument("--rounds", type=int, default=9, help="paired rounds (default 9)")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of bench.json")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in {**CASES, **LONG}]
    if unknown or options.rounds < 1:
        given = unknown[0] if unknown else options.rounds
        print(f"benchmarks: {given}: allowed are {names}, rounds >= 1", file=sys.stderr)
        return 2
    results: list[Result] = []
    for name in options.names or CASES:
        found = run_case({**CASES, **LONG}[name](), 1 if name in LONG else options.rounds)
        results += found
        for result in found:
            print(line(result), flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps([result.to_json() for result in results], indent=1)
    (options.out / "bench.json").write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
