"""The observables of an expression, measured, and the round-off of the whole expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare import measures as _measures  # registers them
from ractheory.compare.context import MEASURES, NOISES, SIZES, Context, repeatable
from ractheory.evidence import UNDERFLOW, round_off
from ractheory.theorems import Facts, evaluate, symbols
from ractheory.theorems.symbols import Observable

__all__ = ["_measures", "ahead", "magnitude", "noise", "observe", "repeats", "restricted"]

Array = NDArray[np.float64]


def ahead(expression: sp.Basic) -> bool:
    """Whether the expression looks one step ahead, at t + 1."""
    return any(symbols.t + 1 in e.args for e in expression.atoms(Observable))


def looks_back(expression: sp.Basic) -> bool:
    """Whether the expression has an observable of the link that starts at t."""
    return any(isinstance(e, PER_LINK) for e in expression.atoms(Observable))


PER_LINK = (
    symbols.projected_sq, symbols.link_ratio, symbols.factor_sq, symbols.factor_grad_sq,
    symbols.step_size, symbols.unchanged_share, symbols.swallowed_share, symbols.averaging_error,
    symbols.factor_covariance,
)  # fmt: skip
"""Observables of a link: defined for t = 0, ..., T - 1."""


OF_ITERATES = (
    symbols.dist_sq, symbols.shift, symbols.curved_grad_sq, symbols.rank_of_change, symbols.merge_error,
    symbols.merge_norms, symbols.unchanged_share, symbols.swallowed_share, symbols.averaging_error,
    symbols.factor_covariance,
)  # fmt: skip
"""Observables that need every W_t, for which the runs are repeated (`Context.iterates`)."""


def repeats(expression: sp.Basic, steps: int) -> float:
    """Return how often the links of a run are made so that `expression` can be observed.

    Raises UsageError for more steps than runs are repeated for.

    >>> repeats(symbols.gap(symbols.T), 100), repeats(symbols.dist_sq(symbols.T), 100)
    (1.0, 50.5)
    """
    of_iterates = any(isinstance(e, OF_ITERATES) for e in expression.atoms(Observable))
    return (repeatable(steps) + 1) / 2 if of_iterates else 1.0


def observe(expression: sp.Basic, context: Context) -> dict[sp.Expr, Array]:
    """Return the measured value of every observable in `expression`, ready for `evaluate`.

    The step t of a statement runs over all iterates; where the statement looks one step ahead (t + 1)
    or names an observable of a link, over all links. Entries have shape (S, 1) or (S, steps).
    """
    applied = sorted(expression.atoms(Observable), key=str)
    steps = context.run.links + (0 if ahead(expression) or looks_back(expression) else 1)
    return {e: _at(e, context, steps, _values(e, context)) for e in applied}


def _split(applied: Observable, context: Context) -> tuple[sp.Expr, list[float]]:
    when = applied.args[0] if applied.args else sp.Integer(0)
    return when, [float(evaluate(a, context.facts)) for a in applied.args[1:]]


def _values(applied: Observable, context: Context) -> Array:
    kind = type(applied)
    if kind not in MEASURES:
        raise KeyError(f"no measure for {applied}")
    return MEASURES[kind](context, *_split(applied, context))


def _at(applied: Observable, context: Context, steps: int, values: Array) -> Array:
    if values.ndim == 1:
        return values[:, None]
    when, _ = _split(applied, context)
    if not when.has(symbols.t):
        return values[:, [int(evaluate(when, context.facts))]]
    first = int(when.subs(symbols.t, 0))
    return values[:, first : first + steps]


def noise(
    expression: sp.Expr, context: Context, facts: Facts, observed: Mapping[sp.Expr, Array]
) -> Array:
    """Return the round-off of `expression`: that of every observable times its partial derivative."""
    return _weighted(_noise_of, expression, context, facts, observed)


def magnitude(
    expression: sp.Expr, context: Context, facts: Facts, observed: Mapping[sp.Expr, Array]
) -> Array:
    """Return the size of what `expression` is made of: of every observable times its partial derivative."""
    return _weighted(_size_of, expression, context, facts, observed)


def _weighted(
    of: Callable[[Observable, Context, Array], Array],
    expression: sp.Expr,
    context: Context,
    facts: Facts,
    observed: Mapping[sp.Expr, Array],
) -> Array:
    """Return the sum over the observables of `of` each, times the size of the partial derivative by it."""
    total: Array = np.zeros(1)
    for applied, slope in _slopes(expression, facts, observed):
        total = total + slope * of(applied, context, observed[applied])
    return total


def _slopes(
    expression: sp.Expr, facts: Facts, observed: Mapping[sp.Expr, Array]
) -> Iterator[tuple[sp.Expr, Array]]:
    """Yield every observable with the size of the partial derivative by it."""
    place = sp.Dummy(real=True)
    # In an order of their own: that of a set differs between processes, and with it the last bits of a sum.
    for applied in sorted(expression.atoms(Observable), key=str):
        slope = expression.xreplace({applied: place}).diff(place).xreplace({place: applied})
        size = np.asarray(evaluate(slope, facts, restricted(slope, observed)), dtype=float)
        yield applied, np.abs(size)


def _size_of(applied: Observable, context: Context, values: Array) -> Array:
    if type(applied) not in SIZES:
        return np.asarray(np.abs(values))
    raw = SIZES[type(applied)](context, *_split(applied, context))
    return _at(applied, context, values.shape[1], raw)


def _noise_of(applied: Observable, context: Context, values: Array) -> Array:
    if type(applied) in NOISES:
        raw = NOISES[type(applied)](context, *_split(applied, context))
        return _at(applied, context, values.shape[1], raw)
    finite = np.where(np.isfinite(values), np.abs(values), 0.0)
    # A square that has become zero may stand for one that is not.
    return round_off(context.operations, finite) + context.operations * UNDERFLOW


def restricted(expression: sp.Basic, observed: Mapping[sp.Expr, Array]) -> dict[sp.Expr, Array]:
    """Return the observations that `expression` is made of."""
    return {e: v for e, v in observed.items() if expression.has(e)}
