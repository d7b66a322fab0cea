"""Linear models with one matrix of parameters: regression, classification, robust and nonsmooth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ractheory.assumptions import MatrixSmooth
from ractheory.errors import UsageError, integer, real
from ractheory.objectives.arrays import NOTHING, Array, array, compiled
from ractheory.objectives.base import Constants, Objective, block_table
from ractheory.objectives.losses import Absolute, Logistic, Loss, Softmax, Squared
from ractheory.objectives.minimise import least_absolute, least_hinge, least_squares, newton
from ractheory.objectives.structure import Family, Problem

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class LinearModel(Objective):
    """f(W) = (1/N) sum_i loss(x_i W, y_i) + ridge/2 |W|^2 + ratio sum W^2/(1 + W^2), W of shape p x c.

    X is N x p, Y is N x c; the blocks are consecutive groups of rows of W, of sizes `row_groups` (one
    block unless given). A component is one row of X with the whole regulariser. `planted` is a W of zero
    loss, if one is known: then f* = 0 is attained (ridge = ratio = 0).

    With K = X^T X/N, the Hessian lies between low lam(K) and high lam(K) of the loss, plus ridge, plus
    ratio [-1/2, 2] (the range of the second derivative of x^2/(1 + x^2)); L and strong follow from it.

    >>> f = LinearModel("line", np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]), Squared())
    >>> round(f.constants.L, 12), f.constants.minimiser
    (2.5, array([1.]))
    """

    name: str
    X: Array
    Y: Array
    loss: Loss
    ridge: float = 0.0
    ratio: float = 0.0
    row_groups: tuple[int, ...] = ()
    planted: Array | None = None
    shapes: tuple[tuple[int, int], ...] = field(init=False)
    constants: Constants = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("X", array("X", self.X, (None, None)))
        N, p = self.X.shape
        put("Y", array("Y", self.Y, (N, None)))
        self.loss.check(self.Y)
        put("ridge", real("ridge", self.ridge, 0.0))
        put("ratio", real("ratio", self.ratio, 0.0))
        put("row_groups", _groups(self.row_groups, p))
        put("shapes", tuple((size, self.Y.shape[1]) for size in self.row_groups))
        if self.planted is not None:
            put("planted", array("planted", np.ravel(self.planted), (self.dim,)))
        put("constants", linear_constants(self))

    # f and its gradient

    def matrix(self, w: Array) -> Array:
        """Return w as the whole p x c matrix."""
        return w.reshape(self.X.shape[1], self.Y.shape[1])

    def _regulariser(self, w: Array) -> float:
        total = self.ridge / 2 * float(w @ w) if self.ridge else 0.0
        if self.ratio:
            total += self.ratio * float(np.sum(w * w / (1 + w * w)))
        return total

    def _regulariser_gradient(self, w: Array) -> Array:
        slope = self.ridge * w
        return slope + self.ratio * (2 * w / (1 + w * w) ** 2) if self.ratio else slope

    def flat_value(self, w: Array) -> float:
        loss = self.loss.value(self.X @ self.matrix(w), self.Y)
        return loss / len(self.X) + self._regulariser(w)

    def flat_gradient(self, w: Array) -> Array:
        slope = self.loss.derivative(self.X @ self.matrix(w), self.Y)
        return (self.X.T @ slope).ravel() / len(self.X) + self._regulariser_gradient(w)

    def flat_gap(self, w: Array) -> float:
        """Least squares and ridge: 1/2 <D, (K + ridge) D>, without cancellation."""
        if not isinstance(self.loss, Squared) or self.ratio:
            return super().flat_gap(w)
        assert self.constants.minimiser is not None
        d = w - self.constants.minimiser
        Z = self.X @ self.matrix(d)
        return float(np.vdot(Z, Z)) / (2 * len(Z)) + self.ridge / 2 * float(d @ d)

    def flat_hessian(self, w: Array) -> Array:
        """Return the Hessian, dim x dim (logistic and multinomial losses)."""
        assert isinstance(self.loss, (Logistic, Softmax))
        (N, p), c = self.X.shape, self.Y.shape[1]
        curvature = self.loss.hessian(self.X @ self.matrix(w)) / N
        H = np.zeros((p, c, p, c))
        for a in range(c):
            for b in range(a + 1):
                H[:, a, :, b] = (self.X * curvature[:, a, b, None]).T @ self.X
                H[:, b, :, a] = H[:, a, :, b]
        s = w * w
        diagonal = self.ridge + self.ratio * (2 - 6 * s) / (1 + s) ** 3
        return H.reshape(self.dim, self.dim) + np.diag(diagonal)

    # the finite sum

    @property
    def components(self) -> int:
        return len(self.X)

    def flat_component_gradient(self, i: int, w: Array) -> Array:
        x = self.X[i : i + 1]
        slope = self.loss.derivative(x @ self.matrix(w), self.Y[i : i + 1])
        return (x.T @ slope).ravel() + self._regulariser_gradient(w)

    def component_lower_bounds(self) -> Array:
        """Minimising over W along x_i leaves min_z loss(z, y_i) + ridge/(2 |x_i|^2) |z|^2.

        The nonconvex regulariser is dropped (it is >= 0); a row of zeros has the loss of z = 0.
        """
        sizes = np.sum(self.X**2, axis=1)
        nonzero = sizes > 0
        out = np.array([self.loss.value(0 * y[None], y[None]) for y in self.Y])
        out[nonzero] = self.loss.row_minima(self.Y[nonzero], self.ridge / sizes[nonzero])
        return out

    def component_L(self) -> float | None:
        if not self.loss.smooth:
            return None
        largest = float(np.max(np.sum(self.X**2, axis=1)))
        return self.loss.high * largest + self.ridge + 2 * self.ratio

    def quadratic_form(self) -> tuple[str, Array] | None:
        if not isinstance(self.loss, Squared) or self.ratio or len(self.shapes) > 1:
            return None
        N, p = self.X.shape
        return "left", self.X.T @ self.X / N + self.ridge * np.eye(p)

    def problem(self) -> Problem:
        scalars = np.array([self.constants.fstar, self.ridge, self.ratio, self.loss.scale])
        X, Y = compiled(self.X), compiled(self.Y)
        return Problem(self.loss.family, block_table(self.shapes), X, Y, NOTHING.copy(), scalars)

    def full_gradient_problem(self) -> Problem:
        """Least squares and ridge of one block: the Gram matrix in place of the data."""
        form, centre = self.quadratic_form(), self.constants.minimiser
        if form is None or centre is None:
            return self.problem()
        scalars = np.array([self.constants.fstar])
        return Problem(
            Family.MATRIX_QUADRATIC, block_table(self.shapes), compiled(form[1].ravel()),
            compiled(centre), NOTHING.copy(), scalars,
        )  # fmt: skip


def group_sizes(sizes: object) -> tuple[int, ...]:
    """Return the sizes of row groups as a tuple of integers >= 1, or raise UsageError."""
    if not isinstance(sizes, (tuple, list)):
        raise UsageError.of("row groups", sizes, "a list of sizes", "give one size a block")
    return tuple(integer("size of a row group", s, 1) for s in sizes)


def _groups(sizes: Sequence[int], p: int) -> tuple[int, ...]:
    groups = group_sizes(sizes) or (p,)
    if sum(groups) != p:
        raise UsageError.of("row_groups", groups, f"sizes that sum to {p}", "mend the sizes")
    return groups


def linear_constants(f: LinearModel) -> Constants:
    """Return the constants of a linear model."""
    k, rank = _spectrum(f.X)
    if not f.loss.smooth:
        return _nonsmooth(f, k)
    lam_min = float(k[-1]) if rank == len(k) else 0.0
    high = f.loss.high * float(k[0]) + f.ridge + 2 * f.ratio
    low = f.loss.low * (lam_min if f.loss.low >= 0 else float(k[0])) + f.ridge - f.ratio / 2
    strong = low if low > 0 else None
    pl = strong
    if isinstance(f.loss, Squared) and f.ridge == f.ratio == 0:
        pl = float(k[rank - 1])
    fstar, exact, minimiser = _infimum(f, strong, rank)
    return Constants(
        fstar=fstar,
        L=max(high, -low),
        pl=pl if exact else None,
        strong=strong,
        convex=f.loss.convex and (f.ratio == 0 or low >= 0),
        fstar_is_exact=exact,
        minimiser=minimiser,
        minimiser_is_unique=strong is not None or (f.planted is not None and rank == len(k)),
        curvature=_curvature(f, k),
    )


def _spectrum(X: Array) -> tuple[Array, int]:
    """Return the eigenvalues of X^T X/N, descending, and the numerical rank of X."""
    N, p = X.shape
    s = np.zeros(p)
    found = np.linalg.svd(X, compute_uv=False)
    s[: len(found)] = found
    rank = int(np.sum(s > max(N, p) * EPS * s[0]))
    if rank == 0:
        raise UsageError.of("X", "zeros only", "a matrix that is not zero", "give some data")
    return np.asarray(s**2 / N), rank


def _curvature(f: LinearModel, k: Array) -> MatrixSmooth | None:
    """high K + (ridge + 2 ratio) I acts on the left of the single block."""
    if len(f.shapes) > 1:
        return None
    shift = f.ridge + 2 * f.ratio
    diagonal = f.loss.high * np.mean(f.X**2, axis=0) + shift
    return MatrixSmooth(
        tuple(float(x) for x in f.loss.high * k + shift), tuple(float(x) for x in diagonal)
    )


def _infimum(f: LinearModel, strong: float | None, rank: int) -> tuple[float, bool, Array | None]:
    """Return f*, whether it is exact, and a minimiser if one is known."""
    if f.planted is not None and f.ridge == f.ratio == 0:
        return 0.0, True, f.planted
    if isinstance(f.loss, Squared):
        W = least_squares(f.X, f.Y, f.ridge)
        interpolates = f.ridge == 0 and rank == len(f.X)
        loss = f.loss.value(f.X @ W, f.Y) / len(f.X)
        value = 0.0 if interpolates else loss + f.ridge / 2 * float(np.vdot(W, W))
        # The nonconvex regulariser is >= 0: without it the minimum is a lower bound.
        return (value, True, W.ravel()) if f.ratio == 0 else (value, False, None)
    if strong is None or not isinstance(f.loss, (Logistic, Softmax)):
        return 0.0, False, None
    w = newton(f.flat_gradient, f.flat_hessian, np.zeros(f.dim))
    g, value = f.flat_gradient(w), f.flat_value(w)
    # f* >= f(w) - |grad f(w)|^2/(2 strong): exact where that is f(w) to round-off.
    slack = float(g @ g) / (2 * strong)
    return (value, True, w) if slack <= EPS * value else (value - slack, False, None)


def _nonsmooth(f: LinearModel, k: Array) -> Constants:
    """G_0: |X^T S|/N with |S| <= 1 entrywise is at most sqrt(c lam_max(K)) and sqrt(c) mean |x_i|."""
    plain = f.ridge == f.ratio == 0
    minimiser, fstar = None, 0.0
    if plain:
        solve = least_absolute if isinstance(f.loss, Absolute) else least_hinge
        W = np.column_stack([solve(f.X, y) for y in f.Y.T])
        minimiser, fstar = W.ravel(), f.loss.value(f.X @ W, f.Y) / len(f.X)
    c = f.Y.shape[1]
    mean_norm = float(np.mean(np.linalg.norm(f.X, axis=1)))
    return Constants(
        fstar=fstar,
        strong=f.ridge - f.ratio / 2 if f.ridge > f.ratio / 2 else None,
        convex=f.ridge >= f.ratio / 2,
        fstar_is_exact=plain,
        minimiser=minimiser,
        lipschitz=float(np.sqrt(c)) * min(float(np.sqrt(k[0])), mean_norm) if plain else None,
    )
