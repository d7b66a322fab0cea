"""Every law draws what it says: projections of the right rank with the stated moments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ractheory.engine.draw import range_basis
from ractheory.engine.transcription import projection as explicit
from ractheory.laws import (
    Coordinates,
    Gaussian,
    Haar,
    Hadamard,
    Importance,
    Law,
    Rademacher,
)
from ractheory.sketches import factor, projection

EPS = float(np.finfo(float).eps)
ERROR_RATE = 1e-6
"""Chance that correct laws fail one moment test (the streams are fixed)."""
DRAWS = 3000

LAWS: list[tuple[Law, int]] = [
    (Haar(1), 3),
    (Haar(2), 3),
    (Haar(1), 1),
    (Haar(4), 4),
    (Gaussian(1), 3),
    (Gaussian(2), 5),
    (Coordinates(2), 4),
    (Coordinates(1), 1),
    (Importance((0.5, 0.25, 0.25)), 3),
    (Importance((0.9, 0.3, 0.5, 0.3)), 4),
    (Rademacher(1), 3),
    (Rademacher(2), 3),
    (Hadamard(1), 4),
    (Hadamard(3), 8),
    (Hadamard(4), 4),
]


def sampled(law: Law, d: int) -> np.ndarray:
    draws = (factor(law, d, "moments", seed=link % 7, link=link) for link in range(DRAWS))
    return np.array([projection(B) for B in draws])


def agree(samples: np.ndarray, exact: np.ndarray) -> None:
    """Every entry of the mean within a z-bound that fails with chance ERROR_RATE in all."""
    z = stats.norm.isf(ERROR_RATE / (2 * exact.size))
    spread = samples.std(axis=0) / np.sqrt(len(samples))
    roundoff = 16 * len(exact) * EPS * (1 + np.abs(exact))
    assert np.all(np.abs(samples.mean(axis=0) - exact) <= z * spread + roundoff)


@pytest.mark.parametrize(("law", "d"), LAWS, ids=str)
def test_moments(law: Law, d: int) -> None:
    H = sampled(law, d)
    agree(H, law.mean(d))
    X = np.diag(np.arange(1.0, d + 1)) + 0.5
    second = law.second_moment(X)
    if second is not None:
        agree(H @ X @ H, second)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.data())
def test_projection_of_the_right_rank(d: int, data: st.DataObject) -> None:
    r = data.draw(st.integers(1, d))
    law = data.draw(st.sampled_from([Haar, Gaussian, Coordinates]))(r)
    seed = data.draw(st.integers(0, 2**31 - 1))
    B = factor(law, d, "rank", seed)
    H = projection(B)
    # The basis is orthonormal to round-off whatever B, by the second orthogonalisation.
    bound = 16 * d * r * EPS
    assert np.abs(H - H.T).max() == 0.0
    assert np.abs(H @ H - H).max() <= bound
    assert abs(np.trace(H) - r) <= bound
    assert np.abs(H @ B - B).max() <= bound * np.abs(B).max() * d
    assert np.abs(H - explicit(B)).max() <= bound * np.linalg.cond(B)


@given(st.integers(2, 6), st.integers(0, 2**20))
@settings(max_examples=40, deadline=None)
def test_dependent_columns_are_dropped(d: int, seed: int) -> None:
    b = factor(Gaussian(1), d, "dependent", seed)
    B = np.hstack([b, 3.0 * b, -b])
    Q = np.empty((3, d))
    assert range_basis(B, Q) == 1
    assert np.abs(projection(B) - projection(b)).max() <= 16 * d * EPS
    assert np.abs(projection(B) - explicit(B)).max() <= 64 * d * EPS


def test_zero_factor_projects_to_zero() -> None:
    assert np.array_equal(projection(np.zeros((3, 2))), np.zeros((3, 3)))


def test_rademacher_rank_deficiency_is_met() -> None:
    """Two sign columns in dimension 3 are parallel with chance 1/4; the projection then has rank 1."""
    ranks = [round(np.trace(H)) for H in sampled(Rademacher(2), 3)]
    for link in range(DRAWS):
        B = factor(Rademacher(2), 3, "moments", link % 7, link)
        assert ranks[link] == np.linalg.matrix_rank(B)
    assert 1 in ranks


def test_importance_design_has_fixed_size() -> None:
    law = Importance((0.9, 0.3, 0.5, 0.3))
    sizes = {int(factor(law, 4, "size", seed).sum()) for seed in range(300)}
    assert sizes == {2}
