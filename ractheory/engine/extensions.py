"""From a method beyond the basic ones to the numbers of its kernel, and what it records besides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ractheory.engine import adaptive, extended, stochastic
from ractheory.engine.adaptive import Rule
from ractheory.engine.extended import ExtendedPlan
from ractheory.engine.federated import Epochs
from ractheory.engine.plans import factor_plan, sketch_plan
from ractheory.engine.stochastic import Sampling
from ractheory.errors import UsageError
from ractheory.links import RULES, Accelerated, Adaptive, Plain, Polyak, Safeguarded, Subgradient
from ractheory.method import Method, Precision, Trains
from ractheory.objectives.base import Objective
from ractheory.oracles import (
    FULL_GRADIENT,
    MVR,
    ORDERS,
    PAGE,
    AdditiveNoise,
    LocalEpochs,
    MiniBatch,
    Reshuffle,
)


@dataclass(frozen=True)
class Extension:
    """The plan of the kernel, and the name of what it records besides ("" for nothing)."""

    plan: ExtendedPlan
    record: str = ""


def extension_of(objective: Objective, method: Method) -> Extension:
    """Return how `method` runs on `objective`.

    Raises UsageError where the oracle does not fit the components, or Polyak's step lacks f*.
    """
    method.oracle.validate(objective)
    inner = method.inner
    if not method.full_gradient:
        return Extension(_oracle(objective, method))
    if method.precision != Precision.FLOAT64:
        digits, smallest = method.precision.digits, method.precision.smallest_exponent
        return Extension(_plan(method, extended.MERGED, digits=digits, smallest=smallest), "lost")
    match inner:
        case Subgradient():
            return Extension(_plan(method, extended.SUBGRADIENT), "mean_gap")
        case Polyak():
            _knows_infimum(objective)
            return Extension(_plan(method, extended.SUBGRADIENT, polyak=True), "mean_gap")
        case Accelerated():
            rho = method.isotropy(objective.shapes)
            return Extension(_plan(method, extended.ACCELERATED, rho=rho))
        case Safeguarded():
            solver = replace(method, inner=inner.solver, step=inner.eta)
            factors = factor_plan(solver)
            # The exact step projects on the range of the very factor that the solver trains against.
            sketch = sketch_plan(method)._replace(law=factors.law)
            plan = _plan(method, extended.SAFEGUARDED, factors=factors, sketch=sketch)
            return Extension(plan, "certified")
        case Adaptive():
            return Extension(_adaptive(objective, method, inner), "eta")
    raise TypeError(f"no kernel for {inner}")


_NO_RULE = Rule(adaptive.PROVED, 1.0, np.zeros(0))


def _plan(method: Method, kind: int, **parts: Any) -> ExtendedPlan:
    """Return the plan of a kind; the parts that it does not read have values that do nothing."""
    one_factor = Trains.LEFT if method.trains is Trains.FULL else method.trains
    unused = ExtendedPlan(
        kind, sketch_plan(method), factor_plan(replace(
            method, trains=one_factor, inner=Plain(), oracle=FULL_GRADIENT, precision=Precision.FLOAT64
        )),
        Sampling(), Epochs(), _NO_RULE, False, 0.0, 53, -1074,
    )  # fmt: skip
    return unused._replace(**parts)


def _knows_infimum(objective: Objective) -> None:
    if not objective.constants.fstar_is_exact:
        raise UsageError.of(
            "objective of Polyak's step", objective.name, "one whose infimum is known exactly",
            "use a constant step",
        )  # fmt: skip


def _adaptive(objective: Objective, method: Method, inner: Adaptive) -> ExtendedPlan:
    size = sum((m + n) * method.rank for m, n in objective.shapes)
    if inner.factors and len(inner.factors) != size:
        raise UsageError.of(
            "number of entries of the first factors", len(inner.factors), str(size),
            "give A, then B, of every block, row by row",
        )  # fmt: skip
    code = (adaptive.PROVED, adaptive.PRINTED)[RULES.index(inner.rule)]
    rule = Rule(code, inner.L, np.array(inner.factors, dtype=np.float64))
    return _plan(method, extended.ADAPTIVE, adaptive=rule)


def _oracle(objective: Objective, method: Method) -> ExtendedPlan:
    oracle, N = method.oracle, objective.components
    match oracle:
        case Reshuffle():
            epochs = Epochs(1, 1, N, ORDERS.index(oracle.mode))
            return _plan(method, extended.EPOCHS, epochs=epochs)
        case LocalEpochs():
            order, clients = ORDERS.index(oracle.mode), oracle.clients
            epochs = Epochs(clients, oracle.takes_part, N // clients, order)
            return _plan(method, extended.EPOCHS, epochs=epochs)
        case AdditiveNoise():
            deviation = float(np.sqrt(oracle.variance / objective.dim))
            sampling = Sampling(stochastic.ADDITIVE, N, deviation=deviation)
        case MiniBatch():
            sampling = Sampling(stochastic.MEAN, N, oracle.batch, oracle.replacement)
        case PAGE():
            sampling = Sampling(stochastic.PAGE, N, oracle.batch, probability=oracle.probability)
        case MVR():
            sampling = Sampling(stochastic.MVR, N, oracle.batch, momentum=oracle.momentum)
        case _:
            raise TypeError(f"no kernel for {oracle}")
    return _plan(method, extended.SAMPLED, sampling=sampling)
