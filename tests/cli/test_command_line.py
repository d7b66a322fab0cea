import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ractheory.cli import command, main
from ractheory.commands import COMMANDS
from ractheory.commands.explain import explanation
from ractheory.commands.listing import KINDS
from ractheory.commands.options import Parser, number, processors, whole
from ractheory.commands.progress import Lines
from ractheory.commands.repro import configure, read_job
from ractheory.errors import UsageError
from ractheory.experiments import FAMILIES
from ractheory.theorems import THEOREMS

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "scipy", "sympy", "numba", "matplotlib", "sklearn", "rich", "multiprocessing")


def read(*words):
    parser = Parser("ractheory repro", "")
    configure(parser)
    return read_job(parser.parse(words))


def one_line(captured):
    assert captured.out == ""
    assert captured.err.endswith("\n")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["none", "list"]),
        (["lst"], ["lst", "did you mean list?"]),
        (["--verbos"], ["--verbos", "--help"]),
        (["list", "theorem"], ["theorem", "theorems", "did you mean"]),
        (["list", "theorems", "more"], ["more"]),
        (["list", "--jsno"], ["--jsno", "did you mean --json?"]),
        (["list", "a\nb"], ["a b"]),
        (["explain"], ["ID", "--help"]),
        (["explain", "gd-lp"], ["gd-lp", "did you mean gd-pl"]),
        (["explain", ""], ["theorem"]),
        (["explain", "gd-pl", "descent"], ["descent"]),
    ],
)
def test_mistakes_are_answered_in_one_line(capsys, words, parts):
    assert main(words) == 2
    said = one_line(capsys.readouterr())
    assert said.startswith("ractheory: ")
    for part in parts:
        assert part in said


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--workers", "0"], ["--workers = 0", ">= 1"]),
        (["--workers", "-1"], ["--workers = -1", ">= 1"]),
        (["--workers", "two"], ["--workers = two", ">= 1"]),
        (["--workers", "1.5"], ["1.5"]),
        (["--workers", ""], ["--workers"]),
        (["--workers"], ["--workers"]),
        (["--worker", "2"], ["--worker", "did you mean --workers?"]),
        (["--out", ""], ["--out"]),
        (["--out", "a\0b"], ["--out"]),
        (["--out"], ["--out"]),
        (["--only"], ["--only"]),
        (["--seed", ""], ["--seed"]),
        (["--seed", "a\nb"], ["--seed"]),
        (["--error-rate", "0"], ["--error-rate", "> 0"]),
        (["--error-rate", "nan"], ["nan"]),
        (["--error-rate", "1e-400"], ["--error-rate"]),
        (["--error-rate", "0.9"], ["0.9", "0.5"]),
        (["--quick", "--full"], ["--quick", "--full"]),
        (["--resume=yes"], ["--resume"]),
        (["extra"], ["extra"]),
    ],
)
def test_mistakes_in_the_options_of_the_main_job(words, parts):
    with pytest.raises(UsageError) as caught:
        read(*words)
    for part in parts:
        assert part in str(caught.value)


def test_options_of_the_main_job():
    job = read(
        "--quick", "--only", "a", "b", "--only", "c", "--out", "x", "--workers", "3", "--resume"
    )
    assert (job.tier, job.only, job.out, job.workers, job.resume) == (
        "quick", ("a", "b", "c"), Path("x"), 3, True,
    )  # fmt: skip
    usual = read()
    assert (usual.tier, usual.out, usual.seed, usual.error_rate) == (
        "default", Path("results"), "ractheory", 1e-6,
    )  # fmt: skip
    assert usual.workers == processors() >= 1
    assert read("--error-rate", "1E-3", "--seed", "s").error_rate == 1e-3


@pytest.mark.parametrize("text", ["1_0", "0x1", "١", "1e3", "9" * 30, "inf"])
def test_only_plain_digits_spell_an_integer(text):
    with pytest.raises(UsageError):
        whole("N", text, 0)


@pytest.mark.parametrize("text", ["", "1e999", "nan", "inf", "1_0", "0x1p3", "1,5"])
def test_only_finite_decimals_spell_a_number(text):
    with pytest.raises(UsageError):
        number("x", text)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["bogus"], ["list", "--bogus"]])
def test_help_and_mistakes_import_nothing_heavy(words):
    code = (
        "import sys; from ractheory.cli import main; main(sys.argv[1:]); "
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(capsys, name):
    assert command(name, ["--help"], f"ractheory {name}") == 0
    assert f"usage: ractheory {name}" in capsys.readouterr().out


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "ractheory", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(name in done.stdout for name in COMMANDS)


def test_the_list_of_theorems_as_json(capsys):
    assert main(["list", "theorems", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == [*THEOREMS, *FAMILIES]
    for row in rows:
        assert {"id", "source", "statement", "hypotheses", "tight"} <= set(row)
        assert row["statement"]


@pytest.mark.parametrize("kind", KINDS)
def test_lists_for_people(capsys, kind):
    assert main(["list", kind]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 3
    assert all(not line.endswith(" ") for line in lines)


@pytest.mark.parametrize("kind", KINDS)
def test_lists_as_json_have_the_promised_keys(capsys, kind):
    assert main(["list", kind, "--json"]) == 0
    for row in json.loads(capsys.readouterr().out):
        assert {"id", "source", "statement", "hypotheses", "tight"} <= set(row)


@pytest.mark.parametrize("name", THEOREMS)
def test_every_theorem_is_explained(name):
    lines = explanation(THEOREMS[name])
    said = " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= 100
    assert THEOREMS[name].source.split()[0] in said
    for hypothesis in THEOREMS[name].hypotheses:
        assert hypothesis.name in said


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_explained(capsys, name):
    assert main(["explain", name]) == 0
    captured = capsys.readouterr().out
    said = " ".join(captured.split())
    assert max(map(len, captured.splitlines())) <= 100
    assert FAMILIES[name].statement in said
    assert f"ractheory repro --only {name}" in said
    assert "expected confirmed" in said


ASK = ["check", "table-3", "--objective"]


def test_an_experiment_is_asked_by_check(capsys):
    words = [*ASK, "trained-parameters", "--set", "method=lora", "widths=8,4,2", "stated=18"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["observed"]) == ("confirmed", 18)
    assert main(words) == 0
    assert "Verdict: confirmed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["isotropic"], ["isotropic", "trained-parameters"]),
        (["order", "--method", "lora"], ["--method", "leave it out"]),
        (["order", "--set", "date=x"], ["date", "data"]),
        (["order", "--set", "data=no-such-folder"], ["no-such-folder", "digits"]),
        (["order", "--seeds", "0"], ["--seeds = 0"]),
        (["order", "--steps", "7"], ["steps", "epochs"]),
        (["trained-parameters", "--set", "method=lora"], ["widths"]),
        (["trained-parameters", "--set", "widths=0,1", "stated=3"], ["widths", "0"]),
        (["trained-parameters", "--set", "widths=2,1", "stated=x"], ["stated", "x"]),
    ],
)
def test_mistakes_in_what_an_experiment_is_asked(capsys, words, parts):
    assert main([*ASK, *words]) == 2
    said = one_line(capsys.readouterr())
    for part in parts:
        assert part in said


def test_an_experiment_shows_its_table(capsys):
    assert main([*ASK, "tie", "--seeds", "2", "--set", "epochs=2"]) == 0
    said = capsys.readouterr().out
    assert "method    trained  mean" in said
    assert "Hypotheses" not in said


def test_a_theorem_needs_a_method(capsys):
    assert main(["check", "gd-pl", "--objective", "isotropic"]) == 2
    assert "--method" in one_line(capsys.readouterr())


def test_an_explanation_ends_with_the_proof(capsys):
    assert main(["explain", "descent"]) == 0
    assert "Proof of descent: proved" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_error():
    code = "import sys; from ractheory.cli import main; sys.exit(main(['list', 'sketches']))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert said == ""


def completion(shell, capsys):
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_every_command_and_the_names_of_the_registries(shell, capsys):
    script = completion(shell, capsys)
    for word in (
        *COMMANDS,
        *THEOREMS,
        *KINDS,
        "resume",
        "logistic-breast-cancer",
        "fed-rac-lora",
    ):
        assert word in script, word


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pr"], {"predict", "proofs"}),
        (["explain", "rr-"], {"rr-nonconvex", "rr-pl"}),
        (["list", "sk"], {"sketches"}),
        (["repro", "--wor"], {"--workers"}),
    ],
)
def test_bash_completes_what_was_begun(words, expected, capsys):
    script = completion("bash", capsys)
    asked = f"COMP_WORDS=(ractheory {' '.join(words)}); COMP_CWORD={len(words)}; _shtab_ractheory"
    ran = subprocess.run(
        ["bash", "-c", f'{script}\n{asked}\necho "${{COMPREPLY[@]}}"'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(ran.stdout.split()) == expected


def test_an_unknown_shell_is_named_with_those_that_are_known(capsys):
    assert main(["completion", "bsh"]) == 2
    said = one_line(capsys.readouterr())
    assert "bsh" in said
    assert "did you mean bash" in said


def test_a_verbose_run_explains_each_claim(capsys):
    claim = {
        "id": "gd-pl/x", "theorem": "gd-pl", "source": "a paper", "objective": "a bowl",
        "method": "rac-lora", "sketch": "haar", "parameters": {"T": 3}, "observed": 0.5, "bound": 1.0,
        "ratio": 0.5, "verdict": "confirmed", "expected": "confirmed", "note": "as it should be",
        "hypotheses": [{"name": "a step", "holds": True, "reason": "0.1 is below 2"}],
        "evidence": {"kind": "exact", "error_rate": 0.0}, "seconds": 0.0,
    }  # fmt: skip
    Lines().finished(claim, 1, 1)
    assert "0.1 is below 2" not in capsys.readouterr().err
    Lines(verbose=True).finished(claim, 1, 1)
    said = capsys.readouterr().err
    for part in ("0.1 is below 2", "observed 0.5", "confirmed (exact)", "as it should be"):
        assert part in said
