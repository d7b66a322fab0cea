"""`python -m figures [NAME ...] [--results DIR]`: draw figures again from the records of a run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from figures import draw, draw_all, figure_names
from ractheory.errors import UsageError


def main(arguments: list[str] | None = None) -> int:
    """Draw the named figures, all of them unless named; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(figure_names()))
    parser.add_argument("--results", default="results", help="folder of a run (default: results)")
    options = parser.parse_args(arguments)
    results = Path(options.results)
    try:
        if not (results / "records").is_dir():
            raise UsageError.of(
                "--results",
                options.results,
                "the folder of a finished run",
                "run 'make repro' first",
            )
        if options.names:
            paths = [
                p for n in options.names for p in draw(n, results / "records", results / "figures")
            ]
            left_out: list[str] = []
        else:
            paths, left_out = draw_all(results / "records", results / "figures")
    except (UsageError, OSError) as error:
        sys.stderr.write(f"figures: {error}\n")
        return 2
    for path in paths:
        sys.stdout.write(f"{path}\n")
    for name in left_out:
        sys.stdout.write(f"left out, its records are not in this run: {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
