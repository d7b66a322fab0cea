"""What a server's averages of factors are off by, round by round."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.context import Context, measures
from ractheory.errors import UsageError
from ractheory.evidence import round_off
from ractheory.federation import (
    Factors,
    averaging_error,
    factor_covariance,
    local_factors,
    product_size,
)
from ractheory.method import Trains
from ractheory.oracles import LocalEpochs
from ractheory.theorems import symbols

Array = NDArray[np.float64]


def _rounds(context: Context) -> list[list[list[Factors]]]:
    """Return the clients' factors in every round of every seed of Fed-RAC-LoRA."""
    ran, run = context.experiment, context.run
    method, f = ran.method, ran.objective
    if (
        not isinstance(method.oracle, LocalEpochs)
        or method.trains not in (Trains.LEFT, Trains.RIGHT)
        or len(f.shapes) > 1
    ):
        raise UsageError.of(
            "factors of the clients", f"{method.name} on {f.name}",
            "those of a federation with a left or right sketch, of one matrix", "choose another",
        )  # fmt: skip
    return [
        [
            local_factors(f, method, context.iterates[seed, t], context.stream, seed, t)
            for t in range(run.links)
        ]
        for seed in range(run.seeds)
    ]


def _recorded(context: Context, name: str) -> Array | None:
    return context.run.extra.get(name)


def _norms(context: Context, name: str) -> Array:
    recorded = _recorded(context, name)
    if recorded is not None:
        return recorded
    of = {"averaging_error": averaging_error, "factor_covariance": factor_covariance}[name]
    return np.array([[np.linalg.norm(of(ends)) for ends in seed] for seed in _rounds(context)])


def _size(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """The products that the error is a difference of."""
    size = _recorded(context, "product_size")
    if size is None:
        size = np.array([[product_size(ends) for ends in seed] for seed in _rounds(context)])
    return size


def _noise(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return round_off(context.operations, _size(context, when, rest))


@measures(symbols.averaging_error, _noise, _size)
def mean_of_products(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return _norms(context, "averaging_error")


@measures(symbols.factor_covariance, _noise, _size)
def covariance(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return _norms(context, "factor_covariance")
