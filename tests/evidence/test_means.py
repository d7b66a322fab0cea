"""Verdicts on expectations: arithmetic by hand, validity by enumeration, power, hard input."""

from itertools import product
from math import comb, inf, log, log10, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ractheory.errors import UsageError
from ractheory.evidence import (
    Sequential,
    Verdict,
    log_e_value,
    mean_at_least,
    mean_at_most,
    sequentially,
)
from ractheory.evidence.betting import CHUNK, SHARES, log_wealths, lower_confidence_bound

EPS = float(np.finfo(float).eps)
quick = settings(deadline=None, derandomize=True, max_examples=50)
CONFIRMED, REFUTED, UNDECIDED = Verdict.CONFIRMED, Verdict.REFUTED, Verdict.UNDECIDED


def naive_e_value(samples, bound):
    """The average over the shares of the product of the factors, as the definition reads."""
    wealth = [np.prod([1 + lam * (x / bound - 1) for x in samples]) for lam in SHARES]
    return sum(wealth) / len(wealth)


def test_e_value_of_bernoulli_outcomes_is_the_binomial_arithmetic():
    # b = 1/2: a success multiplies by 1 + lam, a failure by 1 - lam.
    successes, failures = 7, 3
    by_hand = np.mean((1 + SHARES) ** successes * (1 - SHARES) ** failures)
    samples = np.array([1.0] * successes + [0.0] * failures)
    assert np.exp(log_e_value(samples, 0.5)) == pytest.approx(by_hand, rel=20 * EPS * 10)


@quick
@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.floats(0.01, 100))
def test_log_e_value_equals_the_definition(samples, bound):
    # rounding: each factor by 3 eps relative to 1 + lam X/b <= 1e4 + 1 in units of the factor,
    # which is at least 1 - lam for lam < 1, i.e. 0.29; the mixture is at least the share 2^-20's.
    naive = naive_e_value(samples, bound)
    tolerance = 30 * len(samples) * EPS * 4
    assert float(log_e_value(np.array(samples), bound)) == pytest.approx(log(naive), abs=tolerance)


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 3])
def test_padding_does_not_count(size):
    wealth = log_wealths(np.full(size, 0.5))
    assert wealth == pytest.approx(size * np.log1p(0.5 * SHARES), rel=8 * size * EPS)


TWO_POINT = [(0.0, 0.75), (4.0, 0.25)]
THREE_POINT = [(0.0, 0.5), (0.5, 0.25), (3.5, 0.25)]
POINT_MASS = [(1.0, 1.0)]


@pytest.mark.parametrize("law", [TWO_POINT, THREE_POINT, POINT_MASS])
@pytest.mark.parametrize("seeds", [1, 3, 7])
def test_expected_e_value_is_one_at_the_bound_by_enumeration(law, seeds):
    """E X = 1 = bound: the expectation over all outcomes is 1, hence at most 1 below."""
    assert sum(x * p for x, p in law) == 1.0
    outcomes = list(product(law, repeat=seeds))
    samples = np.array([[x for x, _ in outcome] for outcome in outcomes]).T
    chances = np.array([np.prod([p for _, p in outcome]) for outcome in outcomes])
    expected = float(chances @ np.exp(log_e_value(samples, 1.0)))
    assert expected == pytest.approx(1.0, rel=len(SHARES) * seeds * 4 * EPS)


@pytest.mark.parametrize("error_rate", [0.2, 0.05])
@pytest.mark.parametrize("mean", [0.05, 0.25, 0.5, 0.9])
def test_false_verdicts_by_enumeration_of_all_bernoulli_outcomes(mean, error_rate):
    """The exact chance, with 30 seeds, of a wrong verdict or bound."""
    seeds = 30
    wrong_at_bound = wrong_above = missed = 0.0
    for k in range(seeds + 1):
        samples = np.array([1.0] * k + [0.0] * (seeds - k))
        chance = comb(seeds, k) * mean**k * (1 - mean) ** (seeds - k)
        verdict, evidence = mean_at_most(samples, mean, 1.0, error_rate)
        wrong_at_bound += chance * (verdict is REFUTED)
        missed += chance * (evidence.confidence_bound < mean)
        wrong_above += chance * (
            mean_at_most(samples, mean - 1e-9, 1.0, error_rate)[0] is CONFIRMED
        )
    assert wrong_at_bound <= error_rate / 2
    assert wrong_above <= error_rate / 2
    assert missed <= error_rate / 2


def test_ever_refuted_by_exact_recursion_over_the_paths():
    """Ville: the exact chance that a fair coin's e-value ever reaches 2/alpha within 200 seeds."""
    error_rate, seeds = 0.05, 200
    alive, refuted = {0: 1.0}, 0.0
    for n in range(1, seeds + 1):
        reached: dict[int, float] = {}
        for k, chance in alive.items():
            for gain in (0, 1):
                reached[k + gain] = reached.get(k + gain, 0.0) + chance / 2
        values = {k: np.mean((1 + SHARES) ** k * (1 - SHARES) ** (n - k)) for k in reached}
        refuted += sum(p for k, p in reached.items() if values[k] >= 2 / error_rate)
        alive = {k: p for k, p in reached.items() if values[k] < 2 / error_rate}
    assert 0 < refuted <= error_rate / 2


@quick
@given(st.floats(1e-150, 1e150), st.integers(1, 300))
def test_samples_equal_to_the_bound_decide_nothing(bound, seeds):
    samples = np.full(seeds, bound)
    for mean_test in (mean_at_most, mean_at_least):
        assert mean_test(samples, bound, 3 * bound, 0.05)[0] is UNDECIDED


@quick
@given(st.floats(1e-3, 1e3), st.floats(-1, 1))
def test_round_off_within_the_resolution_decides_nothing(bound, share):
    resolution = 0.01 * bound
    samples = np.full(1000, bound + share * resolution * (1 - 1e-6))
    for mean_test in (mean_at_most, mean_at_least):
        assert mean_test(samples, bound, 2 * bound, 0.05, resolution)[0] is UNDECIDED


def test_without_a_resolution_the_same_samples_would_decide():
    above, below = np.full(1000, 1.009), np.full(1000, 0.991)
    assert mean_at_most(above, 1.0, 2.0, 0.05)[0] is REFUTED
    assert mean_at_most(below, 1.0, 2.0, 0.05)[0] is CONFIRMED


@pytest.mark.parametrize("exponent", [-500, -100, 100, 500])
def test_scaling_by_a_power_of_two_changes_nothing(exponent):
    rng = np.random.default_rng([6, 1])
    samples, scale = rng.beta(2, 5, size=400), 2.0**exponent
    plain, moved = (mean_at_most(s * samples, s * 0.4, s, 1e-9) for s in (1.0, scale))
    assert plain[0] is moved[0] is CONFIRMED
    assert moved[1].log10_e_value == plain[1].log10_e_value
    assert moved[1].confidence_bound == pytest.approx(scale * plain[1].confidence_bound, rel=1e-9)


@quick
@given(st.permutations(range(12)))
def test_order_of_the_seeds_does_not_matter(order):
    samples = np.array([0, 0, 0.1, 0.2, 0.5, 1, 1, 2, 3, 5, 8, 13.0])
    plain, moved = (mean_at_most(x, 1.0, 20.0, 0.05) for x in (samples, samples[list(order)]))
    assert plain[0] is moved[0]
    assert moved[1].log10_e_value == pytest.approx(plain[1].log10_e_value, abs=41 * 12 * 4 * EPS)


def test_confirmed_with_the_number_of_seeds_that_the_growth_rate_predicts():
    """X Bernoulli(1/4), bound 1/2, R = 1: the best share is 1/2, its growth rate log 2 - H(1/4)."""
    error_rate, quarter = 1e-9, 0.25
    growth = log(2) + quarter * log(quarter) + (1 - quarter) * log(1 - quarter)
    threshold, grid_cost = log(2 / error_rate), log(len(SHARES))
    assert 0.5 in SHARES
    enough, too_few = int(1.02 * (threshold + grid_cost) / growth), int(0.95 * threshold / growth)
    for seeds, verdict in ((enough // 4 * 4 + 4, CONFIRMED), (too_few // 4 * 4, UNDECIDED)):
        samples = np.tile([0.0, 0.0, 1.0, 0.0], seeds // 4)
        assert mean_at_most(samples, 0.5, 1.0, error_rate)[0] is verdict
        assert mean_at_least(1 - samples, 0.5, 1.0, error_rate)[0] is verdict


def test_refuted_with_the_number_of_seeds_that_the_growth_rate_predicts():
    """X = 2 b surely: the share 1 doubles at every seed; 2/alpha is reached once 2^S/41 is."""
    seeds = int(np.ceil(np.log2(2e9 * len(SHARES))))
    assert mean_at_most(np.full(seeds, 2.0), 1.0, None, 1e-9)[0] is REFUTED
    assert mean_at_most(np.full(seeds - 6, 2.0), 1.0, None, 1e-9)[0] is UNDECIDED
    assert mean_at_least(np.full(seeds, 2.0), 1.0, None, 1e-9)[0] is CONFIRMED


def test_confidence_bound_inverts_the_test():
    rng = np.random.default_rng([6, 2])
    samples, error_rate = rng.beta(0.5, 2, size=500), 0.01
    upper = mean_at_most(samples, 0.3, 1.0, error_rate)[1].confidence_bound
    lower = mean_at_least(samples, 0.1, 1.0, error_rate)[1].confidence_bound
    assert lower < samples.mean() < upper
    gap = 1e-9  # the inversion stops at 1e-12 relative to R - bound
    assert mean_at_most(samples, upper + gap, 1.0, error_rate)[0] is CONFIRMED
    assert mean_at_most(samples, upper - gap, 1.0, error_rate)[0] is UNDECIDED
    assert mean_at_least(samples, lower - gap, 1.0, error_rate)[0] is CONFIRMED
    assert mean_at_least(samples, lower + gap, 1.0, error_rate)[0] is UNDECIDED


def test_lower_bound_of_a_point_mass_in_closed_form():
    """Y = 1 surely, S seeds: nu solves mean over lam of (1 + lam (1/nu - 1))^S = threshold."""
    for seeds, threshold in ((1, 3.0), (10, 20.0), (1000, 1e9)):
        nu = lower_confidence_bound(np.ones(seeds), log(threshold))
        wealth = np.mean((1 + SHARES * (1 / nu - 1)) ** seeds)
        assert wealth == pytest.approx(threshold, rel=1e-7)
        assert wealth >= threshold * (1 - 1e-9)


def test_a_diverged_run_refutes_at_once_and_ends_as_finite_json():
    verdict, evidence = mean_at_most([0.0, inf, 0.5], 1.0, 2.0, 1e-9)
    assert verdict is REFUTED
    assert (evidence.e_value, evidence.confidence_bound) == (inf, None)
    assert np.isfinite(evidence.to_json()["log10_e_value"])
    assert mean_at_least([inf], 1.0, None, 1e-9)[0] is CONFIRMED


def test_overflowing_e_value_keeps_its_logarithm():
    evidence = mean_at_most(np.full(2000, 2.0), 1.0, None, 1e-9)[1]
    assert evidence.e_value == inf
    assert evidence.log10_e_value == pytest.approx(2000 * log10(2) - log10(41), abs=1e-6)


@pytest.mark.parametrize(
    ("samples", "bound", "ceiling", "verdict"),
    [
        ([], 1.0, 2.0, UNDECIDED),
        ([0.0] * 500, 0.0, None, UNDECIDED),
        ([0.0] * 500, 0.0, 1.0, UNDECIDED),
        ([0.0] * 5, 0.0, 0.0, CONFIRMED),
        ([0.0, 1e-300], 0.0, 1.0, REFUTED),
        ([0.5], -1e-3, None, REFUTED),
        ([0.5] * 5, 1.0, 1.0, CONFIRMED),
        ([1.0] * 5, 1.0, 1.0, CONFIRMED),
        ([2.0] * 500, inf, None, UNDECIDED),
        ([2.0] * 500, -inf, None, UNDECIDED),
        ([1e300] * 5, 1e-300, None, REFUTED),
        ([nan] * 500, 1.0, 2.0, UNDECIDED),
        ([nan] + [0.0] * 500, 1.0, 2.0, CONFIRMED),
        ([nan] + [2.0] * 500, 1.0, None, REFUTED),
        ([0.0] * 500 + [-0.1], 1.0, 2.0, UNDECIDED),
        ([0.0] * 500 + [3.0], 1.0, 2.0, UNDECIDED),
        ([5.0] * 500, 1.0, 2.0, REFUTED),
        ([0.0] * 500, 1.0, inf, UNDECIDED),
    ],
)
def test_degenerate_cases_of_at_most(samples, bound, ceiling, verdict):
    assert mean_at_most(samples, bound, ceiling, 1e-9)[0] is verdict


@pytest.mark.parametrize(
    ("samples", "bound", "ceiling", "verdict"),
    [
        ([0.0] * 5, 0.0, None, CONFIRMED),
        ([0.0] * 500, 1.0, None, UNDECIDED),
        ([0.0] * 500, 1.0, 2.0, REFUTED),
        ([0.5] * 5, 2.0, 1.0, REFUTED),
        ([1.0] * 500, 1.0, 1.0, UNDECIDED),
        ([1.0, 1.0 - EPS], 1.0, 1.0, REFUTED),
        ([nan] * 500, 1.0, 2.0, UNDECIDED),
        ([2.0] * 500, -inf, None, UNDECIDED),
        ([2.0] * 500 + [-1.0], 1.0, None, UNDECIDED),
        ([0.0] * 500 + [3.0], 1.0, 2.0, UNDECIDED),
        ([5.0] * 500, 1.0, 2.0, CONFIRMED),
    ],
)
def test_degenerate_cases_of_at_least(samples, bound, ceiling, verdict):
    assert mean_at_least(samples, bound, ceiling, 1e-9)[0] is verdict


@pytest.mark.parametrize(
    "arguments",
    [
        ([1.0], nan, None, 0.05),
        ([1.0], 1.0, -1.0, 0.05),
        ([1.0], 1.0, nan, 0.05),
        ([1.0], 1.0, None, 0.0),
        ([1.0], 1.0, None, 1.0),
        ([1.0], 1.0, None, 0.05, -1.0),
        ([[1.0]], 1.0, None, 0.05),
    ],
)
def test_unusable_input_is_one_line(arguments):
    with pytest.raises(UsageError) as caught:
        mean_at_most(*arguments)
    assert "\n" not in str(caught.value)


def test_feeding_in_blocks_equals_feeding_at_once_and_a_verdict_stays():
    samples = np.random.default_rng([6, 3]).exponential(size=120)
    at_once = Sequential(0.9, None, 0.05).fed(samples)
    in_blocks = Sequential(0.9, None, 0.05).fed(samples[:50]).fed(samples[50:51]).fed(samples[51:])
    values = [test.evidence().log10_e_value for test in (at_once, in_blocks)]
    assert values[0] == pytest.approx(values[1], abs=120 * 41 * EPS)
    decided = Sequential(1.0, None, 0.05).fed(np.full(50, 2.0))
    assert decided.verdict is decided.fed(np.zeros(500)).verdict is REFUTED


def test_an_infinite_sample_after_total_loss_still_refutes():
    test = Sequential(1.0, None, 0.05).fed([0.0, 0.0]).fed([inf]).fed([0.0] * 99)
    assert (test.verdict, test.evidence().e_value) == (REFUTED, inf)


def test_sequential_sampling_stops_when_decided_and_gives_up_at_the_cap():
    seen = []

    def draw(first, count):
        seen.append((first, count))
        return np.full(count, 1.0)

    assert sequentially(Sequential(1.0, 2.0, 0.05), draw, 10, 75).verdict is UNDECIDED
    assert seen == [(0, 10), (10, 10), (20, 20), (40, 35)]
    stopped = sequentially(Sequential(2.0, 2.5, 0.05), draw, 10, 10**6)
    assert stopped.verdict is CONFIRMED
    assert stopped.seeds < 100


def test_heavy_tails_are_not_refuted_by_their_typical_values():
    """X = 2^k with chance 2^-k/2-ish tails (Pareto, index 1.2, mean 6): true at 6, false at 3."""
    rng = np.random.default_rng([6, 4])
    samples = (1 - rng.random(20000)) ** (-1 / 1.2)
    assert mean_at_most(samples, 6.0, None, 1e-9)[0] is UNDECIDED
    assert mean_at_most(samples, 3.0, None, 1e-9)[0] is REFUTED


def test_a_whole_curve_is_one_call_and_equals_step_by_step():
    rng = np.random.default_rng([6, 5])
    samples, bounds = rng.exponential(size=(50, 7)), np.linspace(0.3, 3, 7)
    together = log_e_value(samples, bounds)
    for t, bound in enumerate(bounds):
        assert together[t] == pytest.approx(log_e_value(samples[:, t], bound), abs=50 * 41 * EPS)
    assert log_e_value([inf, 0.0], 1.0) > log(2e9)
    assert log_e_value([nan, 0.0], 1.0) == log_e_value([0.0, 0.0], 1.0)


@pytest.mark.parametrize("bound", [0.0, -1.0, nan, inf, [1.0, 0.0]])
def test_an_e_value_needs_a_positive_bound(bound):
    with pytest.raises(UsageError, match="bound"):
        log_e_value(np.ones((3, 2)), bound)


def test_resolution_widens_the_confidence_bounds():
    samples = np.random.default_rng([6, 6]).beta(2, 5, size=200)
    for mean_test, sign in ((mean_at_most, 1), (mean_at_least, -1)):
        exact, rounded = (mean_test(samples, 0.3, 1.0, 0.05, r)[1] for r in (0.0, 0.01))
        moved = rounded.confidence_bound - exact.confidence_bound
        assert moved == pytest.approx(sign * 0.01, abs=4 * EPS)


def test_samples_beyond_the_range_by_round_off_break_no_assumption():
    samples = np.full(500, -1e-6)
    assert mean_at_most(samples, 0.5, 1.0, 1e-9, 1e-5)[0] is CONFIRMED
    assert mean_at_most(samples, 0.5, 1.0, 1e-9, 1e-7)[0] is UNDECIDED
    assert mean_at_least(1.0 - samples, 0.5, 1.0, 1e-9, 1e-5)[0] is CONFIRMED
    assert mean_at_least([*(samples * 0), 1.0 + 1e-6], 0.5, 1.0, 1e-9, 1e-5)[0] is REFUTED
    assert mean_at_least([*(samples * 0), 1.0 + 1e-6], 0.5, 1.0, 1e-9, 1e-7)[0] is UNDECIDED


def test_a_bound_within_round_off_of_trivial_is_not_trivial():
    assert mean_at_least([0.0] * 9, 1e-3, None, 1e-9, 1e-2)[0] is UNDECIDED
    assert mean_at_most([1.0] * 9, 1.0, 1.0, 1e-9, 1e-2)[0] is UNDECIDED
    assert mean_at_most([1.0] * 9, 1.02, 1.0, 1e-9, 1e-2)[0] is CONFIRMED
