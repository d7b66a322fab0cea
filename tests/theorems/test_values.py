"""The bounds against evaluations of the formulas by hand, on generic and on special constants."""

from __future__ import annotations

import itertools
from fractions import Fraction as Q
from math import log, sqrt

import numpy as np
import pytest
import sympy as sp

from ractheory import assumptions as vocabulary
from ractheory.assumptions import MatrixSmooth
from ractheory.theorems import THEOREMS, Assumes, Condition, Facts, Form, evaluate, symbols, theorem
from ractheory.theorems.beyond import accelerated_weight, effective_L
from ractheory.theorems.failures import NEXT_MEAN_SQUARE, printed_rule
from ractheory.theorems.symbols import Observable, gap, shift, t
from tests.theorems.helpers import hypotheses_of

START = Q(7, 3)
GENERIC = {
    "T": 5, "t": 5, "L": Q(2), "L_max": Q(3), "mu": Q(1, 2), "gamma": Q(1, 40), "lam_min": Q(1, 4),
    "lam_max": Q(1, 2), "rho": Q(1, 3), "A": Q(1, 5), "B": Q(3, 2), "C": Q(2, 7), "N": 3,
    "zeta": Q(1, 3), "D0_sq": Q(5), "D0_sq_weighted": Q(11), "G0": Q(4), "trace_K": Q(5), "r": 2,
    "max_diag_K": Q(3, 2), "d": 6, "m": 6, "n": 4, "width": 4, "s": Q(1), "eta": Q(1, 30),
    "p_left": Q(1, 3), "lam_min_left": Q(1, 4), "lam_min_right": Q(1, 5), "lam_max_left": Q(1, 2),
    "lam_max_right": Q(3, 5), "alpha": Q(1, 10), "support": 5, "x": Q(1, 2), "A_acc": Q(3, 4),
    "roundoff": Q(1, 256), "sigma": (3.0, 2.0, 1.0), "p_sigma": 3, "sigma_1": Q(3), "V0_sq": Q(1, 2),
    "min_column_sq": Q(1), "rank_D0": 1, "inner_steps": 1, "W0_sq": 0,
}  # fmt: skip


def floats(**changes: object) -> dict[str, object]:
    values = {**GENERIC, **changes}
    return {k: float(v) if isinstance(v, Q) else v for k, v in values.items()}


def bound(name: str, statement: str | None = None, **changes: object) -> float:
    right = theorem(name).statement(statement).right
    return evaluate(right, Facts(floats(**changes)), {gap(0): float(START)})


g, L, Lm, mu, lo, hi, rho = (
    GENERIC[k] for k in ("gamma", "L", "L_max", "mu", "lam_min", "lam_max", "rho")
)
A, C, N, T, d, r = (GENERIC[k] for k in ("A", "C", "N", "T", "d", "r"))
trK, eta, D0 = GENERIC["trace_K"], GENERIC["eta"], GENERIC["D0_sq"]
a_sgd = L * g**2 * hi * A
a_rr = g**3 * Lm**2 * N**2 * hi * A
Leff = ((d * (r + 1) - 2) * L + (d - r) * trK) / Q((d - 1) * (d + 2))
mix_lo = Q(1, 3) * Q(1, 4) + Q(2, 3) * Q(1, 5)
mix_hi = Q(1, 3) * Q(1, 2) + Q(2, 3) * Q(3, 5)
q_rr = 1 - Q(3, 4) * g * N * mu * lo + a_rr

BY_HAND = {
    ("gd-nonconvex", "paper"): 2 * START / (lo * g * T),
    ("gd-nonconvex", "sharp"): START * (1 - (1 - g * L * lo * (2 - g * L)) ** T)
    / (g * (1 - g * L / 2) * lo * T),
    ("gd-pl", "sharp"): (1 - g * mu * lo * (2 - g * L)) ** T * START,
    ("gd-pl", "paper"): (1 - g * mu * lo) ** T * START,
    ("gd-convex", "simple"): (D0 / (2 * g) + START) / (1 + lo * T),
    ("gd-convex", "sharp"): (lo * 11 / (2 * g) + (1 - lo) * START) / (1 - lo + lo * T),
    ("sgd-nonconvex", "weighted"): 2 * (1 + a_sgd) ** T * START / (g * lo * T) + L * g * C * hi / lo,
    ("sgd-pl", "paper"): (1 - g * mu * lo / 2) ** T * START + L * g * C * hi / (mu * lo),
    ("rr-nonconvex", "weighted"): 8 * (1 + a_rr) ** T * START / (3 * g * N * lo * T)
    + Q(4, 3) * g**2 * Lm**2 * N * hi / lo * C,
    ("rr-pl", "paper"): (1 - Q(3, 4) * g * N * mu * lo) ** T * START
    + Q(2, 3) * g**2 * Lm**2 * N * hi / lo * C / mu,
    ("rr-pl", "sharp"): q_rr**T * START
    + (1 - q_rr**T) * (g**3 * Lm**2 * N**2 * hi * C / 2) / (1 - q_rr),
    ("fed-rr-pl", "paper"): (1 - Q(3, 4) * g * N * mu * lo) ** T * START
    + Q(2, 3) * g**2 * Lm**2 * N * hi / lo * (C + N * Q(1, 9)) / mu,
    ("fed-rr-nonconvex", "weighted"): 8 * (1 + a_rr) ** T * START / (3 * g * N * lo * T)
    + Q(4, 3) * g**2 * Lm**2 * N * hi / lo * (C + N * Q(1, 9)),
    ("bernoulli-gd-pl", "sharp"): (1 - g * mu * mix_lo * (2 - g * L)) ** T * START,
    ("bernoulli-gd-nonconvex", "paper"): 2 * START / (mix_lo * g * T),
    ("bernoulli-sgd-pl", "paper"): (1 - g * mu * mix_lo / 2) ** T * START
    + L * g * C * mix_hi / (mu * mix_lo),
    ("bernoulli-sgd-nonconvex", "weighted"): 2 * (1 + L * g**2 * mix_hi * A) ** T * START
    / (g * mix_lo * T) + L * g * C * mix_hi / mix_lo,
    ("subgradient", "mean iterate"): D0 / (2 * g * rho * T) + g * 16 / 2,
    ("effective-dimension", "pl"): (1 - g * mu * Q(r, d) * (2 - g * Leff)) ** T * START,
    ("effective-dimension", "no worse"): min(L, ((r + 1) * L + trK) / (d + 1)),
    ("exact-links", "rate"): (1 - mu * Q(r, d) / Leff) ** T * START,
    ("link-lower-bound", "lower bound"): (1 - Q(r, 5)) ** T * START,
    ("plain-gradient", "pl"): (1 - eta * r * mu * (2 - eta * ((r + 1) * L + trK))) ** T * START,
    ("time-uniform", "all times"): (1 - g * mu * lo * (2 - g * L)) ** T * START * 10,
    ("accelerated", "sharp"): D0 / (2 * Q(3, 4)),
    ("accelerated", "simple"): 2 * D0 / (g * rho**2 * T**2),
    ("accumulated-rank", "bound"): Q(4),
    ("subspace-floor", "expected"): (1 - rho) * START,
    ("cola-mean-square", "mean"): (1 - 2 * eta * L * r + (eta * L) ** 2 * r * (d + r + 1)) ** T * START,
}  # fmt: skip


@pytest.mark.parametrize(("name", "statement"), BY_HAND)
def test_bound_equals_the_formula_by_hand(name: str, statement: str) -> None:
    # A few dozen operations on numbers of one sign or mildly cancelling: 1e-12 is thousands of ulp.
    assert bound(name, statement) == pytest.approx(float(BY_HAND[name, statement]), rel=1e-12)


def test_bounds_with_roots() -> None:
    assert bound("polyak") == pytest.approx(4 * sqrt(5) / sqrt(5 / 3), rel=1e-12)
    assert bound("sign-floor") == pytest.approx(1 / 900 * 4 * 2 * (6 - 2 / np.pi), rel=1e-12)
    c0 = 4 * 0.5 + sqrt(4 * float(START))
    c1 = 16 * float(START)
    total = (sqrt(c0**2 + 2 * c1 * 5) - c0) / c1
    assert bound("lora-adaptive", "steps") == pytest.approx(total, rel=1e-12)
    assert bound("lora-adaptive", "rate") == pytest.approx(4 * float(START) / total, rel=1e-12)


BOUNDS = [
    pytest.param(s, id=f"{th.id}-{s.name}")
    for th in THEOREMS.values() for s in th.statements
    if s.form in (Form.EXPECTATION, Form.TIME_UNIFORM)
]  # fmt: skip


@pytest.mark.parametrize("statement", BOUNDS)
def test_bounds_of_generic_constants_are_finite_and_positive(statement) -> None:
    observed = dict.fromkeys(statement.right.atoms(Observable), float(START))
    value = evaluate(statement.right, Facts(floats()), observed)
    assert 0 < value < np.inf
    if statement.ceiling is not None:
        assert evaluate(statement.ceiling, Facts(floats()), {gap(0): float(START)}) > 0


def test_bounds_are_curves_of_T_and_overflow_to_infinity() -> None:
    curve = bound("gd-pl", T=np.arange(1.0, 4.0))
    assert curve.shape == (3,)
    assert bound("gd-pl", T=2) == curve[1]
    assert bound("sgd-nonconvex", "weighted", A=1e3, gamma=1.0, T=10**6) == np.inf


@pytest.mark.parametrize(
    ("values", "observed", "lacking"),
    [({}, {gap(0): 1.0}, "L"), ({"L": 1.0}, {}, "gap"), ({}, {}, "L, gap")],
)
def test_a_value_that_lacks_is_named(values, observed, lacking) -> None:
    with pytest.raises(KeyError, match=f"no value for {lacking}"):
        evaluate(symbols.L * gap(0), Facts(values), observed)


GRID = list(itertools.product((Q(1, 10), Q(1, 2), Q(1)), (Q(1, 8), Q(1, 2), Q(1)), (1, 2, 7, 40)))


@pytest.mark.parametrize(("gL", "lam", "steps"), GRID)
def test_the_sharp_form_is_never_above_the_simple_one(gL: Q, lam: Q, steps: int) -> None:
    common = {"gamma": gL / L, "lam_min": lam, "T": steps}
    for name in ("gd-nonconvex", "gd-pl"):
        assert bound(name, "sharp", **common) <= bound(name, "paper", **common) * (1 + 1e-14)


@pytest.mark.parametrize(("gL", "lam", "steps"), GRID)
def test_where_the_sharp_form_of_gd_convex_is_the_smaller(gL: Q, lam: Q, steps: int) -> None:
    """For an isotropic law, |D_0|^2 in the norm of E[H]^-1 is |D_0|^2/lam_min."""
    changes = {"gamma": gL / L, "lam_min": lam, "T": steps, "D0_sq_weighted": D0 / lam}
    sharp, simple = (bound("gd-convex", name, **changes) for name in ("sharp", "simple"))
    crossing = D0 / (2 * gL / L * START)
    assert lam * steps != crossing
    assert (sharp < simple) == (lam * steps > crossing)


def test_full_rank_is_gradient_descent() -> None:
    full = bound("gd-pl", "sharp", lam_min=1)
    assert full == pytest.approx(float((1 - g * mu * (2 - g * L)) ** T * START), rel=1e-14)
    for name in ("pl", "coordinates pl"):
        assert bound("effective-dimension", name, r=6) == pytest.approx(full, rel=1e-14)
    assert bound("bernoulli-gd-pl", "sharp", lam_min_left=1, lam_min_right=1) == pytest.approx(full)


def test_effective_L_is_below_both_bounds_and_exact_at_the_ends() -> None:
    for dim, rank in ((2, 1), (5, 2), (9, 9), (40, 3)):
        k = tuple(1.0 / (i + 1) for i in range(dim))
        K = MatrixSmooth(k, k)
        value = effective_L(K, rank)
        assert value <= min(1.0, ((rank + 1) + sum(k)) / (dim + 1)) * (1 + 1e-14)
        assert effective_L(K, dim) == pytest.approx(1.0, rel=1e-14)
        flat = MatrixSmooth((2.0,) * dim, (2.0,) * dim)
        assert effective_L(flat, rank) == pytest.approx(2.0, rel=1e-14)
        assert effective_L(flat, rank, "coordinates") == pytest.approx(2.0, rel=1e-14)
    assert effective_L(MatrixSmooth((3.0,), (3.0,)), 1) == 3.0


def test_effective_nonconvex_keeps_the_true_L() -> None:
    """At T = 1 the mean is |G_0|^2, which may be 2 L (f_0 - f*): L_eff in the geometric factor fails."""
    assert Leff < L
    value = bound("effective-dimension", "nonconvex", T=1)
    assert value == pytest.approx(float(2 * L * START), rel=1e-12)


def test_exact_moments_of_two_inner_steps() -> None:
    facts = {
        sym: sp.Rational(1, 10) if sym.name == "eta" else 1 for sym in NEXT_MEAN_SQUARE.free_symbols
    }
    (square,) = (v for v in NEXT_MEAN_SQUARE.free_symbols if v.name == "D_sq")
    assert NEXT_MEAN_SQUARE.subs({**facts, square: 1}) == pytest.approx(0.729, abs=5e-4)
    right = theorem("cola-every-step").statement("mean square").right
    value = evaluate(right, Facts({"eta": 0.1, "L": 1.0}), {shift(t): 1.0})
    assert value == pytest.approx(0.729, abs=5e-4)


def test_the_printed_rule_is_cut_off_at_one() -> None:
    size, gradient, smoothness = sp.Integer(3), sp.Integer(4), sp.Rational(1, 2)
    assert printed_rule(size, gradient, smoothness) == 1 / (14 * sp.sqrt(2))
    assert printed_rule(size, gradient, smoothness / 100) == 1


def test_drift_of_chain_of_lora_in_two_dimensions() -> None:
    rate = bound("cola-almost-sure", "rate in two dimensions", eta=1, L=1, s=1)
    assert rate == pytest.approx(2 * 0.02970, abs=2e-5)


def test_rate_of_the_beta_product() -> None:
    assert bound("time-uniform", "rate of the product") == pytest.approx(-0.5, rel=1e-12)
    assert bound("time-uniform", "rate of the product", d=2, r=1) == pytest.approx(
        -2 * log(2), rel=1e-12
    )
    # Beta(2, 1) has the distribution function x^2.
    assert bound("time-uniform", "law of a link", x=0.3) == pytest.approx(0.09, rel=1e-12)


@pytest.mark.parametrize("rho_", [0.1, 0.5, 1.0])
def test_accelerated_weight_grows_quadratically(rho_: float) -> None:
    for steps in (1, 2, 10, 50):
        assert accelerated_weight(steps, 0.5, rho_) >= 0.5 * rho_**2 * steps**2 / 4


REJECTED = {
    "step below 2/L": {"gamma": 3.0, "eta": 3.0}, "step at most 1/L": {"gamma": 2.0},
    "f never rises": {"gamma": 3.0}, "positive lam_min": {
        "lam_min": 0.0, "lam_min_left": 0.0, "lam_min_right": 0.0,
    },
    "a probability": {"p_left": 1.5}, "step against B": {"gamma": 1.0},
    "step against A": {"A": 100.0}, "step at most 1/(2 L N)": {"gamma": 0.1},
    "a contraction": {"mu": 1e4}, "bounded noise": {"A": 0.2}, "positive rho": {"rho": 0.0},
    "a sketch that fits": {"r": 7}, "rank within the support": {"support": 1},
    "step at most 1/((r+1) L + tr K)": {"eta": 0.2}, "an error level": {"alpha": 1.0},
    "a positive factor": {"gamma": 0.5, "L": 2.0, "mu": 20.0, "lam_min": 1.0},
    "step 1/L": {"gamma": 0.1}, "a shift of rank one": {"rank_D0": 2}, "a proper sketch": {"r": 6},
    "step at most 1/L_eff": {"gamma": 5.0}, "every column starts off the minimiser": {"min_column_sq": 0.0},
    "a proper subspace": {"rho": 1.0}, "rank one": {"r": 2}, "start at zero": {"W0_sq": 1.0},
    "no sketch": {"lam_min": 0.5}, "one inner step": {"inner_steps": 2},
    "two inner steps": {"inner_steps": 1}, "scalars": {"n": 2}, "unit scale": {"s": 2.0},
    "the step 1/L": {"eta": 0.1}, "two dimensions or more": {"d": 1}, "two dimensions": {"d": 3},
    "one dimension": {"d": 2}, "a step beyond the sharpness": {"eta": 0.01},
    "a step beyond 2/(d+r+1)": {"eta": 0.01}, "a start off the minimiser": {"D0_sq": 0.0},
    "a step at most 1/(rho L)": {"gamma": 5.0},
    "a step of the printed rule, |V|^2 = V0_sq, |G| = x": {"eta": 100.0},
    "a scale within range": {"s": 5.0}, "a scale within range of L": {"s": 5.0, "L": 0.1},
    "not both mu = L and a step 1/(rho L)": {"gamma": 5.0, "rho": 1.0},
    "a step at least 1/(rho L)": {}, "PL at the start of a link is used": {"gamma": 0.95, "rho": 0.5},
    "PL at the start is used, wide step": {"gamma": 0.95, "rho": 0.9},
    "PL at the start is not used, wide step": {"gamma": 0.6, "rho": 1.0},
}  # fmt: skip


@pytest.mark.parametrize("th", THEOREMS.values(), ids=THEOREMS.keys())
def test_every_hypothesis_is_rejected_by_some_facts(th) -> None:
    for s in th.statements:
        for h in hypotheses_of(th, s):
            if isinstance(h, Condition):
                outcome = h.check(Facts(floats(**REJECTED[h.name])))
                assert not outcome.holds, (h, outcome)
                assert "unknown" not in outcome.reason
            else:
                assert isinstance(h, Assumes)
                others = tuple(object() for _ in range(2))
                assert not h.check(Facts({}, others)).holds
                assert h.kind.__module__ == vocabulary.__name__


IDS = """
descent gd-nonconvex gd-pl gd-pl-isotropic gd-convex sgd-nonconvex sgd-pl rr-nonconvex rr-pl fed-rr-nonconvex fed-rr-pl
bernoulli-gd-nonconvex bernoulli-gd-pl bernoulli-sgd-nonconvex bernoulli-sgd-pl subgradient polyak
exact-quadratic effective-dimension exact-links link-lower-bound plain-gradient inner-solver time-uniform
best-rate accelerated sign-floor accumulated-rank merge-precision smoothness-loss counterexample rank-floor
subspace-floor sharpness cola-mean-square cola-almost-sure cola-every-step lora-adaptive federated-bias
"""


def test_the_registry_holds_every_row_of_the_theory() -> None:
    assert set(THEOREMS) == set(IDS.split())
