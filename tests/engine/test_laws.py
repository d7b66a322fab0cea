"""Laws as mathematics: where they exist, and moments of those that are no sample of any."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ractheory.engine.simulate import simulate
from ractheory.errors import UsageError
from ractheory.laws import (
    LAWS,
    Coordinates,
    Frozen,
    Gaussian,
    Haar,
    Hadamard,
    Identity,
    Importance,
    Law,
    Rademacher,
    bernoulli_mean_extremes,
    rademacher_expected_rank,
)
from ractheory.methods import rac_lora
from ractheory.objectives import objective
from ractheory.sketches import factor, projection


@pytest.mark.parametrize(
    "law", [Haar(5), Gaussian(5), Coordinates(5), Hadamard(5), Rademacher(5), Frozen(5)]
)
def test_no_law_has_a_rank_above_the_dimension(law: Law) -> None:
    for asked in (law.validate, law.mean, law.extremes):
        with pytest.raises(
            UsageError, match=f"rank of the {law.name} sketch = 5.*sketched dimension is 4"
        ):
            asked(4)
    if law.second_moment(np.eye(8)) is not None:
        with pytest.raises(UsageError, match="= 5: allowed is an integer from 1 to 4"):
            law.second_moment(np.eye(4))


@pytest.mark.parametrize("d", [1, 2, 4, 64])
def test_hadamard_exists_at_powers_of_two(d: int) -> None:
    assert Hadamard(1).extremes(d) == (1 / d, 1 / d)


@pytest.mark.parametrize("d", [3, 6, 10, 12])
def test_hadamard_exists_nowhere_else(d: int) -> None:
    with pytest.raises(UsageError, match="a power of two"):
        Hadamard(1).validate(d)


def test_three_columns_of_signs_are_dependent_where_two_are_parallel() -> None:
    """a + b + c = 0 row by row for signs of a, b, c leaves no other way; so with q = P(two are parallel)
    E rank = 3 - 3 q (1 - q) - 2 q^2."""
    for m in (3, 9):  # at 9 the enumeration is as large as it may be
        q = Fraction(1, 2 ** (m - 1))
        assert rademacher_expected_rank(m, 3) == 3 - 3 * q * (1 - q) - 2 * q**2
    with pytest.raises(UsageError, match="= 18: allowed is at most 16"):
        rademacher_expected_rank(10, 3)


def test_a_frozen_subspace_moves_nothing_outside_of_it() -> None:
    law = Frozen(2)
    assert np.array_equal(law.mean(3), np.diag([1.0, 1.0, 0.0]))
    assert law.extremes(3) == (0.0, 1.0)
    assert law.extremes(2) == (1.0, 1.0)
    assert np.linalg.eigvalsh(law.mean(3))[[0, -1]].tolist() == [*law.extremes(3)]
    assert law.second_moment(np.eye(3)) is None


def test_the_identity_is_the_full_step() -> None:
    law, X = Identity(), np.arange(9.0).reshape(3, 3)
    assert (law.rank, law.extremes(3)) == (0, (1.0, 1.0))
    assert np.array_equal(law.mean(3), np.eye(3))
    assert np.array_equal(law.second_moment(X), X)
    assert np.array_equal(factor(law, 3, "identity", 0), np.eye(3))
    law.validate(1)
    for d in (0, 1.5):
        with pytest.raises(UsageError, match="sketched dimension"):
            law.validate(d)  # type: ignore[arg-type]


def test_every_block_has_the_draw_that_the_engine_makes() -> None:
    f = objective("quadratic-blocks")
    start = np.linspace(-1.0, 1.0, f.dim)
    gamma = 0.5 / f.constants.L
    run = simulate(f, rac_lora(gamma), start, 1, 1, "blocks")
    moved = [
        -gamma * projection(factor(Haar(1), len(G), "blocks", 0, 0, block)) @ G
        for block, G in enumerate(f.split(f.flat_gradient(start)))
    ]
    assert run.final[0] == pytest.approx(start + f.flatten(moved), rel=1e-12)


def test_a_factor_of_integers_projects_like_its_floats() -> None:
    B = np.array([[1, 2], [3, 4], [0, 1]])
    assert np.array_equal(projection(B), projection(B.astype(float)))


def test_a_draw_is_that_of_the_first_link_and_block_unless_said() -> None:
    law = Haar(1)
    first = factor(law, 3, "first", 4)
    assert np.array_equal(first, factor(law, 3, "first", 4, 0, 0))
    others = [factor(law, 3, "first", 4, 1, 0), factor(law, 3, "first", 4, 0, 1)]
    assert not any(np.array_equal(first, other) for other in others)


def test_extremes_of_two_sides_are_weighed_end_by_end() -> None:
    assert bernoulli_mean_extremes(0.25, (0.0, 1.0), (0.5, 0.75)) == (0.375, 0.8125)


@pytest.mark.parametrize(
    "given",
    [3, "x", {0.5, 0.25}, (0.0, 1.0), (-0.5, 1.5), (1.5, 0.5), (0.5,), (0.5, 0.6), (1e-12,), ()],
)
def test_inclusion_probabilities_are_above_zero_at_most_one_and_add_up_to_a_rank(
    given: object,
) -> None:
    with pytest.raises(UsageError, match="inclusion probabilit"):
        Importance(given)  # type: ignore[arg-type]


def test_laws_are_registered_by_the_names_of_the_command_line() -> None:
    assert {name: law.name for name, law in LAWS.items()} == {name: name for name in LAWS}
    assert set(LAWS) == {
        "haar", "gaussian", "coordinates", "hadamard", "rademacher", "importance", "frozen", "identity",
    }  # fmt: skip
