"""Second moments of chains whose links are random affine maps, without drawing any of them.

A state z = (D, c) has a last coordinate that never changes, so that an affine map is a matrix M and the
second moment S = E[z z^T] moves by E[M kron M], its transfer matrix. Here are the transfer matrices of what
links are made of:

* a uniform order of steps M_1, ..., M_N (an epoch): with F(u) the mean over all orders of the steps in the
  multiset u, F(u) = sum_i (u_i/|u|) (M_i kron M_i) F(u - e_i), since the last step of a uniform order is step i
  with probability u_i/|u|. Orders are never listed, and equal steps count once.
* the mean of several independent epochs (a round): the parts of one epoch by its second moment, those of
  two different epochs by their first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError

Array = NDArray[np.float64]

MAX_ORDERS = 20_000
"""Multisets that the recursion over orders may visit."""


def pairs(A: Array, B: Array) -> Array:
    """Return A kron B for stacks of matrices, shapes (..., D, D) to (..., D^2, D^2).

    >>> pairs(np.eye(2), np.array([[0.0, 1.0], [0.0, 0.0]]))[0].tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    D = A.shape[-1]
    joined = np.einsum("...ij,...kl->...ikjl", A, B)
    return joined.reshape(*joined.shape[:-4], D * D, D * D)


@dataclass(frozen=True)
class Mean:
    """First and second moment of a random matrix: E M and E[M kron M], stacks over the sketches."""

    first: Array
    second: Array

    @classmethod
    def over(cls, maps: Array, weights: Array) -> Mean:
        """Return the moments over maps, shape (..., k, D, D), taken with probabilities, shape (k,)."""
        D = maps.shape[-1]
        first = np.einsum("k,...kij->...ij", weights, maps)
        entries = maps.reshape(*maps.shape[:-2], D * D)
        joint = (np.swapaxes(entries, -1, -2) * weights) @ entries
        squares = joint.reshape(*joint.shape[:-2], D, D, D, D).swapaxes(-2, -3)
        return cls(first, squares.reshape(joint.shape))

    @classmethod
    def product(cls, maps: Array, order: Sequence[int]) -> Mean:
        """Return the moments of one order of the maps, the first one first."""
        total = np.broadcast_to(np.eye(maps.shape[-1]), maps[..., 0, :, :].shape)
        for i in order:
            total = maps[..., i, :, :] @ total
        return cls(total, pairs(total, total))

    @classmethod
    def uniform_order(cls, maps: Array, counts: Sequence[int]) -> Mean:
        """Return the moments of all maps in uniform order, map i taken counts[i] times.

        >>> steps = np.array([[[0.5, 1.0], [0.0, 1.0]], [[0.5, 0.0], [0.0, 1.0]]])
        >>> Mean.uniform_order(steps, [1, 1]).first[0].tolist()
        [0.25, 0.75]
        """
        visited = int(np.prod([count + 1.0 for count in counts]))
        if visited > MAX_ORDERS:
            raise UsageError.of(
                "sets of components", visited, f"at most {MAX_ORDERS}", "take fewer components"
            )
        squares = pairs(maps, maps)
        return cls(_over_orders(maps, counts), _over_orders(squares, counts))

    def with_noise(self, covariance: Array) -> Mean:
        """Return the moments when independent noise of this covariance, shape (..., D, D), is added; c = 1."""
        second = self.second.copy()
        second[..., :, -1] += covariance.reshape(second.shape[:-1])
        return Mean(self.first, second)


def _over_orders(steps: Array, counts: Sequence[int]) -> Array:
    """Return F(counts) of the recursion over orders for the matrices `steps`, stacked on axis -3."""
    ends = {(0,) * len(counts): np.broadcast_to(np.eye(steps.shape[-1]), steps[..., 0, :, :].shape)}
    for size in range(1, sum(counts) + 1):
        ends = {
            used: _last_step(steps, used, size, ends)
            for used in {_with(u, i) for u in ends for i in range(len(counts)) if u[i] < counts[i]}
        }
    return ends[tuple(counts)]


def _with(used: tuple[int, ...], i: int, change: int = 1) -> tuple[int, ...]:
    return (*used[:i], used[i] + change, *used[i + 1 :])


def _last_step(
    steps: Array, used: tuple[int, ...], size: int, ends: dict[tuple[int, ...], Array]
) -> Array:
    terms = [
        (count / size) * (steps[..., i, :, :] @ ends[_with(used, i, -1)])
        for i, count in enumerate(used) if count
    ]  # fmt: skip
    return np.asarray(sum(terms[1:], terms[0]))


def averaged(epochs: Sequence[Mean], chosen: int) -> Mean:
    """Return the moments of the mean of `chosen` of the epochs, a uniform subset, independent of each other.

    >>> halves = [Mean(np.eye(1) * v, np.eye(1) * v * v) for v in (1.0, 3.0)]
    >>> float(averaged(halves, 2).second[0, 0]), float(averaged(halves, 1).second[0, 0])
    (4.0, 5.0)
    """
    M = len(epochs)
    first = sum(e.first for e in epochs) / M
    alone = sum(e.second for e in epochs) / (M * chosen)
    if chosen == 1:
        return Mean(np.asarray(first), np.asarray(alone))
    share = (chosen - 1) / (chosen * M * (M - 1))
    both = sum(
        pairs(a.first, b.first) for (i, a), (j, b) in product(enumerate(epochs), repeat=2) if i != j
    )
    return Mean(np.asarray(first), np.asarray(alone + share * both))


@dataclass(frozen=True)
class TransferChain:
    """A chain by its transfer matrices: with probability `weights`[k] it uses the k-th one for ever.

    Attributes
    ----------
    weights, transfers : shapes (k,) and (k, D^2, D^2)
    operations : rounded operations behind one entry of a link, at most
    """

    weights: Array
    transfers: Array
    operations: float

    @property
    def size(self) -> int:
        return int(np.sqrt(self.transfers.shape[-1]))

    def values(self, start: Array, forms: Sequence[Array], steps: int) -> tuple[Array, Array]:
        """Return <Q, E[z_t z_t^T]> for every form Q at t = 0, ..., steps, and its round-off.

        Both of shape (len(forms), steps + 1). A link preserves the order of second moments, so a bound E of
        the error obeys E+ = link(E) + n eps a tr(S) I, with a the size of the terms of a link.
        """
        found = np.zeros((2, len(forms), steps + 1))
        rows = np.array([Q.ravel() for Q in forms])
        sizes = np.array([float(np.sum(np.abs(Q))) for Q in forms])
        eye = np.eye(self.size).ravel()
        eps = float(np.finfo(float).eps)
        for weight, transfer in zip(self.weights, self.transfers, strict=True):
            unit = self.operations * eps * float(np.max(np.sum(np.abs(transfer), axis=1)))
            S, E = start.ravel(), unit * np.trace(start) * eye
            for t in range(steps + 1):
                found[0, :, t] += weight * (rows @ S)
                # |<Q, X>| <= sum |Q_ij| tr E for |X| <= E.
                found[1, :, t] += weight * sizes * float(eye @ E)
                S, E = transfer @ S, transfer @ E + unit * float(eye @ S) * eye
        return found[0], found[1]

    def pulled_back(self, form: Array) -> Array:
        """Return the form Q' with E[<Q, z+ z+^T> | z] = <Q', z z^T>, for a single transfer matrix."""
        Q = (self.transfers[0].T @ form.ravel()).reshape(form.shape)
        return (Q + Q.T) / 2
