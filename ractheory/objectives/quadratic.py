"""Quadratics with a weight per entry, or with a curvature matrix on one side of each block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ractheory.assumptions import MatrixSmooth
from ractheory.errors import UsageError, integer, real
from ractheory.objectives import datasets
from ractheory.objectives.arrays import NOTHING, Array, array, block_shapes, compiled, haar, stream
from ractheory.objectives.base import Constants, Objective, block_table
from ractheory.objectives.spectra import spectrum as named_spectrum
from ractheory.objectives.structure import Family, Problem

SIDES = ("left", "right")


def quadratic_constants(
    eigenvalues: Array, fstar: float, minimiser: Array, curvature: MatrixSmooth | None = None
) -> Constants:
    """Return the constants of fstar + 1/2 <D, K D>, K with these eigenvalues (zeros allowed).

    With s the smallest positive eigenvalue, |K D|^2 >= s <D, K D>: PL(s), with equality on its
    eigenvector; strongly convex only if no eigenvalue vanishes.
    """
    smallest = float(eigenvalues.min())
    return Constants(
        fstar=fstar,
        L=float(eigenvalues.max()),
        pl=float(eigenvalues[eigenvalues > 0].min()),
        strong=smallest if smallest > 0 else None,
        convex=True,
        minimiser=minimiser,
        minimiser_is_unique=smallest > 0,
        curvature=curvature,
    )


@dataclass(frozen=True, eq=False)
class EntryQuadratic(Objective):
    """f(W) = fstar + 1/2 sum_k w_k (W_k - W*_k)^2 over the entries of all blocks.

    `weights` and `centre` are flat, of size dim; weights >= 0, not all zero.

    >>> f = counterexample()
    >>> f.constants.L, f.constants.pl, f.constants.fstar
    (20.0, 2.0, -2.025)
    """

    name: str
    shapes: tuple[tuple[int, int], ...]
    weights: Array
    centre: Array
    fstar: float = 0.0
    constants: Constants = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", block_shapes(self.shapes))
        weights = array("weights", self.weights, (self.dim,))
        if weights.min() < 0 or weights.max() == 0:
            raise UsageError.of(
                "weights", weights, "numbers >= 0, not all zero", "mend the weights"
            )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "centre", array("centre", self.centre, (self.dim,)))
        nearest = np.where(weights > 0, self.centre, 0.0)
        fstar = real("fstar", self.fstar)
        object.__setattr__(self, "constants", quadratic_constants(weights, fstar, nearest))

    def flat_gap(self, w: Array) -> float:
        d = w - self.centre
        return float(0.5 * (self.weights @ (d * d)))

    def flat_value(self, w: Array) -> float:
        return self.fstar + self.flat_gap(w)

    def flat_gradient(self, w: Array) -> Array:
        return self.weights * (w - self.centre)

    def quadratic_form(self) -> tuple[str, Array] | None:
        return ("entry", self.weights.reshape(self.shapes[0])) if len(self.shapes) == 1 else None

    def problem(self) -> Problem:
        X, Y = compiled(self.weights), compiled(self.centre)
        scalars = np.array([self.fstar])
        return Problem(
            Family.ENTRY_QUADRATIC, block_table(self.shapes), X, Y, NOTHING.copy(), scalars
        )


@dataclass(frozen=True, eq=False)
class MatrixQuadratic(Objective):
    """f(W) = fstar + 1/2 sum_b <D_b, K_b D_b> (side "left") or <D_b, D_b K_b> ("right"), D = W - W*.

    K_b = U_b diag(k_b) U_b^T; `spectra` holds the k_b >= 0 in descending order, `bases` the orthogonal
    U_b, or None for the coordinate basis. K may be singular. `centre` is W*, flat.

    >>> f = spectrum_left(m=2, n=3, spectrum=[2.0, 0.0])
    >>> f.constants.pl, f.constants.strong, f.constants.curvature.eigenvalues
    (2.0, None, (2.0, 0.0))
    """

    name: str
    shapes: tuple[tuple[int, int], ...]
    spectra: tuple[Array, ...]
    sides: tuple[str, ...]
    centre: Array
    bases: tuple[Array | None, ...] = ()
    fstar: float = 0.0
    constants: Constants = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("shapes", block_shapes(self.shapes))
        put("sides", tuple(self.sides))
        put("bases", tuple(self.bases) or (None,) * len(self.shapes))
        if not len(self.shapes) == len(self.spectra) == len(self.sides) == len(self.bases):
            raise UsageError.of("spectra", len(self.spectra), "one a block, as sides and bases",
                                "give as many as there are blocks")  # fmt: skip
        for side in self.sides:
            if side not in SIDES:
                raise UsageError.of("side", side, "left or right", "name one of them")
        orders = [
            shape[side == "right"] for shape, side in zip(self.shapes, self.sides, strict=True)
        ]
        put("spectra", tuple(
            array("spectrum", named_spectrum(k, d), (d,))
            for k, d in zip(self.spectra, orders, strict=True)
        ))  # fmt: skip
        put("bases", tuple(_basis(U, d) for U, d in zip(self.bases, orders, strict=True)))
        put("centre", array("centre", self.centre, (self.dim,)))
        nearest = np.concatenate([c.ravel() for c in self._nearest()])
        fstar = real("fstar", self.fstar)
        values = np.concatenate(self.spectra)
        put("constants", quadratic_constants(values, fstar, nearest, self._curvature()))

    @property
    def K(self) -> tuple[Array, ...]:
        """The curvature matrices of the blocks."""
        return tuple(
            np.diag(k) if U is None else (U * k) @ U.T
            for k, U in zip(self.spectra, self.bases, strict=True)
        )

    def _nearest(self) -> list[Array]:
        """Return the minimiser nearest to zero: W* projected on the range of each K."""
        pairs = zip(self._coordinates(self.centre), self.spectra, strict=True)
        return [self._back(b, E * (k > 0)[:, None]) for b, (E, k) in enumerate(pairs)]

    def _curvature(self) -> MatrixSmooth | None:
        if len(self.shapes) > 1:
            return None
        k = tuple(float(x) for x in self.spectra[0])
        return MatrixSmooth(k, tuple(float(x) for x in np.diag(self.K[0])), self.sides[0])

    def _coordinates(self, d: Array) -> list[Array]:
        """Return each block of d in the eigenbasis of its K, which then acts on its rows."""
        out = []
        for D, side, U in zip(self.split(d), self.sides, self.bases, strict=True):
            E = D if side == "left" else D.T
            out.append(E if U is None else U.T @ E)
        return out

    def _back(self, b: int, E: Array) -> Array:
        U = self.bases[b]
        D = E if U is None else U @ E
        return D if self.sides[b] == "left" else D.T

    def flat_gap(self, w: Array) -> float:
        blocks = zip(self._coordinates(w - self.centre), self.spectra, strict=True)
        return float(sum(0.5 * (k @ np.sum(E * E, axis=1)) for E, k in blocks))

    def flat_value(self, w: Array) -> float:
        return self.fstar + self.flat_gap(w)

    def flat_gradient(self, w: Array) -> Array:
        blocks = zip(self._coordinates(w - self.centre), self.spectra, strict=True)
        return np.concatenate(
            [self._back(b, k[:, None] * E).ravel() for b, (E, k) in enumerate(blocks)]
        )

    def quadratic_form(self) -> tuple[str, Array] | None:
        return (self.sides[0], self.K[0]) if len(self.shapes) == 1 else None

    def problem(self) -> Problem:
        X = compiled(np.concatenate([K.ravel() for K in self.K]))
        table = block_table(self.shapes, [SIDES.index(side) for side in self.sides])
        scalars = np.array([self.fstar])
        return Problem(
            Family.MATRIX_QUADRATIC, table, X, compiled(self.centre), NOTHING.copy(), scalars
        )

    def full_gradient_problem(self) -> Problem:
        """With every K diagonal: a weight an entry in place of products with K."""
        if any(U is not None for U in self.bases):
            return self.problem()
        weights = [
            np.broadcast_to(k[:, None] if side == "left" else k, shape).ravel()
            for k, side, shape in zip(self.spectra, self.sides, self.shapes, strict=True)
        ]
        return Problem(
            Family.ENTRY_QUADRATIC, block_table(self.shapes), compiled(np.concatenate(weights)),
            compiled(self.centre), NOTHING.copy(), np.array([self.fstar]),
        )  # fmt: skip


def _basis(U: Array | None, d: int) -> Array | None:
    if U is None:
        return None
    U = array("basis", U, (d, d))
    # A product of order d of a matrix that is orthogonal to round-off is off by at most about d eps d.
    if np.linalg.norm(U.T @ U - np.eye(d)) > 10 * d**2 * np.finfo(float).eps:
        raise UsageError.of("basis", "a matrix", "orthogonal matrices", "orthogonalise its columns")
    return U


def counterexample(m: int = 3, n: int = 3) -> EntryQuadratic:
    """Return f(x) = x^T M x + b^T x, M = Diag(10, 1, ..., 1), b = 1, x = vec(W) (RAC-LoRA, section 3)."""
    m, n = integer("m", m, 1), integer("n", n, 1)
    M = np.ones(m * n)
    M[0] = 10.0
    fstar = -float(np.sum(1 / M)) / 4
    return EntryQuadratic("counterexample", ((m, n),), 2 * M, -1 / (2 * M), fstar)


def isotropic(m: int = 5, n: int = 4, L: float = 1.0, seed: int = 0) -> EntryQuadratic:
    """Return (L/2) |W - W*|^2, W* standard normal: kappa = 1."""
    m, n, L = integer("m", m, 1), integer("n", n, 1), real("L", L, 0.0, open_low=True)
    centre = stream("centre", seed).standard_normal(m * n)
    return EntryQuadratic("isotropic", ((m, n),), np.full(m * n, L), centre)


def mean_image(digit: int = 3, row: int | None = None) -> EntryQuadratic:
    """Return (1/2N) sum_i |W - X_i|^2 over the N images X_i of one digit, 8 x 8: kappa = 1 on data.

    It is f* + 1/2 |W - mean X|^2, f* half the mean squared distance of the images from their mean. With
    `row`, the images are that row alone, 1 x 8.
    """
    X = datasets.images(digit)
    if row is not None:
        X = X[:, [integer("row", row, 0, 7)]]
    mean = X.mean(axis=0)
    fstar = float(np.sum((X - mean) ** 2)) / (2 * len(X))
    return EntryQuadratic("mean-image", (mean.shape,), np.ones(mean.size), mean.ravel(), fstar)


def entry_weights(
    m: int = 4,
    n: int = 5,
    spectrum: str | Sequence[float] = "geometric",
    L: float = 1.0,
    condition: float = 10.0,
    decay: float = 2.0,
    seed: int = 0,
) -> EntryQuadratic:
    """Return a quadratic with one weight an entry, the spectrum scattered over them."""
    m, n = integer("m", m, 1), integer("n", n, 1)
    weights = named_spectrum(spectrum, m * n, L, condition, decay)
    weights = stream("scatter", seed).permutation(weights)
    centre = stream("centre", seed).standard_normal(m * n)
    return EntryQuadratic("entry-weights", ((m, n),), weights, centre)


def _one_sided(
    name: str, m: int, n: int, k: Array, side: str, rotate: bool, seed: int
) -> MatrixQuadratic:
    if not isinstance(rotate, bool):
        raise UsageError.of("rotate", rotate, "true or false", "choose one")
    basis = haar(len(k), stream("rotation", seed)) if rotate else None
    centre = stream("centre", seed).standard_normal(m * n)
    return MatrixQuadratic(name, ((m, n),), (k,), (side,), centre, (basis,))


def spectrum_left(
    m: int = 6,
    n: int = 4,
    spectrum: str | Sequence[float] = "linear",
    L: float = 1.0,
    condition: float = 10.0,
    decay: float = 2.0,
    rotate: bool = False,
    seed: int = 0,
) -> MatrixQuadratic:
    """Return 1/2 tr(D^T K D), K of order m with the given spectrum, Haar-rotated if asked."""
    m, n = integer("m", m, 1), integer("n", n, 1)
    k = named_spectrum(spectrum, m, L, condition, decay)
    return _one_sided("spectrum-left", m, n, k, "left", rotate, seed)


def spectrum_right(
    m: int = 4,
    n: int = 6,
    spectrum: str | Sequence[float] = "linear",
    L: float = 1.0,
    condition: float = 10.0,
    decay: float = 2.0,
    rotate: bool = False,
    seed: int = 0,
) -> MatrixQuadratic:
    """Return 1/2 tr(D K D^T), K of order n with the given spectrum, Haar-rotated if asked."""
    m, n = integer("m", m, 1), integer("n", n, 1)
    k = named_spectrum(spectrum, n, L, condition, decay)
    return _one_sided("spectrum-right", m, n, k, "right", rotate, seed)


def quadratic_blocks(
    shapes: Sequence[tuple[int, int]] = ((4, 3), (2, 5), (1, 3)),
    spectrum: str | Sequence[float] = "geometric",
    L: float = 1.0,
    condition: float = 10.0,
    decay: float = 2.0,
    seed: int = 0,
) -> MatrixQuadratic:
    """Return a sum of quadratics, one a block, in rotated bases, the sides left and right in turn."""
    shapes = block_shapes(shapes)
    sides = tuple(SIDES[b % 2] for b in range(len(shapes)))
    orders = [shape[side == "right"] for shape, side in zip(shapes, sides, strict=True)]
    rng = stream("rotation", seed)
    bases = tuple(haar(d, rng) for d in orders)
    spectra = tuple(named_spectrum(spectrum, d, L, condition, decay) for d in orders)
    centre = stream("centre", seed).standard_normal(sum(m * n for m, n in shapes))
    return MatrixQuadratic("quadratic-blocks", shapes, spectra, sides, centre, bases)
