"""Shares of runs or links: that settle, that diverge, whose solver is certified; and what merging loses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import MethodSpec, ObjectiveSpec
from ractheory.compare.build import build_method, build_objective
from ractheory.compare.decision import Decision
from ractheory.engine.random import Purpose, fill_normal, stream_key
from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate
from ractheory.errors import UsageError, integer, real
from ractheory.evidence import proportion_at_least, proportion_at_most
from ractheory.experiments.decisions import SEEDS, above_in_most_runs, all_of
from ractheory.experiments.family import Asked, Outcome
from ractheory.methods import METHODS
from ractheory.objectives.base import Objective

Array = NDArray[np.float64]

NEAR = 1e-6
"""Part of f(W_0) - f* within which of its floor a run has to stay, over its last tenth, to have settled."""


def _objective(asked: Asked) -> Objective:
    given = asked.parameters
    return build_objective(ObjectiveSpec(str(given["objective"]), dict(given.get("of", {}))))


def _decided(asked: Asked, count: int, of: int) -> Decision:
    """Decide the share that is asked for: at least `least`, or at most `most`."""
    given = asked.parameters
    if ("least" in given) == ("most" in given):
        raise UsageError.of("share", dict(given), "either least or most", "give one of them")
    at_least = "least" in given
    bound = real("share", given["least" if at_least else "most"], 0.0, 1.0)
    test = proportion_at_least if at_least else proportion_at_most
    return Decision(*test(count, of, bound, asked.error_rate), count / of, bound)


# LoRA at a step beside the sharpness of its best points.


def _settling(asked: Asked, happened: Callable[[Run, float], NDArray[np.bool_]]) -> Outcome:
    """Run LoRA on (L/2)|W - W*|^2 from W_0 = 0 with the step level/(L sigma_1(W*)), s = 1.

    Every best point is unstable at a level above 1 (`sharpness`).
    """
    given, f = asked.parameters, _objective(asked)
    assert f.constants.minimiser is not None
    assert f.constants.L is not None
    rank, seeds = (
        integer("rank", given.get("rank", 1), 1),
        integer("seeds", given.get("seeds", 400), 1),
    )
    links = integer("links", given.get("links", 1000), 10)
    sigma = np.linalg.svd(f.constants.minimiser.reshape(f.shapes[0]), compute_uv=False)
    step = real("level", given["level"], 0.0, open_low=True) / (f.constants.L * float(sigma[0]))
    # With B = 0 and |A| small against sqrt(sigma_1) the start is near the saddle.
    std = real("initial scale", given.get("initial_scale", 0.1), 0.0) * float(np.sqrt(sigma[0]))
    method = METHODS["lora"](step, rank=rank, initial_std=std)
    run = simulate(f, method, np.zeros(f.dim), links, seeds, asked.stream)
    floor = f.constants.L / 2 * float(np.sum(sigma[rank:] ** 2))
    count = int(happened(run, floor).sum())
    words = f"lora, step {given['level']}/(L sigma_1)"
    return Outcome(
        _decided(asked, count, seeds), dict(given), {"gap": np.median(run.gap, axis=0)}, (), words,
        f"both factors trained, rank {rank}", seeds,
    )  # fmt: skip


def settled(run: Run, floor: float) -> NDArray[np.bool_]:
    """Return which runs stay within NEAR of the floor over their last tenth."""
    late = run.gap[:, -(run.links // 10) :]
    with np.errstate(invalid="ignore"):
        away = np.abs(late - floor) > NEAR * run.gap[:, :1]
    return np.asarray(np.isfinite(late).all(axis=1) & ~away.any(axis=1))


def diverged(run: Run, floor: float) -> NDArray[np.bool_]:
    """Return which runs overflow."""
    return np.asarray(run.diverged_at >= 0)


# Links that a solver ends no higher than the exact projected step.


def _certified(asked: Asked) -> Outcome:
    """The share of safeguarded links that keep the end of their solver; links of one run are no trials.

    The share of a run is one number in [0, 1], and the runs are independent: most of them have to be
    at or beyond the share that is asked for.
    """
    given, f = asked.parameters, _objective(asked)
    seeds, links = (
        integer("seeds", given.get("seeds", SEEDS), 1),
        integer("links", given.get("links", 20), 1),
    )
    options = {k: given[k] for k in ("solver", "eta", "inner_steps")}
    rank, side = integer("rank", given.get("rank", 1), 1), str(given.get("side", "left"))
    method = build_method(
        MethodSpec("rac-safeguarded", 1.0, rank=rank, side=side, options=options), f
    )
    start = np.empty(f.dim)
    fill_normal(stream_key(asked.stream), 0, 0, int(Purpose.START), start)
    run = simulate(f, method, start, links, seeds, asked.stream)
    shares = run.extra["certified"].mean(axis=1)
    decision = _most_runs(asked, shares)
    words = f"{given['inner_steps']} steps of {given['solver']}, step {given['eta']:g}"
    return Outcome(decision, dict(given), {"certified": shares}, (), words, method.law.name, seeds)


def _most_runs(asked: Asked, shares: Array) -> Decision:
    """Decide "low <= share <= high in most runs" for the ends that are asked for."""
    given, sides = asked.parameters, []
    slip = 1e-12  # so that an end that is reached counts as within
    for word, sign in (("low", 1.0), ("high", -1.0)):
        if word in given:
            end = np.full(len(shares), sign * (real(word, given[word]) - sign * slip))
            found = above_in_most_runs(sign * shares, end, rate=asked.error_rate / 2)
            shown = Decision(
                found.verdict, found.evidence, float(np.median(shares)), real(word, given[word])
            )
            sides.append((f"{word} end", shown))
    if not sides:
        raise UsageError.of("share", dict(given), "a low end, a high end, or both", "give one")
    return all_of(sides)


# Rounded merges.


def _merging(asked: Asked) -> Outcome:
    """The part of the sum of many updates that rounding the weights after every merge has lost.

    |sum of rounding errors|/|sum of updates| over all links of a run that starts at a relative distance
    of W*, `distance` times the root mean square of its entries.
    """
    given, f = asked.parameters, _objective(asked)
    centre = f.constants.minimiser
    assert centre is not None
    seeds, links = (
        integer("seeds", given.get("seeds", SEEDS), 1),
        integer("links", given.get("links", 1000), 1),
    )
    rank, step = integer("rank", given.get("rank", 1), 1), real("step", given.get("step", 1.0), 0.0)
    noise = np.empty(f.dim)
    fill_normal(stream_key(asked.stream), 0, 0, int(Purpose.START), noise)
    distance = real("distance", given["distance"], 0.0, open_low=True)
    start = centre + distance * float(np.sqrt(np.mean(centre**2))) * noise
    options = {"precision": str(given["precision"])}
    method = build_method(MethodSpec("rac-merged", step, rank=rank, options=options), f)
    run = simulate(f, method, start, links, seeds, asked.stream)
    lost = run.extra["lost"]
    settings = {**given, "median_lost": float(np.median(lost[:, -1]))}
    return Outcome(
        _most_runs(asked, lost[:, -1]), settings, {"lost": np.median(lost, axis=0)}, (),
        f"rac-merged in {given['precision']}, step {step:g}/L", f"haar, rank {rank}, left", seeds,
    )  # fmt: skip


MEASURES: dict[str, Callable[[Asked], Outcome]] = {
    "settles": lambda asked: _settling(asked, settled),
    "diverges": lambda asked: _settling(asked, diverged),
    "certified": _certified,
    "lost": _merging,
}
"""What can be asked, by name."""


def measure(asked: Asked) -> Outcome:
    """Measure what a claim of one of these families asks."""
    found: Outcome = asked.one_of(MEASURES)(asked)
    return found
