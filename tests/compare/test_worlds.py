"""Chains whose draws are counted: against enumerations in Fractions, and against the engine's own runs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest

from ractheory.claims.claim import EXACT, Claim, MethodSpec, ObjectiveSpec
from ractheory.compare import check_claim
from ractheory.compare.build import build_method, build_objective, start_point
from ractheory.compare.ceilings import sure_gap
from ractheory.compare.visited import expected_gap
from ractheory.compare.worlds import World, world_of
from ractheory.engine.simulate import simulate
from ractheory.errors import UsageError
from ractheory.evidence import Verdict
from ractheory.exact import worlds as enumerated
from ractheory.exact.quadratics import QuadraticSum, fractions, pooled
from ractheory.exact.transfer import Mean, averaged, pairs
from ractheory.objectives.linear_model import LinearModel

M, F = MethodSpec, ObjectiveSpec
RIDGE = F("ridge-synthetic", {"m": 3, "n": 2, "N": 3, "ridge": 0.25})
CLIENTS = F("federated-least-squares", {"m": 2, "n": 2, "N": 2, "clients": 2})
ROWS = {"law": "coordinates"}


def made(f: ObjectiveSpec, spec: MethodSpec, start: str = "normal:1"):  # type: ignore[no-untyped-def]
    objective = build_objective(f)
    method = build_method(spec, objective)
    point = start_point(start, f, "test-worlds")
    return objective, method, point, world_of(objective, method, point)


def exact_sum(f: LinearModel, rows: slice = slice(None)) -> QuadraticSum:
    """The same sum in Fractions: component i is 1/2 |x W - y|^2 + ridge/2 |W|^2, up to a constant."""
    curvatures, centres = [], []
    for x, y in zip(fractions(f.X[rows]), fractions(f.Y[rows]), strict=True):
        curvatures.append(np.outer(x, x) + Fraction(f.ridge) * fractions(np.eye(len(x))))
        centres.append(_solve(curvatures[-1], np.outer(x, y)))
    return QuadraticSum(tuple(curvatures), tuple(centres))


def _solve(K: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return C with K C = right, exactly."""
    from flint import fmpq, fmpq_mat

    d, n = right.shape
    A = fmpq_mat(d, d, [fmpq(v.numerator, v.denominator) for v in K.ravel()])
    B = fmpq_mat(d, n, [fmpq(v.numerator, v.denominator) for v in right.ravel()])
    return np.array([Fraction(int(v.p), int(v.q)) for v in A.solve(B).entries()]).reshape(d, n)


def enumerate_gap(problem: QuadraticSum, start: np.ndarray, link, steps: int) -> list[float]:  # type: ignore[no-untyped-def]
    curves = enumerated.enumerate_chain(start, link, {"f": problem.value}, steps)
    least = problem.value(problem.minimiser())
    return [float(v - least) for v in curves["f"]]


@pytest.mark.parametrize("kind", ["batch", "epoch", "fixed"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_against_enumeration_in_fractions(kind: str, side: str) -> None:
    name = {"batch": "rac-lora-sgd"}.get(kind, "rac-lora-rr")
    options = {"batch": {"batch": 2}, "fixed": {"order": "incremental"}}.get(kind, {})
    f, method, start, world = made(
        RIDGE, M(name, 0.125, "absolute", side=side, options=options, **ROWS)
    )
    problem = exact_sum(f)
    H = enumerated.coordinate_projections(f.shapes[0][side == "right"], 1)
    gamma = Fraction(method.step)
    link = {
        "batch": lambda: enumerated.minibatch_links(problem, H, gamma, 2, side),
        "epoch": lambda: enumerated.reshuffling_links(problem, H, gamma, side),
        "fixed": lambda: enumerated.fixed_order_links(problem, H, gamma, side),
    }[kind]()  # fmt: skip
    steps = 1 if kind == "epoch" else 2
    exact = enumerate_gap(problem, fractions(start.reshape(f.shapes[0])), link, steps)
    values, errors = world.expected(1, steps)
    assert np.all(np.abs(values / 2 - exact) <= errors + 1e-14 * np.array(exact))
    assert np.all(errors <= 1e-9 * values)


def test_a_federated_round_against_enumeration_in_fractions() -> None:
    f, method, start, _ = made(CLIENTS, M("fed-rac-lora", 0.125, "absolute", **ROWS))
    shifted = LinearModel("shifted", f.X, f.Y, f.loss, 0.25)
    clients = [exact_sum(shifted, slice(k, k + 2)) for k in (0, 2)]
    with_ridge = world_of(shifted, method, start)
    H = enumerated.coordinate_projections(2, 1)
    link = enumerated.federated_links(clients, H, Fraction(method.step))
    exact = enumerate_gap(pooled(clients), fractions(start.reshape(f.shapes[0])), link, 2)
    values, errors = with_ridge.expected(1, 2)
    assert np.all(np.abs(values / 2 - exact) <= errors + 1e-14 * np.array(exact))


CASES = [
    (RIDGE, M("rac-lora-sgd", 0.3, rank=2), {"batch": 2, "replacement": True}),
    (RIDGE, M("rac-lora-sgd", 0.3, side="right"), {}),
    (RIDGE, M("rac-lora-noise", 0.5, rank=2), {"variance": 2.0}),
    (RIDGE, M("rac-lora-noise", 0.5, side="bernoulli"), {"left_probability": 0.3}),
    (RIDGE, M("rac-lora-page", 0.3, **ROWS), {"probability": 0.3, "batch": 2}),
    (RIDGE, M("rac-lora-mvr", 0.3, **ROWS), {"momentum": 0.3, "batch": 2}),
    (RIDGE, M("rac-lora-rr", 0.5, "1/(L N)", **ROWS), {"order": "once"}),
    (CLIENTS, M("fed-rac-lora", 0.5, "1/(L N)", **ROWS), {"participating": 1}),
]


@pytest.mark.parametrize(("f", "spec", "options"), CASES, ids=lambda c: str(c))
def test_against_the_mean_of_runs(f: ObjectiveSpec, spec: MethodSpec, options: dict) -> None:  # type: ignore[type-arg]
    objective, method, start, world = made(f, spec.with_options(**options))
    run = simulate(objective, method, start, 3, 4000, "test-worlds")
    for power, sampled in ((1, run.gap), (2, run.grad_sq)):
        values, errors = world.expected(power, 3)
        exact = values / 2 if power == 1 else values
        spread = sampled.std(axis=0) / np.sqrt(run.seeds)
        # Five standard errors: a chance of about 6e-7 a number for a law that is near normal.
        assert np.all(np.abs(sampled.mean(axis=0) - exact) <= 5 * spread + errors + 1e-12 * exact)


def test_a_link_pulled_back_is_the_mean_over_its_ends() -> None:
    f, method, start, world = made(RIDGE, M("rac-lora-rr", 0.5, "1/(L N)", **ROWS))
    state = np.append(start - f.constants.minimiser, 1.0)
    form = world.chain.pulled_back(world.form(1) / 2)
    assert state @ form @ state == pytest.approx(expected_gap(f, method, start), rel=1e-12)
    assert world.expected(1, 1)[0][1] / 2 == pytest.approx(state @ form @ state, rel=1e-12)


@pytest.mark.parametrize(
    "spec",
    [
        M("lora"),
        M("asymlora"),
        M(options={"inner": "pseudo-inverse", "inner_steps": 2}),
        M("rac-merged"),
        M("rac-lora-sgd", 0.1, law="rademacher", rank=2),
        M("rac-lora-rr", 0.1, "1/(L N)", side="left", law="haar"),
    ],
    ids=str,
)
def test_what_cannot_be_counted_has_no_world(spec: MethodSpec) -> None:
    assert made(RIDGE, spec)[3] is None


def test_other_objectives_have_no_world() -> None:
    for f in (F("logistic-synthetic"), F("quadratic-blocks"), F("nonconvex-regression")):
        assert made(f, M("rac-lora-noise", 0.1))[3] is None
    with pytest.raises(UsageError, match="least squares"):
        check_claim(Claim("t", "sgd-pl", F("logistic-synthetic"), M("rac-lora-noise", 0.01),
                          evidence=EXACT, steps=2))  # fmt: skip


def test_transfer_matrices_of_orders_and_rounds() -> None:
    rng = np.random.default_rng(3)
    maps = rng.normal(size=(1, 3, 2, 2))
    orders = [maps[0, c] @ maps[0, b] @ maps[0, a] for a, b, c in permutations(range(3))]
    mean = Mean.uniform_order(maps, [1, 1, 1])
    assert mean.first[0] == pytest.approx(np.mean(orders, axis=0), rel=1e-13)
    both = np.mean([pairs(P, P) for P in orders], axis=0)
    assert mean.second[0] == pytest.approx(both, rel=1e-12, abs=1e-14)
    twice = Mean.uniform_order(maps, [2, 1, 0])
    sequences = set(permutations((0, 0, 1)))
    listed = [Mean.product(maps, order).second[0] for order in sequences]
    assert twice.second[0] == pytest.approx(np.mean(listed, axis=0), rel=1e-12, abs=1e-14)
    epochs = [Mean.over(rng.normal(size=(2, 2, 2)), np.full(2, 0.5)) for _ in range(3)]
    rounds = averaged(epochs, 3)
    one, two, three = epochs
    assert rounds.first == pytest.approx((one.first + two.first + three.first) / 3, rel=1e-14)
    with pytest.raises(UsageError, match="fewer components"):
        Mean.uniform_order(np.zeros((1, 20, 2, 2)), [1] * 20)


def test_a_mean_of_independent_epochs_over_all_pairs_of_ends() -> None:
    rng = np.random.default_rng(4)
    ends = rng.normal(size=(3, 2, 2, 2))
    epochs = [Mean.over(each, np.full(2, 0.5)) for each in ends]
    for chosen in (1, 2, 3):
        found = averaged(epochs, chosen)
        means = [
            sum(each[i] for each, i in zip(subset, picks, strict=True)) / chosen
            for subset in permutations(ends, chosen) for picks in product(range(2), repeat=chosen)
        ]  # fmt: skip
        listed = np.mean([pairs(m, m) for m in means], axis=0)
        assert found.second == pytest.approx(listed, rel=1e-12, abs=1e-14)


# The verdicts.


FEW = F("scattered-targets", {"N": 4, "columns": 3})
SOUND = Claim(
    "t", "rr-pl", FEW, M("rac-lora-rr", 0.5, "1/(L N)", side="right", **ROWS), steps=8, seeds=200
)


def test_runs_and_counting_agree_on_a_sound_claim() -> None:
    by_runs = check_claim(SOUND, "test-worlds")
    counted = check_claim(replace(SOUND, evidence=EXACT), "test-worlds")
    assert by_runs.verdict is counted.verdict is Verdict.CONFIRMED
    assert by_runs.decision.evidence.kind == counted.decision.evidence.kind == "exact"
    one = check_claim(replace(SOUND, evidence=EXACT, statement="one step"), "test-worlds")
    assert one.verdict is Verdict.CONFIRMED


@pytest.mark.parametrize("statement", ["sharp", "one step"])
def test_a_bound_made_too_small_is_refuted_by_counting(statement: str) -> None:
    outcome = check_claim(
        replace(SOUND, evidence=EXACT, statement=statement, bound_factor=0.5), "test-worlds"
    )
    assert outcome.verdict is Verdict.REFUTED


def test_a_run_that_is_not_what_it_is_declared_to_be_is_not_counted_as_confirmed() -> None:
    masked = check_claim(replace(SOUND, declared=SOUND.method), "test-worlds")
    assert masked.verdict is Verdict.UNDECIDED


# Points that runs visit.


def test_the_ends_of_a_link_are_those_of_runs() -> None:
    f = build_objective(F("logistic-synthetic", {"m": 3, "N": 4}))
    for spec in (M("rac-lora-sgd", 0.5, options={"batch": 2}, **ROWS),
                 M("rac-lora-sgd", 0.5, options={"batch": 2, "replacement": True}, **ROWS),
                 M("rac-lora-rr", 0.5, "1/(L N)", **ROWS), M("rac-lora", **ROWS),
                 M("fed-rac-lora", 0.5, "1/(L N)", options={"clients": 2}, **ROWS)):  # fmt: skip
        method, start = build_method(spec, f), np.ones(3)
        run = simulate(f, method, start, 1, 4000, "test-visited")
        spread = float(run.gap[:, 1].std() / np.sqrt(run.seeds))
        listed = expected_gap(f, method, start)
        assert listed is not None
        assert abs(listed - run.gap[:, 1].mean()) <= 5 * spread
    assert expected_gap(f, build_method(M("rac-lora-sgd", 0.5), f), np.ones(3)) is None
    assert expected_gap(f, build_method(M("rac-lora-mvr", 0.5, **ROWS), f), np.ones(3)) is None


def test_one_link_at_visited_points_is_confirmed_and_refuted() -> None:
    c = Claim("t", "sgd-pl", F("logistic-synthetic", {"m": 3, "N": 6, "ridge": 0.1}),
              M("rac-lora-sgd", 0.05, **ROWS), statement="one step", steps=4, seeds=40)  # fmt: skip
    sound = check_claim(c, "test-worlds")
    assert sound.verdict is Verdict.CONFIRMED
    assert sound.decision.evidence.kind == "pathwise"
    assert check_claim(replace(c, bound_factor=0.9), "test-worlds").verdict is Verdict.REFUTED
    assert check_claim(replace(c, declared=c.method), "test-worlds").verdict is Verdict.UNDECIDED


# Ceilings.


@pytest.mark.parametrize(
    ("f", "spec"),
    [
        (F("welsch", {"m": 3, "n": 2, "N": 8}), M("rac-lora-sgd", 1.0, rank=3)),
        (F("logistic-synthetic", {"m": 3, "N": 8}), M("rac-lora-rr", 2.0, "1/(L N)", rank=2)),
        (F("ridge-synthetic", {"m": 3, "n": 2, "N": 5}), M("rac-lora-sgd", 2.0, rank=2)),
        (CLIENTS, M("fed-rac-lora", 3.0, "1/(L N)", rank=2)),
    ],
    ids=str,
)
def test_no_run_rises_above_the_ceiling(f: ObjectiveSpec, spec: MethodSpec) -> None:
    objective, method, start, _ = made(f, spec, "normal:0.1")
    run = simulate(objective, method, start, 6, 300, "test-ceilings")
    for t in range(7):
        ceiling = sure_gap(objective, method, start, max(t, 1))
        assert ceiling is not None
        assert run.gap[:, t].max() <= ceiling


def test_chains_without_a_ceiling() -> None:
    f, method, start, _ = made(RIDGE, M("rac-lora-noise", 0.1))
    assert sure_gap(f, method, start, 3) is None
    f, method, start, _ = made(F("nonconvex-regression"), M("rac-lora-sgd", 0.1))
    assert sure_gap(f, method, start, 3) is None


def test_a_world_knows_what_its_links_remember() -> None:
    worlds = {
        name: made(RIDGE, M(name, 0.1, **ROWS))[3] for name in ("rac-lora-sgd", "rac-lora-mvr")
    }
    assert all(isinstance(w, World) for w in worlds.values())
    assert worlds["rac-lora-sgd"].markov
    assert not worlds["rac-lora-mvr"].markov
