"""What happens to work on this machine: killed workers, a killed main process, full disks, bad files, two runs."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from ractheory import records
from ractheory.errors import UsageError
from tests.faults.jobs import Heard, Running, begun, stem
from tests.faults.processes import ROOT
from tests.faults.test_same_numbers import finish_with_a_second_attempt, once

pytestmark = pytest.mark.fault


def command(kind, out, gate, *words):
    """Run work in a process of its own; return how it ended."""
    return subprocess.run(
        [*_words(kind, out, gate), *words],
        cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def _words(kind, out, gate):
    return [sys.executable, "-m", "tests.faults.jobs", kind.name, str(out), str(gate)]


def _environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def test_a_worker_that_is_killed_is_replaced(kind, tmp_path, gate, same):
    running = Running(kind, tmp_path / "out", gate, workers=2)
    running.start()
    os.kill(running.wait_for(len(kind.names) - 1), signal.SIGKILL)
    finish_with_a_second_attempt(running, kind, gate)
    same(kind, "a worker killed", tmp_path / "out")


def test_a_main_process_that_is_killed_is_resumed(kind, tmp_path, gate, same):
    out = tmp_path / "out"
    ended = command(kind, out, gate, "--kill-after", "4")
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    kept = {path.stem for path in (out / records.PARTIAL / kind.folder).glob("*.json")}
    assert len(kept) == 4
    ended = command(kind, out, gate, "--resume")
    assert ended.returncode == 0, ended.stderr
    assert "4 of them taken over" in ended.stderr
    # The worker that died with its main process may have been at one task more.
    again = {name: count for name, count in begun(gate).items() if count > 1}
    assert set(begun(gate)) == set(once(kind))
    assert not kept & set(again)
    assert sum(again.values()) <= 2
    same(kind, "main process killed, resumed", out)


def test_a_limit_on_the_size_of_files_ends_the_work_and_what_is_done_is_kept(
    kind, tmp_path, gate, same
):
    out = tmp_path / "out"
    ended = command(kind, out, gate, "--file-size", str(kind.too_small))
    assert ended.returncode == 1, ended.stderr
    _kept_after(ended.stderr, "File too large", kind)
    ended = command(kind, out, gate, "--resume")
    assert ended.returncode == 0, ended.stderr
    same(kind, "a file too large, resumed", out)


def _kept_after(said, why, kind):
    """Return how many tasks were kept by work that ended with this reason, told in one line."""
    (line,) = [line for line in said.splitlines() if "go on with" in line]
    assert line.startswith(why)
    assert "--resume" in line
    assert "Traceback" not in said
    kept = int(line.split(f" of {len(kind.names)} ")[0].split()[-1])
    assert 0 < kept < len(kind.names)
    return kept


IN_A_SMALL_DISK = """
set -e
disk=$1; size=$2; shift 2
mount -t tmpfs -o size=$size small "$disk"
set +e
"$@" 2> "$disk.first"
echo $? > "$disk.status"
set -e
mount -o remount,size=8m "$disk"
"$@" --resume 2> "$disk.second"
cp -r "$disk/out" "$disk.out"
"""


def test_a_disk_that_is_full_ends_the_work_and_what_is_done_is_kept(kind, tmp_path, gate, same):
    if shutil.which("unshare") is None or not _may_mount(tmp_path):
        pytest.skip("this system does not let a test mount a file system of its own")
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["unshare", "-rm", "sh", "-c", IN_A_SMALL_DISK, "sh", str(disk), kind.small_disk]
    ended = subprocess.run(
        [*words, *_words(kind, disk / "out", gate)],
        cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "disk.status").read_text(encoding="utf-8") == "1\n"
    kept = _kept_after(
        (tmp_path / "disk.first").read_text(encoding="utf-8"), "No space left on device", kind
    )
    assert f"{kept} of them taken over" in (tmp_path / "disk.second").read_text(encoding="utf-8")
    same(kind, "a full disk, resumed", tmp_path / "disk.out")


def _may_mount(folder):
    place = folder / "probe"
    place.mkdir()
    words = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=4k", "probe", str(place)]
    return subprocess.run(words, capture_output=True).returncode == 0


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


def edited(path):
    path.write_text(path.read_text(encoding="utf-8").replace('"schema"', '"schemA"'))


def test_result_files_that_are_damaged_are_named_and_made_again(
    kind, tmp_path, gate, straight, same
):
    out = tmp_path / "out"
    shutil.copytree(straight[kind.name], out)
    damaged = [name for name in kind.names if "verdict" not in name][:3]
    files = [out / kind.folder / stem(name) for name in damaged]
    cut(files[0].with_name(f"{files[0].name}.json"))
    cut(files[1].with_name(f"{files[1].name}.npz"))
    edited(files[2].with_name(f"{files[2].name}.json"))
    cut(out / kind.document)
    heard = Heard()
    kind.start(out, gate, heard=heard, resume=True)
    assert heard.taken_over == len(kind.names) - 3
    assert begun(gate) == dict.fromkeys(map(stem, damaged), 1)
    for name, line in zip(damaged, heard.notes, strict=True):
        assert "computed again" in line
        assert name in line or stem(name) in line
    same(kind, "files cut short and edited, resumed", out)


def test_a_second_run_into_the_folder_is_refused(kind, tmp_path, gate, same):
    out = tmp_path / "out"
    running = Running(kind, out, gate)
    running.start()
    running.wait_for(kind.names.index(kind.blocked))
    for resume in (False, True):
        with pytest.raises(UsageError, match=f"in use by process {os.getpid()}"):
            kind.start(out, gate, resume=resume)
    running.finish()
    assert running.error is None
    assert begun(gate) == once(kind)
    same(kind, "two runs into one folder", out)
