"""The shell lines of the README and of the page on sweeps, as a reader would paste them: a sweep, and a cluster."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.processes import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PORT = "8786"
END = "trap 'kill $(jobs -p); wait' EXIT\n"
"""What a reader does by hand at last: the scheduler and its workers stop."""


def lines(page, start):
    """Return the block of shell lines of a page whose first line begins with `start`."""
    text = (ROOT / page).read_text(encoding="utf-8")
    block = re.search(rf"^ *{re.escape(start)}.*?(?=\n```|\n\n)", text, re.M | re.S)
    assert block, f"{page} has no block that begins with {start}"
    return [line.strip() for line in block[0].splitlines()]


def run(script, folder):
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-ec", script], cwd=folder, env=os.environ | {"PATH": commands, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


def test_the_sweep_of_its_page_runs_resumes_and_is_read(folder, monkeypatch):
    done = run("\n".join(lines("docs/sweeps.md", "ractheory sweep examples")), folder)
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(folder)
    reads = [line.split("#")[0] for line in lines("docs/sweeps.md", "polars.read_parquet")]
    pytest.importorskip("polars", reason="the extra table is not installed")
    import polars

    import ractheory.sweep

    table, rows = (eval(line, {"polars": polars, "ractheory": ractheory}) for line in reads)
    assert table.columns == ["cell", "seed", "t", "gap"]
    assert len(rows["gap"]) == len(table)


def test_three_lines_start_a_cluster_and_use_it(folder):
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    block = lines("README.md", "dask scheduler")
    assert block == lines("docs/sweeps.md", "dask scheduler")
    script = "\n".join(block).replace(PORT, str(free_port()))
    done = run(END + script, folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "results/sweeps/sweep-rank/sweep.json").is_file()
