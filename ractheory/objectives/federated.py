"""Federated sums: f = (1/M) sum_m f_m over M clients with equally many rows each, one client after the other.

The pooled objective is a linear model like any other; that its rows belong to clients matters to the
oracle `ractheory.oracles.LocalEpochs` and to `ractheory.finite_sums.heterogeneity` alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError, integer, real
from ractheory.objectives import datasets
from ractheory.objectives.arrays import Array, haar, stream
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Logistic, Softmax, Squared

Split = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FederatedModel(LinearModel):
    """A linear model whose rows are those of `clients` clients, equally many each, in order.

    >>> federated_labels(clients=3, N=4).clients
    3
    """

    clients: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        integer("clients", self.clients, 1, len(self.X))
        if len(self.X) % self.clients:
            raise UsageError.of(
                "rows", len(self.X), f"a multiple of {self.clients} clients",
                "give every client equally many",
            )  # fmt: skip


def dirichlet_split(labels: Array, clients: int, concentration: float, seed: int = 0) -> Split:
    """Return the row numbers of each client, shape (clients, N): disjoint, N = rows // clients.

    The share of each class that goes to each client is drawn from a symmetric Dirichlet law; a small
    `concentration` makes clients of few classes. A client with more than N rows gives up a random surplus,
    from which the clients with fewer are filled at random.

    Raises UsageError for fewer rows than clients or a concentration that is not positive.

    >>> dirichlet_split(np.array([0, 0, 1, 1]), 2, 0.5).shape
    (2, 2)
    """
    labels = np.asarray(labels)
    clients = integer("clients", clients, 1, len(labels), "take fewer clients than rows")
    real("concentration", concentration, 0.0, open_low=True)
    rng = stream("dirichlet", seed)
    size = len(labels) // clients
    held: list[list[int]] = [[] for _ in range(clients)]
    for value in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == value))
        shares = rng.dirichlet(np.full(clients, concentration))
        cuts = np.round(np.cumsum(shares)[:-1] * len(rows)).astype(int)
        for client, part in zip(held, np.split(rows, cuts), strict=True):
            client += [int(i) for i in part]
    held = [[int(i) for i in rng.permutation(client)] for client in held]
    surplus = [i for client in held for i in client[size:]]
    pool = [int(i) for i in rng.permutation(surplus)]
    filled = [client[:size] + [pool.pop() for _ in range(size - len(client))] for client in held]
    return np.array(filled, dtype=np.int64)


def federated_digits(
    clients: int = 5,
    concentration: float = 0.3,
    ridge: float = 0.01,
    rows: int | None = None,
    seed: int = 0,
) -> FederatedModel:
    """Return multinomial logistic regression on the digits, split over clients by a Dirichlet law."""
    X, Y = datasets.digits(rows)
    split = dirichlet_split(Y.argmax(axis=1), clients, concentration, seed).ravel()
    return FederatedModel("federated-digits", X[split], Y[split], Softmax(), ridge, clients=clients)


def federated_breast_cancer(
    clients: int = 5,
    concentration: float = 0.3,
    ridge: float = 0.01,
    rows: int = 569,
    seed: int = 0,
) -> FederatedModel:
    """Return logistic regression on the breast cancer data (the first `rows`), split by a Dirichlet law."""
    X, Y = datasets.breast_cancer()
    count = integer("rows", rows, 1, len(X))
    X, Y = X[:count], Y[:count]
    split = dirichlet_split(Y[:, 0], clients, concentration, seed).ravel()
    return FederatedModel(
        "federated-breast-cancer", X[split], Y[split], Logistic(), ridge, clients=clients
    )


def federated_labels(
    m: int = 5,
    clients: int = 4,
    N: int = 10,
    flips: float = 0.3,
    ridge: float = 0.05,
    condition: float = 4.0,
    seed: int = 0,
) -> FederatedModel:
    """Return logistic regression whose clients share their inputs and disagree on a share of the labels.

    Client m flips the labels of its own round(flips N) rows, consecutive ones from a row of its own, so that
    clients disagree. The gradients of clients differ by a constant in W: zeta is exact
    (`ractheory.finite_sums.heterogeneity`), 0 for flips = 0, and here curvatures differ along a run, so that it
    has an effect.
    """
    clients, N = integer("clients", clients, 1), integer("N", N, 1)
    count = round(real("flips", flips, 0.0, 1.0) * N)
    X, Y = datasets.classification(m, 2, N, seed, condition)
    labels = 2 * Y[:, :1] - 1
    copies = []
    for client in range(clients):
        own = labels.copy()
        own[(client * N // clients + np.arange(count)) % N] *= -1
        copies.append(own)
    inputs, targets = np.tile(X, (clients, 1)), np.concatenate(copies)
    return FederatedModel("federated-labels", inputs, targets, Logistic(), ridge, clients=clients)


def federated_least_squares(
    m: int = 5,
    n: int = 3,
    clients: int = 4,
    N: int = 10,
    zeta: float = 1.0,
    noise: float = 0.5,
    condition: float = 4.0,
    seed: int = 0,
) -> FederatedModel:
    """Return least squares over clients with (1/M) sum_m |grad f_m - grad f|^2 = zeta^2 at every W.

    The inputs of client m are X_m = sqrt(N) Q_m K^{1/2}, Q_m with orthonormal columns of its own: all have the
    Gram matrix K, yet different components. Targets are X_m (W* + D_m) plus noise orthogonal to the columns
    of X_m, so grad f_m = K (W - W* - D_m), with sum_m D_m = 0 and mean |K D_m|^2 = zeta^2. One client has
    zeta = 0 whatever is asked.
    """
    m, n, clients = integer("m", m, 1), integer("n", n, 1), integer("clients", clients, 1)
    N = integer("N", N, m, mend="give a client at least as many rows as W has")
    zeta, noise = real("zeta", zeta, 0.0), real("noise", noise, 0.0)
    condition = real("condition", condition, 1.0)
    rng, U = stream("clients", seed), haar(m, stream("rotation", seed))
    k = condition ** -np.linspace(0.0, 1.0, m)
    K, root = (U * k) @ U.T, (U * np.sqrt(k)) @ U.T
    shifts = rng.standard_normal((clients, m, n))
    shifts -= shifts.mean(axis=0)
    size = np.sqrt(np.mean(np.sum((K @ shifts) ** 2, axis=(1, 2))))
    shifts *= zeta / size if size > 0 else 0.0
    planted, X, Y = datasets.planted(m, n, seed), [], []
    for shift in shifts:
        Q = np.linalg.qr(rng.standard_normal((N, m)))[0]
        E = noise * rng.standard_normal((N, n))
        X.append(np.sqrt(N) * Q @ root)
        Y.append(X[-1] @ (planted + shift) + E - Q @ (Q.T @ E))
    pooled = np.concatenate(X), np.concatenate(Y)
    return FederatedModel("federated-least-squares", *pooled, Squared(), clients=clients)
