"""Scales at which numbers overflow or vanish: verdicts are right there, or undecided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ractheory.compare import check_claim, comparison
from ractheory.compare.decision import exact_decision
from ractheory.compare.exactly import _scaled_power
from ractheory.engine import factors
from ractheory.engine.simulate import simulate
from ractheory.evidence import Verdict
from ractheory.trust.instances import Instance
from ractheory.trust.properties import what_is_true_is_never_refuted

SEED = "test-extremes"
FOUND = {
    "squared gradients overflow": Instance(13, 1, 10, 0.1, "gaussian", 8.4, 123.3, 52.5, links=265),
    "the bound on divergence overflows": Instance(2, 1, 1, 1.5, "gaussian", 4.8, 97.8, 67.6),
    "cubes of the curvature overflow": Instance(3, 10, 1, 1.5, "coordinates", 5.6, 104.7, -25.5),
    "a step ends at the minimiser": Instance(1, 23, 1, 1.0, "coordinates", 0.9, -70.2, -3.1, links=67),
    "a factor of one entry": Instance(1, 1, 1, 1.5, "gaussian", 8.4, 12.4, 32.6, 77178071, links=286),
    "everything is small": Instance(4, 3, 2, 0.5, "haar", 12.0, -150.0, -70.0),
    "everything is large": Instance(4, 3, 4, 1.9, "haar", 12.0, 150.0, 70.0),
    "a bound that is zero but for round-off": Instance(9, 1, 9, 1.0, condition=0.0, scale=-0.4),
    "one row": Instance(1, 40, 1, 1.9, "haar", 0.0, 150.0, 70.0),
    "one column, ill-conditioned": Instance(40, 1, 40, 1.0, "haar", 12.0, links=300),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_what_is_true_is_not_refuted(name: str) -> None:
    assert what_is_true_is_never_refuted(FOUND[name]) == ""


@pytest.mark.parametrize("scale", [-150.0, -75.0, 0.0, 75.0, 150.0])
@pytest.mark.parametrize(("factor", "right"), [(1.0, "confirmed"), (1.001, "refuted")])
def test_one_link_is_decided_by_forms_at_every_scale(
    scale: float, factor: float, right: str
) -> None:
    """The bound is gamma (1 - gamma L/2) times a form in K^2, and one in K^3: neither K^3 nor gamma^2 L^3
    at this order can be held, and the forms are."""
    given = Instance(4, 3, 2, 0.5, condition=2.0, scale=scale)
    claim = given.claim("exact-quadratic", statement="one step", seeds=2, bound_factor=factor)
    assert check_claim(claim, SEED).verdict.value == right


@pytest.mark.parametrize("statement", [None, "one step"])
@pytest.mark.parametrize("theorem", ["gd-pl", "effective-dimension"])
@pytest.mark.parametrize("scale", [-150.0, 150.0])
def test_a_false_bound_is_not_confirmed_at_any_scale(
    theorem: str, statement: str | None, scale: float
) -> None:
    given = Instance(4, 3, 2, 0.5, condition=1.0, scale=scale, size=10.0)
    claim = given.claim(theorem, statement=statement, bound_factor=1e-3)
    assert check_claim(claim, SEED).verdict.value in ("refuted", "undecided")


def test_a_power_is_scaled_without_a_number_beyond_both_ends() -> None:
    K = 1e150 * np.array([[2.0, 1.0], [1.0, 2.0]])
    form = _scaled_power(K, 3, 1e-300)
    assert np.allclose(form / 1e150, [[14.0, 13.0], [13.0, 14.0]], rtol=1e-14, atol=0.0)
    assert np.array_equal(_scaled_power(np.zeros((2, 2)), 0, 3.0), 3.0 * np.eye(2))
    assert not _scaled_power(np.zeros((2, 2)), 2, 3.0).any()


@pytest.mark.parametrize(("value", "bound"), [(np.inf, 1.0), (1.0, np.inf), (np.inf, np.inf)])
@pytest.mark.parametrize("noise", [0.0, np.inf])
def test_a_number_too_large_to_hold_decides_nothing(
    value: float, bound: float, noise: float
) -> None:
    assert exact_decision("<=", value, bound, noise, "").verdict is Verdict.UNDECIDED


def test_a_run_that_undercuts_f_star_is_none_of_the_theorem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claim = Instance(3, 2, 3, condition=0.3, links=40).claim("gd-pl", start="normal:1", seeds=200)
    assert check_claim(claim, SEED).verdict is Verdict.CONFIRMED

    def low(*arguments: object) -> object:
        run = simulate(*arguments)  # type: ignore[arg-type]
        return replace(run, gap=run.gap - 1e-6)

    monkeypatch.setattr(comparison, "simulate", low)
    found = check_claim(claim, SEED)
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert [h.name for h in found.hypotheses if not h.holds] == ["LowerBounded by f*"]
    assert "in seed" in found.decision.evidence.detail


@pytest.mark.parametrize("rank", [2, 3])
def test_a_column_of_zeros_spans_nothing(rank: int) -> None:
    """Its pivot keeps no share of nothing; what is orthogonalised instead drops the column."""
    d, m, w = 4, factors.padded(4), factors.padded(rank)
    B, G, S = np.zeros((rank, m)), np.zeros(rank * w), np.zeros(rank * w)
    B[0, :2], B[2:, 3] = (1.0, 2.0), 5.0
    scratch = np.zeros(2 * rank * w), np.empty((d, rank)), np.empty((rank, d))
    factors.grams_and_inverses(B.ravel(), 0, m, d, rank, rank, G, S, w, *scratch)
    assert np.isclose(np.abs(B[0, :d]), [0.2**0.5, 0.8**0.5, 0.0, 0.0]).all()
    assert np.count_nonzero(np.any(B, axis=1)) == rank - 1
    assert np.array_equal(S.reshape(rank, w)[:, :rank], np.eye(rank))
