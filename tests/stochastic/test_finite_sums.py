"""The constants of finite sums: by enumeration of batches, and attained where they are said to be."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from ractheory.assumptions import BoundedDissimilarity
from ractheory.errors import UsageError
from ractheory.finite_sums import (
    derivative_bound,
    dissimilarity,
    dissimilarity_at,
    heterogeneity,
    smooth_dissimilarity,
    uniform_dissimilarity,
)
from ractheory.objectives import Objective, objective
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import (
    Absolute,
    GemanMcClure,
    Hinge,
    Logistic,
    Softmax,
    Squared,
    Welsch,
)
from ractheory.objectives.targets import scattered_targets
from ractheory.oracles import AdditiveNoise, MiniBatch
from tests.stochastic.helpers import EPS, small_sum

SUMS = {
    "squared": small_sum(Squared()),
    "ridge": small_sum(Squared(), ridge=0.3),
    "ratio": small_sum(Squared(), ratio=0.2),
    "logistic": small_sum(Logistic(), c=1, ridge=0.1),
    "softmax": small_sum(Softmax(), c=3, ridge=0.1),
    "welsch": small_sum(Welsch(0.7)),
    "geman": small_sum(GemanMcClure(0.7)),
    "scattered": scattered_targets(5, 3),
    "one component": small_sum(Squared(), N=1),
}
POINTS = 6


def points(f: Objective) -> list[np.ndarray]:
    """Points near the origin, and far from it."""
    rng = np.random.default_rng(5)
    return [10.0 ** rng.uniform(-1, 2) * rng.standard_normal(f.dim) for _ in range(POINTS)]


def batches(N: int, size: int, replacement: bool) -> list[tuple[int, ...]]:
    chosen = product(range(N), repeat=size) if replacement else combinations(range(N), size)
    return list(chosen)


def component_terms(f: Objective, w: np.ndarray) -> float:
    """The sum of the squared component gradients, and a unit."""
    return float(sum(np.sum(f.flat_component_gradient(i, w) ** 2) for i in range(f.components))) + 1


@pytest.mark.parametrize("name", SUMS)
def test_second_moment_of_a_batch(name: str) -> None:
    """E|g|^2 over all batches is |G|^2 + v sigma^2, and below the granted constants."""
    f = SUMS[name]
    N = f.components
    for size, replacement in {(1, False), (min(2, N), False), (N, False), (2, True), (3, True)}:
        oracle = MiniBatch(size, replacement)
        known = [MiniBatch(size, replacement, False).expected_smoothness(f)]
        if uniform_dissimilarity(f) is not None:
            known.append(oracle.expected_smoothness(f))
        for w in points(f):
            parts = np.array([f.flat_component_gradient(i, w) for i in range(N)])
            G = parts.mean(axis=0)
            means = [parts[list(batch)].mean(axis=0) for batch in batches(N, size, replacement)]
            moment = float(np.mean(np.sum(np.square(means), axis=1)))
            # Sums of at most N + size + dim terms, the largest of them below `scale`.
            roundings = 4 * (N + f.dim + size) * EPS * component_terms(f, w)
            exact = G @ G + oracle.variance_factor(N) * dissimilarity_at(f, w)
            assert abs(moment - exact) <= roundings
            for bound in known:
                right = 2 * bound.A * f.flat_gap(w) + bound.B * (G @ G) + bound.C
                # The gap is a difference of values: it carries their round-off.
                value = 4 * bound.A * (f.dim + N) * EPS * (abs(f.flat_value(w)) + 1)
                assert moment <= right + roundings + value


def test_smooth_constants_are_attained() -> None:
    """|grad f_i|^2 = 2 L (f_i - f_i*) for f_i = |w - b_i|^2/2: an equality for every batch and w."""
    f = scattered_targets(4, 2)
    for size in (1, 2, 3):
        bound = MiniBatch(size, uniform=False).expected_smoothness(f)
        for w in points(f):
            G = f.flat_gradient(w)
            left = G @ G + MiniBatch(size).variance_factor(4) * dissimilarity_at(f, w)
            right = 2 * bound.A * f.flat_gap(w) + bound.B * (G @ G) + bound.C
            assert abs(left - right) <= 64 * (f.dim + 4) * EPS * component_terms(f, w)


def test_uniform_dissimilarity_is_exact_on_one_direction() -> None:
    f = scattered_targets(5, 3)
    C = uniform_dissimilarity(f)
    assert C is not None
    for w in points(f):
        assert abs(dissimilarity_at(f, w) - C) <= 64 * EPS * component_terms(f, w)
    flipped = LinearModel("flipped", np.array([[2.0], [-2.0]]), np.array([[1.0], [3.0]]), Squared())
    assert uniform_dissimilarity(flipped) == 16.0  # gradients 4 w - 2 and 4 w + 6
    assert uniform_dissimilarity(SUMS["squared"]) is None


def test_uniform_dissimilarity_is_reached() -> None:
    """Two opposite inputs with derivatives of opposite signs: -1 and 1 for the hinge, at the bound."""
    hinge = LinearModel("hinge", np.array([[1.0], [-1.0]]), np.ones((2, 1)), Hinge())
    assert uniform_dissimilarity(hinge) == dissimilarity_at(hinge, np.zeros(1)) == 1.0
    # Labels that no W fits: the derivatives of two equal inputs tend to 0 and 1, their spread to 1/4.
    logistic = LinearModel("log", np.ones((2, 1)), np.array([[1.0], [-1.0]]), Logistic(), 0.5)
    assert uniform_dissimilarity(logistic) == 1.0
    assert abs(dissimilarity_at(logistic, np.array([3.0])) - 0.25) <= 8 * EPS


@pytest.mark.parametrize(
    ("loss", "at"),
    [
        (Welsch(0.7), 1 + 0.7 / np.sqrt(2)),
        (GemanMcClure(1.3), 1 + 1.3 / np.sqrt(3)),
        (Absolute(), 2.0),
        (Hinge(), 0.5),
    ],
)
def test_derivative_bounds_are_attained(loss: object, at: float) -> None:
    f = LinearModel("one", np.ones((1, 1)), np.ones((1, 1)), loss)  # type: ignore[arg-type]
    beta = derivative_bound(f.problem())
    assert beta is not None
    reached = abs(float(f.flat_component_gradient(0, np.array([at]))[0]))
    assert abs(reached - beta) <= 16 * EPS * beta
    grid = np.linspace(-8, 8, 401)
    slopes = [abs(float(f.flat_component_gradient(0, np.array([z]))[0])) for z in grid]
    assert max(slopes) <= beta * (1 + 16 * EPS)


def test_softmax_derivative_bound_is_approached() -> None:
    f = LinearModel("softmax", np.ones((1, 1)), np.array([[1.0, 0.0]]), Softmax())
    beta = derivative_bound(f.problem())
    far = float(np.linalg.norm(f.flat_component_gradient(0, np.array([-40.0, 40.0]))))
    assert beta == np.sqrt(2.0)
    # p = (e^-80, 1 - e^-80): the difference to the bound is below round-off.
    assert abs(far - beta) <= 4 * EPS * beta


def test_choice_of_the_bound() -> None:
    f = SUMS["softmax"]
    first, second = dissimilarity(f), dissimilarity(f, uniform=False)
    assert first.A == 0.0
    assert smooth_dissimilarity(f) == (second.A, second.C)
    assert dissimilarity(SUMS["squared"]).A > 0
    assert dissimilarity(f, components=3) == BoundedDissimilarity(
        0.0, first.C, 3, first.component_L
    )
    with pytest.raises(UsageError, match="uniform = True"):
        dissimilarity(SUMS["squared"], uniform=True)
    with pytest.raises(UsageError, match="components = svm-synthetic"):
        dissimilarity(objective("svm-synthetic"))


def client_spread(f: Objective, clients: int, w: np.ndarray) -> float:
    N = f.components // clients
    parts = np.array([f.flat_component_gradient(i, w) for i in range(f.components)])
    means = parts.reshape(clients, N, -1).mean(axis=1)
    return float(np.mean(np.sum((means - means.mean(axis=0)) ** 2, axis=1)))


@pytest.mark.parametrize("loss", [Logistic(), Softmax()])
def test_heterogeneity_of_labels_alone_is_exact(loss: Logistic | Softmax) -> None:
    rng = np.random.default_rng(7)
    X = np.tile(rng.standard_normal((5, 3)), (3, 1))
    labels = rng.integers(0, 2, 15)
    Y = np.eye(2)[labels] if isinstance(loss, Softmax) else 2.0 * labels[:, None] - 1.0
    f = LinearModel("labels", X, Y, loss, 0.1)
    zeta = heterogeneity(f, 3)
    assert zeta is not None
    assert zeta > 0
    for w in points(f):
        assert abs(client_spread(f, 3, w) - zeta**2) <= 64 * EPS * component_terms(f, w)


@pytest.mark.parametrize("name", ["logistic", "softmax", "welsch", "geman"])
def test_heterogeneity_is_bounded(name: str) -> None:
    f = SUMS[name]
    for clients in (2, 3, 6):
        zeta = heterogeneity(f, clients)
        assert zeta is not None
        for w in points(f):
            assert client_spread(f, clients, w) <= zeta**2


def test_heterogeneity_of_unbounded_differences_is_unknown() -> None:
    assert heterogeneity(SUMS["squared"], 2) is None
    assert heterogeneity(SUMS["squared"], 1) == 0.0
    assert heterogeneity(objective("counterexample"), 2) is None


def test_noise_is_an_equality() -> None:
    f, oracle = objective("counterexample"), AdditiveNoise(0.7)
    bound = oracle.expected_smoothness()
    assert (bound.A, bound.B, bound.C) == (0.0, 1.0, 0.7)
    assert bound in oracle.assumptions(f)
