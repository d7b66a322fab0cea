"""What the observables of the theory are, measured on runs: one small function each.

A measure takes the context of a comparison and the evaluated arguments of the observable, and returns
one number a seed, or for an observable of the free step t one row a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.build import Experiment
from ractheory.compare.facts import symmetric_root
from ractheory.engine.simulate import Run
from ractheory.methods import Trains
from ractheory.sketches import factor, projection
from ractheory.theorems import Facts, evaluate, symbols
from ractheory.theorems.symbols import Observable

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Context:
    """Everything that an observable may be measured from.

    `masked` says that `facts` are those of another method than the one that was run.
    """

    experiment: Experiment
    run: Run
    facts: Facts
    stream: str
    masked: bool = False


Measure = Callable[[Context, sp.Expr, list[float]], Array]
MEASURES: dict[type[Observable], Measure] = {}


def measures(kind: type[Observable]) -> Callable[[Measure], Measure]:
    """Register the measure of an observable."""

    def register(measure: Measure) -> Measure:
        MEASURES[kind] = measure
        return measure

    return register


def observe(expression: sp.Expr, context: Context) -> dict[sp.Expr, Array]:
    """Return the measured value of every observable in `expression`, ready for `evaluate`.

    The step t of a pathwise statement runs over all links; where the statement looks one step ahead
    (t + 1), over all but the last. Entries have shape (S, 1) or (S, steps).
    """
    applied = sorted(expression.atoms(Observable), key=str)
    ahead = any(symbols.t + 1 in e.args for e in applied)
    steps = context.run.links + (0 if ahead else 1)
    return {e: _measured(e, context, steps) for e in applied}


def _measured(applied: Observable, context: Context, steps: int) -> Array:
    kind = type(applied)
    if kind not in MEASURES:
        raise KeyError(f"no measure for {applied}")
    when = applied.args[0] if applied.args else sp.Integer(0)
    rest = [float(evaluate(a, context.facts)) for a in applied.args[1:]]
    values = MEASURES[kind](context, when, rest)
    if values.ndim == 1:
        return values[:, None]
    if not when.has(symbols.t):
        return values[:, [int(evaluate(when, context.facts))]]
    first = int(when.subs(symbols.t, 0))
    return values[:, first : first + steps]


@measures(symbols.gap)
def _gap(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.gap


@measures(symbols.grad_sq)
def _grad_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.grad_sq


@measures(symbols.projected_sq)
def _projected_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.step_sq


@measures(symbols.mean_grad_sq)
def _mean_grad_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    T = int(evaluate(when, context.facts))
    return context.run.grad_sq[:, :T].mean(axis=1)


@measures(symbols.weighted_grad_sq)
def _weighted_grad_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    T = int(evaluate(when, context.facts))
    weights = np.exp(-np.log1p(rest[0]) * np.arange(1, T + 1))
    return context.run.grad_sq[:, :T] @ weights / weights.sum()


@measures(symbols.min_gap)
def _min_gap(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    T = int(evaluate(when, context.facts))
    return context.run.gap[:, :T].min(axis=1)


@measures(symbols.frozen_residual_sq)
def _frozen_residual_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """|(I - Pi) K^{1/2} (W* - W_0)|^2 with the factor that each seed froze, from the curvature of f."""
    f, method = context.experiment.objective, context.experiment.method
    assert f.constants.minimiser is not None
    shape = f.shapes[0]
    D = (context.experiment.start - f.constants.minimiser).reshape(shape)
    roots = curvature_roots(f.quadratic_form(), D, method.trains)
    d = shape[0] if method.trains is Trains.LEFT else shape[1]
    factors = (factor(method.law, d, context.stream, seed) for seed in range(context.run.seeds))
    return np.array([sum(_outside(root, B, x) for root, x in roots) for B in factors])


def curvature_roots(curvature: Any, D: Array, trains: Trains) -> list[tuple[Array, Array]]:
    """Return pairs (K_j^{1/2}, x_j) whose residuals outside K_j^{1/2} range(B) add up to the floor.

    `curvature` is ("entry", weights), ("left", K) or ("right", K). With B frozen the x_j are columns of
    D; with A frozen everything is transposed.
    """
    kind, K = curvature
    if trains is Trains.RIGHT:
        kind, K, D = {"left": "right", "right": "left"}.get(kind, kind), K.T, D.T
    if kind == "entry":
        return [(np.diag(np.sqrt(K[:, j])), np.sqrt(K[:, j]) * D[:, j]) for j in range(D.shape[1])]
    root = symmetric_root(K)
    if kind == "left":
        return [(root, root @ D)]
    return [(np.eye(len(D)), D @ root)]


def _outside(root: Array, B: Array, x: Array) -> float:
    """Return |(I - Pi) x|^2, Pi the projection onto range(root B)."""
    return float(np.sum((x - projection(root @ B) @ x) ** 2))
