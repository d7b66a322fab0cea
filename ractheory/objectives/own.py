"""Objectives from a user's own data: arrays or a CSV file; their constants are computed."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ractheory.errors import UsageError, file_path, integer, readable, real
from ractheory.objectives.arrays import Array, array
from ractheory.objectives.base import Objective
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Logistic, Softmax, Squared
from ractheory.objectives.quadratic import MatrixQuadratic


def least_squares(X: ArrayLike, Y: ArrayLike, ridge: float = 0.0) -> LinearModel:
    """Return (1/2N) |X W - Y|^2 + (ridge/2) |W|^2 of data X (N x m) and Y (N x n, or N numbers).

    >>> f = least_squares([[1.0, 0.0], [0.0, 2.0]], [1.0, 2.0])
    >>> f.constants.L, f.constants.pl, f.constants.fstar
    (2.0, 0.5, 0.0)
    """
    return LinearModel("least-squares", array("X", X, (None, None)), _columns(Y), Squared(), ridge)


def logistic(X: ArrayLike, y: Sequence[object] | Array, ridge: float = 0.01) -> LinearModel:
    """Return (1/N) sum log(1 + exp(-y_i x_i W)) + (ridge/2) |W|^2; y has two values, whichever.

    The larger one of the two counts as +1.

    >>> logistic([[1.0], [2.0], [3.0]], ["no", "no", "yes"]).shapes
    ((1, 1),)
    """
    names = _classes("y", y)
    if len(names) != 2:
        raise UsageError.of("classes of y", len(names), "2 for logistic", "use softmax for more")
    signs = np.where(np.asarray(y) == names[1], 1.0, -1.0)
    X = array("X", X, (len(signs), None))
    return LinearModel("logistic", X, signs[:, None], Logistic(), ridge)


def softmax(X: ArrayLike, y: Sequence[object] | Array, ridge: float = 0.01) -> LinearModel:
    """Return multinomial logistic regression on the classes that occur in y; W has one column a class.

    >>> softmax([[1.0], [2.0], [3.0]], ["a", "b", "c"]).shapes
    ((1, 3),)
    """
    names = _classes("y", y)
    labels = np.searchsorted(names, np.asarray(y))
    X = array("X", X, (len(labels), None))
    return LinearModel("softmax", X, np.eye(len(names))[labels], Softmax(), ridge)


def quadratic(K: ArrayLike, minimiser: ArrayLike, side: str = "left") -> MatrixQuadratic:
    """Return 1/2 tr(D^T K D) ("left") or 1/2 tr(D K D^T) ("right"), D = W - minimiser.

    K is symmetric and positive semidefinite.

    >>> quadratic([[2.0, 0.0], [0.0, 1.0]], np.zeros((2, 3))).constants.L
    2.0
    """
    centre = array("minimiser", minimiser, (None, None))
    if side not in ("left", "right"):
        raise UsageError.of("side", side, "left or right", "choose one")
    order = centre.shape[side == "right"]
    matrix = array("K", K, (order, order))
    values, U = np.linalg.eigh((matrix + matrix.T) / 2)
    # An eigenvalue is found up to about d eps |K|.
    noise = order * float(np.finfo(float).eps) * float(np.abs(values).max())
    if np.abs(matrix - matrix.T).max() > 2 * noise or values[0] < -noise or values[-1] <= 0:
        allowed = "symmetric, positive semidefinite, not zero"
        raise UsageError.of("K", "a matrix that is not", allowed, "mend K")
    spectrum = np.where(values > noise, values, 0.0)[::-1]
    return MatrixQuadratic(
        "quadratic", (centre.shape,), (spectrum,), (side,), centre.ravel(), (U[:, ::-1],)
    )


LOSSES: dict[str, Callable[..., Objective]] = {
    "squared": least_squares,
    "logistic": logistic,
    "softmax": softmax,
}


def from_csv(
    path: str | PathLike[str], loss: str = "squared", target: str | int = -1, ridge: float = 0.01
) -> Objective:
    """Return the objective of the rows of a CSV file: one column is the target, the others are features.

    `target` is the name of a column, where the first line names them, or its number. Every feature that
    varies is standardised, and a column of ones is added; loss is "squared", "logistic" or "softmax".

    Raises UsageError for a file that cannot be read, and for an entry that is no number, with its line.
    """
    if loss not in LOSSES:
        raise UsageError.of("loss", loss, ", ".join(LOSSES), "choose one of these")
    real("ridge", ridge, 0.0)
    names, rows = _table(file_path("CSV file", path))
    place = _column(target, names, len(rows[0]))
    features = [row[:place] + row[place + 1 :] for row in rows]
    X = np.array([[_number(path, cell, k) for cell in row] for k, row in enumerate(features)])
    y: list[object] = [row[place].strip() for row in rows]
    if loss == "squared":
        y = [_number(path, str(cell), k) for k, cell in enumerate(y)]
    return LOSSES[loss](_prepared(X), y, ridge)


def _prepared(X: Array) -> Array:
    """Return the columns that vary, with mean 0 and variance 1, and a last one of ones."""
    spread = X.std(axis=0)
    varies = spread > np.finfo(float).eps * np.abs(X).max(axis=0, initial=0.0)
    X = (X[:, varies] - X[:, varies].mean(axis=0)) / spread[varies]
    return np.hstack([X, np.ones((len(X), 1))])


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns, empty where the first line has numbers, and the rows."""
    readable("CSV file", path, "a text file")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError.of("CSV file", str(path), f"a text file that can be read ({reason})",
                            "correct the path") from None  # fmt: skip
    names = [cell.strip() for cell in rows[0]] if rows and not any(map(_is_number, rows[0])) else []
    rows = rows[bool(names) :]
    if len(rows) < 2 or len(rows[0]) < 2:
        raise UsageError.of("CSV file", str(path), "at least two rows and two columns", "add some")
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            allowed = f"{len(rows[0])} columns, as in the first row"
            raise UsageError.of(f"row {number + 1} of {path}", len(row), allowed, "mend it")
    return names, rows


def _column(target: str | int, names: Sequence[str], width: int) -> int:
    if isinstance(target, str) and not target.lstrip("-").isdecimal():
        if target not in names:
            allowed = ", ".join(names) or "a number: the first line has no names"
            raise UsageError.of("target", target, allowed, "choose a column")
        return list(names).index(target)
    number = int(target) if isinstance(target, str) else target
    return integer("target", number, -width, width - 1) % width


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _number(path: object, text: str, row: int) -> float:
    if not _is_number(text):
        place = f"entry of row {row + 1} of {path}"
        raise UsageError.of(place, text, "a finite number", "mend or drop the row")
    return float(text)


def _columns(Y: ArrayLike) -> Array:
    """Return Y as a matrix; a vector is one column."""
    try:
        one_axis = np.ndim(Y) == 1
    except ValueError:  # rows of different lengths, which `array` refuses
        one_axis = False
    return array("Y", array("Y", Y, (None,))[:, None] if one_axis else Y, (None, None))


def _classes(name: str, y: Sequence[object] | Array) -> Array:
    labels = np.asarray(y)
    if labels.ndim != 1 or len(labels) == 0:
        raise UsageError.of(f"shape of {name}", labels.shape, "one class a row", f"flatten {name}")
    return np.unique(labels)
