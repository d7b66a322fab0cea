"""A million seeds of the counterexample, of which moments alone are kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STATUS = "/proc/self/status"
RUN = f"""
import sys

import numpy as np
from ractheory.engine.moments import simulate_moments
from ractheory.methods import rac_lora
from ractheory.objectives import objective

f = objective("counterexample")
seeds = int(sys.argv[1])
moments = simulate_moments(f, rac_lora(0.05), np.zeros(f.dim), 1_000, seeds, threads=2, gradients=False)
with open("{STATUS}", encoding="utf-8") as status:
    peak = next(line for line in status if line.startswith("VmHWM"))
print(moments.seeds, peak.split()[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path(STATUS).exists(), reason=f"no {STATUS} here")
def test_a_million_seeds_take_no_memory() -> None:
    """Python, NumPy and the compiler hold 170 MB; all f of all steps would be 8 GB.

    The peak is that of the process itself: what its parent held before counts elsewhere, not in VmHWM.
    """
    for asked in ("128", "1000000"):  # the first compiles, which takes memory of its own
        words = [sys.executable, "-c", RUN, asked]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    seeds, kilobytes = done.stdout.split()
    assert int(seeds) == 1_000_000
    assert int(kilobytes) < 200 * 1024
