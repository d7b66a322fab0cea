"""Round-off allowances and small instances for the contract suite."""

from __future__ import annotations

import numpy as np

from ractheory.objectives import OBJECTIVES, Objective, objective

EPS = float(np.finfo(float).eps)

SMALL: dict[str, dict[str, object]] = {
    "softmax-digits": {"rows": 60},
    "ridge-digits": {"rows": 90},
    "two-layer-digits": {"rows": 80},
    "federated-digits": {"rows": 60},
}
"""Parameters that keep an instance small; the others are small as they are."""

VARIANTS: list[tuple[str, dict[str, object]]] = [
    *((name, SMALL.get(name, {})) for name in OBJECTIVES),
    ("counterexample", {"m": 1, "n": 4}),
    ("isotropic", {"m": 2, "n": 5, "L": 3.0}),
    ("entry-weights", {"m": 5, "n": 2, "spectrum": "power"}),
    ("spectrum-left", {"m": 3, "n": 5, "spectrum": "geometric", "rotate": True}),
    ("spectrum-left", {"m": 4, "n": 1, "spectrum": [3.0, 1.0, 0.0, 0.0]}),
    ("spectrum-left", {"m": 4, "n": 3, "spectrum": "3,1,0.5,0", "rotate": True}),
    ("spectrum-right", {"m": 5, "n": 3, "spectrum": "power", "rotate": True}),
    ("spectrum-right", {"m": 1, "n": 4, "spectrum": [3.0, 1.0, 1.0, 0.0]}),
    ("logistic-breast-cancer", {"seed": 0, "ridge": 0.1}),
]
"""Every registered objective, the shapes m < n, m > n, 1 x n, singular spectra, and half of a data set."""

IDS = [f"{name}-{'-'.join(f'{k}{v}' for k, v in p.items())}".rstrip("-") for name, p in VARIANTS]


def make(variant: tuple[str, dict[str, object]]) -> Objective:
    return objective(variant[0], **variant[1])


def work(f: Objective) -> int:
    """Bound the number of roundings that one entry of a value or gradient goes through."""
    return f.dim + f.components + 20


def scale(f: Objective, w: np.ndarray) -> float:
    """Size of the terms that are summed in f(w).

    An input of relative error eps moves a loss by |l'| |x| |w| eps, and |l'|^2 <= 2 l for curvature 1, so
    that the sum is at most f + component_L |w|^2; a Lipschitz loss moves by its slope.
    """
    size = abs(f.flat_value(w)) + abs(f.constants.fstar)
    reach = float(w @ w) + float(centre(f) @ centre(f))
    if f.constants.L is not None:
        return size + (f.component_L() or 0.0) * reach
    return size + (f.constants.lipschitz or 0.0) * np.sqrt(f.dim * reach)


def value_error(f: Objective, w: np.ndarray) -> float:
    """Bound the round-off of f(w)."""
    return work(f) * EPS * scale(f, w)


def gradient_error(f: Objective, w: np.ndarray) -> float:
    """Bound the round-off of grad f(w): |grad|^2 <= 2 L f at each component."""
    curvature = f.component_L() or f.constants.lipschitz or 0.0
    return work(f) * EPS * np.sqrt(max(curvature, EPS) * scale(f, w) * f.dim)


def centre(f: Objective) -> np.ndarray:
    return np.zeros(f.dim) if f.constants.minimiser is None else f.constants.minimiser


def points(f: Objective, seed: int = 7) -> list[np.ndarray]:
    """Seeded points near and far, around zero and around the minimiser."""
    rng = np.random.default_rng(seed)
    spread = [0.1, 1.0, 10.0]
    return [c + s * rng.standard_normal(f.dim) for c in (0 * centre(f), centre(f)) for s in spread]


def hessian(f: Objective, w: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """Return the Hessian at w by central differences of the gradient."""
    steps = h * np.eye(f.dim)
    H = np.array([(f.flat_gradient(w + e) - f.flat_gradient(w - e)) / (2 * h) for e in steps])
    return (H + H.T) / 2
