"""The whole second moment E[W W^T]: dense curvature, coordinate sketches, mini-batches.

For a finite sum of quadratics the first and the second moment of W close under RAC-LoRA with full
gradients, additive noise, or mini-batches, for every sketch of `ractheory.exact.moments`. A step
costs a few products of (m, m) matrices per component. Sources: row `exact-quadratic` of the theory;
the variance of a mini-batch drawn without replacement is the classical finite-population formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray

from ractheory.errors import integer
from ractheory.exact.moments import Moments
from ractheory.exact.quadratics import QuadraticSum

Array = NDArray[Any]


@dataclass(frozen=True)
class SecondMoment:
    """First and second moments of W over the steps of one chain with left sketches.

    Attributes
    ----------
    problem : the objective
    gamma : step
    moments : of the sketch, in the number type of the problem's arrays
    batch : size of the mini-batch, drawn afresh in each step; None for full gradients
    replacement : whether a batch is drawn with replacement
    noise : covariance E[xi xi^T] of additive gradient noise, shape (m, m); None for none
    """

    problem: QuadraticSum
    gamma: Any
    moments: Moments
    batch: int | None = None
    replacement: bool = False
    noise: Array | None = None

    def __post_init__(self) -> None:
        if self.batch is not None:
            top = None if self.replacement else self.problem.components
            integer("batch", self.batch, 1, top, "a batch without replacement fits in the sum")

    @property
    def component_share(self) -> Fraction:
        """The a of E[g g^T] = a mean_i G_i G_i^T + (1 - a) G G^T for the mean g of one batch."""
        N = self.problem.components
        if self.batch is None or N == 1:
            return Fraction(0)
        if self.replacement:
            return Fraction(1, self.batch)
        return Fraction(N - self.batch, self.batch * (N - 1))

    def _gradient_moment(self, mean: Array, second: Array) -> Array:
        """Return E[g g^T] of the stochastic gradient, shape (m, m)."""
        p = self.problem
        cross = p.curvature.dot(mean).dot(p.pull.T)
        full = p.curvature.dot(second).dot(p.curvature) - cross - cross.T + p.pull.dot(p.pull.T)
        share: Any = self.component_share
        if share == 0:
            return full
        apart = full * 0
        for K, C in zip(p.curvatures, p.centres, strict=True):
            mixed = mean.dot(C.T)
            apart = apart + K.dot(second - mixed - mixed.T + C.dot(C.T)).dot(K)
        if apart.dtype != object:
            share = float(share)
        return share * apart / p.components + (1 - share) * full

    def advance(self, mean: Array, second: Array) -> tuple[Array, Array]:
        """Return the moments E[W], E[W W^T] after one more step."""
        p, gamma = self.problem, self.gamma
        drift = self.moments.mean * (p.curvature.dot(second) - p.pull.dot(mean.T))
        gradient = self._gradient_moment(mean, second)
        if self.noise is not None:
            gradient = gradient + self.noise
        after = second - gamma * (drift + drift.T) + gamma * gamma * self.moments.second(gradient)
        return mean - gamma * self.moments.mean * p.gradient(mean), after

    def states(self, start: Array, steps: int) -> Iterator[tuple[Array, Array]]:
        """Yield (E[W_t], E[W_t W_t^T]) for t = 0, ..., steps from W_0 = start of shape (m, n)."""
        mean, second = start, start.dot(start.T)
        yield mean, second
        for _ in range(steps):
            mean, second = self.advance(mean, second)
            yield mean, second

    def value(self, mean: Array, second: Array) -> Any:
        """Return E f(W)."""
        p = self.problem
        constant: Any = 0
        for K, C in zip(p.curvatures, p.centres, strict=True):
            constant = constant + (C * K.dot(C)).sum()
        linear = (p.pull * mean).sum()
        return (p.curvature * second).sum() / 2 - linear + constant / (2 * p.components)

    def expected(self, start: Array, steps: int) -> list[Any]:
        """Return E f(W_t) for t = 0, ..., steps.

        >>> from ractheory.exact.moments import coordinate
        >>> from ractheory.exact.quadratics import fractions
        >>> problem = QuadraticSum((fractions([[2, 1], [1, 2]]),), (fractions([[0], [0]]),))
        >>> chain = SecondMoment(problem, Fraction(1, 2), coordinate(2, 1))
        >>> [str(value) for value in chain.expected(fractions([[1], [1]]), 1)]
        ['3', '3/4']
        """
        return [self.value(*state) for state in self.states(start, steps)]
