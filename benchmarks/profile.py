"""Where the time of the claims of the main job goes: by what is checked, and by what runs.

python -m benchmarks.profile [--quick]     # one process, everything in place; prints two tables
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ractheory.claims import CLAIMS
from ractheory.evidence import RUN_ERROR_RATE, claim_error_rate
from ractheory.parallel import use_one_thread
from ractheory.repro import SEED, evaluate_claim, select

PARTS = {
    "numba": "numba: loading and compiling kernels",
    "llvmlite": "numba: loading and compiling kernels",
    "sympy": "sympy: statements and bounds",
    "matplotlib": "matplotlib: figures",
    "scipy": "scipy",
    "sklearn": "scikit-learn: data and reference minimisers",
    "numpy": "numpy",
    "engine": "ractheory.engine: simulation",
}
"""What a path contains, and what it then counts as; the first that fits."""


def part_of(path: str) -> str:
    """Return the part of the program that a source file belongs to."""
    for word, part in PARTS.items():
        if f"/{word}/" in path:
            return part
    if "/ractheory/" in path:
        return f"ractheory.{path.split('/ractheory/')[1].split('/')[0].removesuffix('.py')}"
    return "Python: built in, standard library, others"


def by_part(profile: cProfile.Profile) -> dict[str, float]:
    """Return the seconds spent in the functions of each part themselves; a kernel counts where it is written."""
    found: dict[str, float] = defaultdict(float)
    stats: Mapping[tuple[str, int, str], Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (path, _, _), (_, _, own, _, _) in stats.items():
        found[part_of(path)] += own
    return found


def table(title: str, found: Mapping[str, float], rows: int = 12) -> str:
    whole = sum(found.values())
    lines = [f"{title}: {whole:.1f} s"]
    for name, spent in sorted(found.items(), key=lambda item: -item[1])[:rows]:
        lines.append(f"  {name:45} {spent:7.2f} s {100 * spent / whole:5.1f} %")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a slice of each kind of claim")
    options = parser.parse_args(arguments)
    use_one_thread()
    spent: dict[str, float] = defaultdict(float)
    profile = cProfile.Profile()
    for claim in select(CLAIMS, "quick" if options.quick else "default"):
        began = time.perf_counter()
        profile.runcall(evaluate_claim, claim.id, SEED, claim_error_rate(RUN_ERROR_RATE))
        spent[claim.theorem] += time.perf_counter() - began
    print(table("claims, by what is checked", spent))
    print(table("the same, by part of the program", by_part(profile)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
