"""What a server averages: factors, or products of factors; against the engine and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.compare import check_claim, runs
from ractheory.compare.build import Experiment, build_method, build_objective
from ractheory.compare.context import Context
from ractheory.compare.facts import facts_of
from ractheory.compare.measures.averages import mean_of_products
from ractheory.engine.simulate import simulate
from ractheory.errors import UsageError
from ractheory.evidence import Verdict
from ractheory.federation import (
    Factors,
    averaging_error,
    clients_of,
    factor_covariance,
    federated_lora,
    local_factors,
    product_size,
    separate_averaging_fails,
    simulate_rounds,
)
from ractheory.methods import fed_lora, rac_lora
from ractheory.theorems import symbols

F, M = ObjectiveSpec, MethodSpec
WIDE = F("federated-least-squares", {"m": 4, "n": 3, "N": 5, "clients": 3})
ROUNDS = M("fed-rac-lora", 0.5, "1/(L N)", rank=2)
EPS = float(np.finfo(float).eps)


@pytest.mark.parametrize(
    ("order", "side", "law"),
    [
        ("random", "left", ""), ("once", "left", ""), ("incremental", "left", ""),
        ("random", "right", ""), ("random", "left", "frozen"),
    ],
)  # fmt: skip
def test_the_factors_of_the_clients_average_to_the_next_iterate_of_the_engine(
    order: str, side: str, law: str
) -> None:
    f = build_objective(WIDE)
    method = build_method(replace(ROUNDS, side=side, law=law).with_options(order=order), f)
    start = np.linspace(-1.0, 1.0, f.dim)
    for seed in range(3):
        w = start
        for link in range(3):
            ends = local_factors(f, method, w, "averages", seed, link)
            after = simulate(f, method, start, link + 1, range(seed, seed + 1), "averages").final[0]
            product = np.mean([e.B @ e.A for e in ends], axis=0)
            # Fifteen steps on entries of order one: some hundred operations each.
            assert np.linalg.norm(w + product.ravel() - after) <= 2000 * EPS * (
                1 + np.linalg.norm(w)
            )
            assert np.linalg.norm(averaging_error(ends)) <= 100 * EPS * product_size(ends)
            w = after


def test_rounds_of_joint_training_are_those_of_the_plain_rule() -> None:
    f = build_objective(WIDE)
    method = fed_lora(0.05, clients=3, inner_steps=4, rank=2)
    start = np.linspace(-1.0, 1.0, f.dim)
    run = simulate_rounds(f, method, start, 3, range(5, 8), "averages")
    alone = simulate_rounds(f, method, start, 3, range(6, 7), "averages")
    assert np.array_equal(run.gap[1], alone.gap[0])
    assert run.gap[0, 0] == f.flat_gap(start)
    given = fed_lora(0.05, 3, 4, 1, factors=np.arange(1.0, 8.0) / 7)
    path = simulate_rounds(f, given, start, 3, 1, "averages")
    pair = Factors(np.arange(1.0, 4.0)[None] / 7, np.arange(4.0, 8.0)[:, None] / 7)
    plain = federated_lora(clients_of(f, 3), start.reshape(4, 3), pair, 0.05, 4, 3)
    for t, W in enumerate(plain):
        assert path.gap[0, t] == pytest.approx(f.flat_gap(W.ravel()), rel=1e-12)


def test_separate_averages_stay_where_the_fixed_point_says() -> None:
    clients, floor = separate_averaging_fails(4.9, 0.1)
    W = federated_lora(
        clients, np.zeros((1, 1)), Factors(np.ones((1, 1)), np.ones((1, 1))), 0.1, 2000, 2
    )
    f = build_objective(
        F("federated-least-squares", {"m": 1, "n": 1, "N": 1, "clients": 2, "zeta": 2.4})
    )
    method = fed_lora(0.1, 2, 2000, factors=(1.0, -1.0))
    run = simulate_rounds(f, method, f.constants.minimiser + 2.5, 2, 1, "averages")
    assert run.gap[0, 1:] == pytest.approx([floor, floor], rel=1e-6)
    assert abs(float(W[-1][0, 0]) - 2.5) ** 2 / 2 == pytest.approx(floor, rel=1e-6)
    # |mean(b a) - mean(b) mean(a)| = (sqrt(4.9) - sqrt(0.1))^2/4, the gap being half its square.
    assert run.extra["averaging_error"][0, -1] ** 2 / 2 == pytest.approx(floor, rel=1e-6)
    assert run.extra["factor_covariance"] == pytest.approx(run.extra["averaging_error"], rel=1e-12)


def test_covariance_is_the_error_of_averaging_separately() -> None:
    rng = np.random.default_rng(2)
    pairs = [Factors(rng.normal(size=(2, 3)), rng.normal(size=(4, 2))) for _ in range(5)]
    error, covariance = averaging_error(pairs), factor_covariance(pairs)
    assert np.linalg.norm(error) > 0.1
    assert np.linalg.norm(error - covariance) <= 50 * EPS * product_size(pairs)


def test_who_runs_what() -> None:
    f = build_objective(WIDE)
    joint, start = build_method(M("fed-lora", 0.05), f), np.zeros(f.dim)
    assert joint.oracle.clients == 3
    assert "averaging_error" in runs.simulate(f, joint, start, 2, 2, "averages").extra
    assert (
        "averaging_error"
        not in runs.simulate(f, build_method(ROUNDS, f), start, 2, 2, "averages").extra
    )
    with pytest.raises(UsageError, match="simulate_rounds"):
        simulate(f, joint, start, 2, 2, "averages")
    with pytest.raises(UsageError, match="fed-lora"):
        simulate_rounds(f, rac_lora(0.1), start, 2, 2, "averages")
    with pytest.raises(UsageError, match="linear model"):
        clients_of(build_objective(F("isotropic")), 2)
    with pytest.raises(UsageError, match="multiple of 4"):
        clients_of(f, 4)
    with pytest.raises(UsageError, match="number of factors"):
        simulate_rounds(f, fed_lora(0.1, 3, factors=(1.0,)), start, 2, 2, "averages")


def test_only_federations_of_one_side_and_one_matrix_have_clients_factors() -> None:
    blocks = F("ridge-blocks", {"N": 6})
    for given, spec in (
        (WIDE, M("rac-lora-sgd", 0.1)),
        (WIDE, replace(ROUNDS, side="bernoulli")),
        (blocks, ROUNDS.with_options(clients=2)),
    ):
        f = build_objective(given)
        method, start = build_method(spec, f), np.zeros(f.dim)
        run = simulate(f, method, start, 2, 2, "averages")
        context = Context(
            Experiment(f, method, start), run, facts_of(f, method, start, 2), "averages"
        )
        with pytest.raises(UsageError, match="a federation with a left or right sketch"):
            mean_of_products(context, symbols.t, [])


COVARIANCE = Claim("t", "federated-bias", WIDE, M("fed-lora", 0.05, rank=2).with_options(inner_steps=3),
                   steps=3, seeds=4)  # fmt: skip
SHARED = Claim("t", "federated-bias", WIDE, ROUNDS, statement="shared sketch", steps=3, seeds=4)
RIGHT = replace(SHARED, method=replace(ROUNDS, side="right"))


@pytest.mark.parametrize("c", [COVARIANCE, SHARED, RIGHT], ids=["covariance", "shared", "right"])
def test_both_statements_are_confirmed(c: Claim) -> None:
    assert check_claim(c, "averages").verdict is Verdict.CONFIRMED


def test_a_wrong_covariance_and_a_bias_that_is_denied_are_refuted() -> None:
    assert (
        check_claim(replace(COVARIANCE, bound_factor=1.001), "averages").verdict is Verdict.REFUTED
    )
    denied = replace(COVARIANCE, statement="shared sketch", declared=ROUNDS)
    assert check_claim(denied, "averages").verdict is Verdict.REFUTED


def test_records_say_what_a_round_sends() -> None:
    record = check_claim(SHARED, "averages").to_json()["parameters"]
    # Three clients: rank 2 by 3 columns of 32 bits up, the same and a seed of 64 bits down; W is 4 x 3.
    assert record["round_bits"] == 3 * (2 * 2 * 3 * 32 + 64)
    assert record["averaging_bits"] == 3 * 2 * 4 * 3 * 32
