"""Finite worlds: the enumerations against hand-made formulas and against each other."""

from fractions import Fraction as F
from itertools import permutations

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.exact import worlds
from ractheory.exact.quadratics import QuadraticSum, fractions, pooled

ONE = fractions([[1]])
FULL = worlds.coordinate_projections(1, 1)


def scalars(centres, curvature=1):
    """f_i(w) = curvature (w - b_i)^2 / 2."""
    K = fractions([[curvature]])
    return QuadraticSum((K,) * len(centres), tuple(fractions([[b]]) for b in centres))


def expected(problem, link, start, steps):
    return worlds.enumerate_chain(start, link, {"f": problem.value}, steps)["f"]


def two_by_two():
    curvatures = (
        fractions([[2, 1], [1, 3]]),
        fractions([[1, 0], [0, 4]]),
        fractions([[1, -1], [-1, 2]]),
    )
    centres = (fractions([[1], [0]]), fractions([[0], [2]]), fractions([[-1], [1]]))
    return QuadraticSum(curvatures, centres)


def test_one_component_reshuffled_is_a_gradient_step():
    problem = QuadraticSum((fractions([[2, 1], [1, 3]]),), (fractions([[1], [0]]),))
    start, sketches = fractions([[3], [1]]), worlds.coordinate_projections(2, 1)
    reshuffled = expected(problem, worlds.reshuffling_links(problem, sketches, F(1, 4)), start, 3)
    assert reshuffled == expected(
        problem, worlds.gradient_links(problem, sketches, F(1, 4)), start, 3
    )


def test_reshuffling_of_scalars_has_its_closed_form():
    """W+ = x^N W + gamma sum_i x^(N-1-i) b_pi(i), x = 1 - gamma, pi uniform, sum b = 0."""
    centres, gamma, x = [F(3), F(-1), F(-2)], F(1, 5), F(4, 5)
    problem = scalars(centres)
    curve = worlds.enumerate_chain(
        ONE, worlds.reshuffling_links(problem, FULL, gamma), {"w2": lambda W: W[0, 0] ** 2}, 1
    )["w2"]
    shifts = [
        gamma * sum(x ** (2 - i) * b for i, b in enumerate(order))
        for order in permutations(centres)
    ]
    # Population covariances of a permutation: var = sum b^2/N, cov = -var/(N-1).
    variance = sum(b * b for b in centres) / 3
    a = [gamma * x ** (2 - i) for i in range(3)]
    formula = variance * F(3, 2) * (sum(v * v for v in a) - sum(a) ** 2 / 3)
    assert sum(s * s for s in shifts) / 6 == formula
    assert curve[1] == x**6 + formula


def test_a_fixed_order_is_worse_than_all_permutations():
    problem, gamma = scalars([F(1)] * 4 + [F(-1)] * 4), F(1, 16)
    sketches = worlds.coordinate_projections(1, 1)
    fixed = expected(problem, worlds.fixed_order_links(problem, sketches, gamma), ONE * 0, 30)
    # 8! epochs are too many; a swap-symmetric world of two values has C(8, 4) distinct orders.
    x = 1 - gamma
    a = [gamma * x ** (7 - i) for i in range(8)]
    fresh = F(8, 7) * (sum(v * v for v in a) - sum(a) ** 2 / 8)
    floor = fresh / (1 - x**16) / 2 + problem.value(ONE * 0)
    assert fixed[-1] > floor


def test_one_client_is_reshuffling():
    problem, sketches = two_by_two(), worlds.coordinate_projections(2, 1)
    start = fractions([[3], [1]])
    federated = expected(problem, worlds.federated_links([problem], sketches, F(1, 8)), start, 2)
    assert federated == expected(
        problem, worlds.reshuffling_links(problem, sketches, F(1, 8)), start, 2
    )


def test_clients_with_one_component_each_take_a_gradient_step_of_the_sum():
    problem, sketches = two_by_two(), worlds.coordinate_projections(2, 1)
    clients = [
        QuadraticSum((K,), (C,)) for K, C in zip(problem.curvatures, problem.centres, strict=True)
    ]
    start = fractions([[3], [1]])
    federated = expected(problem, worlds.federated_links(clients, sketches, F(1, 8)), start, 2)
    full = expected(pooled(clients), worlds.gradient_links(problem, sketches, F(1, 8)), start, 2)
    assert federated == full


def test_averaging_w_is_averaging_the_factor_of_a_shared_sketch():
    clients = [scalars([F(1), F(0)]), scalars([F(-2), F(5)], curvature=3)]
    gamma, W = F(1, 8), fractions([[2]])
    outcomes = worlds.federated_links(clients, FULL, gamma)(W)
    assert len(outcomes) == 4
    assert sum(W[0, 0] for W in outcomes) / 4 == sum(
        worlds.epoch(client, W, FULL[0], order, gamma)[0, 0] / 4
        for client in clients for order in ([0, 1], [1, 0])
    )  # fmt: skip


def test_a_batch_of_all_components_is_the_full_gradient():
    problem, sketches = two_by_two(), worlds.coordinate_projections(2, 1)
    start = fractions([[3], [1]])
    full = expected(problem, worlds.gradient_links(problem, sketches, F(1, 8)), start, 3)
    assert full == expected(
        problem, worlds.minibatch_links(problem, sketches, F(1, 8), 3), start, 3
    )


def test_the_minimiser_is_exact_and_the_gradient_is_that_of_the_value():
    problem = two_by_two()
    assert (problem.gradient(problem.minimiser()) == 0).all()
    W, h = fractions([[3], [1]]), F(1, 1000)
    for i in range(2):
        e = fractions([[int(j == i)] for j in range(2)])
        slope = (problem.value(W + h * e) - problem.value(W - h * e)) / (2 * h)
        assert slope == problem.gradient(W)[i, 0]  # central differences are exact on quadratics


def test_right_sketches_are_left_sketches_of_the_transposed_world():
    K = fractions([[2]])
    row = QuadraticSum((K,), (fractions([[0, 0]]),))
    start = fractions([[1, 3]])
    right = worlds.gradient_links(row, worlds.coordinate_projections(2, 1), F(1, 4), side="right")
    curve = expected(row, right, start, 2)
    column = QuadraticSum((fractions([[2, 0], [0, 2]]),), (fractions([[0], [0]]),))
    left = worlds.gradient_links(column, worlds.coordinate_projections(2, 1), F(1, 4))
    assert curve == expected(column, left, start.T, 2)


def test_floats_are_taken_too():
    problem = QuadraticSum((np.array([[2.0]]),), (np.array([[1.0]]),))
    links = worlds.reshuffling_links(problem, [np.eye(1)], 0.5)
    assert expected(problem, links, np.array([[3.0]]), 1) == [4.0, 0.0]
    assert problem.minimiser() == 1.0


def test_worlds_that_are_too_large_are_refused():
    problem = scalars([F(i) for i in range(9)])
    with pytest.raises(UsageError, match="at most"):
        worlds.reshuffling_links(problem, FULL, F(1, 8))
    with pytest.raises(UsageError, match="at most"):
        worlds.coordinate_projections(40, 20)
    growing = scalars([F(2**i) for i in range(6)])  # 720 iterates after one epoch
    with pytest.raises(UsageError, match="fewer steps"):
        expected(growing, worlds.reshuffling_links(growing, FULL, F(1, 7)), ONE, 2)


TWO = fractions([[1], [2]])
SKEW = fractions([[1, 2], [0, 1]])


@pytest.mark.parametrize(
    ("curvatures", "centres"), [((), ()), ((ONE,), ()), ((ONE,), (TWO,)), ((SKEW,), (TWO,))]
)
def test_ill_shaped_sums_are_refused(curvatures, centres):
    with pytest.raises(UsageError):
        QuadraticSum(curvatures, centres)


def test_singular_sums_have_no_unique_minimiser():
    with pytest.raises(UsageError, match="invertible"):
        scalars([F(1)], curvature=0).minimiser()
    with pytest.raises(UsageError, match="side"):
        worlds.project(ONE, ONE, "middle")
    with pytest.raises(UsageError, match="same number"):
        pooled([scalars([F(1)]), scalars([F(1), F(2)])])
