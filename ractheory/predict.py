"""What `ractheory predict` answers: what the theory says of one layer at one rank.

The layer is a matrix W of shape (rows, columns) with a curvature K on the sketched side (the rows for
a left sketch). K is known by its spectrum, by a power law k_i = i^-P, or by its effective dimension
tr K / L alone. All rates are those of the theorems and of the exact recursion; the only formulas here
count parameters and floating-point operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isfinite, log, log1p
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.advice import advice
from ractheory.errors import UsageError, integer, real
from ractheory.exact.files import read_numbers
from ractheory.exact.moments import IDENTITY, Moments, haar
from ractheory.exact.parse import eigenvalues, exact_number, exact_numbers, nonnegative
from ractheory.exact.stability import Stability
from ractheory.theorems import Facts, evaluate, theorem
from ractheory.theorems import symbols as sym

Vector = NDArray[np.float64]

ACCURACY = 1e-3
"""Part of f(W_0) - f* that is left, unless the user says otherwise."""

MAX_DIMENSION = 1_000_000
"""Sides of a layer; a prediction takes seconds at this size."""

STEEPEST_DECAY = 1e4
"""At this power 2^-P is zero in double precision: the spectrum is one eigenvalue."""


@dataclass(frozen=True)
class Layer:
    """A layer, its rank, and what is known of its curvature.

    Attributes
    ----------
    rows, columns, rank, side : the shape of W, the rank of a link, and the side of the sketch
    L, trace : largest eigenvalue and trace of K
    spectrum : all eigenvalues of K, or None when only the trace is known
    """

    rows: int
    columns: int
    rank: int
    side: str
    L: float
    trace: float
    spectrum: Vector | None

    @property
    def dimension(self) -> int:
        """The dimension that the sketch acts on."""
        return self.rows if self.side == "left" else self.columns

    @property
    def moments(self) -> Moments:
        return haar(self.dimension, self.rank)

    @property
    def L_eff(self) -> float:
        return float(self.moments.convert(float).effective_smoothness(self.L, self.trace))


def predict_report(
    rows: int,
    columns: int,
    rank: int,
    spectrum: str | Path | Sequence[Any] | None = None,
    decay: Any = None,
    effective_dimension: Any = None,
    side: str = "left",
    shift: str | Path | Sequence[Any] | None = None,
    accuracy: Any = ACCURACY,
) -> dict[str, Any]:
    """Return the prediction for one layer as plain JSON values.

    `spectrum` and `shift` are files (text, .csv or .npy) or sequences of numbers. Exactly one of
    `spectrum`, `decay` and `effective_dimension` describes K; with the last one L = 1 is understood.
    Numbers that need what is not known are None. The answer has the keys

    - lam_min, L_eff, effective_dimension
    - slowdown: contraction 1 - q of a full-parameter step over that of a link. `paper` 1/lam_min (both
      at 1/L), `effective` (the link at 1/L_eff), `exact` (spectral radii of the quadratic, each at its
      best step). For slow rates this is the ratio of step counts.
    - step_sizes: paper 1/L, effective 1/L_eff, best; step_limits: where each guarantee ends
    - iterations: steps until f - f* <= accuracy (f_0 - f*): by the theorems (fpft, paper, effective) and
      by the spectral radii at the best steps (exact, exact-fpft)
    - trained_parameters, flops: per step and sample of a generalised linear model, and to the accuracy
    - floors: what LoRA and AsymLoRA reach at best, from the singular values of K^{1/2}(W* - W_0)
    - advice: what follows, in sentences
    - illustration: with `effective_dimension`, a power law of that dimension and its exact numbers
    - notes: what was assumed

    Raises UsageError for unusable input.

    >>> answer = predict_report(8, 4, 2, spectrum=[1.0] * 8)
    >>> answer["lam_min"], answer["slowdown"]["paper"], answer["trained_parameters"]["lora"]
    (0.25, 4.0, 24)
    """
    layer = _layer(rows, columns, rank, side, spectrum, decay, effective_dimension)
    eps = real("accuracy", accuracy, 0.0, 1.0, open_low=True, open_high=True)
    sigma = None if shift is None else _shift(layer, shift)
    exact = _exact(layer, eps)
    iterations = {**_guaranteed(layer, eps), **exact["iterations"]}
    answer = {
        "lam_min": rank / layer.dimension,
        "L": layer.L,
        "L_eff": layer.L_eff,
        "effective_dimension": layer.trace / layer.L,
        "slowdown": {
            "paper": layer.dimension / rank,
            "effective": layer.L_eff / layer.L * layer.dimension / rank,
            "exact": exact["slowdown"],
        },
        "step_sizes": {"paper": 1 / layer.L, "effective": 1 / layer.L_eff, "best": exact["step"]},
        "step_limits": {
            "paper": 2 / layer.L,
            "effective": 2 / layer.L_eff,
            "exact": exact["limit"],
        },
        "accuracy": eps,
        "iterations": iterations,
        "trained_parameters": _parameters(layer),
        "flops": _flops(layer, iterations),
        "floors": _floors(layer, sigma),
        "illustration": None,
        "notes": _notes(layer, decay, sigma),
    }
    if layer.spectrum is None:
        answer["illustration"] = _illustration(layer, eps)
    return {"advice": advice(answer, rank), **answer}


# Input.


def _layer(
    rows: int, columns: int, rank: int, side: str, spectrum: Any, decay: Any, effective: Any
) -> Layer:
    m = integer("rows", rows, 1, MAX_DIMENSION)
    n = integer("columns", columns, 1, MAX_DIMENSION)
    if side not in ("left", "right"):
        raise UsageError.of("side", side, "left or right", "choose one of these")
    d = m if side == "left" else n
    r = integer("rank", rank, 1, d, f"the sketched dimension is {d}")
    given = [v for v in (spectrum, decay, effective) if v is not None]
    if len(given) != 1:
        raise UsageError.of(
            "descriptions of the curvature", len(given), "exactly one",
            "give one of spectrum, decay, and effective dimension",
        )  # fmt: skip
    if effective is not None:
        trace = float(exact_number("effective dimension", effective))
        real("effective dimension", trace, 1.0, float(d), mend="it is tr K / L of a d x d matrix")
        return Layer(m, n, r, side, 1.0, trace, None)
    k = _power_law(decay, d) if spectrum is None else _spectrum(spectrum, d, side)
    return Layer(m, n, r, side, float(k.max()), float(k.sum()), k)


def _power_law(decay: Any, dimension: int) -> Vector:
    power = real("decay", decay, 0.0, STEEPEST_DECAY)
    return decaying(dimension, power)


def decaying(dimension: int, power: float) -> Vector:
    """Return i^-power for i = 1, ..., dimension; underflow is 0.

    >>> decaying(3, 1.0).tolist()
    [1.0, 0.5, 0.3333333333333333]
    """
    with np.errstate(under="ignore"):
        return np.exp(-power * np.log(np.arange(1.0, dimension + 1)))


def _numbers(name: str, given: Any) -> list[Fraction]:
    if isinstance(given, (str, Path)):
        return exact_numbers(name, read_numbers(name, Path(given)))
    return exact_numbers(name, given)


def _spectrum(given: Any, dimension: int, side: str) -> Vector:
    k = eigenvalues("spectrum", _numbers("spectrum", given))
    if len(k) != dimension:
        raise UsageError.of(
            "number of eigenvalues", len(k), str(dimension),
            f"a {side} sketch needs those of the {'row' if side == 'left' else 'column'} curvature, "
            "zeros included",
        )  # fmt: skip
    return np.array([float(v) for v in k])


def _shift(layer: Layer, given: Any) -> Vector:
    sigma = nonnegative("shift", _numbers("shift", given))
    most = min(layer.rows, layer.columns)
    if len(sigma) > most:
        raise UsageError.of(
            "number of singular values in shift", len(sigma), f"at most {most}",
            "a matrix of this shape has no more",
        )  # fmt: skip
    full = np.zeros(most)
    full[: len(sigma)] = sorted((float(v) for v in sigma), reverse=True)
    return full


# Answers.


def _steps_to(accuracy: float, contraction: float) -> int | None:
    """Return the least T with (1 - contraction)^T <= accuracy; None when it never falls, or beyond doubles."""
    if not contraction > 0:
        return None
    if contraction >= 1:
        return 1
    steps = log(accuracy) / log1p(-contraction)
    return max(1, ceil(steps)) if isfinite(steps) else None


def _guaranteed(layer: Layer, eps: float) -> dict[str, int | None]:
    """Return the step counts of `gd-pl`, at 1/L for the paper and at 1/L_eff by `effective-dimension`."""
    if layer.spectrum is None:
        return {"fpft": None, "paper": None, "effective": None}
    mu = float(layer.spectrum[layer.spectrum > 0].min())
    rho = layer.rank / layer.dimension
    settings = {
        "fpft": (1.0, layer.L), "paper": (rho, layer.L), "effective": (rho, layer.L_eff),
    }  # fmt: skip
    # 1 - q, expanded as a formula: q itself may round to 1.
    right = theorem("gd-pl").statement("paper").right.xreplace({sym.gap(0): 1, sym.T: 1})
    return {
        name: _steps_to(
            eps,
            evaluate(sp.expand(1 - right), Facts({"gamma": 1 / L, "mu": mu, "lam_min": lam_min})),
        )
        for name, (lam_min, L) in settings.items()
    }


def _exact(layer: Layer, eps: float) -> dict[str, Any]:
    """Return step, limit, slow-down and step counts of the quadratic model, or Nones."""
    if layer.spectrum is None:
        return {
            "step": None, "limit": None, "slowdown": None,
            "iterations": {"exact": None, "exact-fpft": None},
        }  # fmt: skip
    low = Stability.of(layer.spectrum, layer.moments)
    full = Stability.of(layer.spectrum, IDENTITY)
    step = low.best_step()
    ours, theirs = low.contraction(step), full.contraction(full.best_step())
    return {
        "step": step, "limit": low.step_limit(), "slowdown": theirs / ours if ours > 0 else None,
        "iterations": {"exact": _steps_to(eps, ours), "exact-fpft": _steps_to(eps, theirs)},
    }  # fmt: skip


def _parameters(layer: Layer) -> dict[str, int]:
    m, n, r = layer.rows, layer.columns, layer.rank
    return {"fpft": m * n, "lora": r * (m + n), "rac-lora-left": r * n, "rac-lora-right": m * r}


def full_operations(rows: int, columns: int) -> int:
    """Return the operations of one full gradient step per sample, for a generalised linear model x -> x W.

    Predictions and gradient, 2 m n each.

    >>> full_operations(4, 3)
    48
    """
    return 4 * rows * columns


def link_operations(
    rows: int, columns: int, rank: int, side: str = "left", coordinates: bool = False
) -> int:
    """Return the operations of one link per sample, the predictions X W kept up to date.

    Left: X B (2 m r), the sketched gradient and the update of the predictions (2 r n each). Right: the
    residuals times A^T (2 n r), the gradient (2 m r), and for the predictions X B and its product with A
    (2 m r + 2 r n). With coordinates the products with the drawn factor are choices of columns.

    >>> link_operations(4, 3, 1), full_operations(4, 3)  # 1/4 + 1/(2 * 3)
    (20, 48)
    """
    m, n, r = rows, columns, rank
    if side == "left":
        return 4 * r * n + (0 if coordinates else 2 * m * r)
    return 4 * r * m + (0 if coordinates else 4 * r * n)


def _flops(layer: Layer, iterations: dict[str, int | None]) -> dict[str, Any]:
    """Return operations per sample of one step, and of all steps to the accuracy."""
    full = full_operations(layer.rows, layer.columns)
    link = link_operations(layer.rows, layer.columns, layer.rank, layer.side)

    def total(each: int, name: str) -> int | None:
        count = iterations[name]
        return None if count is None else each * count

    return {
        "per_step": {"fpft": full, "rac-lora": link},
        "to_accuracy": {
            "fpft": total(full, "fpft"), "paper": total(link, "paper"),
            "effective": total(link, "effective"), "exact": total(link, "exact"),
            "exact-fpft": total(full, "exact-fpft"),
        },
    }  # fmt: skip


def _floors(layer: Layer, sigma: Vector | None) -> dict[str, float | None]:
    """Return the floors of `rank-floor` and, in expectation over a Haar factor, `subspace-floor`."""
    if sigma is None:
        return {"lora": None, "asymlora": None}
    most, start = len(sigma), float(sigma @ sigma) / 2
    below = Facts({"r": min(layer.rank, most), "p_sigma": most, "sigma": sigma})
    frozen = theorem("subspace-floor").statement("expected").right
    rho = Facts({"rho": layer.rank / layer.dimension})
    return {
        "lora": float(evaluate(theorem("rank-floor").statement("floor").right, below)),
        "asymlora": float(evaluate(frozen, rho, {sym.gap(0): start})),
    }


def _decay_of(trace: float, dimension: int) -> float:
    """Return P with sum_i i^-P = trace, by bisection; the ends 1 and d have P = infinity and 0."""
    low, high = 0.0, STEEPEST_DECAY
    if trace >= dimension:
        return low
    while low < (middle := (low + high) / 2) < high and trace > 1:
        if decaying(dimension, middle).sum() > trace:
            low = middle
        else:
            high = middle
    return high


def _illustration(layer: Layer, eps: float) -> dict[str, Any]:
    """Return a power law with the given effective dimension, and what is exact for it."""
    decay = _decay_of(layer.trace, layer.dimension)
    k = decaying(layer.dimension, decay)
    model = Layer(layer.rows, layer.columns, layer.rank, layer.side, 1.0, float(k.sum()), k)
    exact = _exact(model, eps)
    return {
        "decay": decay, "slowdown_exact": exact["slowdown"], "best_step": exact["step"],
        "iterations": {**_guaranteed(model, eps), **exact["iterations"]},
    }  # fmt: skip


def _notes(layer: Layer, decay: Any, sigma: Vector | None) -> list[str]:
    notes = ["Haar sketch, full gradients; rates are exact for a quadratic with this curvature"]
    if layer.spectrum is None:
        notes.append(
            "only tr K / L is known: L = 1 is assumed; `illustration` is one power law of this effective "
            "dimension, not your layer"
        )
    if decay is not None:
        notes.append(f"eigenvalues i^-{float(decay):g}, L = 1")
    if layer.spectrum is not None and (layer.spectrum == 0).any():
        notes.append("zero eigenvalues do not enter f; rates are over the positive ones")
    if sigma is not None:
        notes.append(
            "AsymLoRA's floor is the mean over a Haar factor, for K = L I or a shift whose singular "
            "directions are independent of the factor"
        )
    return notes
