"""Losses of linear models, one value object each: value, derivative, and exact curvature bounds.

Z holds the predictions X W and Y the targets, both N x c. `value` sums over all entries; `derivative`
is that of the sum with respect to Z. `low` and `high` bound the eigenvalues of the Hessian of one
row's loss in its prediction; both are attained or approached. `slope` bounds |derivative| entrywise.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ractheory.errors import UsageError, real
from ractheory.objectives.arrays import Array
from ractheory.objectives.structure import Family


@dataclass(frozen=True)
class Loss(ABC):
    """A loss of one row of predictions; `scale` is the c of the robust losses."""

    scale: float = 1.0
    family: ClassVar[Family]
    convex: ClassVar[bool] = True
    smooth: ClassVar[bool] = True
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 0.0
    slope: ClassVar[float | None] = None

    def __post_init__(self) -> None:
        real("loss scale", self.scale, 0.0, open_low=True)

    @abstractmethod
    def value(self, Z: Array, Y: Array) -> float:
        """Return the loss summed over all rows."""

    @abstractmethod
    def derivative(self, Z: Array, Y: Array) -> Array:
        """Return its derivative in Z, N x c (a subgradient where the loss has a kink)."""

    def row_minima(self, Y: Array, kappa: Array) -> Array:
        """Return lower bounds of min_z loss(z, y_i) + kappa_i/2 |z|^2, shape (N,)."""
        return np.zeros(len(Y))

    def check(self, Y: Array) -> None:
        """Raise UsageError where Y cannot be the targets; any number is one unless said otherwise."""
        return


class Squared(Loss):
    """1/2 |z - y|^2."""

    family = Family.SQUARED
    low = high = 1.0

    def value(self, Z: Array, Y: Array) -> float:
        R = Z - Y
        return float(np.vdot(R, R)) / 2

    def derivative(self, Z: Array, Y: Array) -> Array:
        return Z - Y

    def row_minima(self, Y: Array, kappa: Array) -> Array:
        return np.sum(Y * Y, axis=1) / 2 * (kappa / (1 + kappa))


class Logistic(Loss):
    """log(1 + exp(-y z)), y = +-1, summed over the columns; curvature p (1 - p) <= 1/4."""

    family = Family.LOGISTIC
    high = 0.25
    slope = 1.0

    def value(self, Z: Array, Y: Array) -> float:
        return float(np.sum(np.logaddexp(0.0, -Y * Z)))

    def derivative(self, Z: Array, Y: Array) -> Array:
        return -Y * _sigmoid(-Y * Z)

    def hessian(self, Z: Array) -> Array:
        """Return the second derivatives of each row's loss, N x c x c."""
        return np.einsum("ia,ab->iab", _sigmoid(Z) * _sigmoid(-Z), np.eye(Z.shape[1]))

    def row_minima(self, Y: Array, kappa: Array) -> Array:
        return Y.shape[1] * _margin_minima(1.0, 1.0, kappa)

    def check(self, Y: Array) -> None:
        _check_signs(Y)


class Softmax(Loss):
    """log sum exp z - <y, z>, y one-hot; curvature diag(p) - p p^T <= 1/2, at p = (1/2, 1/2, 0...)."""

    family = Family.SOFTMAX
    high = 0.5

    def value(self, Z: Array, Y: Array) -> float:
        top = Z.max(axis=1, keepdims=True)
        margins = Z - top
        return float(np.sum(np.log(np.sum(np.exp(margins), axis=1))) - np.vdot(Y, margins))

    def probabilities(self, Z: Array) -> Array:
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        return np.asarray(E / E.sum(axis=1, keepdims=True))

    def derivative(self, Z: Array, Y: Array) -> Array:
        return self.probabilities(Z) - Y

    def hessian(self, Z: Array) -> Array:
        """Return the second derivatives of each row's loss, diag(p) - p p^T, N x c x c."""
        P = self.probabilities(Z)
        return np.einsum("ia,iab->iab", P, np.eye(Z.shape[1]) - P[:, None, :])

    def row_minima(self, Y: Array, kappa: Array) -> Array:
        """The minimiser is unique, so it is symmetric in the wrong classes, and its entries sum to 0.

        With z = (a, -a/(c-1), ...): log(1 + (c-1) exp(-a c/(c-1))) + kappa/2 a^2 c/(c-1).
        """
        c = Y.shape[1]
        ratio = c / (c - 1)
        return _margin_minima(c - 1.0, ratio, ratio * kappa)

    def check(self, Y: Array) -> None:
        one_hot = np.all((Y == 0) | (Y == 1)) and np.all(Y.sum(axis=1) == 1)
        if Y.shape[1] < 2 or not one_hot:
            raise UsageError.of("Y", f"an array of shape {Y.shape}", "one-hot rows, 2 classes or more",
                                "encode the classes")  # fmt: skip


class Welsch(Loss):
    """(c^2/2) (1 - exp(-u^2/c^2)), u = z - y; curvature (1 - 2s) e^-s at s = u^2/c^2, least at s = 3/2."""

    family = Family.WELSCH
    convex = False
    low = -2 * float(np.exp(-1.5))
    high = 1.0

    def value(self, Z: Array, Y: Array) -> float:
        u = (Z - Y) / self.scale
        return float(np.sum(-np.expm1(-u * u))) * self.scale**2 / 2

    def derivative(self, Z: Array, Y: Array) -> Array:
        R = Z - Y
        return R * np.exp(-((R / self.scale) ** 2))


class GemanMcClure(Loss):
    """(c^2/2) u^2/(c^2 + u^2), u = z - y; curvature (1 - 3s)/(1 + s)^3 at s = u^2/c^2, least at s = 1."""

    family = Family.GEMAN_MCCLURE
    convex = False
    low = -0.25
    high = 1.0

    def value(self, Z: Array, Y: Array) -> float:
        s = ((Z - Y) / self.scale) ** 2
        return float(np.sum(s / (1 + s))) * self.scale**2 / 2

    def derivative(self, Z: Array, Y: Array) -> Array:
        R = Z - Y
        return R / (1 + (R / self.scale) ** 2) ** 2


class Absolute(Loss):
    """|z - y| (l1 regression); the subgradient at a kink is 0."""

    family = Family.ABSOLUTE
    smooth = False
    slope = 1.0

    def value(self, Z: Array, Y: Array) -> float:
        return float(np.sum(np.abs(Z - Y)))

    def derivative(self, Z: Array, Y: Array) -> Array:
        return np.sign(Z - Y)


class Hinge(Loss):
    """max(0, 1 - y z), y = +-1 (support vector machine); the subgradient at the kink is 0."""

    family = Family.HINGE
    smooth = False
    slope = 1.0

    def value(self, Z: Array, Y: Array) -> float:
        return float(np.sum(np.maximum(0.0, 1 - Y * Z)))

    def derivative(self, Z: Array, Y: Array) -> Array:
        return np.where(Y * Z < 1, -Y, 0.0)

    def check(self, Y: Array) -> None:
        _check_signs(Y)


def _check_signs(Y: Array) -> None:
    if not np.all(np.abs(Y) == 1.0):
        bad = float(Y[np.abs(Y) != 1.0][0])
        raise UsageError.of("a label", bad, "-1 or +1", "relabel the classes")


def _sigmoid(z: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(z / 2)))


def _margin_minima(k: float, s: float, kappa: Array) -> Array:
    """Return lower bounds of min_a h, h(a) = log(1 + k exp(-s a)) + kappa/2 a^2 (0 where kappa = 0).

    h' rises from h'(0) < 0 to h'(s/kappa) > 0; the bisected a gives h(a) - h'(a)^2/(2 kappa), since h
    is kappa-strongly convex.
    """
    out = np.zeros(len(kappa))
    positive = kappa > 0
    kappa = kappa[positive]
    low, high = np.zeros(len(kappa)), s / kappa

    def slope(a: Array) -> Array:
        return -s * _sigmoid(np.log(k) - s * a) + kappa * a

    for _ in range(80):  # s/kappa shrinks by 2^-80: round-off for every kappa above 1e-8
        middle = (low + high) / 2
        rising = slope(middle) > 0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    h = np.logaddexp(0.0, np.log(k) - s * low) + kappa / 2 * low**2
    out[positive] = np.maximum(h - slope(low) ** 2 / (2 * kappa), 0.0)
    return out
