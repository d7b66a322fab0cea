"""Whole processes: what a command costs before it does anything, and a run that finds everything compiled."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable

from benchmarks.harness import Case, Contender

SIMULATION = """
import numpy as np
from ractheory.engine.moments import simulate_moments
from ractheory.methods import rac_lora
from ractheory.objectives import objective

f = objective("counterexample")
simulate_moments(f, rac_lora(0.05), np.zeros(f.dim), 1_000, 10_000, threads=2, gradients=False)
"""


def process(*arguments: str, status: int = 0) -> Callable[[], object]:
    """Return what runs Python with these arguments and looks at its exit status."""

    def work() -> None:
        done = subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
        if done.returncode != status:
            raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr.decode()}")

    return work


def against(name: str, work: Callable[[], object], reference: str, code: str) -> Case:
    """Return the case of one process against another; a ratio of 1/3 says that ours takes three times as long."""
    return Case(
        name,
        1,
        Contender("ours", work, 1),
        (Contender(reference, process("-c", code), 1),),
        threads=1,
    )


def help_page() -> Case:
    """`ractheory --help` against a Python that does nothing."""
    return against("start-help", process("-m", "ractheory", "--help"), "python-pass", "pass")


def usage_error() -> Case:
    """A usage error against a Python that does nothing."""
    work = process("-m", "ractheory", "repro", "--workers", "none", status=2)
    return against("start-error", work, "python-pass", "pass")


def simulation() -> Case:
    """10^7 seed-steps of the counterexample in a process of their own, against `import numpy`."""
    return against("start-simulate", process("-c", SIMULATION), "import-numpy", "import numpy")


def main_job() -> Case:
    """The whole main job, everything in place, against `import numpy`; what is asked of it is seconds."""

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            process("paper_repro.py", "--workers", "2", "--out", f"{folder}/out")()

    return against("repro", work, "import-numpy", "import numpy")
