"""What a statement is decided on: the experiment, its runs, and the round-off of what they record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.build import Experiment
from ractheory.compare.exactly import Moments, moments_of
from ractheory.compare.momentum import PairMoments, pair_moments_of
from ractheory.compare.runs import simulate
from ractheory.compare.worlds import World, world_of
from ractheory.engine.run import Run
from ractheory.errors import integer
from ractheory.evidence import UNDERFLOW, round_off
from ractheory.method import Precision
from ractheory.methods import ExactLink, PseudoInverse, Safeguarded, Trains
from ractheory.theorems import Facts
from ractheory.theorems.symbols import Observable

Array = NDArray[np.float64]

LONGEST_TRAJECTORY = 200
"""Links of a claim whose observables need every W_t: the runs are repeated for each prefix."""


def repeatable(links: int) -> int:
    """Return `links` if the runs can be repeated for each prefix, or raise UsageError."""
    return integer("steps of a claim about every W_t", links, 1, LONGEST_TRAJECTORY)


@dataclass(frozen=True)
class Context:
    """Everything that an observable may be measured from.

    `masked` says that `facts` are those of another method than the one that was run, `own` that the
    method of `experiment` made the runs, and nobody else's code.
    """

    experiment: Experiment
    run: Run
    facts: Facts
    stream: str
    masked: bool = False
    own: bool = True

    @property
    def computable(self) -> bool:
        """Whether what follows from method and objective alone may stand for these runs."""
        return self.own and not self.masked

    @property
    def operations(self) -> int:
        """Rounded operations behind one value of f, at most."""
        f = self.experiment.objective
        return f.dim + f.components + 64

    @cached_property
    def moments(self) -> Moments | None:
        """The second moments of the run itself, where they are known without sampling."""
        ran = self.experiment
        if not self.computable:
            return None
        return moments_of(ran.objective, ran.method, ran.start)

    @cached_property
    def expectations(self) -> Moments | PairMoments | World | None:
        """What knows the exact expectations of the run itself, where they are known without sampling."""
        ran = self.experiment
        if self.moments is not None or not self.computable:
            return self.moments
        return pair_moments_of(ran.objective, ran.method, ran.start) or self.world

    @cached_property
    def world(self) -> World | None:
        """The second moments of the run itself where every draw of it can be counted."""
        ran = self.experiment
        return world_of(ran.objective, ran.method, ran.start) if self.computable else None

    @property
    def never_rises(self) -> bool:
        """Whether no link of the run itself can raise f: projected steps up to 2/L, or exact links."""
        if not self.own and self.masked:
            return False
        method, L = self.experiment.method, self.experiment.objective.constants.L
        short = L is not None and method.step * L <= 2.0
        steps = isinstance(method.inner, PseudoInverse | Safeguarded) and short
        return (
            method.full_gradient
            and method.precision == Precision.FLOAT64
            and (
                isinstance(method.inner, ExactLink) or (steps and method.trains is not Trains.BOTH)
            )
        )

    @cached_property
    def iterates(self) -> Array:
        """W_t of every seed, flat, shape (S, T+1, dim).

        A draw depends on seed and link alone, so the first t links of a run are the run of t links.
        """
        if not self.own:
            raise KeyError("the iterates of runs that were made elsewhere")
        ran, run = self.experiment, self.run
        repeatable(run.links)
        begin = np.broadcast_to(ran.start, run.final.shape)
        ends = [
            simulate(ran.objective, ran.method, ran.start, t, run.seeds, self.stream).final
            for t in range(1, run.links)
        ]
        return np.stack([begin, *ends, run.final], axis=1)

    @cached_property
    def shift_of_f(self) -> Array:
        """By how much the rounding of W_t may displace it, one number a seed, shape (S, 1).

        W_t is rounded at every link, relative to the entries that it holds.
        """
        ends = np.linalg.norm(self.run.final, axis=1)
        size = np.maximum(ends, np.linalg.norm(self.experiment.start))[:, None]
        size = np.where(np.isfinite(size), size, 0.0)
        return np.finfo(float).eps * self.operations * size

    @cached_property
    def gap_noise(self) -> Array:
        """Return the round-off of each recorded f(W_t) - fstar, shape (S, T+1).

        Two parts: the value itself is a sum of so many terms of its own size (f is nonnegative but for
        fstar, which is subtracted); and W_t is rounded, which moves f along its gradient.
        """
        f, run = self.experiment.objective, self.run
        finite = np.where(np.isfinite(run.gap), np.abs(run.gap), 0.0)
        slope = np.where(np.isfinite(run.grad_sq), np.sqrt(run.grad_sq), 0.0)
        shift = self.shift_of_f
        value = round_off(self.operations, finite + abs(f.constants.fstar))
        value = value + self.operations * UNDERFLOW  # also where all of it has become zero
        return value + slope * shift + 0.5 * (f.constants.L or 0.0) * shift**2

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Which seeds left every bound after a start that is a number, shape (S, 1).

        Of these alone an infinite value is an observation. Elsewhere it is a number too large to be held,
        an intermediate one perhaps, and what it stands for is unknown.
        """
        gone = (self.run.diverged_at >= 0) | np.isinf(self.run.gap).any(axis=1)
        return np.asarray(gone & np.isfinite(self.run.gap[:, 0]))[:, None]

    @cached_property
    def undercut(self) -> str:
        """Where the runs see f below f* by more than round-off, in words; "" where they do not.

        Then f* bounds nothing from below, and what a theorem says of f - f* is about another number.
        """
        if not np.any(self.run.gap < 0.0):
            return ""
        above = np.nan_to_num(self.run.gap + self.gap_noise, nan=np.inf, posinf=np.inf)
        seed, t = (int(i) for i in np.unravel_index(int(np.argmin(above)), above.shape))
        if above[seed, t] >= 0.0:
            return ""
        return (
            f"f(W_{t}) - f* = {self.run.gap[seed, t]:.6g} in seed {seed}, "
            f"round-off at most {self.gap_noise[seed, t]:.2g}"
        )

    @cached_property
    def grad_noise(self) -> Array:
        """Return the round-off of each recorded |grad f(W_t)|^2, shape (S, T+1)."""
        finite = np.where(np.isfinite(self.run.grad_sq), self.run.grad_sq, 0.0)
        moved = (self.experiment.objective.constants.L or 0.0) * self.shift_of_f
        value = round_off(self.operations, finite) + self.operations * UNDERFLOW
        return value + 2 * np.sqrt(finite) * moved + moved**2


Measure = Callable[[Context, sp.Expr, list[float]], Array]
"""Values of an observable: one a seed, or for one that depends on the step t one row a seed."""

MEASURES: dict[type[Observable], Measure] = {}
NOISES: dict[type[Observable], Measure] = {}
"""Absolute round-off of the values; an observable that is not here is good to `Context.operations`."""


SIZES: dict[type[Observable], Measure] = {}
"""Size of the terms that the values are differences of; that of the values for an observable not here."""


def measures(
    kind: type[Observable], noise: Measure | None = None, size: Measure | None = None
) -> Callable[[Measure], Measure]:
    """Register the measure of an observable, its round-off where that is not relative, and its SIZES."""

    def register(measure: Measure) -> Measure:
        MEASURES[kind] = measure
        if noise is not None:
            NOISES[kind] = noise
        if size is not None:
            SIZES[kind] = size
        return measure

    return register
