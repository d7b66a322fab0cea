"""The facts of a run: constants by the names of the theory's symbols, and the assumptions granted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.assumptions import (
    Attained,
    BoundedDissimilarity,
    ExpectedSmoothness,
    Heterogeneity,
    RoundedMerges,
)
from ractheory.compare.curvature import (
    curvature_at,
    level_of,
    nearest_minimiser,
    sketch_side,
    symmetric_root,
)
from ractheory.compare.grants import granted
from ractheory.federation import full_averaging_traffic, low_rank_traffic
from ractheory.laws import Frozen, Identity
from ractheory.links import Accelerated, Adaptive
from ractheory.methods import Method, Trains
from ractheory.objectives.base import Objective
from ractheory.oracles import LocalEpochs
from ractheory.theorems import Facts
from ractheory.theorems.beyond import accelerated_weight

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

CROSSING_LEVEL = 0.1
"""alpha of the statements that hold with probability 1 - alpha for all times at once."""


def facts_of(f: Objective, method: Method, start: Vector, steps: int) -> Facts:
    """Return what is known of `steps` links of `method` on f from `start`, before any is run."""
    values: dict[str, Any] = {
        "T": steps,
        "W0_sq": float(start @ start),
        "alpha": CROSSING_LEVEL,
        "inner_steps": method.inner.steps,
        **_sizes(f, method),
        **_step(method),
        **_constants(f, method),
        **_sketch(f, method),
        **_inside(f, method, steps),
    }
    assumptions = [*granted(f, method)]
    for grant in assumptions:
        values |= constants_in(grant)
    if f.constants.minimiser is not None:
        values |= _distances(f, method, start)
        assumptions.append(Attained(float(np.sqrt(values["D0_sq"]))))
    return Facts(values, tuple(assumptions))


def constants_in(grant: object) -> dict[str, Any]:
    """Return the constants that a granted assumption carries beyond those of the objective and the sketch.

    >>> constants_in(ExpectedSmoothness(0.0, 1.0, 0.5))
    {'A': 0.0, 'B': 1.0, 'C': 0.5}
    """
    match grant:
        case ExpectedSmoothness(A, B, C):
            return {"A": A, "B": B, "C": C}
        case BoundedDissimilarity(A, C, components, component_L):
            return {"A": A, "C": C, "N": components, "L_max": component_L}
        case Heterogeneity(zeta, clients):
            return {"zeta": zeta, "M": clients}
        case RoundedMerges(u):
            return {"roundoff": u}
        case _:
            return {}


def _inside(f: Objective, method: Method, steps: int) -> dict[str, Any]:
    """Return what the links of some methods carry along: a weight, or the size of the first factors."""
    rho = method.isotropy(f.shapes)
    if isinstance(method.inner, Accelerated) and rho is not None:
        return {"A_acc": accelerated_weight(steps, method.step, rho)}
    if isinstance(method.inner, Adaptive) and method.inner.factors:
        return {"V0_sq": float(np.sum(np.square(method.inner.factors)))}
    return {}


def at_steps(facts: Facts, steps: Vector) -> Facts:
    """Return the facts at every number of links in `steps`, with what depends on it."""
    values: dict[str, Any] = {"T": steps}
    if "A_acc" in facts:
        gamma, rho = facts["gamma"], facts["rho"]
        values["A_acc"] = np.array([accelerated_weight(int(t), gamma, rho) for t in steps])
    return facts.including(**values)


def _sizes(f: Objective, method: Method) -> dict[str, Any]:
    sizes: dict[str, Any] = {"N": f.components}
    if len(f.shapes) == 1:
        m, n = f.shapes[0]
        right = sketch_side(method) == "right"
        sizes |= {"m": m, "n": n, "d": n if right else m, "width": m if right else n}
    if method.rank:
        sizes["r"] = method.rank
    if isinstance(method.oracle, LocalEpochs) and method.trains in (Trains.LEFT, Trains.RIGHT):
        side, clients = sketch_side(method), method.oracle.takes_part
        sizes["round_bits"] = low_rank_traffic(f.shapes, method.rank, side, clients).total
        sizes["averaging_bits"] = full_averaging_traffic(f.shapes, clients).total
    return sizes


def _step(method: Method) -> dict[str, Any]:
    if method.projected or method.trains is Trains.FULL:
        return {"gamma": method.step, "s": method.scale, "eta": method.step / method.scale}
    return {"eta": method.step, "s": method.scale, "gamma": method.step * method.scale**2}


def _constants(f: Objective, method: Method) -> dict[str, Any]:
    c = f.constants
    known = {"L": c.L, "mu": c.pl, "G0": c.lipschitz}
    values: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    curvature = curvature_at(f, sketch_side(method))
    if curvature is not None:
        values["trace_K"] = curvature.trace
        values["max_diag_K"] = max(curvature.diagonal)
    support = _support(f, sketch_side(method))
    return values if support is None else values | {"support": support}


def _support(f: Objective, side: str) -> int | None:
    """Return the rank of P where f = f* + (L/2) |P D|^2, P on the side of the sketch."""
    form = f.quadratic_form()
    if form is None:
        return None
    kind, K = form
    if kind == "entry":
        return f.shapes[0][side == "right"] if K.min() == K.max() else None
    level = level_of(f) if kind == side else None
    return None if level is None else level[1]


def _sketch(f: Objective, method: Method) -> dict[str, Any]:
    if method.trains is Trains.BOTH:
        return {}
    low, high = method.extremes(f.shapes)
    values: dict[str, Any] = {"lam_min": low, "lam_max": high}
    if method.trains is Trains.BERNOULLI:
        values |= _two_sides(f, method)
    rho = method.isotropy(f.shapes)
    return values if rho is None else values | {"rho": rho}


def _two_sides(f: Objective, method: Method) -> dict[str, Any]:
    """Return p and the extreme eigenvalues of E[H] of either side, over the blocks."""
    law = method.law if method.redraw else Frozen(method.rank)
    left = [law.extremes(m) for m, _ in f.shapes]
    right = [law.extremes(n) for _, n in f.shapes]
    return {
        "p_left": method.left_probability,
        "lam_min_left": min(low for low, _ in left),
        "lam_max_left": max(high for _, high in left),
        "lam_min_right": min(low for low, _ in right),
        "lam_max_right": max(high for _, high in right),
    }


def _distances(f: Objective, method: Method, start: Vector) -> dict[str, Any]:
    D = start - nearest_minimiser(f, start)
    values: dict[str, Any] = {"D0_sq": float(D @ D)}
    weighted = _weighted_distance(f, method, D)
    if weighted is not None:
        values["D0_sq_weighted"] = weighted
    if len(f.shapes) == 1:
        values |= _shape_of_shift(D.reshape(f.shapes[0]), sketch_side(method))
    sigma = _shift_spectrum(f, D)
    if sigma is not None:
        values |= {"sigma": tuple(float(x) for x in sigma), "p_sigma": len(sigma)}
    return values


def _shape_of_shift(D: Matrix, side: str) -> dict[str, Any]:
    """Return rank, largest singular value, and least column of W_0 - W* as the sketch sees it."""
    lines = np.sum(D**2, axis=1 if side == "right" else 0)
    singular = np.linalg.svd(D, compute_uv=False)
    return {
        "rank_D0": int(np.sum(singular > max(D.shape) * np.finfo(float).eps * singular[0])),
        "sigma_1": float(singular[0]),
        "min_column_sq": float(lines.min()),
    }


def _shift_spectrum(f: Objective, D: Vector) -> Vector | None:
    """Return the singular values of K^{1/2} (W* - W_0), for a quadratic whose K acts on one side."""
    form = f.quadratic_form()
    if form is None:
        return None
    side, K = form
    shifted: Matrix = D.reshape(f.shapes[0])
    if side == "entry":
        if K.min() < K.max():
            return None
        shifted = np.sqrt(K.flat[0]) * shifted
    else:
        root = symmetric_root(K)
        shifted = root @ shifted if side == "left" else shifted @ root
    return np.asarray(np.linalg.svd(shifted, compute_uv=False), dtype=np.float64)


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
