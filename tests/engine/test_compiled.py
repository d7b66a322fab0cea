"""Kernels are compiled once on a machine, and run where they cannot be kept."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numba

from ractheory import compiled

ROOT = Path(__file__).parents[2]

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


def test_two_processes_at_once_compile_a_kernel_once(tmp_path):
    (tmp_path / "kernels.py").write_text(TWICE)
    begun = [
        subprocess.Popen(
            [sys.executable, "kernels.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]  # fmt: skip
    counts = sorted(int(process.communicate()[0]) for process in begun)
    assert counts[0] == 0 < counts[1]


TWICE = """
import sys
from numba.core import event
from ractheory import compiled

@compiled.njit(**compiled.KERNEL)
def square(x):
    return x * x

with event.install_recorder("numba:compile") as compilations:
    assert square(3.0) == 9.0
print(len(compilations.buffer))
"""


def test_threads_that_define_kernels_at_once_keep_them_in_the_folder(monkeypatch):
    """The second definition begins within the first, if it can, and reads the setting after its end."""
    setting, second, ended = compiled.config.CACHE_DIR, threading.Event(), threading.Event()
    folders, kernel_of = [], numba.njit

    def define(**options):
        if threading.current_thread() is threading.main_thread():
            second.set()
            ended.wait(10.0)
        else:
            begun.set()
            second.wait(0.2)
        folders.append(compiled.config.CACHE_DIR)
        return kernel_of(**options)

    def first():
        compiled.njit(**compiled.KERNEL)(lambda x: x + 1.0)
        ended.set()

    begun = threading.Event()
    monkeypatch.setattr(numba, "njit", define)
    other = threading.Thread(target=first)
    other.start()
    begun.wait()
    compiled.njit(**compiled.KERNEL)(lambda x: x + 2.0)
    other.join()
    assert folders == [compiled._FOLDER] * 2
    assert setting == compiled.config.CACHE_DIR


def test_a_kernel_that_cannot_be_kept_runs_all_the_same():
    """Saving a kernel fails as on a full disk; what it computes does not."""
    kernel = compiled.njit(**compiled.KERNEL)(lambda x: x + 1.0)
    kernel._cache._cache_file.save = _full
    assert kernel(1.0) == 2.0


def _full(*given):
    raise OSError(28, "No space left on device")
