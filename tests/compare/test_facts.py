"""The facts of a run suffice for every statement: all its constants are set, all its hypotheses can hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ractheory.claims.claim import MethodSpec, ObjectiveSpec
from ractheory.compare.build import build_method, build_objective, start_point
from ractheory.compare.facts import at_steps, facts_of
from ractheory.errors import UsageError
from ractheory.methods import METHODS, parameters_of
from ractheory.theorems import THEOREMS, Facts, Form, theorem
from ractheory.theorems.beyond import accelerated_weight
from ractheory.theorems.evaluation import constants_of

F, M = ObjectiveSpec, MethodSpec
SQUARE = F("isotropic", {"m": 5, "n": 4})
ROW = F("isotropic", {"m": 1, "n": 3})
SCALAR = F("isotropic", {"m": 1, "n": 1})
LEFT = F("spectrum-left", {"m": 5, "n": 3})
LOGISTIC = F("logistic-synthetic")
SIGNED = F("signed-targets")
FEDERATED = F("federated-labels")
BERNOULLI = M(side="bernoulli", step=0.5)
NOISE = M("rac-lora-noise", 0.05)
EPOCH = M("rac-lora-rr", 0.25, "1/(L N)")
ROUND = M("fed-rac-lora", 0.25, "1/(L N)")
JOINT = M("cola", 1.0, side="right")

FITTING: dict[str, tuple[ObjectiveSpec, MethodSpec]] = {
    **dict.fromkeys(("descent", "gd-nonconvex", "gd-pl", "gd-pl-isotropic"), (SQUARE, M())),
    **dict.fromkeys(("gd-convex", "time-uniform", "inner-solver", "accumulated-rank"), (SQUARE, M())),
    **dict.fromkeys(("sgd-nonconvex", "sgd-pl"), (SQUARE, NOISE)),
    **dict.fromkeys(("rr-nonconvex", "rr-pl"), (SIGNED, EPOCH)),
    **dict.fromkeys(("fed-rr-nonconvex", "fed-rr-pl"), (FEDERATED, ROUND)),
    **dict.fromkeys(("bernoulli-gd-nonconvex", "bernoulli-gd-pl"), (SQUARE, BERNOULLI)),
    **dict.fromkeys(
        ("bernoulli-sgd-nonconvex", "bernoulli-sgd-pl"), (SQUARE, replace(NOISE, side="bernoulli"))
    ),
    "subgradient": (F("l1-regression"), M("rac-subgradient", 0.1, "absolute")),
    "polyak": (F("l1-regression"), M("rac-polyak", 1.0, "absolute")),
    "effective-dimension": (LEFT, M(unit="1/L_eff")),
    "plain-gradient": (LEFT, M("rac-plain", unit="1/L_plain")),
    "exact-quadratic": (LEFT, M()),
    "exact-links": (SQUARE, M(options={"inner": "exact"})),
    "link-lower-bound": (SQUARE, M(options={"inner": "exact"})),
    "accelerated": (SQUARE, M("rac-accelerated")),
    "sign-floor": (SQUARE, M("rac-sign", 0.1, "absolute")),
    "merge-precision": (SQUARE, M("rac-merged")),
    "rank-floor": (LEFT, M("lora", 0.1)),
    "subspace-floor": (SQUARE, M("asymlora", 0.1)),
    "counterexample": (F("counterexample"), M("lora", 0.1)),
    "counterexample/gradient descent": (F("counterexample"), M("fpft")),
    "counterexample/rac-lora": (F("counterexample"), M()),
    "sharpness": (SQUARE, M("lora", 0.1)),
    **dict.fromkeys(("cola-mean-square", "cola-almost-sure"), (ROW, JOINT)),
    "cola-every-step": (SCALAR, M("cola", 0.1, side="right", options={"inner_steps": 2})),
    "lora-adaptive": (
        SCALAR, M("lora-adaptive", 1.0, "absolute", options={"factors": (1.0, 0.5)}),
    ),
    "federated-bias": (FEDERATED, ROUND),
}  # fmt: skip
"""An objective and a method for every theorem; for a statement of its own where it needs another."""

FREE = {"t", "x"}
"""Symbols that a statement ranges over."""

STATEMENTS = [
    pytest.param(th.id, s.name, id=f"{th.id}-{s.name}")
    for th in THEOREMS.values() for s in th.statements if s.form is not Form.EXACT
]  # fmt: skip


def facts_for(row: str, statement: str = "") -> Facts:
    f_spec, spec = FITTING.get(f"{row}/{statement}", FITTING[row])
    f = build_objective(f_spec)
    method = build_method(spec, f)
    start = "zero" if row == "counterexample" else "normal:1"
    return facts_of(f, method, start_point(start, f_spec, "test-facts"), 5)


@pytest.mark.parametrize(("row", "name"), STATEMENTS)
def test_every_constant_of_a_bound_is_known(row: str, name: str) -> None:
    statement, facts = theorem(row).statement(name), facts_for(row, name)
    names = constants_of(statement.relation) - FREE
    if statement.ceiling is not None:
        names |= constants_of(statement.ceiling)
    assert sorted(name for name in names if name not in facts) == []


@pytest.mark.parametrize("row", [name for name in FITTING if "/" not in name])
def test_the_hypotheses_of_a_theorem_hold_of_its_own_instance(row: str) -> None:
    the_theorem = theorem(row)
    checked = [the_theorem.check(facts_for(row, s.name), s) for s in the_theorem.statements]
    common = checked[0][: len(the_theorem.hypotheses)]
    assert [h.reason for h in common if not h.holds] == []
    assert any(all(h.holds for h in each) for each in checked)
    unknown = {
        name
        for each in checked
        for h in each
        if h.reason.startswith("unknown here: ")
        for name in h.reason.removeprefix("unknown here: ").split(", ")
    }
    assert unknown <= FREE


@pytest.mark.parametrize(
    ("row", "statement"),
    [
        ("link-lower-bound", "lower bound"),
        ("time-uniform", "law of a link"),
        ("sign-floor", "floor"),
    ],
)
def test_what_holds_of_a_side_is_not_granted_where_the_side_is_drawn(
    row: str, statement: str
) -> None:
    """On two rows and one column half of the links see all of W: a bound of left links is beaten."""
    of_the_row, other = theorem(row), replace(FITTING[row][1], side="bernoulli")
    f = build_objective(F("isotropic", {"m": 2, "n": 1}))
    facts = facts_of(f, build_method(other, f), np.ones(2), 5)
    checked = of_the_row.check(facts, of_the_row.statement(statement))
    assert {h.name for h in checked if not h.holds} & {"HaarLaw", "GaussianFactor"}


def test_a_bound_on_subgradients_is_not_granted_to_an_estimate_of_one() -> None:
    """Gradients of a batch, or their running mean, are longer than G0, and not those of f."""
    f = build_objective(F("l1-regression", {"m": 5, "n": 1}))
    the_theorem = theorem("subgradient")
    for name, granted in (("rac-subgradient", True), ("rac-lora", True), ("rac-lora-mvr", False)):
        method = build_method(M(name, 1.5, "absolute"), f)
        checked = the_theorem.check(facts_of(f, method, np.ones(5), 5))
        assert all(h.holds for h in checked if h.name != "SubgradientStep")
        assert all(h.holds for h in checked) == granted, name


def test_every_theorem_about_runs_has_an_instance() -> None:
    about_runs = {
        th.id for th in THEOREMS.values() if any(s.form is not Form.EXACT for s in th.statements)
    }
    assert about_runs == {name for name in FITTING if "/" not in name}


def test_constants_are_those_that_the_oracle_grants() -> None:
    f = build_objective(FEDERATED)
    method = build_method(ROUND, f)
    facts = facts_of(f, method, np.zeros(f.dim), 3)
    assert (facts["N"], facts["M"]) == (10, 4)
    assert facts["gamma"] == pytest.approx(0.25 / (facts["L_max"] * facts["N"]), rel=1e-15)
    assert facts["zeta"] > 0.0
    noisy = facts_of(build_objective(SQUARE), build_method(NOISE, build_objective(SQUARE)),
                     np.zeros(20), 3)  # fmt: skip
    assert (noisy["A"], noisy["B"], noisy["C"]) == (0.0, 1.0, 1.0)


def test_the_weight_of_an_accelerated_chain_follows_the_number_of_links() -> None:
    facts = at_steps(facts_for("accelerated"), np.array([1.0, 5.0]))
    expected = [accelerated_weight(t, facts["gamma"], facts["rho"]) for t in (1, 5)]
    assert facts["A_acc"].tolist() == expected
    assert facts_for("accelerated")["A_acc"] == expected[1]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_what_it_has_and_keeps_its_own_law(name: str) -> None:
    f = build_objective(SQUARE)
    spec = M(name, 0.1, rank=2, side="right")
    method = build_method(spec, f)
    assert method.name == name
    if name != "fpft":
        assert method.rank == 2
    if "side" in parameters_of(name):
        assert method.trains.value == "right"
    if "law" in parameters_of(name):
        assert build_method(replace(spec, law="coordinates"), f).law.name == "coordinates"
        plain = name in ("rac-plain", "rac-sign", "rac-momentum", "rac-safeguarded")
        assert method.law.name == ("gaussian" if plain else "haar")
        assert spec.sketch.startswith(method.law.name)


def test_the_clients_are_those_of_the_objective_unless_the_method_says_otherwise() -> None:
    f = build_objective(FEDERATED)
    assert build_method(ROUND, f).oracle.clients == 4
    other = build_method(ROUND.with_options(clients=2), f)
    assert other.oracle.clients == 2
    with pytest.raises(UsageError, match="clients"):
        facts_of(f, other, np.zeros(f.dim), 3)
