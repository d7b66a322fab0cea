"""Run a method on an objective for many seeds: threads over seeds, the same bits for any number of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ractheory.engine import entrywise, factored, projected
from ractheory.engine.draw import LawCode
from ractheory.engine.factored import FactorPlan, factored_block
from ractheory.engine.gradients import scratch_for
from ractheory.engine.projected import Plan, projected_block
from ractheory.engine.random import stream_key
from ractheory.engine.run import Run
from ractheory.engine.threads import over_threads
from ractheory.engine.transcription import transcribe
from ractheory.errors import UsageError, integer
from ractheory.methods import AdamW, ExactLink, Method, Trains
from ractheory.objectives.base import Objective
from ractheory.objectives.structure import Family
from ractheory.sketches import CODES, inclusion_probabilities

Array = NDArray[np.float64]


_SIDES = {
    Trains.FULL: projected.LEFT,
    Trains.LEFT: projected.LEFT,
    Trains.RIGHT: projected.RIGHT,
    Trains.BERNOULLI: projected.BERNOULLI,
    Trains.BOTH: factored.BOTH,
}


def plan_of(method: Method) -> Plan | FactorPlan:
    """Return the numbers that a kernel needs to run `method`."""
    if method.trains is Trains.FULL and not method.projected:
        raise UsageError.of(
            "link of full-parameter fine-tuning", method.inner, "a gradient step",
            "train a factor, or use the default link",
        )  # fmt: skip
    frozen = method.law.name == "frozen"
    code, side = int(CODES[method.law.name]), _SIDES[method.trains]
    redraw = method.redraw and not frozen
    if method.projected:
        link = projected.EXACT if isinstance(method.inner, ExactLink) else projected.PSEUDO_INVERSE
        return Plan(
            code, max(method.rank, 1), side, method.left_probability, redraw, link,
            method.inner.steps, method.step, inclusion_probabilities(method.law),
        )  # fmt: skip
    adam = method.inner if isinstance(method.inner, AdamW) else AdamW()
    solver = factored.ADAMW if isinstance(method.inner, AdamW) else factored.GRADIENT
    entries = int(LawCode.GAUSSIAN) if method.law.name == "haar" else code
    return FactorPlan(
        entries, method.rank, side, method.left_probability, redraw, solver,
        method.inner.steps, method.step, method.scale, method.initial_std, method.gaussian_is_A,
        adam.beta1, adam.beta2, adam.epsilon, adam.weight_decay, adam.reset,
        inclusion_probabilities(method.law),
    )  # fmt: skip


def simulate(
    objective: Objective,
    method: Method,
    start: Array,
    links: int,
    seeds: int | range,
    stream: str = "ractheory",
    threads: int | None = None,
) -> Run:
    """Simulate `method` on `objective` from the flat vector `start` for every seed.

    Compiled, except for an objective without a compiled form, which the transcription runs.

    Parameters
    ----------
    start : flat parameters, shape (dim,), or one start per seed, shape (S, dim)
    links : T, the number of links recorded
    seeds : how many seeds, or the range of their numbers
    stream : name that every random draw is derived from
    threads : worker threads; all cores unless given. The result does not depend on it

    Raises
    ------
    UsageError : sizes that do not fit, or an exact link on a function that is no quadratic
    """
    numbers = validate(objective, method, start, links, seeds)
    problem = objective.problem()
    if problem is None:
        return transcribe(objective, method, start, links, numbers, stream)
    key = stream_key(stream)
    if entrywise.qualifies(problem, method):
        chain = entrywise.Chain.of(problem, method, key, np.asarray(start))
        return entrywise.simulate_entries(chain, numbers, links, threads)
    run = Run.begin(len(numbers), links, start, objective.dim)
    kernel = projected_block if method.projected else factored_block
    _over_threads(kernel, (problem, plan_of(method), key), numbers, run, threads)
    return run


def validate(
    objective: Objective, method: Method, start: Array, links: int, seeds: int | range
) -> range:
    """Return the numbers of the seeds, after checking that everything fits, or raise UsageError."""
    numbers = range(integer("seeds", seeds, 1)) if isinstance(seeds, int) else seeds
    integer("steps", links, 1)
    method.validate(objective.shapes)
    _exact_only_on_quadratics(objective, method)
    if np.shape(start) not in ((objective.dim,), (len(numbers), objective.dim)):
        raise UsageError.of(
            "shape of the start", np.shape(start), f"({objective.dim},)", "flatten the blocks"
        )
    return numbers


def _exact_only_on_quadratics(objective: Objective, method: Method) -> None:
    if not isinstance(method.inner, ExactLink):
        return
    problem = objective.full_gradient_problem()
    if problem is None or problem.family not in (Family.ENTRY_QUADRATIC, Family.MATRIX_QUADRATIC):
        raise UsageError.of(
            "objective of exact links", objective.name, "a quadratic", "use pseudo-inverse steps"
        )


def _over_threads(
    kernel: Callable[..., None],
    arguments: tuple[Any, ...],
    numbers: range,
    run: Run,
    threads: int | None,
) -> None:
    seeds = np.array(numbers, dtype=np.int64)

    def work(part: slice) -> None:
        kernel(
            *arguments, seeds[part], scratch_for(arguments[0]), run.final[part],
            run.gap[part], run.grad_sq[part], run.step_sq[part], run.diverged_at[part],
        )  # fmt: skip

    pieces = 1 if threads == 1 else 4 * (threads or os.cpu_count() or 1)
    cuts = np.linspace(0, len(seeds), min(pieces, len(seeds)) + 1).astype(int)
    with threadpool_limits(1):  # the kernels call BLAS, on one thread each
        over_threads(work, [slice(low, high) for low, high in pairwise(cuts)], threads)
