import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from ractheory import records
from ractheory.commands.pages import draw_page
from ractheory.commands.repro import draw_figures, run_job
from ractheory.errors import UsageError
from ractheory.evidence import claim_error_rate
from ractheory.repro import Job, select
from tests.records import fakes
from tests.records.fakes import BLOCKED, CATALOGUE, DEFAULT

ROOT = Path(__file__).parents[2]


def run(out, evaluate=fakes.evaluate, **settings):
    return run_job(Job(out=out, **settings), CATALOGUE, evaluate, draw=fakes.no_figures)


def document(out):
    return json.loads((out / "claims.json").read_text(encoding="utf-8"))


def numbers(out):
    """All that a run wrote but its times."""
    claims = [{k: v for k, v in c.items() if k != "seconds"} for c in document(out)["claims"]]
    curves = {p.name: p.read_bytes() for p in (out / "records").glob("*.npz")}
    return json.dumps(claims), curves


def start(out, evaluate, *, resume=False):
    """Start a run in another process."""
    code = (
        "import sys, pathlib; from ractheory.commands.repro import run_job; "
        "from ractheory.repro import Job; from tests.records import fakes; "
        f"job = Job(out=pathlib.Path(sys.argv[1]), resume={resume}); "
        f"sys.exit(run_job(job, fakes.CATALOGUE, fakes.{evaluate}, draw=fakes.no_figures))"
    )
    command = [sys.executable, "-c", code, str(out)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The results of a run from start to end."""
    out = tmp_path_factory.mktemp("straight") / "results"
    assert run(out) == 0
    return out


def test_a_run_leaves_its_results_and_nothing_else(straight):
    found = document(straight)
    assert sorted(p.name for p in straight.iterdir()) == ["claims.json", "records"]
    assert found["schema"] == 1
    assert set(found["provenance"]) == {
        "version", "commit", "dirty", "python", "packages", "machine", "seed", "started", "seconds",
    }  # fmt: skip
    assert [c["id"] for c in found["claims"]] == DEFAULT
    assert all(c["seconds"] >= 0 for c in found["claims"])
    read = records.read_records(straight / "records")
    assert sorted(r.claim["id"] for r in read) == sorted(DEFAULT)


def test_two_workers_write_the_same_numbers(straight, tmp_path):
    assert run(tmp_path, workers=2) == 0
    assert numbers(tmp_path) == numbers(straight)


def test_the_share_of_the_error_rate_does_not_depend_on_the_choice(straight, tmp_path):
    assert run(tmp_path, only=(DEFAULT[1],)) == 0
    (claim,) = document(tmp_path)["claims"]
    assert claim["evidence"] == document(straight)["claims"][1]["evidence"]
    assert claim["evidence"]["error_rate"] == claim_error_rate()


def test_another_seed_writes_other_numbers(straight, tmp_path):
    assert run(tmp_path, seed="another") == 0
    assert numbers(tmp_path) != numbers(straight)


def read_until(process, text):
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"the run ended before it wrote {text!r}")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_run_is_resumed(straight, tmp_path, capsys, how):
    out = tmp_path / "out"
    process = start(out, "blocking")
    read_until(process, "[3/5]")
    process.send_signal(how)
    rest = process.stderr.read()
    process.stderr.close()
    process.wait()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "3 of 5 claims are done" in rest
        assert "--resume" in rest
        assert "Traceback" not in rest
    else:
        assert process.returncode == -signal.SIGKILL
    assert not (out / "claims.json").exists()
    assert run(out, resume=True) == 0
    assert "3 of them taken over" in capsys.readouterr().err
    assert numbers(out) == numbers(straight)
    assert sorted(p.name for p in out.iterdir()) == ["claims.json", "records"]


def test_a_second_run_into_a_folder_in_use_is_refused(tmp_path):
    process = start(tmp_path, "blocking")
    read_until(process, "[1/5]")
    for resume in (False, True):
        with pytest.raises(UsageError, match=f"in use by process {process.pid}"):
            run(tmp_path, fakes.forbidden, resume=resume)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130


def test_a_fresh_run_keeps_earlier_results_until_it_has_finished(straight, tmp_path):
    assert run(tmp_path) == 0
    before = numbers(tmp_path)
    assert run(tmp_path, fakes.raising, seed="another") == 1
    assert numbers(tmp_path) == before
    assert run(tmp_path, seed="another", only=(DEFAULT[0],)) == 0
    assert [c["id"] for c in document(tmp_path)["claims"]] == [DEFAULT[0]]
    assert len(records.read_records(tmp_path / "records")) == 1


def test_without_resume_everything_is_computed_again(tmp_path, capsys):
    assert run(tmp_path, fakes.raising) == 1
    capsys.readouterr()
    assert run(tmp_path) == 0
    assert "taken over" not in capsys.readouterr().err


def test_finished_results_are_taken_over_by_a_wider_run(straight, tmp_path, capsys):
    assert run(tmp_path, tier="quick") == 0
    capsys.readouterr()
    assert run(tmp_path, resume=True) == 0
    assert "2 of them taken over" in capsys.readouterr().err
    assert numbers(tmp_path) == numbers(straight)


def test_resume_of_a_finished_run_computes_nothing(tmp_path):
    assert run(tmp_path) == 0
    before = numbers(tmp_path)
    assert run(tmp_path, fakes.forbidden, resume=True) == 0
    assert numbers(tmp_path) == before


@pytest.mark.parametrize("exists", [True, False])
def test_resume_on_an_empty_or_missing_folder_starts_afresh(straight, tmp_path, exists):
    out = tmp_path / "out"
    if exists:
        out.mkdir()
    assert run(out, resume=True) == 0
    assert numbers(out) == numbers(straight)


def test_damaged_records_are_computed_again_and_named(straight, tmp_path, capsys):
    assert run(tmp_path, fakes.raising) == 1
    partial = tmp_path / records.PARTIAL / records.RECORDS
    damaged = DEFAULT[0]
    path = partial / f"{records.file_stem(damaged)}.json"
    path.write_text(path.read_text(encoding="utf-8")[:-40])
    capsys.readouterr()
    assert run(tmp_path, resume=True) == 0
    said = capsys.readouterr().err
    assert f"{damaged} is computed again: its file is damaged" in said
    assert "3 of them taken over" in said
    assert numbers(tmp_path) == numbers(straight)


def test_truncated_results_do_not_stop_a_run(straight, tmp_path):
    assert run(tmp_path) == 0
    path = tmp_path / "claims.json"
    path.write_text(path.read_text(encoding="utf-8")[:100])
    assert run(tmp_path, fakes.forbidden, resume=True) == 0
    assert numbers(tmp_path) == numbers(straight)


def test_claims_of_another_seed_are_not_taken_over(tmp_path, capsys):
    assert run(tmp_path, tier="quick") == 0
    capsys.readouterr()
    assert run(tmp_path, tier="quick", seed="another", resume=True) == 0
    assert "another seed" in capsys.readouterr().err


def test_a_killed_worker_costs_nothing(straight, tmp_path):
    marker = tmp_path / "killed"
    assert run(tmp_path / "out", partial(fakes.dying_once, marker), workers=2) == 0
    assert marker.exists()
    assert numbers(tmp_path / "out") == numbers(straight)


def test_a_claim_that_fails_is_named_and_the_rest_is_kept(tmp_path, capsys):
    assert run(tmp_path, fakes.raising) == 1
    said = capsys.readouterr().err
    assert f"{BLOCKED} failed: ZeroDivisionError: in the middle" in said
    assert "1 failed: 4 of 5 claims are done and kept" in said
    assert not (tmp_path / "claims.json").exists()


def test_an_unexpected_verdict_is_exit_status_one(tmp_path, capsys):
    assert run(tmp_path, fakes.surprising) == 1
    assert f"! {DEFAULT[1]}" in capsys.readouterr().out
    assert (tmp_path / "claims.json").exists()


def test_json_output_is_the_document_alone(tmp_path, capsys):
    assert (
        run_job(Job(out=tmp_path, tier="quick"), CATALOGUE, fakes.evaluate, True, fakes.no_figures)
        == 0
    )
    assert json.loads(capsys.readouterr().out) == document(tmp_path)


def test_nothing_is_computed_or_made_for_a_job_that_cannot_be_done(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--out"):
        run(tmp_path / "file" / "out", fakes.forbidden)
    with pytest.raises(UsageError, match="did you mean gd-pl/ridge/haar-r1"):
        run(tmp_path / "out", fakes.forbidden, only=("gd-pl/rigde/haar-r1",))
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Permission denied"):
        run(tmp_path / "out", fakes.forbidden)


def test_select_by_tier_claim_and_theorem():
    def ids(*arguments):
        return [c.id for c in select(CATALOGUE, *arguments)]

    assert ids("full") == [c.id for c in CATALOGUE]
    assert ids("quick") == [DEFAULT[0], DEFAULT[2]]
    assert ids("quick", ["gd-pl"]) == [DEFAULT[0]]
    assert ids("quick", ["gd-pl/logistic/haar-r5"]) == ["gd-pl/logistic/haar-r5"]
    with pytest.raises(UsageError, match="tier quick"):
        select([CATALOGUE[1]], "quick", ["gd-pl"])
    with pytest.raises(UsageError, match="--only"):
        select(CATALOGUE, "quick", ["gd-pl", ""])


@pytest.mark.parametrize(
    "bad",
    [
        {"tier": "fast"}, {"workers": 0}, {"workers": 1.5}, {"workers": True}, {"seed": ""},
        {"seed": "a\nb"}, {"seed": "x" * 101}, {"error_rate": 0.0}, {"error_rate": float("nan")},
        {"error_rate": 0.6}, {"error_rate": "much"},
    ],
)  # fmt: skip
def test_a_job_is_validated_when_it_is_made(tmp_path, bad):
    with pytest.raises(UsageError):
        Job(out=tmp_path, **bad)


def write_figure(source, folder):
    assert (source.parent / "claims.json").exists()
    (folder / "rates.svg").write_text(str(len(list(source.glob("*.npz")))))
    return ["figures: a remark"]


def test_figures_are_drawn_from_the_finished_records(tmp_path, capsys):
    job = Job(out=tmp_path, tier="quick")
    assert run_job(job, CATALOGUE, fakes.evaluate, draw=write_figure) == 0
    assert (tmp_path / "figures" / "rates.svg").read_text(encoding="utf-8") == "2"
    captured = capsys.readouterr()
    assert "figures/rates.svg" in captured.out
    assert "figures: a remark" in captured.err
    assert run_job(job, CATALOGUE, fakes.evaluate, draw=lambda source, folder: []) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["claims.json", "records"]


def test_figures_without_records_are_remarked(tmp_path):
    assert run(tmp_path, tier="quick") == 0
    remarks = draw_figures(tmp_path / "records", tmp_path / "figures")
    assert remarks
    assert all("left out" in remark for remark in remarks)


def test_results_stay_when_the_figures_fail(tmp_path):
    def fail(source, folder):
        raise RuntimeError("a defect")

    job = Job(out=tmp_path, tier="quick")
    with pytest.raises(RuntimeError):
        run_job(job, CATALOGUE, fakes.evaluate, draw=fail)
    assert len(document(tmp_path)["claims"]) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["claims.json", "records"]


def test_the_page_is_drawn_from_the_finished_run(tmp_path, capsys):
    page = partial(draw_page, check_proofs=False)
    job = Job(out=tmp_path, tier="quick")
    assert run_job(job, CATALOGUE, fakes.evaluate, draw=fakes.no_figures, page=page) == 0
    assert all(
        f'data-id="{c.id}"' in (tmp_path / "report.html").read_text(encoding="utf-8")
        for c in CATALOGUE
        if "quick" in c.tiers
    )
    assert "report.html" in capsys.readouterr().err


def test_results_stay_when_the_page_fails(tmp_path, capsys, monkeypatch):
    (tmp_path / "report.html").write_text("of an earlier run")
    monkeypatch.setattr("ractheory.report.page.page", None)
    page = partial(draw_page, check_proofs=False)
    job = Job(out=tmp_path, tier="quick")
    assert run_job(job, CATALOGUE, fakes.evaluate, draw=fakes.no_figures, page=page) == 0
    assert "ractheory report" in capsys.readouterr().err
    assert (tmp_path / "claims.json").exists()
    assert not (tmp_path / "report.html").exists()
