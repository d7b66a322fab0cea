"""The blocks of the README that are built: how the suite was tried against itself, and how fast it is."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from docs.speed import speed_table

README = Path(__file__).parents[1] / "README.md"
TRUST = "<!-- Built by `make docs`: trust -->\n"
SPEED = "<!-- Built by `python -m docs --from results/bench.json`: speed -->\n"
END = "<!-- end -->\n"


def built(text: str) -> str:
    """Return the text of the README with what comes from the registries made anew."""
    return _with_block(text, TRUST, trust_table())


def with_speed(text: str, results: Path) -> str:
    """Return the text of the README with the table on speed made of a bench.json."""
    return _with_block(text, SPEED, speed_table(results))


def _with_block(text: str, begin: str, table: str) -> str:
    block = f"{begin}{table}{END}"
    return re.sub(re.escape(begin) + ".*?" + re.escape(END), lambda _: block, text, flags=re.S)


def trust_table() -> str:
    """Return what `ractheory trust` tries, with counts from the registries.

    What it finds is held by the slow tests of tests/trust; the null cases are played here.
    """
    from ractheory.trust.calibration import calibrate, null_study
    from ractheory.trust.mutants import MUTANTS
    from ractheory.trust.planted import KINDS
    from ractheory.trust.run import WHOLE

    _, cases, seeds, *_ = calibrate.__defaults__ or ()
    five, one, judged = null_study(0, cases, seeds)["refuted"]
    planted = sum(not error.reason for error in MUTANTS)
    rows = (
        ("tried", "number", "found"),
        ("---", "---", "---"),
        (f"errors planted in {', '.join(KINDS)}", f"{planted}", "all are seen"),
        ("true claims that hold with equality, heavy tails among them, looked at every 16 seeds",
         f"{judged['cases']:,}", f"refuted falsely: {judged['wrong']} at the rate of a run, {five['wrong']} "
         f"at nominal 5 %, {one['wrong']} at 1 %"),
        ("bad values of every option and constructor, and hostile files",
         f"more than {bad_inputs() // 100 * 100:,}", "each is answered in one line"),
        ("properties on random instances: no verdict contradicts an exact value, whatever scale and basis",
         f"{sum(WHOLE.instances.values()):,}", "all hold"),
    )  # fmt: skip
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def bad_inputs() -> int:
    """Return how many bad inputs there are."""
    from ractheory.cli import main
    from ractheory.trust.bad_objects import constructor_cases
    from ractheory.trust.bad_words import command_cases

    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        return sum(1 for _ in (*command_cases(main, at), *constructor_cases(at)))
