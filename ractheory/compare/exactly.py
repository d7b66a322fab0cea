"""Expectations of a run without sampling: the second moment of D = W - W*, part by part.

On a quadratic of one block the second moments Sigma = E[D D^T] of each part of `curvature.columns` close:

    Sigma+ = Sigma - c (E[S] K Sigma + Sigma K E[S]) + c^2 E[S K Sigma K S]

with S = H and c = gamma for a projected step, S = B B^T and c = eta s^2 for a plain factor step, and
Sigma+ = E[(I - H) Sigma (I - H)] for exact links where K is a multiple of I on the part. The moments of S are
those of `ractheory.laws`. Whatever is linear in Sigma has an exact expectation, up to the round-off
of the recursion; nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ractheory.compare.curvature import Columns, columns, projection_level, sketch_side
from ractheory.evidence import UNDERFLOW, round_off
from ractheory.exact.moments import IDENTITY, gaussian_factor, haar
from ractheory.exact.moments import Moments as Numbers
from ractheory.exact.recursion import RowRecursion
from ractheory.laws import Haar, Law
from ractheory.methods import ExactLink, Method, Plain, PseudoInverse, Trains
from ractheory.objectives.base import Objective

Array = NDArray[np.float64]
Parts = tuple[Array, ...]
Moving = tuple[Callable[[Array], Array], Callable[[Array, int], float], Array, Array]
"""How a state moves in a link, its value against K^power, the first state, and the identity."""


@dataclass(frozen=True)
class Sketch:
    """First and second moment of the random matrix S that multiplies the gradient.

    Attributes
    ----------
    mean : E[S], shape (d, d)
    second : symmetric X to E[S X S]
    step : c, the step that goes with S
    exact : whether a link minimises over range(S), S a projection, instead of taking the step
    invariant : the moments as four numbers where the law of S is invariant under rotations, else None
    """

    mean: Array
    second: Callable[[Array], Array]
    step: float
    exact: bool = False
    invariant: Numbers | None = None


def sketch_of(method: Method, d: int) -> Sketch | None:
    """Return the moments of one link of `method` in dimension d, or None where no closed form is known."""
    if method.trains is Trains.BERNOULLI or not method.redraw or method.inner.steps != 1:
        return None
    if not method.basic:
        return None
    if isinstance(method.inner, Plain):
        return _plain(method, d)
    exact = isinstance(method.inner, ExactLink)
    if not (exact or isinstance(method.inner, PseudoInverse)):
        return None
    if method.law.second_moment(np.eye(d)) is None:
        return None
    numbers = haar(d, method.rank) if method.law.name in ("haar", "gaussian") else None
    if method.law.name == "identity":
        numbers = IDENTITY
    return Sketch(
        method.law.mean(d), _second(method.law), method.step, exact,
        None if numbers is None else numbers.convert(float),
    )  # fmt: skip


def _second(law: Law) -> Callable[[Array], Array]:
    def second(X: Array) -> Array:
        moment = law.second_moment(X)
        assert moment is not None
        return moment

    return second


def _plain(method: Method, d: int) -> Sketch | None:
    """S = B B^T: a plain step on one factor, or CoLA's only step, whose other factor is zero."""
    if method.law.name not in ("gaussian", "haar"):
        return None
    one, size = gaussian_factor(d, method.rank).convert(float), method.initial_std**2
    numbers = Numbers(size * one.mean, size**2 * one.same, size**2 * one.off, size**2 * one.spread)
    step = method.step * method.scale**2
    return Sketch(numbers.mean * np.eye(d), numbers.second, step, False, numbers)


def row_norm(X: Array) -> float:
    """Return the largest sum of |entries| of a row: at least the largest singular value, X symmetric."""
    return float(np.linalg.norm(X, np.inf))


@dataclass(frozen=True)
class Moments:
    """The second moments of a chain on the parts of a quadratic.

    Attributes
    ----------
    parts : curvature and columns of D_0
    sketch : one link
    """

    parts: tuple[Columns, ...]
    sketch: Sketch

    def _advance(self, K: Array, S: Array) -> Array:
        sketch = self.sketch
        if sketch.exact:
            pull = sketch.mean @ S
            return S - pull - pull.T + sketch.second(S)
        cK = sketch.step * K
        pull = sketch.mean @ cK @ S
        return S - (pull + pull.T) + sketch.second(cK @ S @ cK)

    def form(self, power: int, weight: float) -> Parts:
        """Return weight K^power, part by part: what the quadratic forms weight <D, K^power D> are made of.

        Neither the weight nor K^power alone need be a number that can be held; with the largest entry of
        K taken out, and multiplied in one by one, what is computed lies between the weight and the form.
        """
        return tuple(_scaled_power(part.K, power, weight) for part in self.parts)

    def next_value(self) -> Parts:
        """Return the quadratic forms Q with E[f(W+) - f* | W] = <D, Q D>."""
        return tuple(self._next_value(part.K) for part in self.parts)

    def _next_value(self, K: Array) -> Array:
        sketch = self.sketch
        if sketch.exact:
            return (K - sketch.mean @ K - K @ sketch.mean + sketch.second(K)) / 2
        cK = sketch.step * K
        return (K - 2 * cK @ sketch.mean @ K + cK @ sketch.second(K) @ cK) / 2

    def expected(self, power: int, steps: int) -> tuple[Array, Array]:
        """Return E <D_t, K^power D_t>, summed over the parts, at t = 0, ..., steps, and its round-off.

        The map of a link preserves the order of second moments, so a bound E of the error obeys
        E+ = map(E) + n eps a tr(|Sigma| + E) I: the error of the past moved along, and that of the two
        maps themselves, n operations on terms that add up to at most a times the trace. What is computed
        of Sigma >= 0 lies within E of it, so that tr |Sigma| <= tr(Sigma) + 2 tr(E), Sigma as computed.
        """
        moving = [self._rows(p) if self._by_rows else self._matrices(p) for p in self.parts]
        values, errors = np.zeros(steps + 1), np.zeros(steps + 1)
        for part, (advance, weigh, state, one) in zip(self.parts, moving, strict=True):
            unit = round_off(self.operations, self._amplification(part.K))
            least = self.operations * UNDERFLOW if np.any(part.D) else 0.0
            error = (unit * np.sum(part.D**2) + least) * one
            for t in range(steps + 1):
                values[t] += weigh(state, power)
                errors[t] += weigh(error, power) + least
                size = unit * (weigh(state, 0) + 3.0 * weigh(error, 0)) + least
                state, error = advance(state), advance(error) + size * one
        return values, errors

    @property
    def cost(self) -> float:
        """Multiplications of one link, roughly."""
        d = len(self.parts[0].K)
        return len(self.parts) * (8.0 * d if self._by_rows else 8.0 * d**3)

    @property
    def _by_rows(self) -> bool:
        """Whether the row energies in the eigenbasis of K close by themselves."""
        return self.sketch.invariant is not None and not self.sketch.exact

    def _rows(self, part: Columns) -> Moving:
        assert self.sketch.invariant is not None
        k, U = part.eigen
        chain = RowRecursion(k, self.sketch.step, self.sketch.invariant)
        diagonal, weights = chain.diagonal, chain.weights
        start = np.sum((U.T @ part.D) ** 2, axis=1)
        return (
            lambda s: diagonal * s + weights @ s,
            lambda s, power: float(k**power @ s),
            start,
            np.ones(len(k)),
        )

    def _matrices(self, part: Columns) -> Moving:
        forms = {power: np.linalg.matrix_power(part.K, power) for power in range(4)}
        return (
            lambda S: self._advance(part.K, S),
            lambda S, power: float(np.vdot(forms[power], S)),
            part.D @ part.D.T,
            np.eye(len(part.K)),
        )

    def _amplification(self, K: Array) -> float:
        """Return a: the sizes of the terms of a link together, over that of Sigma."""
        sketch = self.sketch
        c = 1.0 if sketch.exact else sketch.step * row_norm(K)
        square = row_norm(sketch.second(np.eye(len(K))))
        return 1.0 + 2.0 * c * row_norm(sketch.mean) + c**2 * square

    @property
    def curvature_size(self) -> float:
        """Return how much larger the terms of a link may be than what they add up to."""
        return max(self._amplification(part.K) for part in self.parts)

    @property
    def operations(self) -> int:
        """Rounded operations behind one entry of a link, at most: four products of matrices."""
        return 16 + 8 * max(len(part.K) for part in self.parts)


def _scaled_power(K: Array, power: int, weight: float) -> Array:
    """Return weight K^power without a number beyond both weight and result on the way.

    >>> _scaled_power(np.array([[1e-150]]), 3, 1e300)
    array([[1.e-150]])
    """
    size = float(np.max(np.abs(K))) or 1.0
    for _ in range(power):
        weight *= size
    return np.asarray(weight * np.linalg.matrix_power(K / size, power))


def moments_of(f: Objective, method: Method, start: Array) -> Moments | None:
    """Return the second moments of `method` on f from the flat vector `start`, where they close.

    f is a quadratic of one block; the method draws a fresh sketch on one side for every link.
    """
    side, centre = sketch_side(method), f.constants.minimiser
    if not side or centre is None or len(f.shapes) != 1:
        return None
    parts = columns(f, side, (start - centre).reshape(f.shapes[0]))
    if parts is None:
        return None
    sketch = sketch_of(method, len(parts[0].K))
    if sketch is None:
        return None
    if sketch.exact and any(_level(part.K) is None for part in parts):
        return _on_support(parts, method)
    return Moments(tuple(parts), sketch)


def _level(K: Array) -> float | None:
    """Return k where K = k I."""
    found = projection_level(K)
    return found[0] if found is not None and found[1] in (0, len(K)) else None


def _on_support(parts: list[Columns], method: Method) -> Moments | None:
    """Exact links on K = L P: a Haar subspace projects onto a Haar subspace of range(P)."""
    if len(parts) != 1 or method.law.name not in ("haar", "gaussian"):
        return None
    found = projection_level(parts[0].K)
    if found is None or method.rank > found[1]:
        return None
    L, support = found
    P = np.linalg.eigh(parts[0].K)[1][:, -support:]
    law = Haar(method.rank)
    sketch = Sketch(law.mean(support), _second(law), method.step, True)
    return Moments((Columns(L * np.eye(support), P.T @ parts[0].D),), sketch)
