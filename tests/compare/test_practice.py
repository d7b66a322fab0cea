"""Measures of single methods, and exact expectations of accelerated chains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.compare import check_claim
from ractheory.compare.build import Experiment, build_method, build_objective, start_of
from ractheory.compare.context import MEASURES, Context
from ractheory.compare.decide_link import _ceilings
from ractheory.compare.facts import facts_of
from ractheory.compare.measures.practice import stored, updates
from ractheory.compare.momentum import pair_moments_of
from ractheory.engine.simulate import simulate
from ractheory.evidence import Verdict
from ractheory.methods import Precision
from ractheory.theorems import symbols, theorem

F, M = ObjectiveSpec, MethodSpec
EPS = float(np.finfo(float).eps)


def context(f_spec: ObjectiveSpec, spec: MethodSpec, links: int, seeds: int) -> Context:
    f = build_objective(f_spec)
    method, start = build_method(spec, f), start_of("normal:1", f, "test-practice")
    run = simulate(f, method, start, links, seeds, "test-practice")
    facts = facts_of(f, method, start, links)
    return Context(Experiment(f, method, start), run, facts, "test-practice")


# Accelerated chains.

CURVED = F("spectrum-left", {"m": 5, "n": 2, "spectrum": "geometric", "rotate": True})


def test_without_a_sketch_the_expectation_is_the_run() -> None:
    seen = context(CURVED, M("rac-accelerated", rank=5), 30, 1)
    ran = seen.experiment
    moments = pair_moments_of(ran.objective, ran.method, ran.start)
    assert moments is not None
    values, errors = moments.expected(1, 30)
    assert np.all(np.abs(values / 2 - seen.run.gap[0]) <= errors + seen.gap_noise[0])
    assert np.all(errors <= 1e-6 * values)
    squares, _ = moments.expected(2, 30)
    assert squares == pytest.approx(seen.run.grad_sq[0], rel=1e-6)


@pytest.mark.parametrize("side", ["left", "right"])
def test_with_a_sketch_it_is_the_mean_of_many_runs(side: str) -> None:
    f = CURVED if side == "left" else F("entry-weights", {"m": 3, "n": 4})
    seen = context(f, M("rac-accelerated", rank=2, side=side), 12, 20000)
    moments = pair_moments_of(
        *(getattr(seen.experiment, x) for x in ("objective", "method", "start"))
    )
    assert moments is not None
    values, _ = moments.expected(1, 12)
    spread = seen.run.gap.std(axis=0)[1:] / np.sqrt(seen.run.seeds)
    assert np.all(np.abs(values[1:] / 2 - seen.run.gap.mean(axis=0)[1:]) <= 6 * spread)


@pytest.mark.parametrize(
    ("f", "spec"),
    [
        (CURVED, M(rank=2)),
        (CURVED, M("rac-accelerated", rank=2, law="coordinates")),
        (F("logistic-synthetic"), M("rac-accelerated", rank=2)),
    ],
)
def test_where_the_moments_do_not_close_there_are_none(f: ObjectiveSpec, spec: MethodSpec) -> None:
    objective = build_objective(f)
    assert pair_moments_of(objective, build_method(spec, objective), np.ones(objective.dim)) is None


# Rounded merges.


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("precision", ["bfloat16", "float16", "float32"])
def test_a_merge_is_the_rounded_sum_of_weights_and_update(precision: str, side: str) -> None:
    spec = M("rac-merged", 0.3, rank=2, side=side, options={"precision": precision})
    seen = context(F("spectrum-left", {"m": 6, "n": 4}), spec, 8, 3)
    held = stored(seen)
    exact = held[:, :-1] + updates(seen, held)
    u = Precision(precision).unit_roundoff
    tiny = 2.0 ** Precision(precision).smallest_exponent
    assert np.all(np.abs(held[:, 1:] - exact) <= (u + 64 * EPS) * np.abs(exact) + tiny)
    # The updates are those of the run: without rounding they lead from each W to the next.
    plain = context(F("spectrum-left", {"m": 6, "n": 4}), replace(
        spec, options={"precision": "float64"}), 8, 3)  # fmt: skip
    held = plain.iterates
    slip = np.abs(held[:, :-1] + updates(plain, held) - held[:, 1:])
    assert np.all(slip <= 64 * EPS * np.max(np.abs(held)))


def test_shares_of_unchanged_entries() -> None:
    spec = M("rac-merged", 1e-3, rank=1, options={"precision": "bfloat16"})
    seen = context(F("isotropic", {"m": 6, "n": 4}), spec, 5, 3)
    kept = MEASURES[symbols.unchanged_share](seen, symbols.t, [])
    none = MEASURES[symbols.swallowed_share](seen, symbols.t, [0.0])
    every = MEASURES[symbols.swallowed_share](seen, symbols.t, [np.inf])
    assert kept.shape == none.shape == (3, 5)
    assert np.all(none == 0.0)
    assert np.all(every == 1.0)
    assert 0.5 < kept.mean() < 1.0


# Subgradient chains and adaptive steps.


def test_the_gap_of_the_mean_iterate_is_that_of_the_iterates() -> None:
    seen = context(F("l1-regression"), M("rac-subgradient", 0.1, "absolute", rank=2), 9, 4)
    recorded = MEASURES[symbols.gap_of_mean](seen, symbols.T, [])
    bare = replace(seen, run=replace(seen.run, extra={}))
    assert MEASURES[symbols.gap_of_mean](bare, symbols.T, []) == pytest.approx(recorded, rel=1e-12)
    f = seen.experiment.objective
    mean = seen.iterates[0, :9].mean(axis=0)
    assert recorded[0] == pytest.approx(f.flat_gap(mean), rel=1e-12)


def test_steps_of_the_adaptive_rule_are_those_of_its_formula() -> None:
    """The first step: 1/(L s^2 |V|^2 + s |G|) at the given factors."""
    options = {"factors": (0.5, -1.0, 2.0, 0.25, 0.0), "scale": 3.0}
    spec = M("lora-adaptive", 1.0, "absolute", options=options)
    seen = context(F("isotropic", {"m": 3, "n": 2, "L": 2.0}), spec, 4, 1)
    sizes = MEASURES[symbols.step_size](seen, symbols.t, [])
    V_sq = sum(x * x for x in options["factors"])  # type: ignore[attr-defined]
    first = 1.0 / (2.0 * 9.0 * V_sq + 3.0 * np.sqrt(seen.run.grad_sq[0, 0]))
    assert sizes[0, 0] == pytest.approx(first, rel=1e-14)
    total = MEASURES[symbols.step_sum](seen, symbols.T, [])
    assert total[0] == pytest.approx(sizes[0].sum(), rel=1e-14)
    least = MEASURES[symbols.min_factor_grad_sq](seen, symbols.T, [])
    assert least[0] == MEASURES[symbols.factor_grad_sq](seen, symbols.t, [])[0].min()
    fixed = context(F("isotropic"), M("lora", 0.01), 4, 2)
    assert np.all(MEASURES[symbols.step_size](fixed, symbols.t, []) == 0.01)


# One link of a subgradient chain, by betting.


@pytest.mark.parametrize("name", ["rac-subgradient", "rac-polyak"])
def test_one_subgradient_link_has_a_sure_ceiling_and_a_planted_error_is_seen(name: str) -> None:
    row = name.removeprefix("rac-")
    step = 0.3 if row == "subgradient" else 1.0
    c = Claim(
        f"{row}/one-step", row, F("l1-regression"), M(name, step, "absolute", rank=2),
        statement="one step", start="far:1", steps=12, seeds=100,
    )  # fmt: skip
    sound = check_claim(c, "test-practice")
    assert sound.verdict is Verdict.CONFIRMED
    assert sound.decision.observed < 1.0
    small = replace(c, bound_factor=0.9 * float(sound.decision.observed))
    assert check_claim(small, "test-practice").verdict is Verdict.REFUTED
    masked = replace(c, declared=c.method)
    assert check_claim(masked, "test-practice").verdict is Verdict.UNDECIDED


def test_no_link_moves_further_than_its_subgradient() -> None:
    """The ceiling of |W_{t+1} - W*|^2: what the triangle inequality says."""
    seen = context(F("svm-synthetic"), M("rac-subgradient", 0.5, "absolute", rank=2), 8, 20)
    statement = theorem("subgradient").statement("one step")
    ceiling = _ceilings(statement, seen, (20, 8))
    distance = MEASURES[symbols.dist_sq](seen, symbols.t, [])
    assert ceiling is not None
    assert np.all(distance[:, 1:] <= ceiling * (1 + 64 * EPS))
    moved = np.linalg.norm(np.diff(seen.iterates, axis=1), axis=2)
    assert np.all(moved <= 0.5 * np.sqrt(seen.run.grad_sq[:, :-1]) * (1 + 64 * EPS))
