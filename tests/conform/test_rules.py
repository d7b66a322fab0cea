"""Rules put through the checks: the shipped examples, rules with a defect, and files that are unfit."""

import json
import shlex
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ractheory.cli import main
from ractheory.conform import conform, load_rule
from ractheory.conform.instances import instances
from ractheory.conform.rule import Declared
from ractheory.conform.run import is_projection_of
from ractheory.errors import UsageError
from ractheory.objectives import objective

EXAMPLES = Path(__file__).parents[2] / "examples"
FEW = ["isotropic", "left-10"]


def verdicts(place, theorem, only=FEW, seeds=128, **more):
    return {
        o.instance.name: o.verdict.value
        for o in conform(load_rule(place), [theorem], only, seeds, **more)
    }


def example(name, function="step"):
    return f"{EXAMPLES / name}.py:{function}"


def rule(folder, body, declares='{"gammaL": 1.0, "rank": 1}', head=""):
    """Write a file with the function `step` and return its place."""
    path = folder / "rule.py"
    lines = "\n    ".join(body.splitlines())
    text = f"import numpy as np\nDECLARES = {declares}\n{head}\ndef step(W, gradient, rng, state):\n    {lines}\n"
    path.write_text(text)
    return f"{path}:step"


def test_rac_lora_holds():
    assert set(verdicts(example("rac_lora"), "descent").values()) == {"confirmed"}
    # On the isotropic quadratic the rate is attained: no sample can decide an equality.
    assert verdicts(example("rac_lora"), "gd-pl") == {
        "isotropic": "undecided",
        "left-10": "confirmed",
    }


def test_a_forgotten_pseudo_inverse_is_refuted():
    for theorem in ("descent", "gd-pl"):
        found = verdicts(example("forgotten_pseudo_inverse"), theorem)
        assert set(found.values()) == {"refuted"}


def test_a_frozen_factor_descends_and_has_no_rate():
    assert set(verdicts(example("lora_fa"), "descent").values()) == {"confirmed"}
    assert verdicts(example("lora_fa"), "gd-pl")["isotropic"] == "refuted"


def test_one_pair_of_factors_has_no_rate():
    assert verdicts(example("lora_plus"), "gd-pl")["isotropic"] == "refuted"


def test_galore_needs_its_subspace_renewed():
    assert "refuted" not in verdicts(example("galore"), "gd-pl").values()
    assert verdicts(example("galore", "step_seldom"), "gd-pl")["isotropic"] == "refuted"


def test_a_rule_that_is_not_as_declared_is_never_confirmed_in_expectation(tmp_path):
    """Gradient descent obeys every bound; a heavy tail that no sample shows could not be told from it."""
    place = rule(tmp_path, "return W - gradient(W) / state['L']")
    found = list(conform(load_rule(place), ["gd-pl"], ["left-10"], 64))
    assert [o.verdict.value for o in found] == ["undecided"]
    assert "0 of 1280 links of the declared form" in found[0].to_json()["evidence"]["detail"]


def test_what_is_confirmed_says_on_what_condition():
    (found,) = conform(load_rule(example("rac_lora")), ["gd-pl"], ["left-10"], 128)
    detail = found.to_json()["evidence"]["detail"]
    runs = found.comparison.seeds
    assert f"{20 * runs} of {20 * runs} links of the declared form" in detail
    assert "provided that every link is" in detail


def test_an_iterate_that_is_not_finite_counts_as_infinite(tmp_path):
    place = rule(tmp_path, "return W * (np.nan if state['t'] == 3 else 1.0)")
    for theorem in ("descent", "gd-pl"):
        (found,) = conform(load_rule(place), [theorem], ["left-10"], 8)
        claim = found.to_json()
        assert claim["verdict"] == "refuted"
        assert claim["observed"] == "inf"


def test_a_step_that_is_too_long_is_refuted(tmp_path):
    body = "B = rng.standard_normal((len(W), 1))\nreturn W - 2.2 / state['L'] * B @ np.linalg.pinv(B) @ gradient(W)"
    assert verdicts(rule(tmp_path, body), "descent", ["isotropic"]) == {"isotropic": "refuted"}


def test_the_state_begins_with_the_constants_and_persists(tmp_path):
    body = """assert state["t"] == state.setdefault("own", 0), state
state["own"] += 1
assert set(state) == {"L", "mu", "t", "own"}
assert state["L"] == 1.0 and abs(state["mu"] - 0.1) < 1e-15
assert isinstance(rng, np.random.Generator)
W -= gradient(W)
return W"""
    (found,) = conform(load_rule(rule(tmp_path, body)), ["descent"], ["left-10"], 3)
    f = found.trial.objective
    assert (f.constants.L, f.constants.pl) == (1.0, pytest.approx(0.1))
    paths = list(found.trial.path(0))
    for (W, G), (after, _) in pairwise(paths):
        assert np.array_equal(G, f.gradient(W))
        assert np.array_equal(after, W - G)


def test_a_class_is_made_anew_for_each_run(tmp_path):
    path = tmp_path / "rule.py"
    path.write_text("""
DECLARES = {"gammaL": 1.0}
class Rule:
    def __init__(self):
        self.steps = 0
    def step(self, W, gradient, rng, state):
        assert self.steps == state["t"]
        self.steps += 1
        return W - gradient(W) / state["L"]
""")
    place = f"{path}:Rule"
    assert verdicts(place, "descent", ["isotropic"], 4) == {"isotropic": "confirmed"}


def test_a_theorem_that_does_not_apply_says_why(tmp_path):
    place = rule(tmp_path, "return W", '{"gammaL": 2.5, "rank": 1}')
    found = list(conform(load_rule(place), ["descent"], seeds=2))
    assert [o.verdict.value for o in found] == ["not-applicable"]
    failing = [h for h in found[0].to_json()["hypotheses"] if not h["holds"]]
    assert [h["name"] for h in failing] == ["step below 2/L"]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("rank", [1, 2, 5])
def test_instances_have_room_for_the_rank_and_differ(side, rank):
    declared = Declared(1.0, rank, side)
    shapes, conditions = set(), set()
    for instance in instances(declared):
        f = objective(instance.objective.name, **instance.objective.parameters)
        ((m, n),) = f.shapes
        assert rank <= (m if side == "left" else n)
        shapes.add((m > n) - (m < n))
        if f.constants.pl:
            conditions.add(round(f.constants.L / f.constants.pl))
    assert shapes == {-1, 0, 1}
    assert {1, 10, 100} <= conditions


def test_projections_of_the_gradient_are_told_from_other_steps():
    rng = np.random.default_rng(7)
    for _ in range(50):
        G = rng.standard_normal((5, 3))
        Q = np.linalg.qr(rng.standard_normal((5, 2)))[0]
        assert is_projection_of(Q @ Q.T @ G, G, 2)
        assert not is_projection_of(Q @ Q.T @ G, G, 1)
        assert not is_projection_of(1.01 * Q @ Q.T @ G, G, 2)
        B = rng.standard_normal((5, 2))
        assert not is_projection_of(B @ B.T @ G, G, 2)


# The command.


def command(capsys, *words):
    status = main(["conform", *map(str, words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_command_prints_one_document_and_its_exit_status_tells(tmp_path, capsys):
    words = [
        "--theorem",
        "descent",
        "--instance",
        "isotropic",
        "--seeds",
        4,
        "--out",
        tmp_path,
        "--json",
    ]
    status, out, err = command(capsys, example("rac_lora"), *words)
    document = json.loads(out)
    assert (status, err) == (0, "")
    assert document["method"] == example("rac_lora")
    (claim,) = document["claims"]
    assert {"id", "theorem", "source", "objective", "method", "sketch", "parameters", "hypotheses", "observed",
            "bound", "ratio", "verdict", "expected", "evidence", "seconds"} <= set(claim)  # fmt: skip
    status, out, _ = command(capsys, example("forgotten_pseudo_inverse"), *words)
    assert status == 1
    assert json.loads(out)["claims"][0]["verdict"] == "refuted"


@pytest.mark.parametrize("theorem", ["descent", "gd-pl"])
def test_a_counterexample_is_saved_and_reproduces_in_one_line(tmp_path, capsys, theorem):
    words = [
        "--theorem",
        theorem,
        "--instance",
        "left-10",
        "--seeds",
        96,
        "--out",
        tmp_path,
        "--json",
    ]
    _, out, _ = command(capsys, example("forgotten_pseudo_inverse"), *words)
    (claim,) = json.loads(out)["claims"]
    saved = json.loads(Path(claim["counterexample"]["file"]).read_text(encoding="utf-8"))
    program, name, *again = shlex.split(saved["command"])
    assert (program, name) == ("ractheory", "conform")
    status, out, _ = command(capsys, *again, "--out", tmp_path / "again", "--json")
    (repeated,) = json.loads(out)["claims"]
    assert status == 1
    assert repeated["verdict"] == "refuted"
    assert (repeated["observed"], repeated["bound"]) == (saved["observed"], saved["bound"])


UNFIT = {
    "no colon": ("examples/rac_lora.py", "PATH.py:FUNCTION"),
    "no file": ("no/such.py:step", "that exists"),
    "a folder": (f"{EXAMPLES}:step", "PATH.py:FUNCTION"),
    "no such function": (example("rac_lora", "stop"), "step"),
    "not a function": (example("rac_lora", "DECLARES"), "a function or a class"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_unfit_places_are_one_line(capsys, case):
    place, hint = UNFIT[case]
    status, out, err = command(capsys, place, "--theorem", "gd-pl")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert hint in err


BODIES = {
    "wrong shape": ("return W[:1]", "shape of the value"),
    "no value": ("pass", "shape of the value"),
    "text": ("return 'W'", "a matrix of numbers"),
    "raises": ("return 1 / 0", "ZeroDivisionError in line 5"),
    "raises at some step": (
        "if state['t'] == 2: raise KeyError('lost')\nreturn W",
        "KeyError in line 5",
    ),
    "gradient of a wrong shape": ("return W - gradient(W.T)", "in line 5"),
}


@pytest.mark.parametrize("case", BODIES)
def test_rules_that_do_not_work_are_one_line(tmp_path, capsys, case):
    body, hint = BODIES[case]
    status, out, err = command(
        capsys, rule(tmp_path, body), "--theorem", "descent", "--instance", "left-10", "--seeds", 2
    )
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert hint in err
    assert "Traceback" not in err


FILES = {
    "syntax": ("def step(W:\n", "SyntaxError in line 1"),
    "exit": ("raise SystemExit(3)\n", "SystemExit"),
    "import": ("import no_such_module_here\n", "no module no_such_module_here"),
    "no declares": ("def step(W, gradient, rng, state): return W\n", "DECLARES = nothing"),
    "arguments": (
        "DECLARES = {'gammaL': 1.0}\ndef step(W): return W\n",
        "step(W, gradient, rng, state)",
    ),
}
DECLARATIONS = {
    "a list": ("[1.0]", "a dict"),
    "no step": ("{'rank': 2}", "a dict with gammaL"),
    "unknown key": ("{'gammaL': 1.0, 'ranks': 2}", "gammaL, rank, side, law"),
    "negative": ("{'gammaL': -1.0}", "> 0"),
    "not a number": ("{'gammaL': 'one'}", "> 0"),
    "rank zero": ("{'gammaL': 1.0, 'rank': 0}", "an integer from 1"),
    "a side": ("{'gammaL': 1.0, 'side': 'top'}", "left or right"),
    "a law": ("{'gammaL': 1.0, 'law': 'frozen'}", "haar"),
}


@pytest.mark.parametrize("case", [*FILES, *DECLARATIONS])
def test_unfit_files_are_one_line(tmp_path, capsys, case):
    path = tmp_path / "rule.py"
    if case in FILES:
        text, hint = FILES[case]
    else:
        declares, hint = DECLARATIONS[case]
        text = f"DECLARES = {declares}\ndef step(W, gradient, rng, state): return W\n"
    path.write_text(text)
    status, out, err = command(capsys, f"{path}:step", "--theorem", "gd-pl")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert hint in err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--theorem", "gd-lp"], "did you mean gd-pl"),
        (["--theorem", "cola-almost-sure"], "one that an update rule shows"),
        (["--theorem", "gd-pl", "--instance", "nowhere"], "left-10"),
        (["--theorem", "gd-pl", "--seeds", "0"], "an integer >= 1"),
        ([], "--theorem"),
    ],
)
def test_unfit_options_are_one_line(capsys, words, hint):
    status, out, err = command(capsys, example("rac_lora"), *words)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert hint in err


def test_no_rule_is_imported_twice_from_one_name(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, value in ((first, "W"), (second, "2 * W")):
        folder.mkdir()
        rule(folder, f"return {value}")
    W = np.ones((1, 1))
    steps = [load_rule(f"{folder / 'rule.py'}:step").make() for folder in (first, second)]
    assert [float(s(W, None, None, {})[0, 0]) for s in steps] == [1.0, 2.0]


def test_an_unknown_instance_is_an_error():
    with pytest.raises(UsageError, match="instance"):
        list(conform(load_rule(example("rac_lora")), ["gd-pl"], ["x"]))
