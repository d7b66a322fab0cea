"""The best step: decided exactly, the law on random spectra, its constants, and what it does not survive."""

from fractions import Fraction as F

import numpy as np
import pytest

from ractheory.claims import claim
from ractheory.compare.comparison import check_claim
from ractheory.compare.rates import FALL, late_rate, ranks_of
from ractheory.errors import UsageError
from ractheory.exact.arithmetic import rational
from ractheory.exact.best_rate import WIDTH, BestRate
from ractheory.exact.chains import numbers
from ractheory.exact.moments import coordinate, haar
from ractheory.exact.recursion import RowRecursion, vector
from ractheory.exact.secular import beyond_limit, radius_above, radius_below, within_limit
from ractheory.exact.stability import Stability
from ractheory.theorems.best_rate import BEST_RATE

ONE = rational(1)


def best_rate(spectrum, r, law=haar):
    k = sorted((F(v) for v in spectrum), reverse=True)
    values = {"L": k[0], "mu": min(v for v in k if v), "trace_K": sum(k), "d": len(k), "r": r}
    constants = {name: rational(v) for name, v in values.items()}
    return BestRate(numbers([rational(v) for v in k]), law(len(k), r).convert(rational), constants)


def chain(spectrum, gamma, r, law=haar):
    return RowRecursion(vector([F(v) for v in spectrum]), F(gamma), law(len(spectrum), r))


@pytest.mark.parametrize("law", [haar, coordinate])
@pytest.mark.parametrize("r", [1, 2, 4])
@pytest.mark.parametrize("gamma", ["1/3", 1, "5/2"])
def test_the_radius_is_decided_on_both_sides_of_the_largest_eigenvalue(law, r, gamma):
    spectrum = ["2", "1", "1/2", "1/7"]
    M = chain(spectrum, gamma, r, law).matrix().astype(float)
    radius = max(abs(np.linalg.eigvals(M)))
    # M is similar to a symmetric matrix by diag(k): its eigenvalues are good to eps times that scaling.
    slack = F(float(1e-12 * max(1.0, np.linalg.norm(M))))
    for sign in (1, -1):
        q = F(float(radius)) + sign * slack
        assert radius_below(chain(spectrum, gamma, r, law), q) == (sign > 0)
        assert radius_above(chain(spectrum, gamma, r, law), q) == (sign < 0)


def test_the_limit_is_decided_exactly_where_it_is_rational():
    flat = [F(3)] * 4  # 2/L
    assert within_limit(chain(flat, "2/3", 1))
    assert beyond_limit(chain(flat, "2/3", 1))
    assert not beyond_limit(chain(flat, "199999/300000", 1))
    assert not within_limit(chain(flat, "200001/300000", 1))
    assert within_limit(chain(flat, "2/3", 4))  # H = I
    assert beyond_limit(chain(flat, "2/3", 4))
    assert within_limit(chain([1, 0, 0], 1, 1))  # flat directions do not count


def spectra(count):
    rng = np.random.default_rng(5)
    for _ in range(count):
        d = int(rng.integers(2, 8))
        top = int(rng.choice([10, 1000, 10**6]))
        yield [F(int(v), 7) for v in rng.integers(1, top, d)], int(rng.integers(1, d + 1))


@pytest.mark.parametrize("statement", BEST_RATE.statements, ids=lambda s: s.name)
def test_the_law_holds_on_random_spectra_in_exact_arithmetic(statement):
    for spectrum, r in spectra(60):
        assert best_rate(spectrum, r).decide(statement, ONE) is True, (spectrum, r)


def test_the_enclosures_hold_what_floating_point_found():
    for spectrum, r in spectra(20):
        found = best_rate(spectrum, r)
        for enclosure, value in ((found.limit, found.steps["limit"]),
                                 (found.best, found.contraction("best"))):  # fmt: skip
            low, high = enclosure
            assert low <= rational(value) <= high
            assert high / low - 1 <= rational(F(1, 1000))
        low, high = found.limit
        assert high / low <= (1 + WIDTH) / (1 - WIDTH)


def test_no_step_is_better_than_the_best():
    for spectrum, r in spectra(10):
        found = best_rate(spectrum, r)
        _, high = found.best
        for share in (F(1, 10), F(1, 2), F(9, 10), F(11, 10), F(3, 2)):
            gamma = rational(found.steps["best"]) * rational(share)
            assert not radius_below(found._chain(gamma), 1 - high)


def test_both_ends_are_reached_so_no_constant_can_be_improved():
    flat = best_rate([2] * 6, 2)
    low, high = BEST_RATE.statement("at least the guaranteed rate"), BEST_RATE.statement(
        "limit at least 2/L_eff"
    )  # fmt: skip
    assert flat.decide(low, rational(F(1001, 1000))) is False
    assert flat.decide(high, rational(F(1001, 1000))) is False
    # The other end is a limit: r = 60, d = 20,000, in floating point.
    d, r = 20_000, 60
    moments = haar(d, r)
    trace = float(moments.same / moments.spread)  # both terms of L_eff alike
    k = np.full(d, (trace - 1) / (d - 2))
    k[0], k[-1] = 1.0, 1e-9
    chain = Stability.of(k, moments)
    L_eff = float(moments.convert(float).effective_smoothness(1.0, k.sum()))
    assert chain.step_limit() * L_eff > 3.5
    assert chain.contraction(chain.best_step()) * L_eff / (r / d * 1e-9) > 7.0


def test_the_slope_is_approached_and_nothing_smaller_holds():
    vanishing = best_rate([1] + [F(3, 100)] * 10 + [F(1, 10**6)], 2)
    slope = BEST_RATE.statement("at most the slope times the limit")
    assert vanishing.decide(slope, ONE) is True
    assert vanishing.decide(slope, rational(F(99, 100))) is False


def test_another_law_does_not_obey_it():
    steep = best_rate([F(1, i**3) for i in range(1, 17)], 1, coordinate)
    assert steep.decide(BEST_RATE.statement("at least the guaranteed rate"), ONE) is False


def test_the_ranks_of_a_table_end_at_the_dimension():
    assert ranks_of(1) == [1]
    assert ranks_of(8) == [1, 2, 4, 8]
    assert ranks_of(9) == [1, 2, 4, 8, 9]


def test_the_late_rate_is_that_of_the_mean_and_stops_above_the_round_off():
    rng = np.random.default_rng(1)
    shares = rng.uniform(0.4, 0.6, (200, 40))
    gap = np.cumprod(np.hstack([np.ones((200, 1)), shares]), axis=1)
    rate, error = late_rate(gap)
    assert 0 < error < 0.05
    assert abs(rate - 0.5) <= 6 * error
    end = int(np.flatnonzero(gap.mean(axis=0) <= FALL)[0])
    gap[:, end + 1 :] = 1.0  # what comes later does not count
    assert late_rate(gap) == (rate, error)
    assert late_rate(np.array([[1.0, 1e-30]])) == (1.0, 0.0)


def test_a_claim_writes_its_table_and_is_the_same_again():
    found = check_claim(claim("best-rate/power-1"))
    assert found.verdict == "confirmed"
    table = found.to_json()["parameters"]["table"]
    assert [row["r"] for row in table] == ranks_of(32)
    for row in table:
        assert row["guaranteed"] <= row["best"] * (1 + 1e-12)
        assert row["best"] <= row["ceiling"] <= 8 * row["guaranteed"]
        assert row["exact links"] >= row["1/L_eff"] - 4 * row["exact links, error"]
    assert check_claim(claim("best-rate/power-1")).to_json() == found.to_json()


@pytest.mark.parametrize(
    "name",
    [
        "guaranteed-rate-times-1.001/flat", "slope-times-0.99/vanishing", "limit-times-0.99/flat",
        "another-law/plain", "another-law/masked",
    ],
)  # fmt: skip
def test_the_planted_errors_are_seen(name):
    found = check_claim(claim(f"best-rate/{name}"))
    assert found.as_expected


def test_a_quadratic_of_several_blocks_has_no_table():
    from dataclasses import replace

    from ractheory.claims.claim import ObjectiveSpec

    other = replace(claim("best-rate/power-1"), objective=ObjectiveSpec("logistic-synthetic"))
    assert check_claim(other).verdict == "not-applicable"
    with pytest.raises(UsageError):
        check_claim(replace(other, objective=ObjectiveSpec("no-such")))
