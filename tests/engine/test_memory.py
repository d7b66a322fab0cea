"""A million seeds of the counterexample, of which moments alone are kept."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUN = """
import resource
import sys

import numpy as np
from ractheory.engine.moments import simulate_moments
from ractheory.methods import rac_lora
from ractheory.objectives import objective

f = objective("counterexample")
moments = simulate_moments(f, rac_lora(0.05), np.zeros(f.dim), 1_000, int(sys.argv[1]), threads=2, gradients=False)
print(moments.seeds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no resource usage of a process here")
def test_a_million_seeds_take_no_memory() -> None:
    """Python, NumPy and the compiler hold 170 MB; all f of all steps would be 8 GB."""
    for asked in ("128", "1000000"):  # the first compiles, which takes memory of its own
        words = [sys.executable, "-c", RUN, asked]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    seeds, megabytes = done.stdout.split()
    assert int(seeds) == 1_000_000
    assert float(megabytes) < 200
