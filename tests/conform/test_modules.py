"""PyTorch modules with an optimizer as update rules; skipped, visibly, where PyTorch is missing."""

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from ractheory import check  # noqa: E402
from ractheory.cli import main  # noqa: E402
from ractheory.conform import conform, load_rule  # noqa: E402

EXAMPLES = Path(__file__).parents[2] / "examples"
RAC = f"{EXAMPLES / 'torch_rac_lora.py'}:RacLora"

DECLARES = {"gammaL": 1.0, "rank": 1, "side": "left"}


class Full(torch.nn.Module):
    def __init__(self, W, L):
        super().__init__()
        self.weight = torch.nn.Parameter(W)
        self.optimizer = torch.optim.SGD(self.parameters(), lr=1 / L)

    def forward(self):
        return self.weight


HEAD = f"import torch\nDECLARES = {DECLARES}\n{inspect.getsource(Full)}"
"""A file that holds this class."""


def outcomes(place, theorem, only, seeds, **more):
    return list(conform(load_rule(place), [theorem], only, seeds, **more))


def module(folder, old="", new=""):
    """Write gradient descent as a module, with a change, and return its place."""
    assert old in HEAD
    path = folder / "module.py"
    path.write_text(HEAD.replace(old, new))
    return f"{path}:Full"


def test_rac_lora_as_a_module_is_confirmed():
    (found,) = outcomes(RAC, "descent", ["left-10"], 20)
    assert found.verdict == "confirmed"
    assert "400 of 400 links of the declared form" in found.to_json()["evidence"]["detail"]
    (found,) = outcomes(RAC, "gd-pl", ["left-10"], 64)
    assert found.verdict == "confirmed"


def test_peft_on_a_linear_layer_is_refuted():
    pytest.importorskip("peft", reason="the extra torch is not installed")
    (found,) = outcomes(f"{EXAMPLES / 'peft_linear.py'}:Lora", "gd-pl", ["isotropic"], 64)
    assert found.verdict == "refuted"


def test_a_module_follows_its_optimizer_in_double_precision(tmp_path):
    (found,) = outcomes(module(tmp_path), "descent", ["left-10"], 2)
    L = found.trial.objective.constants.L
    (W, G), *rest = found.trial.path(0)
    for after, slope in rest:
        assert np.abs(after - (W - G / L)).max() <= 4 * np.finfo(float).eps * np.abs(W).max()
        W, G = after, slope


def test_the_state_of_the_optimizer_persists(tmp_path):
    place = module(tmp_path, "lr=1 / L", "lr=0.1 / L, momentum=0.9")
    (found,) = outcomes(place, "descent", ["left-10"], 2)
    L = found.trial.objective.constants.L
    (W, G), (W1, G1), (W2, _), *_ = found.trial.path(0)
    assert np.allclose(W1, W - 0.1 * G / L, rtol=1e-14)
    assert np.allclose(W2, W1 - 0.1 * (0.9 * G + G1) / L, rtol=1e-14)


def test_runs_have_random_numbers_of_their_own_and_leave_those_of_others():
    (found,) = outcomes(RAC, "descent", ["left-10"], 2)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    first, second = found.trial.path(0), found.trial.path(1)
    together = [(a[0], b[0]) for a, b in zip(first, second, strict=True)]
    assert torch.equal(torch.rand(2), expected)
    assert torch.get_default_dtype() == torch.float32
    assert np.array_equal([a for a, _ in together], [W for W, _ in found.trial.path(0)])
    assert np.array_equal([b for _, b in together], [W for W, _ in found.trial.path(1)])
    assert not np.array_equal(together[-1][0], together[-1][1])


def test_the_counterexample_of_a_module_reproduces(tmp_path, capsys):
    import json
    import shlex

    place = module(tmp_path, "lr=1 / L", "lr=2.5 / L")
    words = ["--instance", "isotropic", "--seeds", "4", "--out", str(tmp_path), "--json"]
    assert main(["conform", place, "--theorem", "descent", *words]) == 1
    (claim,) = json.loads(capsys.readouterr().out)["claims"]
    _, name, *again = shlex.split(claim["counterexample"]["command"])
    assert main([name, *again, "--out", str(tmp_path / "again"), "--json"]) == 1
    (repeated,) = json.loads(capsys.readouterr().out)["claims"]
    assert (repeated["observed"], repeated["bound"]) == (claim["observed"], claim["bound"])


def test_the_interface_takes_a_module():
    assert check("descent", "isotropic", Full, declares=DECLARES, seeds=2).verdict == "confirmed"


UNFIT = {
    "no optimizer": ("self.optimizer", "self.other", "optimizer of"),
    "another start": ("Parameter(W)", "Parameter(W + 1)", "0 before the first step"),
    "another shape": ("return self.weight", "return self.weight.T", "let forward return W"),
    "no number": ("Parameter(W)", "Parameter(W * float('nan'))", "0 before the first step"),
    "arguments": ("(self, W, L)", "(self)", "__init__(self, W, L)"),
    "raises": ("return self.weight", "return self.missing", "AttributeError"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_modules_that_do_not_work_are_one_line(case, tmp_path, capsys):
    old, new, hint = UNFIT[case]
    words = ["--theorem", "descent", "--instance", "left-10", "--seeds", "2"]
    assert main(["conform", module(tmp_path, old, new), *words]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert hint in captured.err


def test_the_package_does_not_import_pytorch():
    code = "import sys, ractheory.conform; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
