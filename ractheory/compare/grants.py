"""What a method and an objective grant to a theorem together, beyond what each grants alone."""

from __future__ import annotations

import numpy as np

from ractheory.assumptions import (
    BestRankPoint,
    CertifiedAtEffectiveStep,
    CertifiedLinks,
    CounterexampleQuadratic,
    EntryQuadratic,
    FreshSketch,
    IsotropicQuadratic,
    MatchingSide,
    MatrixQuadratic,
    ProjectedQuadratic,
)
from ractheory.compare.curvature import curvature_at, level_of, sketch_side
from ractheory.methods import Method, Plain, Safeguarded, Trains
from ractheory.objectives.base import Objective
from ractheory.theorems.effective import effective_L
from ractheory.theorems.floors import FIRST_WEIGHT, SIZE
from ractheory.theorems.hypotheses import LAST_PLACES

EFFECTIVE_LAWS = ("haar", "gaussian", "coordinates")
"""Laws whose L_eff is known."""


def granted(f: Objective, method: Method) -> tuple[object, ...]:
    """Return all that f and `method` grant; what a theorem asks of the size of a step is a condition."""
    side = sketch_side(method)
    found = [*f.assumptions(), *quadratic_grants(f, side), *method.grants(f)]
    curvature = curvature_at(f, side)
    if f.constants.curvature is None and curvature is not None:
        found.append(curvature)
    if curvature is not None and curvature.side == side:
        found.append(MatchingSide())
    if any(isinstance(g, CertifiedLinks) for g in found) and _takes_effective_step(f, method):
        found.append(CertifiedAtEffectiveStep())
    if method.trains is Trains.BOTH and method.redraw:
        found.append(FreshSketch())
    if _may_rest_at_best_points(f, method):
        found.append(BestRankPoint())
    return tuple(found)


def quadratic_grants(f: Objective, side: str = "left") -> tuple[object, ...]:
    """Return the assumptions that f grants by being a quadratic of one block, sketched on `side`."""
    form = f.quadratic_form()
    if form is None:
        return ()
    kind, K = form
    if kind != "entry":
        matched = level_of(f) if kind == side else None
        return (ProjectedQuadratic(kind) if matched else MatrixQuadratic(kind),)
    if K.min() == K.max():
        return (IsotropicQuadratic(side or "left", float(K.flat[0])),)
    first = 2.0 * FIRST_WEIGHT
    paper = K.shape == (SIZE, SIZE) and K.flat[0] == first and np.all(K.ravel()[1:] == 2.0)
    centre = f.constants.minimiser
    if paper and centre is not None and np.array_equal(centre, -1.0 / K.ravel()):
        return (CounterexampleQuadratic(),)
    return (EntryQuadratic(),)


def _takes_effective_step(f: Objective, method: Method) -> bool:
    """Whether gamma = 1/L_eff, so that links certified against gamma are certified against 1/L_eff.

    More pseudo-inverse steps than one are certified below 2/L only, where each of them descends; a
    safeguarded solver at every step.
    """
    curvature = curvature_at(f, sketch_side(method))
    if curvature is None or method.law.name not in EFFECTIVE_LAWS or not method.projected:
        return False
    level = method.step * effective_L(curvature, method.rank, method.law.name)
    single = method.inner.steps == 1 or isinstance(method.inner, Safeguarded)
    descends = single or method.step * curvature.L < 2.0
    return descends and abs(level - 1.0) <= LAST_PLACES


def _may_rest_at_best_points(f: Objective, method: Method) -> bool:
    """LoRA on an isotropic quadratic; `ractheory.compare.measures.factors` constructs the points."""
    isotropic = any(isinstance(g, IsotropicQuadratic) for g in quadratic_grants(f))
    lora = method.trains is Trains.BOTH and not method.redraw
    return lora and isinstance(method.inner, Plain) and isotropic
