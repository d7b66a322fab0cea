"""`ractheory report`: draws the page of a finished run again."""

from __future__ import annotations

import argparse
from pathlib import Path

from ractheory.commands.options import Parser, say
from ractheory.errors import UsageError


def configure(parser: Parser) -> None:
    parser.add_argument(
        "--out", default="results", metavar="DIR", help="folder of the run (results)"
    )
    parser.add_argument(
        "--no-proofs",
        action="store_true",
        help="leave proofs unchecked that were not checked before",
    )


def run(options: argparse.Namespace) -> int:
    """Draw the page of the run in a folder."""
    from ractheory.commands.pages import write_page
    from ractheory.records import CLAIMS

    folder = Path(options.out)
    try:
        finished = (folder / CLAIMS).is_file()
    except (OSError, ValueError):  # a name that no file can have
        finished = False
    if not finished:
        raise UsageError.of(
            "--out", options.out, "the folder of a finished run", "run 'ractheory repro' first"
        )
    say(str(write_page(folder, check_proofs=not options.no_proofs)))
    return 0
