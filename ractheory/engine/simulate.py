"""Run a method on an objective for many seeds: threads over seeds, the same bits for any number of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ractheory.engine import entrywise, softmax, spectral
from ractheory.engine.factored import factored_block
from ractheory.engine.gradients import scratch_for
from ractheory.engine.plans import plan_of
from ractheory.engine.projected import projected_block
from ractheory.engine.random import stream_key
from ractheory.engine.run import Run
from ractheory.engine.threads import over_threads, parts
from ractheory.engine.transcription import transcribe
from ractheory.errors import UsageError, integer
from ractheory.methods import ExactLink, Method
from ractheory.objectives.base import Objective
from ractheory.objectives.structure import Family

Array = NDArray[np.float64]


def simulate(
    objective: Objective,
    method: Method,
    start: Array,
    links: int,
    seeds: int | range,
    stream: str = "ractheory",
    threads: int | None = None,
    gradients: bool = True,
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
    gradients : whether |grad f|^2 is needed; without it a kernel that can do without the full gradient
        does, and grad_sq is nan

    Raises
    ------
    UsageError : sizes that do not fit, or an exact link on a function that is no quadratic
    """
    numbers = validate(objective, method, start, links, seeds)
    full = method.full_gradient
    problem = objective.full_gradient_problem() if full else objective.problem()
    if problem is None:
        return transcribe(objective, method, start, links, numbers, stream)
    key = stream_key(stream)
    if entrywise.qualifies(problem, method):
        chain = entrywise.Chain.of(problem, method, key, np.asarray(start))
        return entrywise.simulate_entries(chain, numbers, links, threads)
    if spectral.qualifies(objective, problem, method):
        return spectral.simulate_spectral(
            problem, method, key, numbers, np.asarray(start), links, threads, gradients
        )
    if not gradients and softmax.qualifies(problem, method):
        return softmax.simulate_softmax(
            problem, method, key, numbers, np.asarray(start), links, threads
        )
    run = Run.begin(len(numbers), links, start, objective.dim)
    block = _basic(method) if method.basic else _extended(objective, method, run)
    _over_threads(block, (problem, block.plan, key), numbers, run, threads)
    return run


class Block(NamedTuple):
    """A kernel for a block of seeds, its plan, and the arrays that it records besides those of a run."""

    kernel: Callable[..., None]
    plan: Any
    records: tuple[Array, ...] = ()


def _basic(method: Method) -> Block:
    return Block(projected_block if method.projected else factored_block, plan_of(method))


def _extended(objective: Objective, method: Method, run: Run) -> Block:
    # Imported on demand: a basic run loads none of these kernels.
    from ractheory.engine.extended import extended_block
    from ractheory.engine.extensions import extension_of

    extension, record = extension_of(objective, method), np.empty(run.step_sq.shape)
    if extension.record:
        run.extra[extension.record] = record
    return Block(extended_block, extension.plan, (record,))


def validate(
    objective: Objective, method: Method, start: Array, links: int, seeds: int | range
) -> range:
    """Return the numbers of the seeds, after checking that everything fits, or raise UsageError."""
    numbers = seeds if isinstance(seeds, range) else range(integer("seeds", seeds, 1))
    if not numbers:
        raise UsageError.of("seeds", seeds, "at least one", "name some seeds")
    integer("steps", links, 1)
    method.validate(objective.shapes)
    method.oracle.validate(objective)
    _exact_only_on_quadratics(objective, method)
    if not method.basic and objective.problem() is None:
        raise UsageError.of(
            "objective", objective.name, f"one with a compiled form for {method.name}",
            "use one of the compiled families",
        )  # fmt: skip
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
    block: Block,
    arguments: tuple[Any, ...],
    numbers: range,
    run: Run,
    threads: int | None,
) -> None:
    seeds = np.array(numbers, dtype=np.int64)

    def work(part: slice) -> None:
        block.kernel(
            *arguments, seeds[part], scratch_for(arguments[0]), run.final[part],
            run.gap[part], run.grad_sq[part], run.step_sq[part], run.diverged_at[part],
            *(record[part] for record in block.records),
        )  # fmt: skip

    with threadpool_limits(1):  # the kernels call BLAS, on one thread each
        over_threads(work, parts(len(seeds), threads), threads)
