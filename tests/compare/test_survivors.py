"""What mutation testing of the bridge showed that few other tests saw: counts, weights, derivatives, first failures."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import comb

import numpy as np
import pytest

from ractheory.assumptions import CertifiedAtEffectiveStep, MatrixQuadratic
from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.compare import check_claim
from ractheory.compare.decide_exactly import _decide
from ractheory.compare.decide_forever import _stopped
from ractheory.compare.grants import granted, quadratic_grants
from ractheory.compare.measures.chain import step_weights
from ractheory.compare.measures.factors import factored_hessian
from ractheory.compare.visited import draws
from ractheory.compare.worlds import _recursive
from ractheory.evidence import Verdict, round_off
from ractheory.laws import Coordinates, Haar, Law
from ractheory.methods import (
    fed_rac_lora,
    fpft,
    rac_lora,
    rac_lora_noise,
    rac_lora_rr,
    rac_lora_sgd,
)
from ractheory.objectives import objective
from ractheory.objectives.federated import federated_least_squares
from ractheory.theorems import theorem
from ractheory.theorems.effective import effective_L


def test_an_exact_verdict_names_the_first_failure_and_not_the_worst() -> None:
    left = [Fraction(1), Fraction(3), Fraction(9)]
    found = _decide(theorem("gd-pl").statement(), left, [Fraction(1), Fraction(2), Fraction(1)])
    assert (found.verdict, found.observed, found.bound) == (Verdict.REFUTED, 3.0, 2.0)
    assert "broken first at T = 2" in found.evidence.detail
    sound = _decide(theorem("gd-pl").statement(), left, [Fraction(4), Fraction(4), Fraction(10)])
    assert (sound.verdict, sound.observed, sound.bound) == (Verdict.CONFIRMED, 9.0, 10.0)
    assert "closest at T = 3" in sound.evidence.detail


def test_a_process_that_ends_at_zero_is_stopped_before() -> None:
    process = np.array([[3.0, 2.0, 0.0, 0.0], [1.0, 5.0, 4.0, 3.0], [1.0, 2.0, 9.0, 8.0]])
    crossed = process > 6.0
    assert _stopped(process, crossed).tolist() == [2.0, 3.0, 9.0]


def test_weights_of_the_steps_fall_by_one_factor_and_add_up_to_one() -> None:
    weights = step_weights(4, 0.5)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[1:] / weights[:-1] == pytest.approx(np.full(3, 1 / 1.5))
    assert step_weights(3, 0.0).tolist() == [1 / 3] * 3


def test_the_hessian_in_the_factors_is_that_of_differences_away_from_best_points() -> None:
    rng = np.random.default_rng(3)
    m, n, r, s = 3, 2, 2, 0.7
    weights, D0 = rng.uniform(0.5, 2.0, (m, n)), rng.normal(size=(m, n))
    x = rng.normal(size=r * n + m * r)

    def gradient(v: np.ndarray) -> np.ndarray:
        A, B = v[: r * n].reshape(r, n), v[r * n :].reshape(m, r)
        G = weights * (D0 + s * B @ A)
        return np.concatenate([(s * B.T @ G).ravel(), (s * G @ A.T).ravel()])

    h = 1e-5
    columns = [(gradient(x + h * e) - gradient(x - h * e)) / (2 * h) for e in np.eye(len(x))]
    A, B = x[: r * n].reshape(r, n), x[r * n :].reshape(m, r)
    # phi is of fourth degree: differences of its gradient are off by h^2 times a third derivative
    assert factored_hessian(weights, D0, B, A, s) == pytest.approx(np.array(columns).T, abs=1e-8)


def test_the_draws_of_a_link_are_counted() -> None:
    f = federated_least_squares(m=2, n=1, clients=2, N=3)
    assert f.components == 6
    for method, number in (
        (fpft(0.1), 1), (rac_lora_sgd(0.1, batch=2), comb(6, 2)),
        (rac_lora_sgd(0.1, batch=2, replacement=True), 36), (rac_lora_rr(0.1), 720),
        (rac_lora_rr(0.1, "incremental"), 1), (rac_lora_rr(0.1, "once"), None),
        (fed_rac_lora(0.1, 2), 36), (fed_rac_lora(0.1, 2, order="incremental"), 1),
        (fed_rac_lora(0.1, 2, order="once"), None), (fed_rac_lora(0.1, 2, 1), None),
        (rac_lora_noise(0.1), None),
    ):  # fmt: skip
        assert draws(f, method) == number, method


def test_a_link_that_remembers_is_its_recursion_in_several_entries() -> None:
    rng = np.random.default_rng(4)
    dim, gamma, a = 3, 0.2, 0.3
    H, K, p = (
        rng.normal(size=(2, dim, dim)),
        rng.normal(size=(4, dim, dim)),
        rng.normal(size=(4, dim)),
    )
    D, g = rng.normal(size=dim), rng.normal(size=dim)
    maps = _recursive(H, K, p, gamma, a)
    for h, sketch in enumerate(H):
        for i, curvature in enumerate(K):
            D_next = D - gamma * sketch @ g
            g_next = curvature @ D_next - p[i] + (1 - a) * (g - (curvature @ D - p[i]))
            ended = maps[h, i] @ np.concatenate([D, g, [1.0]])
            assert ended == pytest.approx(np.concatenate([D_next, g_next, [1.0]]), rel=1e-12)


def test_an_exact_value_within_round_off_of_a_bound_decides_nothing_against_it() -> None:
    """On an isotropic quadratic the bound is attained: what its powers may be off by is no contradiction."""
    c = Claim("t", "gd-pl", ObjectiveSpec("isotropic"), MethodSpec(step=0.7), steps=7, seeds=64)
    for factor in (1.0 - 2.0**-53, 1.0 - 2.0**-50, 1.0 - float(round_off(64 + 8 * 7, 1.0))):
        assert check_claim(replace(c, bound_factor=factor), "edge").verdict is not Verdict.REFUTED
    assert check_claim(replace(c, bound_factor=1.0 - 1e-9), "edge").verdict is Verdict.REFUTED


def test_an_exact_verdict_keeps_the_evidence_of_the_runs() -> None:
    c = Claim("t", "gd-pl", ObjectiveSpec("isotropic"), MethodSpec(step=0.7), steps=3, seeds=64)
    evidence = check_claim(c, "both").decision.evidence
    assert evidence.kind == "exact"
    assert evidence.seeds == 64
    assert evidence.e_value == pytest.approx(10.0**evidence.log10_e_value)


@pytest.mark.parametrize("side", ["left", "right", "bernoulli"])
@pytest.mark.parametrize("law", ["haar", "frozen"])
def test_rounded_merges_are_measured_on_the_sketch_that_was_used(side: str, law: str) -> None:
    """A frozen sketch is the draw of the first link for ever; a search found it redrawn by the measure."""
    method = MethodSpec("rac-merged", 0.1, side=side, law=law)
    c = Claim("t", "merge-precision", ObjectiveSpec("isotropic"), method, steps=3, seeds=4)
    assert check_claim(c, "merged").verdict is Verdict.CONFIRMED


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_quadratic_says_on_which_side_its_matrix_acts(side: str) -> None:
    f = objective(f"spectrum-{side}")
    assert quadratic_grants(f, "left") == quadratic_grants(f, "right") == (MatrixQuadratic(side),)


@pytest.mark.parametrize("law", [Coordinates(2), Haar(2)])
def test_the_effective_step_is_that_of_the_law(law: Law) -> None:
    f = objective("spectrum-left")
    curvature = f.constants.curvature
    for name in ("haar", "coordinates"):
        step = 1.0 / effective_L(curvature, 2, name)
        found = granted(f, rac_lora(step, 2, law=law))
        assert any(isinstance(g, CertifiedAtEffectiveStep) for g in found) == (name == law.name)
