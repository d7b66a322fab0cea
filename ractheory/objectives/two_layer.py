"""A two-layer network with a smooth activation, its hidden layer trained."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ractheory.errors import integer
from ractheory.objectives import datasets
from ractheory.objectives.arrays import Array, array, compiled, stream
from ractheory.objectives.base import Constants, Objective, block_table
from ractheory.objectives.structure import Family, Problem

GRID = 1025
"""Points of t in [0, 1] at which the curvature bound is maximised."""


@dataclass(frozen=True, eq=False)
class TwoLayer(Objective):
    """f(W) = (1/(2N)) sum_i |V tanh(W x_i) - y_i|^2, W (h x p) trained, V (q x h) fixed.

    L. Let t = tanh(W x_i), G = V^T V, e = V^T (V t - y_i) = G t - V^T y_i. In a direction with
    d = D x_i the second derivative of the i-th term is |V diag(1 - t^2) d|^2 + sum_j e_j tanh''_j d_j^2
    with tanh'' = -2 t (1 - t^2). The first part is at most g sum_j (1 - t_j^2)^2 d_j^2, g = |G|. In the
    second, e_j = G_jj t_j + rest with |rest| <= rho_ij = sum_{k != j} |G_jk| + |V^T y_i|_j. So the
    second derivative lies within +-sum_j kappa_ij d_j^2, kappa_ij the larger of the maxima over t in
    [0, 1] of
        above: g (1 - t^2)^2 - 2 G_jj t^2 (1 - t^2) + 2 rho_ij t (1 - t^2),
        below: 2 G_jj t^2 (1 - t^2) + 2 rho_ij t (1 - t^2).
    Hence L = max_j lam_max((1/N) sum_i kappa_ij x_i x_i^T). A proved bound, not the smallest one.

    `planted` is a W with V tanh(W x_i) = y_i, if one is known: then f* = 0 is attained.
    """

    name: str
    X: Array
    Y: Array
    V: Array
    planted: Array | None = None
    shapes: tuple[tuple[int, int], ...] = field(init=False)
    curvatures: Array = field(init=False, repr=False)
    constants: Constants = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("X", array("X", self.X, (None, None)))
        put("Y", array("Y", self.Y, (len(self.X), None)))
        put("V", array("V", self.V, (self.Y.shape[1], None)))
        put("shapes", ((self.V.shape[1], self.X.shape[1]),))
        if self.planted is not None:
            put("planted", array("planted", np.ravel(self.planted), (self.dim,)))
        put("curvatures", output_curvatures(self.V, self.Y))
        weighted = (self.X.T @ (k[:, None] * self.X) / len(self.X) for k in self.curvatures.T)
        put("constants", Constants(
            fstar=0.0,
            L=max(float(np.linalg.eigvalsh(K)[-1]) for K in weighted),
            fstar_is_exact=self.planted is not None,
            minimiser=self.planted,
        ))  # fmt: skip

    def _residual(self, w: Array, rows: slice) -> tuple[Array, Array]:
        """Return tanh(X W^T) and the residuals, one row a data point."""
        T = np.tanh(self.X[rows] @ w.reshape(self.shapes[0]).T)
        return T, T @ self.V.T - self.Y[rows]

    def flat_value(self, w: Array) -> float:
        R = self._residual(w, slice(None))[1]
        return float(np.vdot(R, R)) / (2 * len(self.X))

    def _gradient(self, w: Array, rows: slice) -> Array:
        T, R = self._residual(w, rows)
        return (((1 - T * T) * (R @ self.V)).T @ self.X[rows] / len(R)).ravel()

    def flat_gradient(self, w: Array) -> Array:
        return self._gradient(w, slice(None))

    @property
    def components(self) -> int:
        return len(self.X)

    def flat_component_gradient(self, i: int, w: Array) -> Array:
        return self._gradient(w, slice(i, i + 1))

    def component_lower_bounds(self) -> Array:
        return np.zeros(len(self.X))

    def component_L(self) -> float:
        sizes = np.sum(self.X**2, axis=1)
        return float(np.max(sizes * self.curvatures.max(axis=1)))

    def problem(self) -> Problem:
        X, Y, V = compiled(self.X), compiled(self.Y), compiled(self.V)
        scalars = np.array([self.constants.fstar])
        return Problem(Family.TWO_LAYER, block_table(self.shapes), X, Y, V, scalars)


def output_curvatures(V: Array, Y: Array) -> Array:
    """Return kappa_ij of `TwoLayer`, N x h, rounded up.

    kappa is convex and rises in rho, so its chord between two values of rho lies above it: it is
    maximised over a grid of t, at 33 values of rho for each j, and interpolated. Between grid points at
    most M h^2/8 is added, M = 8 g + 20 G_jj + 12 rho a bound of |second derivative in t| on [0, 1].
    """
    G = V.T @ V
    g, own = float(np.linalg.norm(G, 2)), np.diag(G)
    rho = (np.abs(G).sum(axis=1) - own)[None, :] + np.abs(Y @ V)
    t = np.linspace(0.0, 1.0, GRID)
    slope = 1 - t * t
    out = np.empty_like(rho)
    for j in range(len(own)):
        nodes = np.linspace(rho[:, j].min(), rho[:, j].max(), 33)
        pull = 2 * t * slope * nodes[:, None]
        bend = 2 * own[j] * t * t * slope
        top = np.maximum((g * slope**2 - bend + pull).max(axis=1), (bend + pull).max(axis=1))
        M = 8 * g + 20 * own[j] + 12 * nodes
        out[:, j] = np.interp(rho[:, j], nodes, top + M / (8 * (GRID - 1) ** 2))
    return out


def two_layer(
    m: int = 5, n: int = 4, outputs: int = 3, N: int = 30, noise: float = 0.0, seed: int = 0
) -> TwoLayer:
    """Return a network with m hidden units and n inputs; without noise f* = 0 at the planted W."""
    X = datasets.features(n, N, seed, condition=10.0)
    W, rng = datasets.planted(m, n, seed), stream("output layer", seed)
    q = integer("outputs", outputs, 1)
    V = rng.standard_normal((q, m)) / np.sqrt(m)
    errors = datasets.noise_matrix(len(X), q, noise, seed)
    Y = np.tanh(X @ W.T) @ V.T + errors
    return TwoLayer("two-layer", X, Y, V, planted=None if errors.any() else W)


def two_layer_digits(hidden: int = 16, rows: int | None = None, seed: int = 0) -> TwoLayer:
    """Return a network on the digits with one-hot targets; f* >= 0 is not attained."""
    X, Y = datasets.digits(rows)
    h = integer("hidden", hidden, 1)
    V = stream("output layer", seed).standard_normal((10, h)) / np.sqrt(h)
    return TwoLayer("two-layer-digits", X, Y, V)
