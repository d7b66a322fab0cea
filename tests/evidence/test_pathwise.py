"""Round-off derived once, and inequalities on every step."""

from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ractheory.errors import UsageError
from ractheory.evidence import Verdict, pathwise, round_off

CONFIRMED, REFUTED, UNDECIDED = Verdict.CONFIRMED, Verdict.REFUTED, Verdict.UNDECIDED
EPS = float(np.finfo(float).eps)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_round_off_bounds_the_error_of_a_sum_of_products_exactly(terms):
    """n products and n - 1 sums: |computed - exact| <= gamma_n sum |x_i|^2, in rational arithmetic."""
    computed = 0.0
    for x in terms:
        computed += x * x
    exact = sum(Fraction(x) ** 2 for x in terms)
    allowed = round_off(len(terms) + 1, float(sum(Fraction(x) ** 2 for x in terms)))
    tiny = np.finfo(float).tiny * len(terms)  # gradual underflow of the products
    assert abs(Fraction(computed) - exact) <= Fraction(float(allowed)) + Fraction(float(tiny))


def test_round_off_is_vectorised_monotone_and_infinite_when_nothing_is_significant():
    allowed = round_off(np.array([0, 1, 10, 1 / EPS, 1e30]), 2.0)
    assert allowed[0] == 0.0
    assert 2 * EPS < allowed[1] < allowed[2] / 9.99
    assert (allowed[3:] == inf).all()
    assert round_off(1e30, 0.0) == 0.0
    assert round_off(3, np.ones((2, 5))).shape == (2, 5)


@pytest.mark.parametrize(("operations", "scale"), [(-1, 1.0), (1, -1.0), (nan, 1.0), (1, nan)])
def test_round_off_of_nonsense_is_refused(operations, scale):
    with pytest.raises(UsageError):
        round_off(operations, scale)


@pytest.mark.parametrize(
    ("slack", "allowance", "masked", "verdict"),
    [
        ([[0.0, 1.0]], 0.0, None, CONFIRMED),
        ([[0.0, -1e-16]], 1e-16, None, CONFIRMED),
        ([[0.0, -1.1e-16]], 1e-16, None, REFUTED),
        ([[0.0, -1e-320]], 0.0, None, REFUTED),
        ([[inf, 1.0]], 0.0, None, CONFIRMED),
        ([[-inf, 1.0]], 1.0, None, REFUTED),
        ([[nan, 1.0]], 1.0, None, UNDECIDED),
        ([[nan, -2.0]], 1.0, None, REFUTED),
        ([[nan, 1.0]], 1.0, [[True, False]], CONFIRMED),
        ([[-2.0, 1.0]], 1.0, [[True, False]], CONFIRMED),
        ([[-2.0, 1.0]], inf, None, UNDECIDED),
        ([[-2.0, 1.0]], [[inf, 0.0]], None, UNDECIDED),
        ([[-2.0, 1.0]], nan, None, UNDECIDED),
        ([[nan, nan]], 0.0, None, UNDECIDED),
        ([[-2.0]], 0.0, [[True]], UNDECIDED),
        (np.zeros((0, 4)), 0.0, None, UNDECIDED),
    ],
)
def test_verdicts_of_inequalities_on_every_step(slack, allowance, masked, verdict):
    found, evidence = pathwise(slack, allowance, masked)
    assert found is verdict
    assert evidence.kind == "pathwise"
    assert all(v == v and abs(v) < inf for v in evidence.to_json().values() if type(v) is float)


def test_worst_step_and_seed_are_reported():
    slack = np.ones((3, 4))
    slack[2, 1], slack[0, 3] = -3e-15, -2e-15
    _, evidence = pathwise(slack, np.array([1e-15, 1e-15, 1e-15, 1e-16]))
    assert evidence.worst_at == (0, 3)  # 20 allowances against 3
    assert evidence.worst == pytest.approx(20.0, rel=4 * EPS)
    assert evidence.seeds == 3
    _, without_allowance = pathwise(slack, 0.0)
    assert without_allowance.worst == inf
    assert without_allowance.worst_at in {(2, 1), (0, 3)}


def test_negative_allowance_is_refused():
    with pytest.raises(UsageError, match="allowance"):
        pathwise([1.0], -1.0)
