"""Splits of data, federated sums, the traffic of a round, and the bias of averaged factors."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.assumptions import (
    BoundedDissimilarity,
    EqualClients,
    FreshPermutation,
    Heterogeneity,
    SharedSketch,
)
from ractheory.engine.simulate import simulate
from ractheory.engine.transcription_stochastic import Chain
from ractheory.errors import UsageError
from ractheory.federation import (
    Factors,
    averaging_error,
    federated_lora,
    full_averaging_traffic,
    low_rank_traffic,
    separate_average,
    separate_averaging_fails,
    train_locally,
)
from ractheory.finite_sums import heterogeneity
from ractheory.objectives import Objective, objective
from ractheory.objectives.federated import FederatedModel, dirichlet_split
from ractheory.objectives.losses import Squared
from ractheory.oracles import LocalEpochs
from ractheory.sketches import factor
from tests.stochastic.helpers import EPS, named, small_sum


def client_gradients(f: FederatedModel, w: np.ndarray) -> np.ndarray:
    parts = np.array([f.flat_component_gradient(i, w) for i in range(f.components)])
    return np.asarray(parts.reshape(f.clients, -1, f.dim).mean(axis=1))


@pytest.mark.parametrize("concentration", [0.01, 0.3, 100.0])
def test_dirichlet_split_is_disjoint_and_equal(concentration: float) -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 21])
    split = dirichlet_split(labels, 4, concentration, seed=2)
    assert split.shape == (4, 25)
    assert len(set(split.ravel())) == 100
    assert np.array_equal(split, dirichlet_split(labels, 4, concentration, seed=2))


def test_concentration_controls_the_clients_classes() -> None:
    """Few classes a client at a small concentration, the shares of the whole at a large one."""
    labels = np.repeat(np.arange(5), 40)

    def spread(concentration: float) -> float:
        split = dirichlet_split(labels, 5, concentration)
        shares = np.array([np.bincount(labels[rows], minlength=5) / 40 for rows in split])
        return float(np.abs(shares - 0.2).sum())

    assert spread(0.01) > 2 * spread(1000.0)


def test_refused_splits() -> None:
    with pytest.raises(UsageError, match="concentration"):
        dirichlet_split(np.zeros(4), 2, 0.0)
    with pytest.raises(UsageError, match="clients = 5"):
        dirichlet_split(np.zeros(4), 5, 1.0)
    with pytest.raises(UsageError, match="a multiple of 2"):
        FederatedModel("odd", np.ones((3, 1)), np.ones((3, 1)), Squared(), clients=2)


@pytest.mark.parametrize("zeta", [0.0, 0.5, 3.0])
def test_least_squares_has_the_heterogeneity_asked_for(zeta: float) -> None:
    f = objective("federated-least-squares", zeta=zeta, clients=3, N=7)
    assert isinstance(f, FederatedModel)
    known = heterogeneity(f, 3)
    assert known is not None
    size = float(np.abs(f.X).max() * np.abs(f.Y).max() + 1)
    roundings = 64 * f.components * EPS * size
    assert abs(known - zeta) <= roundings * (1 + zeta)
    for w in np.random.default_rng(0).standard_normal((3, f.dim)):
        G = client_gradients(f, w)
        spread = np.sqrt(np.mean(np.sum((G - G.mean(axis=0)) ** 2, axis=1)))
        assert abs(spread - zeta) <= roundings * (1 + np.linalg.norm(w) + zeta)


def test_labels_control_the_heterogeneity() -> None:
    zetas = [
        heterogeneity(objective("federated-labels", flips=share), 4) for share in (0.0, 0.2, 0.4)
    ]
    assert zetas[0] == 0.0
    assert zetas[1] is not None
    assert zetas[2] is not None
    assert 0.0 < zetas[1] < zetas[2]


def test_real_data_are_split_and_bounded() -> None:
    f = objective("federated-breast-cancer", clients=4)
    assert isinstance(f, FederatedModel)
    zeta = heterogeneity(f, 4)
    assert zeta is not None
    for w in np.random.default_rng(0).standard_normal((3, f.dim)):
        G = client_gradients(f, w)
        assert np.mean(np.sum((G - G.mean(axis=0)) ** 2, axis=1)) <= zeta**2


def test_what_local_epochs_grant() -> None:
    f = objective("federated-labels", clients=4, N=6)
    granted = LocalEpochs(4).assumptions(f)
    kinds = {type(a) for a in granted}
    assert kinds == {
        SharedSketch, FreshPermutation, EqualClients, BoundedDissimilarity, Heterogeneity,
    }  # fmt: skip
    bound = next(a for a in granted if isinstance(a, BoundedDissimilarity))
    assert bound.components == 6
    sampled = {type(a) for a in LocalEpochs(4, participating=2).assumptions(f)}
    assert EqualClients not in sampled
    fixed = {type(a) for a in LocalEpochs(4, mode="incremental").assumptions(f)}
    assert FreshPermutation not in fixed
    unbounded = small_sum(Squared(), N=8)
    assert Heterogeneity not in {type(a) for a in LocalEpochs(4).assumptions(unbounded)}
    with pytest.raises(UsageError, match="clients = 3"):
        LocalEpochs(3).assumptions(f)


def test_one_client_is_random_reshuffling() -> None:
    f = objective("federated-labels", clients=1, N=8)
    step = 0.02
    start = np.ones(f.dim)
    one = simulate(f, named("fed-rac-lora", step, clients=1), start, 5, 3)
    rr = simulate(f, named("rac-lora-rr", step), start, 5, 3)
    assert np.array_equal(one.final, rr.final)


def test_average_of_weights_is_the_average_of_trained_factors() -> None:
    """One round with a shared frozen factor B: mean W_m = W + B mean A_m, A_m trained on client m."""
    f = objective("federated-labels", m=6, clients=3, N=5)
    method = named("fed-rac-lora", 0.1, clients=3, rank=2)
    w = np.linspace(-1, 1, f.dim)
    chain = Chain(f, method, "factors", 0)
    B = factor(method.law, 6, "factors", 0)
    trained = []
    for client in range(3):
        A = np.zeros((2, 1))
        for i in chain._order(0, client, "random", 5):
            G = f.flat_component_gradient(5 * client + i, w + (B @ A).ravel())[:, None]
            A = A - 0.1 * np.linalg.solve(B.T @ B, B.T @ G)
        trained.append(A)
    averaged = w + (B @ np.mean(trained, axis=0)).ravel()
    got = simulate(f, method, w, 1, 1, "factors").final[0]
    condition = np.linalg.cond(B) ** 2
    assert np.abs(got - averaged).max() <= 256 * f.dim * condition * EPS


def test_traffic() -> None:
    shapes = [(64, 32), (10, 64)]
    full = full_averaging_traffic(shapes, 3)
    assert full.up == full.down == 3 * 32 * (64 * 32 + 640)
    left, right = (low_rank_traffic(shapes, 2, side, 3) for side in ("left", "right"))
    assert left.up == 3 * 32 * 2 * (32 + 64)
    assert right.up == 3 * 32 * 2 * (64 + 10)
    assert left.down == left.up + 3 * 64
    assert (
        low_rank_traffic([(64, 32)], 64, "left", 1).up == full_averaging_traffic([(64, 32)], 1).up
    )
    with pytest.raises(UsageError, match="side = both"):
        low_rank_traffic(shapes, 2, "both", 3)


def test_separate_averaging_destroys_convergence() -> None:
    """Two clients, everything by hand: averaged factors stay off f* for ever, averaged products reach it."""
    clients, floor = separate_averaging_fails(4.0, 1.0)
    mean = 2.5
    # Near its end a client's error shrinks by 1 - eta (a^2 + b^2) a step, a^2 + b^2 >= 1: 0.95^1000 < EPS.
    arguments = (np.zeros((1, 1)), Factors(np.ones((1, 1)), np.ones((1, 1))), 0.05, 1000)
    separate = federated_lora(clients, *arguments, rounds=6)
    products = federated_lora(clients, *arguments, rounds=6, average="products")
    gaps = [float((W[0, 0] - mean) ** 2 / 2) for W in separate]
    assert gaps[0] > floor
    assert np.allclose(gaps[1:], floor, rtol=64 * EPS, atol=0.0)
    assert all(abs(W[0, 0] - mean) <= 64 * EPS for W in products[1:])


def test_one_local_step_is_not_biased_to_first_order() -> None:
    """With one local step from a shared pair the averaged factors make the step of centralised LoRA."""
    clients, _ = separate_averaging_fails()
    pair = Factors(np.full((1, 1), 0.5), np.full((1, 1), 0.7))
    ends = [train_locally(f, np.zeros((1, 1)), pair, 0.01, 1) for f in clients]
    mean = separate_average(ends)
    G = pair.B @ pair.A - 2.5
    assert np.allclose(mean.A, pair.A - 0.01 * pair.B.T @ G, rtol=8 * EPS, atol=0)
    assert np.allclose(mean.B, pair.B - 0.01 * G @ pair.A.T, rtol=8 * EPS, atol=0)


def test_averaging_error_is_the_covariance_of_the_factors() -> None:
    rng = np.random.default_rng(4)
    pairs = [Factors(rng.standard_normal((2, 3)), rng.standard_normal((4, 2))) for _ in range(5)]
    mean = separate_average(pairs)
    covariance = np.mean([(p.B - mean.B) @ (p.A - mean.A) for p in pairs], axis=0)
    assert np.abs(averaging_error(pairs) - covariance).max() <= 64 * EPS
    B = pairs[0].B
    shared = [Factors(p.A, B) for p in pairs]
    assert np.abs(averaging_error(shared)).max() <= 64 * EPS


def test_federation_refuses() -> None:
    clients: list[Objective]
    clients, _ = separate_averaging_fails()
    pair = Factors(np.ones((1, 1)), np.ones((1, 1)))
    with pytest.raises(UsageError, match="average = both"):
        federated_lora(clients, np.zeros((1, 1)), pair, 0.1, 1, 1, average="both")
    with pytest.raises(UsageError, match="local steps = 0"):
        federated_lora(clients, np.zeros((1, 1)), pair, 0.1, 0, 1)
