"""Worst cases: the values of the theory, the closed form in every regime, and what is refused."""

import importlib.util

import pytest
import sympy as sp

from ractheory import worst_case as wc
from ractheory.errors import UsageError
from ractheory.theorems import Facts, evaluate, theorem
from ractheory.theorems import symbols as sym
from ractheory.theorems.nonconvex_step import NEXT, NOW, SMALLEST_OF, g, identity
from ractheory.theorems.pl_step import USED
from ractheory.theorems.symbols import L, gamma, rho
from ractheory.tightness.certified import CERTIFIED
from ractheory.worst_case import WorstCase, WorstCaseProblem, solve_here, worst_case

pep = pytest.mark.skipif(
    importlib.util.find_spec("PEPit") is None, reason="the extra pep is not installed"
)
REGIMES = [
    (0.1, 1.0, 2, 1), (0.5, 0.3, 3, 1), (0.1, 1.8, 2, 1), (0.5, 1.95, 3, 1), (0.1, 1.5, 1, 1),
    (0.1, 1.8, 3, 2),
]  # fmt: skip


def one_link(mu, gamma, outcomes, chosen):
    return WorstCaseProblem("pl", gamma, outcomes, chosen, mu=mu)


@pep
def test_the_value_of_the_theory_is_seventeen_eighteenths():
    answer = solve_here(one_link(0.1, 1.0, 2, 1))
    assert answer.agrees
    assert abs(answer.value - 17 / 18) <= wc.AGREEMENT
    assert answer.problem.bound() == 0.95


@pep
@pytest.mark.slow  # a process of its own imports the solvers again
def test_a_process_of_its_own_finds_the_same_value():
    problem = one_link(0.1, 1.0, 2, 1)
    apart, here = worst_case(problem), solve_here(problem)
    assert apart.agrees
    assert abs(apart.value - here.value) <= wc.AGREEMENT


@pep
@pytest.mark.parametrize("case", REGIMES, ids=str)
def test_the_closed_form_is_the_value_in_every_regime(case):
    answer = solve_here(one_link(*case))
    assert answer.agrees
    assert abs(answer.value - answer.problem.closed_form()) <= wc.AGREEMENT


@pep
def test_the_nonconvex_row_is_attained_and_the_convex_one_is_not():
    smooth = solve_here(WorstCaseProblem("smooth", 1.5, 2, 1, steps=2))
    assert smooth.agrees
    assert abs(smooth.ratio - 1) <= wc.AGREEMENT
    convex = solve_here(WorstCaseProblem("convex", 1.0, 1, 1, steps=3))
    assert convex.agrees
    assert round(convex.ratio, 3) == 0.456  # the notes' value at rho = 1, T = 3


@pep
def test_pl_at_further_points_lowers_the_worst_case():
    """The value from the two ends alone is no tight rate of the class: half-way PL excludes it."""
    ends = solve_here(WorstCaseProblem("pl", 1.0, 1, 1, mu=0.1))
    inside = solve_here(WorstCaseProblem("pl", 1.0, 1, 1, mu=0.1, between=1))
    assert ends.agrees
    assert inside.agrees
    assert abs(ends.value - 6 / 7) <= wc.AGREEMENT
    assert inside.value < ends.value - 0.01


def test_the_closed_form_is_below_the_theorem_and_meets_it_at_condition_one():
    for step in (0.05, 0.6, 1.0, 1.4, 1.7, 1.95):
        for outcomes, chosen in ((1, 1), (4, 3), (2, 1), (10, 1)):
            for mu in (1e-3, 0.3):
                problem = one_link(mu, step, outcomes, chosen)
                assert 0 < problem.closed_form() < problem.bound()
            flat = one_link(1.0, step, outcomes, chosen)
            assert flat.closed_form() == pytest.approx(flat.bound(), rel=0, abs=1e-12)


def regime(name, mu, gamma, rho):
    right = theorem("gd-pl-isotropic").statement(name).right
    facts = Facts({"L": 1.0, "mu": mu, "gamma": gamma, "rho": rho, "T": 1})
    return float(evaluate(right, facts, {sym.gap(0): 1.0}))


@pytest.mark.parametrize("mu", [0.1, 0.6])
def test_the_closed_form_is_continuous_across_the_regimes(mu):
    """Neighbouring regimes agree where they meet: at gamma rho = 1, and where PL at W drops out."""
    assert regime("sharp", mu, 1.25, 0.8) == pytest.approx(regime("wide", mu, 1.25, 0.8), rel=1e-12)
    edge = (3**0.5, 1.0)  # 3 - 2 g + 2 g rho - g^2 rho = 0
    assert regime("wide", mu, *edge) == pytest.approx(regime("wide long", mu, *edge), rel=1e-12)
    low, high = 1.0, 1.99  # the sharp multiplier of PL changes sign in between, at rho = 1/2
    slack = sp.lambdify(gamma, USED.relation.lhs.subs({L: 1, sym.mu: mu, rho: 0.5}))
    assert slack(low) > 0 > slack(high)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slack(middle) > 0 else (low, middle)
    assert regime("sharp", mu, low, 0.5) == pytest.approx(regime("long", mu, low, 0.5), rel=1e-12)


def test_outside_its_domain_no_regime_applies():
    """Above 2/L the root of the sharp regime is complex: its condition then does not hold."""
    facts = Facts({"L": 1.0, "mu": 0.5, "gamma": 3.0, "rho": 0.3})
    assert not USED.check(facts).holds


def test_other_problems_have_no_closed_form():
    assert WorstCaseProblem("convex", 1.0, 2, 1).closed_form() is None
    assert WorstCaseProblem("smallest", 1.0, 2, 1, steps=2).closed_form() is None
    assert (
        WorstCaseProblem("smallest", 1.9, 2, 1).closed_form() is None
    )  # a weight would be negative
    assert WorstCaseProblem("pl", 1.0, 2, 1, steps=2, mu=0.1).closed_form() is None
    assert WorstCaseProblem("pl", 1.0, 2, 1, mu=0.1, between=1).closed_form() is None


@pep
@pytest.mark.slow
@pytest.mark.parametrize("problem", CERTIFIED, ids=str)
def test_the_certified_table_is_found_again(problem):
    answer = solve_here(problem)
    assert answer.agrees
    assert abs(answer.value - CERTIFIED[problem]) <= wc.AGREEMENT + 0.5e-6  # six digits
    closed = problem.closed_form()
    assert closed is None or abs(answer.value - closed) <= wc.AGREEMENT
    assert answer.value <= problem.bound() + wc.AGREEMENT


@pep
@pytest.mark.parametrize(("gamma", "outcomes"), [(1.0, 3), (0.5, 2), (1.5, 2)])
def test_the_smallest_gradient_of_one_link_has_its_closed_form(gamma, outcomes):
    answer = solve_here(WorstCaseProblem("smallest", gamma, outcomes, 1))
    assert answer.agrees
    assert abs(answer.value - answer.problem.closed_form()) <= wc.AGREEMENT
    assert answer.problem.closed_form() < answer.problem.bound()


@pep
def test_the_smallest_gradient_of_several_links_is_within_its_bound():
    for outcomes, tight in ((1, True), (2, False)):
        answer = solve_here(WorstCaseProblem("smallest", 1.0, outcomes, 1, steps=2))
        facts = Facts({"g": 1.0, "rho": 1 / outcomes, "T": 2})
        bound = float(evaluate(SMALLEST_OF, facts))
        assert answer.value <= bound + wc.AGREEMENT
        assert (abs(answer.value - bound) <= wc.AGREEMENT) == tight


def test_the_certificate_of_the_smallest_gradient_is_an_identity():
    left, right = identity().args
    assert sp.simplify(left - right) == 0
    weights = sp.lambdify((g, rho), (NEXT, NOW))
    for i in range(1, 31):
        for j in range(1, 31):
            step, share = 1.5 * i / 30, j / 30
            if step * share <= 1:
                assert min(weights(step, share)) >= -1e-15


def test_the_certified_table_covers_the_closed_forms_and_what_has_none():
    families = {p.family for p in CERTIFIED}
    assert families == set(wc.FAMILIES)
    known = [p for p in CERTIFIED if p.closed_form() is not None]
    assert {p.family for p in known} == {"pl", "smooth", "smallest"}
    for problem in known:
        assert abs(CERTIFIED[problem] - problem.closed_form()) <= wc.AGREEMENT + 0.5e-6


def test_disagreement_and_failure_are_seen():
    problem = one_link(0.1, 1.0, 2, 1)
    assert not WorstCase(problem, {"CLARABEL": 0.9, "SCS": 0.91}).agrees
    assert not WorstCase(problem, {"CLARABEL": 0.9, "SCS": None}).agrees
    assert WorstCase(problem, {"CLARABEL": 0.9, "SCS": None}).value == 0.9
    with pytest.raises(UsageError):
        _ = WorstCase(problem, {"CLARABEL": None, "SCS": None}).value


def test_a_missing_extra_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(wc, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="extra pep"):
        worst_case(one_link(0.1, 1.0, 2, 1))


BAD = [
    {"family": "strong"}, {"gamma": 0.0}, {"gamma": 2.0}, {"gamma": float("nan")}, {"chosen": 3},
    {"outcomes": 0}, {"steps": 0}, {"steps": 6}, {"steps": 10**9}, {"mu": 0.0}, {"mu": 1.5}, {"between": -1},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=str)
def test_bad_problems_are_refused(change):
    good = {"family": "pl", "gamma": 1.0, "outcomes": 2, "chosen": 1, "mu": 0.1}
    with pytest.raises(UsageError) as caught:
        WorstCaseProblem(**{**good, **change})
    assert "\n" not in str(caught.value)
