"""`make mutate`, or `python -m mutation [GROUP ...]`: changes the modules that decide verdicts, one place at
a time, and writes the changes that no test sees to results/mutation.json."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from mutation import trial
from mutation.changes import Change, Places, places

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Group:
    """Files to change, and the tests that should see it."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    patience: float


GROUPS = {
    "evidence": Group(
        ("ractheory/evidence/*.py",), ("tests/evidence", "ractheory/evidence"), 60.0
    ),
    "sketches": Group(
        ("ractheory/laws.py", "ractheory/sketches.py"),
        ("tests/engine/test_laws.py", "tests/engine/test_draw.py", "tests/proofs/test_moments.py",
         "tests/exact/test_recursion.py", "ractheory/laws.py", "ractheory/sketches.py"),
        120.0,
    ),
    "compare": Group(("ractheory/compare/**/*.py",), ("tests/compare", "ractheory/compare"), 600.0),
    "theorems": Group(
        ("ractheory/theorems/*.py",),
        ("tests/theorems", "ractheory/theorems"), 300.0,
    ),
}  # fmt: skip
"""The modules that decide verdicts, each with its own tests: what others see beside is not counted."""


def sample(group: Group, size: int, seed: int) -> tuple[list[Change], int]:
    """Return `size` changes of a group drawn at random (all for 0), and how many there are to draw from."""
    files = sorted({path for pattern in group.files for path in ROOT.glob(pattern)})
    all_places: list[tuple[Places, int]] = [
        (found, index)
        for found in (places(path.relative_to(ROOT)) for path in files)
        for index in range(len(found.found))
    ]
    drawn = range(len(all_places))
    if 0 < size < len(all_places):
        drawn = sorted(random.Random(seed).sample(range(len(all_places)), size))  # type: ignore[assignment]
    return [all_places[k][0].change(all_places[k][1]) for k in drawn], len(all_places)


def survivors_of(changes: list[Change], result: Path) -> list[Change]:
    """Return the changes that no test saw when `result` was written, as far as they can still be made."""
    survived = json.loads(result.read_text(encoding="utf-8"))["survivors"]
    known = {(row["path"], row["diff"]) for row in survived}
    # First by line, which spares the diffs of all other changes.
    lines = {(row["path"], row["line"]) for row in survived}
    return [
        change for change in changes
        if (change.path, change.line) in lines and (change.path, change.diff()) in known
    ]  # fmt: skip


def tried(group: Group, changes: list[Change], log: Path, budget: float) -> dict[int, str]:
    """Try the changes and return their outcomes; each is appended to `log` as it comes."""

    def report(index: int, outcome: str) -> None:
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps([index, outcome]) + "\n")

    log.write_text("")
    trial.within_functions(changes, group.tests, report, budget)
    outcomes = dict(json.loads(line) for line in log.read_text().splitlines())
    if len(outcomes) != len(changes) or trial.UNCHANGED in outcomes:
        why = outcomes.get(trial.UNCHANGED, "the tests end before all changes are tried")
        sys.exit(f"mutation: {why}; see what 'python -m pytest {' '.join(group.tests)}' says")
    for index, outcome in outcomes.items():
        if outcome == trial.AT_IMPORT:
            outcomes[index] = trial.at_import(changes[index], group.tests, group.patience)
            report(index, outcomes[index])
    return outcomes


def mutate(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Try the changes of one group and write what became of them; return the numbers."""
    started, result = time.monotonic(), options.out / f"mutation-{name}.json"
    changes, number = sample(GROUPS[name], options.sample, options.seed)
    if options.again:
        changes = survivors_of(changes, result)
    outcomes = tried(GROUPS[name], changes, result.with_suffix(".log"), options.budget)
    numbers = {
        "group": name, "changes": number, "tried": len(changes), "seed": options.seed,
        "budget": options.budget if options.budget < inf else None, **Counter(outcomes.values()),
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip
    unseen = [
        {"path": changes[k].path, "line": changes[k].line, "outcome": outcome, "diff": changes[k].diff()}
        for k, outcome in sorted(outcomes.items()) if outcome in (trial.SURVIVED, trial.UNSEEN)
    ]  # fmt: skip
    result.write_text(json.dumps({**numbers, "survivors": unseen}, indent=1) + "\n")
    return numbers


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options; exits with status 2 and a line where they are unusable."""
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="GROUP", help=f"of: {', '.join(GROUPS)}")
    parser.add_argument("--sample", type=int, default=0, help="changes of each group (0: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (default 0)")
    parser.add_argument(
        "--budget", type=float, default=inf, metavar="SECONDS",
        help="of tests for one change, the quickest first (default: all that run its line)",
    )  # fmt: skip
    parser.add_argument(
        "--again", action="store_true", help="only those that survived in the result in the folder"
    )
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of the result")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in GROUPS:
            parser.error(f"group = {name}: allowed are {', '.join(GROUPS)}")
    if options.sample < 0 or not options.budget > 0:
        parser.error("sample and budget: allowed are numbers above 0")
    options.names = options.names or list(GROUPS)
    for name in options.names if options.again else ():
        if not (options.out / f"mutation-{name}.json").is_file():
            parser.error(f"no result of {name} in {options.out}: run it once without --again")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Try a sample of the changes of each group; write those that no test sees."""
    options = parsed(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    trial.hold_libraries()
    for name in options.names:
        print(json.dumps(mutate(name, options)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
