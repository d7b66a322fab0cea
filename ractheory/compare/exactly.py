"""Expectations of a run without sampling: its chain of second moments, in floats or in exact numbers.

On a quadratic of one block the second moments Sigma = E[D D^T] of D = W - W* close:

    Sigma+ = Sigma - c (E[S] K Sigma + Sigma K E[S]) + c^2 E[S K Sigma K S]

with S = H and c = gamma for a projected step, S = B B^T and c = eta s^2 for a plain factor step; exact
links on K = k I are projected steps with c = 1/k. One builder, `chain_of`, brings a run to this form, over the
field of floats (for every decision beside runs, with a bound of the round-off) or of exact numbers
(for verdicts with no seed): objective and start are then the doubles of the run, taken exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.compare.curvature import sketch_side
from ractheory.evidence import UNDERFLOW, round_off
from ractheory.exact.arithmetic import rational, symmetric_eigen
from ractheory.exact.chains import Chain, Part, numbers, weighed
from ractheory.exact.moments import (
    IDENTITY,
    coordinate,
    gaussian_factor,
    haar,
    hadamard,
)
from ractheory.exact.moments import Moments as Law
from ractheory.methods import ExactLink, Method, Plain, PseudoInverse, Trains
from ractheory.objectives.base import Objective
from ractheory.objectives.quadratic import EntryQuadratic, MatrixQuadratic

Array = NDArray[Any]
Vector = NDArray[np.float64]
Energies = Callable[[Array], Array]
"""From D to the squared row norms in an eigenbasis."""


@dataclass(frozen=True)
class Field:
    """Numbers that a chain is computed in.

    Attributes
    ----------
    number : from a Fraction
    array : from an array of doubles
    eigen : from a symmetric matrix of doubles, its eigenvalues and the row energies in its eigenbasis
    """

    number: Callable[[Fraction], Any]
    array: Callable[[Vector], Array]
    eigen: Callable[[Vector], tuple[Array, Energies]]


def _float_eigen(K: Vector) -> tuple[Array, Energies]:
    k, U = np.linalg.eigh(K)
    return np.maximum(k, 0.0), lambda D: _energies(U.T @ D)


def _exact_eigen(K: Vector) -> tuple[Array, Energies]:
    values, vectors = symmetric_eigen(K)

    def energies(D: Array) -> Array:
        V = np.array(vectors, dtype=object)
        return _energies(V.dot(D)) / (V * V).sum(axis=1)

    return numbers(values), energies


def rationals(values: Vector) -> Array:
    """Return doubles as rationals, exactly."""
    return numbers([rational(float(v)) for v in values.ravel()]).reshape(values.shape)


FLOAT = Field(float, lambda values: values, _float_eigen)
EXACT = Field(rational, rationals, _exact_eigen)


# What a method is to a chain.


def law_of(method: Method, d: int) -> Law | None:
    """Return the moments of S of one link of `method` in dimension d; None where no closed form is known."""
    if method.trains is Trains.BERNOULLI or not method.redraw or method.inner.steps != 1:
        return None
    if not method.basic:
        return None
    name = method.law.name
    if isinstance(method.inner, Plain):
        variance = Fraction(method.initial_std) ** 2
        known = name in ("gaussian", "haar")
        return gaussian_factor(d, method.rank, variance) if known else None
    if name == "identity":
        return IDENTITY
    projections = {"haar": haar, "gaussian": haar, "coordinates": coordinate, "hadamard": hadamard}
    if not isinstance(method.inner, PseudoInverse | ExactLink) or name not in projections:
        return None
    return projections[name](d, method.rank)


# What an objective is to a chain.


def parts_of(
    f: Objective, side: str, start: Vector, moments: Callable[[int], Law | None], field: Field
) -> tuple[Part, ...] | None:
    """Return f - f* as parts for a sketch on `side` with these moments in dimension d, from `start`.

    None unless f is a quadratic of one block whose sketch has moments.
    """
    form, minimiser = f.quadratic_form(), f.constants.minimiser
    if form is None or minimiser is None or not side:
        return None
    centre = f.centre if isinstance(f, EntryQuadratic | MatrixQuadratic) else minimiser
    D = (field.array(start) - field.array(centre)).reshape(f.shapes[0])
    kind, K = form
    if side == "right":
        D, K, kind = D.T, K.T, {"left": "right", "right": "left"}.get(kind, kind)
    law = moments(len(D))
    if law is None:
        return None
    if kind == "entry":
        weights = field.array(K)
        return _merged([Part(weights[:, j], _energies(D[:, [j]])) for j in range(K.shape[1])])
    if kind == "right":
        k, energies = _spectrum(f, K, field)
        return _constant_parts(k, energies(D.T), len(D))
    if law.invariant or np.array_equal(K, np.diag(np.diag(K))):
        k, energies = _spectrum(f, K, field)
        return (Part(k, energies(D)),)
    return (Part(field.array(K), D.dot(D.T)),)


def _spectrum(f: Objective, K: Vector, field: Field) -> tuple[Array, Energies]:
    """Return the eigenvalues of K and the energies in its basis: those f was made of, where it says."""
    if not isinstance(f, MatrixQuadratic):
        return field.eigen(K)
    U = f.bases[0]
    k = field.array(f.spectra[0])
    if U is None:
        return k, _energies
    rotation = field.array(U.T)
    return k, lambda D: _energies(rotation.dot(D))


def _energies(D: Array) -> Array:
    return np.asarray((D * D).sum(axis=1))


def _constant_parts(k: Iterable[Any], energy: Array, d: int) -> tuple[Part, ...]:
    """Return one part for each eigenvalue on the other side: there K_j = k_j I in dimension d.

    By symmetry only the total energy of such a part matters; it is put in the first row.
    """
    parts = []
    for v, e in zip(k, energy, strict=True):
        rows = np.array([e] + [e * 0] * (d - 1), dtype=energy.dtype)
        parts.append(Part(np.array([v] * d, dtype=energy.dtype), rows))
    return tuple(parts)


def _merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts with those of one spectrum put together."""
    groups: dict[tuple[str, ...], Part] = {}
    for part in parts:
        key = tuple(str(v) for v in part.K)
        known = groups.get(key)
        groups[key] = part if known is None else Part(part.K, known.S + part.S)
    return tuple(groups.values())


# The chain.


def chain_of(f: Objective, method: Method, start: Vector, field: Field = FLOAT) -> Chain | None:
    """Return the chain of `method` on f from the flat vector `start`, where its second moments close.

    Its step is the double of the method.
    """
    parts = parts_of(f, sketch_side(method), start, lambda d: law_of(method, d), field)
    if parts is None:
        return None
    d = len(parts[0].K)
    moments = law_of(method, d)
    assert moments is not None
    step = method.step * method.scale**2 if isinstance(method.inner, Plain) else method.step
    rank = min(method.rank or d, d)
    chain = Chain(parts, field.number(Fraction(float(step))), moments.convert(field.number), rank)
    return _exact_links(chain, method, field) if isinstance(method.inner, ExactLink) else chain


def _exact_links(chain: Chain, method: Method, field: Field) -> Chain | None:
    """Return exact links as projected steps with 1/k_j on K_j = k_j I; None on any other K_j.

    On K = L P a Haar subspace projects onto a Haar subspace of range(P): there K is L I.
    """
    if all(part.by_rows and _level(part.K) for part in chain.parts):
        parts = tuple(replace(part, step=1 / part.K[0]) for part in chain.parts)
        return replace(chain, parts=parts, step=parts[0].step)
    part = chain.parts[0]
    live = part.K != 0
    support = int(np.sum(live.astype(bool)))
    haar_like = method.law.name in ("haar", "gaussian") and len(chain.parts) == 1
    if not (haar_like and part.by_rows and method.rank <= support and _level(part.K[live])):
        return None
    inside = Part(part.K[live], part.S[live], 1 / part.K[live][0])
    moments = haar(support, method.rank).convert(field.number)
    return Chain((inside,), inside.step, moments, method.rank)


def _level(k: Array) -> bool:
    return bool(k[0] != 0) and all(bool(v == k[0]) for v in k)


# Beside runs, in floats.


def row_norm(X: Array) -> float:
    """Return the largest sum of |entries| of a row: at least the largest singular value, X symmetric."""
    return float(np.linalg.norm(X, np.inf)) if X.ndim > 1 else float(np.abs(X).max())


@dataclass(frozen=True)
class Moments:
    """A chain in floats, with the round-off of what it computes."""

    chain: Chain

    def form(self, power: int, weight: float) -> tuple[Array, ...]:
        """Return weight K^power, part by part: what the quadratic forms weight <D, K^power D> are made of.

        Neither the weight nor K^power alone need be a number that can be held; with the largest entry of
        K taken out, and multiplied in one by one, what is computed lies between the weight and the form.
        """
        return tuple(_matrix(_scaled_power(p.K, power, weight)) for p in self.chain.parts)

    def next_value(self) -> tuple[Array, ...]:
        """Return the quadratic forms Q with E[f(W+) - f* | W] = <D, Q D>, part by part."""
        chain = self.chain
        return tuple(_matrix(p.next_value(chain.step, chain.moments)) for p in chain.parts)

    def expected(self, power: int, steps: int) -> tuple[Vector, Vector]:
        """Return E <D_t, K^power D_t> at t = 0, ..., steps, and its round-off.

        The map of a link preserves the order of second moments, so a bound E of the error obeys
        E+ = map(E) + n eps a tr(|Sigma| + E) I: the error of the past moved along, and that of the two
        maps themselves, n operations on terms that add up to at most a times the trace. What is computed
        of Sigma >= 0 lies within E of it, so that tr |Sigma| <= tr(Sigma) + 2 tr(E), Sigma as computed.
        """
        chain = self.chain
        forms = [part.power(power) for part in chain.parts]
        values = np.array([weighed(forms, state) for state in chain.states(steps)])
        return values, sum((self._errors(p, power, steps) for p in chain.parts), values * 0)

    def _errors(self, part: Part, power: int, steps: int) -> Vector:
        move = part.motion(self.chain.step, self.chain.moments)
        unit = float(round_off(self.operations, self._amplification(part)))
        form, one, state = part.power(power), part.one, part.start
        least = self.operations * UNDERFLOW if np.any(state) else 0.0
        error, errors = (unit * weighed([one], [state]) + least) * one, np.zeros(steps + 1)
        for t in range(steps + 1):
            errors[t] = weighed([form], [error]) + least
            size = unit * (weighed([one], [state]) + 3.0 * weighed([one], [error])) + least
            state, error = move(state), move(error) + size * one
        return errors

    @property
    def cost(self) -> float:
        """Multiplications of one link, roughly."""
        return sum(8.0 * p.K.size * (1 if p.by_rows else len(p.K)) for p in self.chain.parts)

    def _amplification(self, part: Part) -> float:
        """Return a: the sizes of the terms of a link together, over that of Sigma."""
        moments, step = self.chain.moments, self.chain.step if part.step is None else part.step
        c, square = step * row_norm(part.K), moments.same + len(part.K) * moments.spread
        return 1.0 + 2.0 * c * moments.mean + c**2 * square

    @property
    def next_sizes(self) -> tuple[float, ...]:
        """Return the sizes of the terms of `next_value` together, part by part."""
        return tuple(self._amplification(p) * row_norm(p.K) for p in self.chain.parts)

    @property
    def operations(self) -> int:
        """Rounded operations behind one entry of a link, at most: four products of matrices."""
        return 16 + 8 * max(len(part.K) for part in self.chain.parts)


def _scaled_power(K: Array, power: int, weight: float) -> Array:
    """Return weight K^power, as K is given, without a number beyond both weight and result on the way.

    >>> _scaled_power(np.array([[1e-150]]), 3, 1e300)
    array([[1.e-150]])
    """
    size = float(np.max(np.abs(K))) or 1.0
    for _ in range(power):
        weight *= size
    scaled = K / size
    whole = np.linalg.matrix_power(scaled, power) if K.ndim > 1 else scaled**power
    return np.asarray(weight * whole)


def _matrix(form: Array) -> Array:
    return np.diag(form) if form.ndim == 1 else form


def moments_of(f: Objective, method: Method, start: Vector) -> Moments | None:
    """Return the second moments of `method` on f from the flat vector `start` in floats, where they close."""
    chain = chain_of(f, method, start)
    return None if chain is None else Moments(chain)
