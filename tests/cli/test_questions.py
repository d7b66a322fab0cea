"""The commands that answer a question: check, exact, predict, proofs."""

import json

import numpy as np
import pytest

from ractheory.cli import main
from ractheory.commands.check import read_settings
from ractheory.errors import UsageError

EXACT = ["exact", "--spectrum", "3,1", "--columns", "2", "--rank", "1", "--step", "0.3"]
PREDICT = ["predict", "--rows", "8", "--columns", "4", "--rank", "2"]
CHECK = ["check", "descent", "--objective", "isotropic", "--method", "rac-lora", "--seeds", "5"]


def answer(capsys, *words, status=0):
    assert main([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def test_exact_has_a_row_for_every_t(capsys):
    found = answer(capsys, *EXACT, "--steps", "3")
    assert found["t"] == [0, 1, 2, 3]
    assert set(found) >= {
        "t", "expected", "bounds", "spectral_radius", "stable", "step_limit", "best_step", "L_eff",
    }  # fmt: skip
    assert main([*EXACT, "--steps", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["t", "0", "1", "2", "3"]
    assert any("best_step" in line for line in lines)


def test_exact_agrees_with_the_same_layer_on_its_side(capsys):
    left = answer(capsys, *EXACT, "--steps", "2")
    right = answer(capsys, *EXACT, "--steps", "2", "--side", "right")
    assert left["expected"] == right["expected"]


def test_predict_reads_a_spectrum(capsys, tmp_path):
    np.save(tmp_path / "k.npy", np.ones(8))
    found = answer(capsys, *PREDICT, "--spectrum", str(tmp_path / "k.npy"))
    assert found["lam_min"] == 0.25
    assert found["slowdown"]["paper"] == 4.0
    assert found["effective_dimension"] == 8.0
    assert found["floors"] == {"lora": None, "asymlora": None}
    assert main([*PREDICT, "--decay", "2"]) == 0
    assert "slowdown paper" in capsys.readouterr().out


def test_check_is_a_claim_with_its_seconds(capsys):
    found = answer(capsys, *CHECK, "--steps", "3", "--set", "m=4", "rank=2", "--set", "side=right")
    assert found["verdict"] == "confirmed"
    assert found["parameters"]["m"] == 4
    assert found["parameters"]["r"] == 2
    assert found["seconds"] >= 0
    assert main([*CHECK, "--steps", "3", "--set", "step=2.5"]) == 0
    said = capsys.readouterr().out
    assert "FAILS" in said
    assert "Verdict: not-applicable" in said


def test_a_refuted_check_is_exit_status_one(capsys):
    found = answer(capsys, *CHECK, "--set", "bound_factor=0.5", status=1)
    assert found["verdict"] == "refuted"


def test_proofs_of_one_theorem(capsys):
    (found,) = answer(capsys, "proofs", "descent")
    assert found["status"] == "proved"
    assert found["planted"] == found["rejected"] >= 2
    assert main(["proofs", "descent"]) == 0
    said = capsys.readouterr().out
    assert "1 of 1 proved" in said
    assert "Cited facts\n  - descent lemma: If |grad f(x)" in said


def test_a_failed_proof_is_exit_status_one(capsys, monkeypatch):
    monkeypatch.setattr("proofs_check.proof.all_breaches", lambda: ("a breach",))
    (found,) = answer(capsys, "proofs", "descent", status=1)
    assert found["status"] == "failed"
    assert found["steps"][-1]["statement"] == "a breach"


def test_a_theorem_is_explained_with_its_proof(capsys):
    assert main(["explain", "descent"]) == 0
    said = capsys.readouterr().out
    for part in (
        "Statement 'sharp'",
        "LSmooth:",
        "It brings in",
        "Steps\n  1. descent of one link",
    ):
        assert part in said


def test_settings_are_read_from_words():
    words = ["rank=2", "step=0.5", "side=right", "gaussian_is_A=false", "probabilities=0.5,1"]
    assert read_settings(words) == {
        "rank": 2, "step": 0.5, "side": "right", "gaussian_is_A": False, "probabilities": (0.5, 1),
    }  # fmt: skip
    for bad in (["rank"], ["=2"], ["rank="], ["rank=1", "rank=2"]):
        with pytest.raises(UsageError, match="--set"):
            read_settings(bad)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([*EXACT], ["--steps"]),
        ([*EXACT, "--steps", "-1"], ["--steps = -1"]),
        ([*EXACT, "--steps", "many"], ["many"]),
        ([*EXACT, "--steps", "3", "--rank", "9"], ["9"]),
        ([*EXACT, "--steps", "3", "--step", "nan"], ["nan"]),
        ([*EXACT, "--steps", "3", "--step", "-1"], ["-1"]),
        ([*EXACT, "--steps", "3", "--spectrum", "0,0"], ["spectrum"]),
        ([*EXACT, "--steps", "3", "--spectrum", "1,inf"], ["inf"]),
        ([*EXACT, "--steps", "3", "--side", "top"], ["top", "left"]),
        ([*EXACT, "--steps", "3", "--sketch", "har"], ["har", "haar"]),
        ([*EXACT, "--steps", "3", "--arithmetic", "integer"], ["integer", "rational"]),
        ([*EXACT, "--steps", "3", "--start-energy", "1,-1"], ["-1"]),
        ([*EXACT, "--steps", "3", "--start-energy", "1"], ["start"]),
        ([*EXACT, "--steps", "3", "--columns", "0"], ["--columns = 0"]),
        (PREDICT, ["--spectrum", "--decay"]),
        ([*PREDICT, "--decay", "2", "--effective-dimension", "3"], ["not allowed"]),
        ([*PREDICT, "--decay", "two"], ["two"]),
        ([*PREDICT, "--effective-dimension", "0"], ["0"]),
        ([*PREDICT, "--spectrum", "/nowhere/k.txt"], ["/nowhere/k.txt"]),
        ([*PREDICT, "--decay", "2", "--shift", "/nowhere/s.txt"], ["/nowhere/s.txt"]),
        ([*PREDICT, "--decay", "2", "--accuracy", "2"], ["2"]),
        ([*PREDICT, "--decay", "2", "--rows", "1.5"], ["--rows = 1.5"]),
        ([*PREDICT, "--decay", "2", "--side", "up"], ["up"]),
        (["check", "descnt", *CHECK[2:]], ["did you mean descent"]),
        ([*CHECK, "--objective", "isotropc"], ["did you mean isotropic"]),
        ([*CHECK, "--method", "raclora"], ["did you mean rac-lora"]),
        ([*CHECK, "--seeds", "0"], ["--seeds = 0"]),
        ([*CHECK, "--steps", "inf"], ["--steps = inf"]),
        ([*CHECK, "--set", "step=0"], ["step"]),
        ([*CHECK, "--set", "step=-1"], ["step = -1"]),
        ([*CHECK, "--set", "step=inf"], ["step = inf"]),
        ([*CHECK, "--set", "rank=9"], ["rank", "9"]),
        ([*CHECK, "--set", "m=0"], ["m = 0"]),
        ([*CHECK, "--set", "law=har"], ["har"]),
        ([*CHECK, "--set", "colour=red"], ["colour"]),
        ([*CHECK, "--set", "start=somewhere"], ["somewhere"]),
        (["check", "descent"], ["--objective"]),
        (["proofs", "gd-lp"], ["gd-lp", "did you mean gd-pl"]),
    ],
)
def test_mistakes_are_answered_in_one_line(capsys, words, parts):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    for part in parts:
        assert part in captured.err
