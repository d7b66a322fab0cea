import fcntl
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ractheory import records
from ractheory.errors import UsageError
from tests.records.fakes import CATALOGUE, evaluate

NAME = CATALOGUE[0].id


@pytest.fixture
def written(tmp_path):
    claim, curves = evaluate(NAME, "seed", 1e-7)
    records.write_record(tmp_path, records.Record(claim, curves), "mark")
    return tmp_path


def test_a_record_comes_back_bit_for_bit(written):
    claim, curves = evaluate(NAME, "seed", 1e-7)
    record = records.read_record(written, NAME, "mark")
    assert record.claim == claim
    assert {k: v.tobytes() for k, v in record.curves.items()} == {
        k: v.tobytes() for k, v in curves.items()
    }
    assert [r.claim for r in records.read_records(written)] == [claim]


def test_a_record_of_other_code_is_not_taken(written):
    with pytest.raises(records.Damaged, match="other code"):
        records.read_record(written, NAME, "another mark")


def cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def edit(path):
    text = path.read_text(encoding="utf-8")
    assert '"confirmed"' in text
    path.write_text(text.replace('"confirmed"', '"refuted"'))


def empty(path):
    path.write_bytes(b"")


def other_json(path):
    path.write_text("[1, 2]")


def forged(path):
    """Sealed well, but of another claim."""
    body = json.loads(path.read_text(encoding="utf-8"))
    del body["seal"]
    body["claim"]["id"] = "another"
    path.write_text(json.dumps({**body, "seal": records._seal(body)}))


@pytest.mark.parametrize(
    ("ending", "damage"),
    [
        ("json", cut), ("json", edit), ("json", empty), ("json", other_json), ("json", forged),
        ("npz", cut), ("npz", empty), ("npz", os.unlink), ("json", os.unlink),
    ],
)  # fmt: skip
def test_damage_is_found(written, ending, damage):
    damage(written / f"{records.file_stem(NAME)}.{ending}")
    with pytest.raises(records.Damaged, match="damaged"):
        records.read_record(written, NAME, "mark")


def test_objects_in_curves_are_not_unpickled(tmp_path):
    claim, _ = evaluate(NAME, "seed", 1e-7)
    curves = {"t": np.array([{"an": "object"}], dtype=object)}
    records.write_record(tmp_path, records.Record(claim, curves), "mark")
    with pytest.raises(records.Damaged):
        records.read_record(tmp_path, NAME)


def test_readers_name_the_folder(tmp_path, written):
    with pytest.raises(UsageError, match="nowhere"):
        records.read_records(tmp_path / "nowhere")
    cut(written / f"{records.file_stem(NAME)}.npz")
    with pytest.raises(UsageError, match="repro"):
        records.read_records(written)


@pytest.mark.parametrize("content", ["", '{"schema": 1, "cla', "[]", '{"schema": 2}'])
def test_results_that_cannot_be_read_are_named(tmp_path, content):
    path = tmp_path / "claims.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"claims\.json"):
        records.read_claims(path)


@given(st.text(min_size=1), st.text(min_size=1))
def test_different_ids_have_different_files(one, other):
    assert (records.file_stem(one) == records.file_stem(other)) == (one == other)
    assert records.claim_id(records.file_stem(one)) == one
    assert "/" not in records.file_stem(one)


def test_what_json_cannot_hold_becomes_null():
    value = {"a": np.float64("inf"), "b": (np.int64(1), float("nan")), "c": np.arange(2), "d": True}
    assert json.loads(records.dumps(value)) == {"a": None, "b": [1, None], "c": [0, 1], "d": True}


def test_a_write_that_fails_leaves_the_file(tmp_path, monkeypatch):
    path = tmp_path / "claims.json"
    records.write_whole(path, b"before")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        records.write_whole(path, b"after")
    assert path.read_bytes() == b"before"


def test_a_held_folder_is_refused_and_free_again_afterwards(tmp_path):
    with records.hold(tmp_path / "out"):
        with (
            pytest.raises(UsageError, match=f"process {os.getpid()}"),
            records.hold(tmp_path / "out"),
        ):
            pass
        assert (tmp_path / "out" / records.LOCK).exists()
    assert not (tmp_path / "out" / records.LOCK).exists()
    with records.hold(tmp_path / "out"):
        pass


def test_the_lock_of_a_dead_run_is_taken_over(tmp_path):
    code = (
        "import os, sys, pathlib; from ractheory import records\n"
        "with records.hold(pathlib.Path(sys.argv[1])): os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == 9
    assert (tmp_path / records.LOCK).exists()
    with records.hold(tmp_path):
        holder = json.loads((tmp_path / records.LOCK).read_text(encoding="utf-8"))
        assert holder["pid"] == os.getpid()


def test_a_lock_file_of_nobody_says_so(tmp_path):
    with (tmp_path / records.LOCK).open("w") as file:
        file.write("not json")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another process"), records.hold(tmp_path):
            pass


@pytest.mark.parametrize("name", ["file", "file/inside", "\0", "x" * 300])
def test_a_folder_that_cannot_be_made_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("a file")
    with pytest.raises(UsageError, match="--out"), records.hold(tmp_path / name):
        pass
