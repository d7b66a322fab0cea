"""Observables of single methods: the mean iterate, rounded merges, and a step that follows the iterate."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.context import Context, measures
from ractheory.compare.measures.chain import until
from ractheory.engine.merging import rounded
from ractheory.engine.transcription import Draws, projection
from ractheory.evidence import round_off
from ractheory.methods import Trains
from ractheory.theorems import symbols

Array = NDArray[np.float64]


# Subgradient chains.


@measures(symbols.gap_of_mean)
def gap_of_mean(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """As recorded; of a method that does not record it, from the iterates themselves."""
    T = until(context, when)
    if "mean_gap" in context.run.extra:
        return context.run.extra["mean_gap"][:, T - 1]
    means = context.iterates[:, :T].mean(axis=1)
    return np.array([context.experiment.objective.flat_gap(w) for w in means])


# Rounded merges.


def stored(context: Context) -> Array:
    """Return the base weights as they are held, W_0 rounded first, shape (S, T+1, dim)."""
    precision = context.experiment.method.precision
    held = context.iterates.copy()
    first = [rounded(x, precision.digits, precision.smallest_exponent) for x in held[0, 0]]
    held[:, 0] = first
    return held


def updates(context: Context, held: Array) -> Array:
    """Return Delta_t = -gamma H_t G(W_t) of every link, from the drawn factors, shape (S, T, dim)."""
    f, method = context.experiment.objective, context.experiment.method
    found = np.empty((context.run.seeds, context.run.links, f.dim))
    for seed, t in np.ndindex(found.shape[:2]):
        draws, w = Draws(method, context.stream, seed), held[seed, t]
        at = draws.drawn_at(t)
        side = draws.side(at)
        moved = []
        for b, G in enumerate(f.split(f.flat_gradient(w))):
            if side is Trains.FULL:
                moved.append(G)
                continue
            H = projection(draws.factor(at, b, G.shape[side is Trains.RIGHT]))
            moved.append(G @ H if side is Trains.RIGHT else H @ G)
        found[seed, t] = -method.step * f.flatten(moved)
    return found


def _norms_before_rounding(context: Context) -> Array:
    held = stored(context)
    sizes = np.linalg.norm(held[:, :-1] + updates(context, held), axis=2)
    return np.pad(np.cumsum(sizes, axis=1), ((0, 0), (1, 0)))


def _merge_noise(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """Every update is a sum of so many terms, and the total one of updates; each is below |W + Delta|."""
    return round_off(context.operations, _norms_before_rounding(context))


@measures(symbols.merge_error, _merge_noise)
def merge_error(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    held = stored(context)
    wanted = np.pad(np.cumsum(updates(context, held), axis=1), ((0, 0), (1, 0), (0, 0)))
    return np.asarray(np.linalg.norm(held - held[:, :1] - wanted, axis=2))


@measures(symbols.merge_norms)
def merge_norms(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return _norms_before_rounding(context)


@measures(symbols.unchanged_share)
def unchanged_share(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    held = stored(context)
    return np.mean((held[:, 1:] == held[:, :-1]) & (updates(context, held) != 0.0), axis=2)


@measures(symbols.swallowed_share)
def swallowed_share(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    held = stored(context)
    size = np.abs(updates(context, held))
    return np.mean((size > 0.0) & (size < rest[0] * np.abs(held[:, :-1])), axis=2)


# LoRA with an adaptive step. The record of a link is |grad phi|^2 for every method on both factors.


@measures(symbols.factor_grad_sq)
def factor_grad_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.step_sq


@measures(symbols.min_factor_grad_sq)
def min_factor_grad_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.step_sq[:, : until(context, when)].min(axis=1)


@measures(symbols.step_size)
def step_size(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """The step taken at t; a method without a rule has the same one at every step."""
    run, step = context.run, context.experiment.method.step
    return run.extra.get("eta", np.full(run.step_sq.shape, step))


@measures(symbols.step_sum)
def step_sum(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return step_size(context, when, rest)[:, : until(context, when)].sum(axis=1)
