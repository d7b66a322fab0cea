"""The facts of a run: constants by the names of the theory's symbols, and the assumptions granted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.assumptions import (
    Attained,
    CounterexampleQuadratic,
    EntryQuadratic,
    IsotropicQuadratic,
    MatrixQuadratic,
)
from ractheory.laws import Identity
from ractheory.methods import Method, Trains
from ractheory.objectives.base import Objective
from ractheory.theorems import Facts
from ractheory.theorems.floors import FIRST_WEIGHT, SIZE

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def facts_of(f: Objective, method: Method, start: Vector, steps: int) -> Facts:
    """Return what is known of `steps` links of `method` on f from `start`, before any is run."""
    values: dict[str, Any] = {
        "T": steps,
        "W0_sq": float(start @ start),
        **_sizes(f, method),
        **_step(method),
    }
    values |= _constants(f)
    values |= _sketch(f, method)
    granted = [*f.assumptions(), *quadratic_grants(f), *method.assumptions(f.shapes)]
    if f.constants.minimiser is not None:
        values |= _distances(f, method, start)
        granted.append(Attained(float(np.sqrt(values["D0_sq"]))))
    return Facts(values, tuple(granted))


def _sizes(f: Objective, method: Method) -> dict[str, Any]:
    sizes: dict[str, Any] = {"N": f.components}
    if len(f.shapes) == 1:
        m, n = f.shapes[0]
        sizes |= {"m": m, "n": n, "d": n if method.trains is Trains.RIGHT else m}
    if method.rank:
        sizes["r"] = method.rank
    return sizes


def _step(method: Method) -> dict[str, Any]:
    if method.projected or method.trains is Trains.FULL:
        return {"gamma": method.step, "s": method.scale, "eta": method.step / method.scale}
    return {"eta": method.step, "s": method.scale, "gamma": method.step * method.scale**2}


def _constants(f: Objective) -> dict[str, Any]:
    c = f.constants
    known = {"L": c.L, "mu": c.pl, "G0": c.lipschitz}
    values: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    if c.curvature is not None:
        values["trace_K"] = c.curvature.trace
        values["max_diag_K"] = max(c.curvature.diagonal)
    return values


def _sketch(f: Objective, method: Method) -> dict[str, Any]:
    if method.trains is Trains.BOTH:
        return {}
    low, high = method.extremes(f.shapes)
    values: dict[str, Any] = {"lam_min": low, "lam_max": high}
    rho = method.isotropy(f.shapes)
    return values if rho is None else values | {"rho": rho}


def _distances(f: Objective, method: Method, start: Vector) -> dict[str, Any]:
    assert f.constants.minimiser is not None
    D = start - f.constants.minimiser
    values: dict[str, Any] = {"D0_sq": float(D @ D)}
    weighted = _weighted_distance(f, method, D)
    if weighted is not None:
        values["D0_sq_weighted"] = weighted
    sigma = _shift_spectrum(f, D)
    if sigma is not None:
        values |= {"sigma": tuple(float(x) for x in sigma), "p_sigma": len(sigma)}
    return values


def _shift_spectrum(f: Objective, D: Vector) -> Vector | None:
    """Return the singular values of K^{1/2} (W* - W_0), for a quadratic whose K acts on one side."""
    form = f.quadratic_form()
    if form is None or form[0] == "entry":
        return None
    side, K = form
    block = D.reshape(f.shapes[0])
    root = symmetric_root(K)
    shifted: Matrix = root @ block if side == "left" else block @ root
    return np.asarray(np.linalg.svd(shifted, compute_uv=False), dtype=np.float64)


def symmetric_root(K: Matrix) -> Matrix:
    """Return the positive semidefinite square root of K."""
    values, U = np.linalg.eigh(K)
    return (U * np.sqrt(np.maximum(values, 0.0))) @ U.T


def quadratic_grants(f: Objective) -> tuple[object, ...]:
    """Return the assumptions that f grants by being a quadratic of one block."""
    form = f.quadratic_form()
    if form is None:
        return ()
    kind, K = form
    if kind != "entry":
        return (MatrixQuadratic(kind),)
    if K.min() == K.max():
        return (IsotropicQuadratic("left", float(K.flat[0])),)
    first = 2.0 * FIRST_WEIGHT
    paper = K.shape == (SIZE, SIZE) and K.flat[0] == first and np.all(K.ravel()[1:] == 2.0)
    centre = f.constants.minimiser
    if paper and centre is not None and np.array_equal(centre, -1.0 / K.ravel()):
        return (CounterexampleQuadratic(),)
    return (EntryQuadratic(),)


def _weighted_distance(f: Objective, method: Method, D: Vector) -> float | None:
    """Return |D|^2 in the norm of E[H]^-1, or None where E[H] is singular or mixes two sides."""
    if method.trains is Trains.FULL:
        return float(D @ D)
    if method.trains is Trains.BERNOULLI or not method.redraw or method.trains is Trains.BOTH:
        return None
    if isinstance(method.law, Identity) or method.extremes(f.shapes)[0] <= 0.0:
        return None
    total = 0.0
    for block in f.split(D):
        side = block if method.trains is Trains.LEFT else block.T
        total += float(np.sum(side * np.linalg.solve(method.law.mean(len(side)), side)))
    return total
