"""Least squares on files too large for memory: read twice, a block of rows at a time.

(1/2N) |X W - Y|^2 + (ridge/2) |W|^2 = f* + 1/2 <D, K D> depends on the data through K = X^T X/N + ridge I and
X^T Y/N alone. The first pass accumulates them; the second takes f* and, at one more point, value and gradient
from the rows themselves, which what was accumulated has to give again up to a derived round-off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike

import numpy as np

from ractheory.errors import UsageError, file_path, integer, readable, real
from ractheory.objectives.arrays import Array, stream
from ractheory.objectives.own import quadratic
from ractheory.objectives.quadratic import MatrixQuadratic

Files = str | PathLike[str]

ROWS = 8192
"""Rows that are held in memory at once, unless the caller says otherwise."""

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Rows:
    """Data X (N x m) and Y (N x n), memory-mapped, that come `size` rows at a time."""

    X: Array
    Y: Array
    size: int = ROWS

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        for first in range(0, self.count, self.size):
            part = slice(first, first + self.size)
            yield np.array(self.X[part], np.float64), np.array(self.Y[part], np.float64)

    @property
    def count(self) -> int:
        return len(self.X)

    @property
    def operations(self) -> int:
        """Rounded additions behind an entry of a sum over all rows: in a block, then over the blocks."""
        return self.size + -(-self.count // self.size) + self.X.shape[1]


def least_squares_files(
    X: Files, Y: Files, ridge: float = 0.0, rows: int = ROWS
) -> MatrixQuadratic:
    """Return (1/2N) |X W - Y|^2 + (ridge/2) |W|^2 of two .npy files, X (N x m) and Y (N x n, or N numbers).

    No more than `rows` rows are in memory at once, besides two matrices of order m. The objective has one
    component: methods that sample rows need them in memory, where `least_squares` is the one to use.
    An eigenvalue of K below the round-off of its accumulation counts as zero, so that small ones of an
    ill-conditioned X are lost; a ridge keeps them.

    Raises UsageError for files that are no matrices of real numbers with equally many rows, and for data
    that change while they are read.
    """
    data = Rows(_matrix("X", X), _matrix("Y", Y), integer("rows", rows, 1))
    if len(data.Y) != data.count:
        raise UsageError.of("rows of Y", len(data.Y), f"{data.count}, as in X", "mend the files")
    real("ridge", ridge, 0.0)
    K, C = accumulated(data)
    solved = quadratic(K + ridge * np.eye(len(K)), np.zeros(C.shape))
    k, U = solved.spectra[0], solved.bases[0]
    assert U is not None
    floor = data.operations * EPS * float(k[0])
    k = np.where(k > floor, k, 0.0)
    inverse = np.divide(1.0, k, out=np.zeros_like(k), where=k > 0)
    W = U @ (inverse[:, None] * (U.T @ C))
    probe = W + np.linalg.norm(W) / np.sqrt(W.size) * stream("probe", 0).standard_normal(W.shape)
    (fstar, _), (value, gradient) = direct(data, ridge, W, probe)
    f = MatrixQuadratic("least-squares-files", (W.shape,), (k,), ("left",), W.ravel(), (U,), fstar)
    _compare(f, probe, value, gradient, data)
    return f


def accumulated(data: Rows) -> tuple[Array, Array]:
    """Return X^T X/N and X^T Y/N.

    >>> accumulated(Rows(np.ones((3, 1)), np.arange(3.0)[:, None], size=2))
    (array([[1.]]), array([[1.]]))
    """
    m, n = data.X.shape[1], data.Y.shape[1]
    K, C = np.zeros((m, m)), np.zeros((m, n))
    for x, y in data:
        K += x.T @ x
        C += x.T @ y
    if not (np.all(np.isfinite(K)) and np.all(np.isfinite(C))):
        raise UsageError.of("an entry of X or Y", "not finite, or too large to square",
                            "finite numbers", "clean the data")  # fmt: skip
    return K / data.count, C / data.count


def direct(data: Rows, ridge: float, *points: Array) -> list[tuple[float, Array]]:
    """Return f and its gradient at each of `points`, from the rows, in one pass over them."""
    values, gradients = np.zeros(len(points)), [np.zeros(W.shape) for W in points]
    for x, y in data:
        for i, W in enumerate(points):
            residual = x @ W - y
            values[i] += np.vdot(residual, residual)
            gradients[i] += x.T @ residual
    return [
        (
            float(value / (2 * data.count) + ridge / 2 * np.vdot(W, W)),
            gradient / data.count + ridge * W,
        )
        for value, gradient, W in zip(values, gradients, points, strict=True)
    ]


def _compare(f: MatrixQuadratic, W: Array, value: float, gradient: Array, data: Rows) -> None:
    """Hold the accumulated form against the rows themselves, both at the point W.

    Either gradient is a sum whose terms add up to at most |K| |W - W*| + |K| |W*| + |X^T Y|/N, K here the
    matrix of |entries|, each term with `operations` roundings; the value is that times |W| at most, and f*.
    """
    K, D, centre = np.abs(f.K[0]), W - f.centre.reshape(W.shape), f.centre.reshape(W.shape)
    size = np.linalg.norm(K) * (np.linalg.norm(D) + 2 * np.linalg.norm(centre))
    unit = 8 * len(K) * data.operations * EPS
    slope = np.linalg.norm(f.flat_gradient(W.ravel()).reshape(W.shape) - gradient)
    height = abs(f.flat_value(W.ravel()) - value)
    reach = np.linalg.norm(D) + np.linalg.norm(centre)
    if slope > unit * size or height > unit * (size * reach + abs(f.constants.fstar)):
        raise UsageError.of(
            "data of X and Y", f"off by {slope:.3g} from their Gram matrix",
            f"at most {unit * size:.3g}, its round-off", "leave the files alone while they are read",
        )  # fmt: skip


LARGEST = 2**50
"""Bytes of a file that is read in blocks, at most."""


def _matrix(name: str, given: Files) -> Array:
    """Return the matrix of a .npy file, mapped and not read; nothing in it is ever executed."""
    allowed = "a .npy matrix of real numbers"
    path = readable(f"file of {name}", file_path(f"file of {name}", given), allowed, LARGEST)
    try:
        found: Array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise UsageError.of(
            f"file of {name}", str(path), f"{allowed} ({error})", "save it anew"
        ) from None
    found = found[:, None] if found.ndim == 1 else found
    if found.ndim != 2 or found.dtype.kind not in "fiu" or 0 in found.shape:
        given = f"{path}, {found.dtype} of shape {found.shape}"
        raise UsageError.of(f"file of {name}", given, allowed, "save a matrix")
    return found
