"""What happens to a sweep whose process is killed, whose disk is full, or whose folder is in use."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from functools import partial

import pytest

from tests.faults.processes import ROOT
from tests.sweep.small import Quiet, results, run, small

pytestmark = pytest.mark.fault

SWEEP = """
import os, signal, sys
from pathlib import Path
from ractheory.cli import main
from ractheory.sweep.store import Blocks

kept = Blocks.add
count = 0

def add(self, record, columns):
    global count
    kept(self, record, columns)
    count += 1
    if count == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

Blocks.add = add
sys.exit(main(["sweep", "SWEEP.toml", "--workers", "1", "--out", *sys.argv[2:]]))
"""
"""The command, in a process that kills itself once it has kept so many records."""

FILE = """
[sweep]
theorem = "gd-pl"
seeds = 70
steps = [4, 6]
points = 3
block = 30
[objective]
name = "isotropic"
m = 4
n = 3
[[method]]
name = "rac-lora"
rank = [1, 2]
[[method]]
name = "asymlora"
rank = 2
inner = "pseudo-inverse"
"""
"""`tests.sweep.small` as a file."""

TASKS = 24


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The results of a sweep that nothing happens to."""
    out = tmp_path_factory.mktemp("straight")
    run(out)
    return results(out)


def command(folder, kill_after, *words, file=FILE, **settings):
    (folder / "SWEEP.toml").write_text(file)
    return subprocess.run(
        [sys.executable, "-c", SWEEP, str(kill_after), *map(str, words)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=300, **settings,
    )  # fmt: skip


def test_a_sweep_that_is_killed_is_resumed(tmp_path, straight):
    out = tmp_path / "out"
    assert command(tmp_path, 5, out).returncode == -signal.SIGKILL
    assert not (out / "sweep.json").exists()
    ended = command(tmp_path, 0, out, "--resume")
    assert ended.returncode == 0, ended.stderr
    assert f"{TASKS} tasks, 5 of them taken over" in ended.stderr
    assert results(out) == straight
    assert {p.name for p in out.iterdir()} - {"runs"} == {"sweep.json", "summary.csv", "blocks"}


def test_a_second_sweep_into_the_folder_is_refused(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c",
         "import sys; from pathlib import Path; from ractheory import records\n"
         "with records.hold(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()",
         str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    ended = command(tmp_path, 0, tmp_path, "--resume")
    assert ended.returncode == 2
    assert f"in use by process {holder.pid}" in ended.stderr
    holder.communicate()
    assert command(tmp_path, 0, tmp_path, "--resume").returncode == 0


def test_a_limit_on_the_size_of_files_ends_the_sweep_and_what_is_done_is_kept(tmp_path):
    """Small blocks fit under the limit, the large one does not."""
    sizes = small(seeds=[30, 3000], block=3000)
    run(tmp_path / "straight", sizes)
    file = FILE.replace("seeds = 70", "seeds = [30, 3000]").replace("block = 30", "block = 3000")
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
    out = tmp_path / "out"
    ended = command(tmp_path, 0, out, file=file, preexec_fn=limit)
    assert ended.returncode == 1, ended.stderr
    found = [line for line in ended.stderr.splitlines() if "go on with" in line]
    assert found, ended.stderr
    (line,) = found
    assert line.startswith("File too large")
    assert "Traceback" not in ended.stderr
    listener = Quiet()
    run(out, sizes, listener, resume=True)
    assert listener.start[1] >= 1
    assert results(out) == results(tmp_path / "straight")


IN_A_SMALL_DISK = """
set -e
mount -t tmpfs -o size=48k small "$1"
set +e
"$2" -c "$3" 0 "$1/out" 2> "$1.first"
echo $? > "$1.status"
set -e
mount -o remount,size=8m "$1"
"$2" -c "$3" 0 "$1/out" --resume 2> "$1.second"
cp -r "$1/out" "$1.out"
"""


def test_a_disk_that_is_full_ends_the_sweep_and_what_is_done_is_kept(tmp_path, straight):
    if shutil.which("unshare") is None or not _may_mount(tmp_path):
        pytest.skip("this system does not let a test mount a file system of its own")
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "SWEEP.toml").write_text(FILE)
    words = ["unshare", "-rm", "sh", "-c", IN_A_SMALL_DISK, "sh", str(disk), sys.executable, SWEEP]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "disk.status").read_text(encoding="utf-8") == "1\n"
    first = (tmp_path / "disk.first").read_text(encoding="utf-8")
    assert "No space left on device" in first
    assert "Traceback" not in first
    kept = int(first.split(f" of {TASKS} tasks are done and kept")[0].split()[-1])
    assert 0 < kept < TASKS
    assert f"{TASKS} tasks, {kept} of them taken over" in (tmp_path / "disk.second").read_text(
        encoding="utf-8"
    )
    assert results(tmp_path / "disk.out") == straight


def _may_mount(folder):
    place = folder / "probe"
    place.mkdir()
    words = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=4k", "probe", str(place)]
    return subprocess.run(words, capture_output=True).returncode == 0
