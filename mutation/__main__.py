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
        ("tests/theorems", "ractheory/theorems", "tests/proofs/test_proofs.py"), 300.0,
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


def main(arguments: list[str] | None = None) -> int:
    """Try a sample of the changes of each group; write those that no test sees."""
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="GROUP", help=f"of: {', '.join(GROUPS)}")
    parser.add_argument("--sample", type=int, default=0, help="changes of each group (0: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (default 0)")
    parser.add_argument(
        "--budget", type=float, default=inf, metavar="SECONDS",
        help="of tests for one change, the quickest first (default: all that run its line)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of the result")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in GROUPS]
    if unknown or options.sample < 0:
        given = unknown[0] if unknown else options.sample
        print(f"mutation: {given}: allowed are {', '.join(GROUPS)}, sample >= 0", file=sys.stderr)
        return 2
    trial.hold_libraries()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or GROUPS:
        started = time.monotonic()
        changes, number = sample(GROUPS[name], options.sample, options.seed)
        log = options.out / f"mutation-{name}.log"
        outcomes = tried(GROUPS[name], changes, log, options.budget)
        counted = Counter(outcomes.values())
        document = {
            "group": name, "changes": number, "tried": len(changes), "seed": options.seed,
            "budget": options.budget if options.budget < inf else None, **counted,
            "seconds": round(time.monotonic() - started, 1),
        }  # fmt: skip
        print(json.dumps(document), flush=True)
        document["survivors"] = [
            {"path": changes[k].path, "line": changes[k].line, "outcome": outcome, "diff": changes[k].diff()}
            for k, outcome in sorted(outcomes.items()) if outcome in (trial.SURVIVED, trial.UNSEEN)
        ]  # fmt: skip
        (options.out / f"mutation-{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
