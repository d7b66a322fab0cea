"""Exact verdicts: they agree with the runs and with the floating recursion, and have power."""

from dataclasses import replace

import numpy as np
import pytest

from ractheory.claims import CLAIMS, claim
from ractheory.claims.claim import EXACT, REFUTED, Claim, MethodSpec, ObjectiveSpec
from ractheory.claims.effective import HALF
from ractheory.claims.exact import COUNTEREXAMPLE, FLAT, ROTATED, SINGULAR, TALL, WIDE
from ractheory.compare.build import build_objective, experiment
from ractheory.compare.comparison import check_claim
from ractheory.compare.curvature import nearest_minimiser
from ractheory.compare.decide_exactly import exact_chain
from ractheory.compare.facts import facts_of
from ractheory.engine.simulate import simulate
from ractheory.errors import UsageError
from ractheory.exact.arithmetic import exactly, precision, rational
from ractheory.theorems import symbols as sym

F, Rac = ObjectiveSpec, MethodSpec
CASES = {
    "haar": (WIDE, Rac(rank=2)),
    "coordinates": (WIDE, Rac(rank=2, law="coordinates")),
    "other side": (WIDE, Rac(rank=2, side="right")),
    "right": (TALL, Rac(rank=3, side="right", step=1.9)),
    "rotated": (ROTATED, Rac(rank=3, law="gaussian")),
    "rotated coordinates": (ROTATED, Rac(rank=3, law="coordinates", unit="1/L_eff")),
    "hadamard": (F("spectrum-right", {"m": 5, "n": 4}), Rac(rank=2, side="right", law="hadamard")),
    "exact links": (FLAT, Rac(rank=2).with_options(inner="exact")),
    "exact links on a subspace": (HALF, Rac(rank=2).with_options(inner="exact")),
    "singular": (SINGULAR, Rac(rank=1)),
    "entries": (COUNTEREXAMPLE, Rac(rank=1, side="right")),
    "identity": (TALL, MethodSpec("fpft", 0.7)),
    "data": (F("ridge-diabetes", {"ridge": 0.1}), Rac(rank=4)),
    "plain factor": (FLAT, Rac(rank=1, step=0.1, law="gaussian").with_options(inner="plain")),
    "both factors": (FLAT, MethodSpec("cola", 0.1)),
}


def chain_of(f, method, steps=6):
    c = Claim("x", "gd-pl", f, method, steps=steps, evidence=EXACT)
    ran = experiment(c, "test")
    with precision():
        return ran, exact_chain(ran.objective, ran.method, method, ran.start, steps)


@pytest.mark.parametrize("name", CASES)
def test_the_exact_expectation_is_that_of_the_runs(name):
    """Hoeffding does not hold for all of these; eight standard errors of 4,000 runs do for a fixed seed."""
    ran, chain = chain_of(*CASES[name])
    with precision():
        exact = [float(v) for v in chain.curve(sym.gap(sym.T), 6)]
    run = simulate(ran.objective, ran.method, ran.start, 6, 4000, "sampled")
    spread = run.gap.std(axis=0) / np.sqrt(run.seeds)
    roundoff = 1e-12 * run.gap[0, 0]
    assert np.all(np.abs(run.gap.mean(axis=0) - exact) <= 8 * spread + roundoff)


@pytest.mark.parametrize("name", CASES)
def test_the_exact_constants_are_those_of_the_facts(name):
    ran, chain = chain_of(*CASES[name])
    facts = facts_of(ran.objective, ran.method, ran.start, 6)
    with precision():
        constants = chain.constants()
    for key in ("L", "mu", "gamma", "D0_sq"):  # D_0 from the minimiser nearest to the start
        assert float(constants[key]) == pytest.approx(float(facts[key]), rel=1e-9), key


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_singular_quadratic_is_measured_from_its_nearest_minimiser(side):
    f = build_objective(F(f"spectrum-{side}", {"m": 5, "n": 5, "spectrum": [2.0, 1.0, 1.0, 0.0, 0.0],
                                               "rotate": True}))  # fmt: skip
    w = np.linspace(-1.0, 2.0, 25)
    nearest = nearest_minimiser(f, w)
    assert f.flat_gap(nearest) <= 1e-28 * f.flat_gap(w)
    D = (w - nearest).reshape(5, 5)
    N = f.bases[0][:, 3:]  # of the flat directions: nothing of D lies along them
    assert np.abs(N.T @ D if side == "left" else D @ N).max() <= 1e-14 * np.abs(w).max()
    assert np.linalg.norm(D) < np.linalg.norm(w - f.constants.minimiser)


def test_an_equality_is_confirmed_and_nothing_smaller_is():
    equality = claim("gd-pl/isotropic/haar-r1/exact")
    found = check_claim(replace(equality, steps=30))
    assert found.verdict == "confirmed"
    assert "equality throughout" in found.decision.evidence.detail
    assert found.seeds == 0
    assert found.decision.evidence.error_rate == 0.0
    smaller = replace(equality, steps=30, bound_factor=1 - 1e-15)
    assert check_claim(smaller).verdict == "refuted"


def test_balls_decide_what_is_not_an_equality_and_nothing_else():
    """401 links are enclosed: an equality stays undecided, a bound with slack is confirmed."""
    long = replace(claim("gd-pl/isotropic/haar-r1/exact"), steps=201)
    assert check_claim(long).verdict == "undecided"
    assert check_claim(replace(long, bound_factor=1.001)).verdict == "confirmed"
    assert check_claim(replace(long, bound_factor=0.999)).verdict == "refuted"


def test_rationals_and_balls_agree():
    _, chain = chain_of(WIDE, Rac(rank=2), 40)
    _, enclosed = chain_of(WIDE, Rac(rank=2), 201)
    with precision():
        for a, b in zip(chain.curve(sym.gap(sym.T), 40), enclosed.curve(sym.gap(sym.T), 40),
                        strict=True):  # fmt: skip
            assert b.contains(a)


QUICK = [c for c in CLAIMS if c.evidence == EXACT and c.T <= 100]


@pytest.mark.parametrize("c", QUICK, ids=lambda c: c.id)
def test_every_exact_claim_comes_out_as_expected(c):
    # What is refuted may hold for the first links.
    found = check_claim(c if c.expected == REFUTED else replace(c, steps=min(c.steps, 8)))
    assert found.as_expected
    assert found.decision.evidence.kind == "exact"


@pytest.mark.parametrize(
    ("f", "method", "statement"),
    [
        (F("logistic-synthetic"), Rac(), None),
        (F("quadratic-blocks"), Rac(), None),
        (WIDE, Rac(law="rademacher", rank=2), None),
        (WIDE, Rac(side="bernoulli"), None),
        (WIDE, Rac(), "one step"),
        (F("ridge-diabetes", {"ridge": 0.1}), Rac(rank=2, unit="1/(L N)"), None),
    ],
    ids=str,
)  # fmt: skip
def test_what_has_no_exact_recursion_is_refused(f, method, statement):
    wrong = Claim("x", "gd-pl", f, method, statement=statement, steps=3, evidence=EXACT)
    with pytest.raises(UsageError, match="exact verdict"):
        check_claim(wrong)


def test_exact_arithmetic_knows_its_limits():
    values = {"L": rational(2), "gamma": rational(0.5), "mu": rational(1)}
    root = exactly(sym.sp.sqrt(sym.L), values)
    assert abs(float(root) - 2**0.5) < 1e-15
    assert exactly(sym.sp.Max(sym.mu, sym.L, evaluate=False), values) == 2
    assert exactly(sym.sp.Min(sym.mu, sym.sp.sqrt(sym.L), evaluate=False), values) == 1
    with pytest.raises(KeyError):
        exactly(sym.rho, values)
    with pytest.raises(TypeError):
        exactly(sym.sp.log(sym.L), values)
    with pytest.raises(TypeError):
        exactly(sym.L ** sym.sp.Rational(1, 3), values)


def test_a_huge_integer_is_no_usable_number():
    from ractheory.errors import real

    with pytest.raises(UsageError, match="step"):
        real("step", 10**400)
