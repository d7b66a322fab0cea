"""Kernels are compiled once on a machine, and run where they cannot be kept."""

import subprocess
import sys

from ractheory.engine import compiled

RUN = """
from numba.core import event
from ractheory.engine.simulate import simulate
from ractheory.methods import METHODS
from ractheory.objectives import objective
import numpy as np

with event.install_recorder("numba:compile") as compilations:
    for name, method in [
        ("counterexample", "rac-lora"), ("counterexample", "lora"), ("isotropic", "cola"),
        ("spectrum-left", "rac-lora"), ("softmax-synthetic", "rac-lora"), ("sine", "rac-lora"),
        ("logistic-synthetic", "rac-lora-sgd"),
    ]:
        f = objective(name)
        simulate(f, METHODS[method](0.1 / f.constants.L), np.zeros(f.dim), 2, range(2), "compiled")
print(len(compilations.buffer))
"""


def compilations():
    """Run kernels of every kind in a new process; return how many events of compiling it saw."""
    ended = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout)


def test_a_second_process_compiles_nothing():
    compilations()
    assert compilations() == 0


def test_a_kernel_that_cannot_be_kept_runs_all_the_same():
    """Saving a kernel fails as on a full disk; what it computes does not."""
    kernel = compiled.njit(**compiled.KERNEL)(lambda x: x + 1.0)
    kernel._cache._cache_file.save = _full
    assert kernel(1.0) == 2.0


def _full(*given):
    raise OSError(28, "No space left on device")
