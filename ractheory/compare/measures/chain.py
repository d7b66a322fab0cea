"""Observables of the iterates: suboptimality, gradients, distances, rates, ranks."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.context import Context, measures
from ractheory.theorems import evaluate, symbols

Array = NDArray[np.float64]


def until(context: Context, when: sp.Expr) -> int:
    """Return the step that an observable names."""
    return int(evaluate(when, context.facts))


@measures(symbols.gap, lambda context, when, rest: context.gap_noise)
def gap(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.gap


@measures(symbols.grad_sq, lambda context, when, rest: context.grad_noise)
def grad_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.grad_sq


@measures(symbols.projected_sq, lambda context, when, rest: context.grad_noise[:, :-1])
def projected_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.step_sq


@measures(symbols.mean_grad_sq)
def mean_grad_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.grad_sq[:, : until(context, when)].mean(axis=1)


def step_weights(steps: int, growth: float) -> Array:
    """Return (1 + growth)^-(k+1) for k < steps, scaled to the sum one."""
    weights = np.exp(-np.log1p(growth) * np.arange(1, steps + 1))
    return weights / weights.sum()


@measures(symbols.weighted_grad_sq)
def weighted_grad_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    T = until(context, when)
    return context.run.grad_sq[:, :T] @ step_weights(T, rest[0])


@measures(symbols.min_gap)
def min_gap(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return context.run.gap[:, : until(context, when)].min(axis=1)


@measures(symbols.link_ratio)
def link_ratio(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """NaN where f(W_t) - f* has come down to its round-off."""
    run = context.run
    known = run.gap[:, :-1] > context.gap_noise[:, :-1] / RATIO_GRAIN
    return np.where(known, run.gap[:, 1:] / np.where(known, run.gap[:, :-1], 1.0), np.nan)


RATIO_GRAIN = 1e-6
"""Relative round-off that a ratio of suboptimalities may have to count."""


@measures(symbols.log_rate)
def log_rate(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    T = until(context, when)
    with np.errstate(divide="ignore"):
        return np.log(context.run.gap[:, T] / context.run.gap[:, 0]) / T


def _shifts(context: Context) -> Array:
    """Return W_t - W* of every seed and step, flat, shape (S, T+1, dim)."""
    centre = context.experiment.objective.constants.minimiser
    assert centre is not None
    return context.iterates - centre


@measures(symbols.dist_sq, lambda context, when, rest: _distance_noise(context))
def dist_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return np.sum(_shifts(context) ** 2, axis=2)


def _distance_noise(context: Context) -> Array:
    size = np.linalg.norm(_shifts(context), axis=2)
    moved = context.shift_of_f
    return 2 * size * moved + moved**2 + np.finfo(float).eps * context.operations * size**2


@measures(symbols.shift, lambda context, when, rest: np.broadcast_to(
    context.shift_of_f, context.run.gap.shape))  # fmt: skip
def shift(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    return _shifts(context)[:, :, 0]


@measures(symbols.curved_grad_sq)
def curved_grad_sq(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    f = context.experiment.objective
    form = f.quadratic_form()
    assert form is not None
    kind, K = form
    D = _shifts(context).reshape(*context.run.gap.shape, *f.shapes[0])
    if kind == "entry":
        return np.asarray(np.sum(K**3 * D**2, axis=(2, 3)))
    G = K @ D if kind == "left" else D @ K
    return np.asarray(np.sum(G * (K @ G if kind == "left" else G @ K), axis=(2, 3)))


@measures(symbols.rank_of_change)
def rank_of_change(context: Context, when: sp.Expr, rest: list[float]) -> Array:
    """Singular values of W_t - W_0 above the round-off that t links leave in W."""
    shape = context.experiment.objective.shapes[0]
    change = (context.iterates - context.iterates[:, :1]).reshape(*context.run.gap.shape, *shape)
    singular = np.linalg.svd(change, compute_uv=False)
    largest = np.max(np.abs(context.iterates), axis=(1, 2))[:, None, None]
    steps = np.arange(context.run.links + 1)[None, :, None]
    floor = np.finfo(float).eps * max(shape) * (1 + steps) * largest
    return np.sum(singular > floor, axis=2).astype(float)
