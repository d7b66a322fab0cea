"""The vocabulary of assumptions: what a theorem asks for and what an objective, oracle or law grants.

Each assumption is a frozen value that carries its constant and can be tested: `violation` returns by
how much it fails at given points, relative to the size of the terms (0 or negative when it holds).
Objectives enter only through `value` and `gradient`, on flat parameter vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import real

Vector = NDArray[np.float64]


class Function(Protocol):
    """What an assumption needs of an objective, on flat parameter vectors of shape (dim,)."""

    def flat_value(self, w: Vector) -> float: ...

    def flat_gradient(self, w: Vector) -> Vector: ...


@dataclass(frozen=True)
class LSmooth:
    """|grad f(W) - grad f(V)| <= L |W - V| for all W, V."""

    L: float

    def __post_init__(self) -> None:
        real("L", self.L, 0.0, open_low=True)

    def violation(self, f: Function, w: Vector, v: Vector) -> float:
        difference = np.linalg.norm(f.flat_gradient(w) - f.flat_gradient(v))
        return float(difference / (self.L * np.linalg.norm(w - v)) - 1.0)


@dataclass(frozen=True)
class LowerBounded:
    """f(W) >= fstar for all W."""

    fstar: float

    def violation(self, f: Function, w: Vector, v: Vector) -> float:
        return float((self.fstar - f.flat_value(w)) / (1.0 + abs(self.fstar)))


@dataclass(frozen=True)
class Attained:
    """f has a minimiser, at distance `distance` (Frobenius) from the start; the infimum is a minimum."""

    distance: float

    def violation(self, f: Function, w: Vector, v: Vector) -> float:
        return -self.distance


@dataclass(frozen=True)
class Convex:
    """f(V) >= f(W) + <grad f(W), V - W>; with a subgradient where f is not smooth."""

    def violation(self, f: Function, w: Vector, v: Vector) -> float:
        fw, fv, inner = f.flat_value(w), f.flat_value(v), float(f.flat_gradient(w) @ (v - w))
        return (fw + inner - fv) / (abs(fw) + abs(fv) + abs(inner) + 1e-300)


@dataclass(frozen=True)
class StronglyConvex:
    """f(V) >= f(W) + <grad f(W), V - W> + mu/2 |V - W|^2."""

    mu: float

    def __post_init__(self) -> None:
        real("mu", self.mu, 0.0, open_low=True)

    def violation(self, f: Function, w: Vector, v: Vector) -> float:
        fw, fv, inner = f.flat_value(w), f.flat_value(v), float(f.flat_gradient(w) @ (v - w))
        quadratic = self.mu / 2 * float((v - w) @ (v - w))
        return (fw + inner + quadratic - fv) / (abs(fw) + abs(fv) + abs(inner) + quadratic)


@dataclass(frozen=True)
class PL:
    """Polyak-Lojasiewicz: 1/2 |grad f(W)|^2 >= mu (f(W) - fstar)."""

    mu: float
    fstar: float

    def __post_init__(self) -> None:
        real("mu", self.mu, 0.0, open_low=True)

    def violation(self, f: Function, w: Vector, v: Vector) -> float:
        g = f.flat_gradient(w)
        half_norm = float(g @ g) / 2
        gap = self.mu * (f.flat_value(w) - self.fstar)
        return (gap - half_norm) / (abs(gap) + half_norm + 1e-300)


@dataclass(frozen=True)
class MatrixSmooth:
    """f(W + X) <= f(W) + <G, X> + 1/2 <X, K X>, K acting on the left (or on the right).

    `eigenvalues` are those of K in descending order, `diagonal` its diagonal in the coordinate basis
    (what a coordinate sketch sees).
    """

    eigenvalues: tuple[float, ...]
    diagonal: tuple[float, ...]
    side: str = "left"

    @property
    def L(self) -> float:
        return max(self.eigenvalues)

    @property
    def trace(self) -> float:
        return float(sum(self.eigenvalues))

    def violation(self, f: Function, w: Vector, v: Vector) -> float:
        """Tested through its consequence L = k_max; the contract tests compare K itself."""
        return LSmooth(self.L).violation(f, w, v)


@dataclass(frozen=True)
class Lipschitz:
    """|g| <= G0 for every subgradient g: f is G0-Lipschitz."""

    G0: float

    def violation(self, f: Function, w: Vector, v: Vector) -> float:
        return float(np.linalg.norm(f.flat_gradient(w)) / self.G0 - 1.0)


@dataclass(frozen=True)
class ExpectedSmoothness:
    """E |g|^2 <= 2 A (f - fstar) + B |grad f|^2 + C for a stochastic gradient g with E g = grad f."""

    A: float
    B: float
    C: float


@dataclass(frozen=True)
class BoundedDissimilarity:
    """(1/N) sum_i |grad f_i - grad f|^2 <= 2 A (f - fstar) + C, every f_i L-smooth."""

    A: float
    C: float
    components: int
    component_L: float


@dataclass(frozen=True)
class Heterogeneity:
    """(1/M) sum_m |grad f_m - grad f|^2 <= zeta^2 over the clients of a federation."""

    zeta: float
    clients: int


@dataclass(frozen=True)
class PositiveExpectedProjection:
    """lam_min(E[H]) > 0. A frozen factor has lam_min = 0."""

    lam_min: float
    lam_max: float


@dataclass(frozen=True)
class FreshSketch:
    """The sketch of a link is independent of everything up to that link."""


@dataclass(frozen=True)
class SubgradientStep:
    """Each link moves W by -gamma H g (or -gamma g H), g a subgradient of f at W, not an estimate of one."""


@dataclass(frozen=True)
class ProjectedStep(SubgradientStep):
    """Each link moves W by -gamma H G (or -gamma G H), H the orthogonal projection of the sketch."""


@dataclass(frozen=True)
class IsotropicLaw:
    """E[H] = rho I."""

    rho: float


@dataclass(frozen=True)
class Quadratic:
    """f(W) = fstar + 1/2 |D|_K^2, D = W - W*, a positive semidefinite quadratic form."""


@dataclass(frozen=True)
class MatrixQuadratic(Quadratic):
    """f(W) = fstar + 1/2 tr(D^T K D) with K on the left, or 1/2 tr(D K D^T) on the right."""

    side: str = "left"


@dataclass(frozen=True)
class EntryQuadratic(Quadratic):
    """f(W) = fstar + 1/2 sum_ij k_ij D_ij^2, a weight for each entry."""


@dataclass(frozen=True)
class ProjectedQuadratic(MatrixQuadratic):
    """f(W) = fstar + (L/2) |P D|^2, P an orthogonal projection on the side of the sketch."""


@dataclass(frozen=True)
class IsotropicQuadratic(ProjectedQuadratic):
    """f(W) = fstar + (L/2) |W - W*|^2."""

    L: float = 1.0


@dataclass(frozen=True)
class CounterexampleQuadratic(EntryQuadratic):
    """f(x) = x^T M x + b^T x, M = Diag(10, 1, ..., 1), b = 1, x = vec(W), W of shape 3 x 3."""


@dataclass(frozen=True)
class RankConstrained:
    """W_t - W_0 has rank at most r at every step: one pair of factors, never merged and redrawn."""


@dataclass(frozen=True)
class FrozenFactor:
    """W_t - W_0 = s B A_t (or s B_t A) at every step, the same B (or A) for all t."""


@dataclass(frozen=True)
class IndependentFactor:
    """The frozen factor is drawn independently of f and of W_0."""


@dataclass(frozen=True)
class ProjectedEstimate:
    """Each link, or each step of an epoch, moves W by -gamma H g, g an estimate of the gradient."""


@dataclass(frozen=True)
class UnbiasedGradient:
    """E[g | W] = grad f(W), and g is independent of the sketch given W."""


@dataclass(frozen=True)
class FreshPermutation:
    """Every epoch visits all components once, in a fresh uniform order independent of W and H."""


@dataclass(frozen=True)
class EqualClients:
    """Every client takes part in every round, with the same number of components and weight."""


@dataclass(frozen=True)
class SharedSketch:
    """All clients of a round train against the same frozen factor, drawn by the server."""


@dataclass(frozen=True)
class SeparateAverages:
    """The server averages the factors A_m and B_m of its clients separately."""


@dataclass(frozen=True)
class BernoulliSide:
    """Each link is a left one with probability p and a right one otherwise, independent of the past."""

    p: float


@dataclass(frozen=True)
class HaarLaw:
    """H projects on a uniformly distributed subspace of dimension r (Haar or Gaussian factor)."""


@dataclass(frozen=True)
class CoordinateLaw:
    """H projects on r coordinates drawn uniformly without replacement."""


@dataclass(frozen=True)
class GaussianFactor:
    """The frozen factor of a link has independent N(0, 1) entries."""


@dataclass(frozen=True)
class MatchingSide:
    """The sketch acts on the side of the curvature matrix K: left with left, right with right."""


@dataclass(frozen=True)
class PolyakStep:
    """The step is (f(W_t) - fstar)/|g_t|^2, g_t the subgradient before projection."""


@dataclass(frozen=True)
class PlainStep:
    """A link is W+ = W - c B B^T G (or W - c G A^T A), c = eta s^2: no pseudo-inverse."""


@dataclass(frozen=True)
class CertifiedLinks:
    """Each link ends no higher than the exact projected step: f(W_{t+1}) <= f(W_t - gamma H_t G_t)."""


@dataclass(frozen=True)
class CertifiedAtEffectiveStep(CertifiedLinks):
    """Each link ends no higher than the exact projected step with gamma = 1/L_eff."""


@dataclass(frozen=True)
class ExactMinimisation(CertifiedAtEffectiveStep):
    """Each link minimises f over its trained factor exactly."""


@dataclass(frozen=True)
class LowRankLinks:
    """Each link moves W by B_t A_t (rank at most r), A_t any function of B_t, f and the past."""


@dataclass(frozen=True)
class AcceleratedLinks:
    """y = (1-tau) x + tau z, x+ = y - gamma H G(y), z+ = z - b H G(y), b, tau as the theorem says."""


@dataclass(frozen=True)
class SignLinks:
    """Each link moves W by -eta s B sign(B^T G): the first step of Adam from A = 0."""


@dataclass(frozen=True)
class JointSteps:
    """Each link runs gradient steps on both factors from A Gaussian and B = 0, then merges."""


@dataclass(frozen=True)
class BestRankPoint:
    """s B A is a best approximation of W* - W_0 of rank r, A and B of full rank."""


@dataclass(frozen=True)
class AdaptiveStep:
    """Gradient steps on both factors with 1/eta_t = L s^2 |V_t|^2 + s |G_t|, V = [B; A^T]."""


@dataclass(frozen=True)
class RoundedMerges:
    """After each link W is rounded to nearest in a format of unit round-off u; no under- or overflow."""

    u: float


Assumption = object
"""Any of the values above; kept open, since a theorem asks for it by its class."""
