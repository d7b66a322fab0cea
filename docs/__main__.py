"""`make docs`, or `python -m docs [--check]`: builds the pages that come from the registries.

With `--from results/claims.json`: the page on what reproduces, from the results of a run; with `--from
results/bench.json`: the table of the README on speed, from those of `make bench`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from docs.pages import PAGES
from docs.readme import README, built, with_speed
from ractheory.errors import UsageError
from ractheory.records import read_claims
from ractheory.report.reproduction import PAGE, reproduction

FOLDER = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Write the built pages, or with --check compare them; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where a page is not up to date")
    parser.add_argument(
        "--out", default=str(FOLDER), metavar="DIR", help="folder of the pages (docs)"
    )
    parser.add_argument(
        "--from",
        dest="results",
        metavar="FILE",
        help="build the page on what reproduces from a claims.json, or the table on speed from a bench.json",
    )
    options = parser.parse_args(arguments)
    try:
        return _build(options)
    except (UsageError, OSError) as error:
        print(f"docs: {error}", file=sys.stderr)
        return 2


def _build(options: argparse.Namespace) -> int:
    pages = dict(PAGES)
    if options.results is not None and Path(options.results).name == "bench.json":
        _write_readme(with_speed(README.read_text(encoding="utf-8"), Path(options.results)))
        return 0
    if options.results is not None:
        pages = {PAGE: lambda: reproduction(read_claims(Path(options.results)))}
    old = []
    for name, build in pages.items():
        path, text = Path(options.out) / name, build()
        if options.check:
            old += [] if path.is_file() and path.read_text(encoding="utf-8") == text else [name]
            continue
        path.write_text(text, encoding="utf-8")
        print(path)
    if options.out == str(FOLDER) and options.results is None:
        old += _readme(options.check)
    for name in old:
        print(f"docs/{name} is not up to date; run 'make docs'", file=sys.stderr)
    return 1 if old else 0


def _readme(check: bool) -> list[str]:
    """Renew the built block of the README, or say that it has drifted."""
    text = README.read_text(encoding="utf-8")
    new = built(text)
    if check:
        return [] if new == text else ["../README.md"]
    _write_readme(new)
    return []


def _write_readme(text: str) -> None:
    README.write_text(text, encoding="utf-8")
    print(README)


if __name__ == "__main__":
    sys.exit(main())
