"""Round-off of one link, and how far it can grow over a run of a quadratic."""

from __future__ import annotations

import numpy as np

from ractheory.engine import entrywise, factors, spectral
from ractheory.engine.transcription import Draws
from ractheory.laws import Coordinates, Haar, Hadamard, Law, Rademacher
from ractheory.methods import ExactLink, Method, PseudoInverse, Trains, rac_lora
from ractheory.objectives.base import Objective
from tests.objectives.helpers import EPS, gradient_error

ROUNDINGS = 16
"""Roundings of one entry of a projected step, per column and per row: two orthogonalisations, two products."""


def frame(f: Objective, method: Method) -> np.ndarray | None:
    """Return the basis in which `simulate` draws the factors of a method, None for that of W itself."""
    problem = f.full_gradient_problem()
    if problem is None or entrywise.qualifies(problem, method):
        return None
    if not spectral.qualifies(f, problem, method):
        return None
    return spectral.spectrum(problem).basis


def sketch_condition(f: Objective, method: Method, stream: str, seed: int, links: int) -> float:
    """Largest condition number of the drawn factors: the error of a projection is eps times it."""
    draws = Draws(method, stream, seed)
    if method.trains is Trains.FULL:
        return 1.0
    worst = 1.0
    for link in range(links if draws.redrawn else 1):
        side = draws.side(link)
        for b, (m, n) in enumerate(f.shapes):
            B = draws.factor(link, b, n if side is Trains.RIGHT else m)
            s = np.linalg.svd(B, compute_uv=False)
            s = s[s > 1e-10 * s[0]]  # an exactly dependent column is dropped by both codes
            worst = max(worst, s[0] / s[-1])
    return float(worst)


def step_error(f: Objective, method: Method, w: np.ndarray, condition: float) -> float:
    """Bound the difference of two codes' W after one projected step from the same w."""
    d = max(max(shape) for shape in f.shapes)
    units = ROUNDINGS * d * max(method.rank, 1) * condition * EPS
    g = float(np.linalg.norm(f.flat_gradient(w)))
    rounding = EPS * float(np.linalg.norm(w))
    if frame(f, method) is not None:
        # B^T B squares the condition, up to where B is orthogonalised; the rotations there and back.
        units *= min(condition, 1 / factors.ILL_CONDITIONED / condition)
        assert f.constants.minimiser is not None
        rounding += ROUNDINGS * d * EPS * float(np.linalg.norm(w - f.constants.minimiser))
    if isinstance(method.inner, ExactLink):
        # The step is (Q K Q^T)^-1 Q G in the range: relative error kappa(K), size at most |G| / mu.
        assert f.constants.pl is not None
        assert f.constants.L is not None
        stretch = f.constants.L / f.constants.pl
        return rounding + stretch * (units * g + gradient_error(f, w)) / f.constants.pl
    return rounding + method.step * (units * g + gradient_error(f, w))


def projected_methods(step: float, rank: int, shapes: tuple[tuple[int, int], ...]) -> list[Method]:
    """Every side, law and link of a projected chain that exists on these shapes."""
    methods = [rac_lora(step, rank, side) for side in ("left", "right", "bernoulli")]
    methods += [rac_lora(step, rank, s, inner=PseudoInverse(3)) for s in ("left", "bernoulli")]
    laws: list[Law] = [Coordinates(rank), Rademacher(rank), Haar(rank)]
    methods += [rac_lora(step, rank, "bernoulli", law) for law in laws]
    if all(m & (m - 1) == 0 for m, _ in shapes):
        methods.append(rac_lora(step, rank, law=Hadamard(rank)))
    return methods
