"""Statements about all times at once, about limits, and about escape to infinity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.assumptions import (
    GaussianFactor,
    HaarLaw,
    IsotropicQuadratic,
    JointSteps,
    PlainStep,
    ProjectedStep,
)
from ractheory.compare.context import Context
from ractheory.compare.decision import Decision, computed, exact_decision
from ractheory.compare.observables import noise, observe, restricted
from ractheory.evidence import (
    Evidence,
    Verdict,
    catoni_interval,
    log_e_value,
    mean_at_least,
    proportion_at_least,
    proportion_at_most,
    round_off,
)
from ractheory.exact.drift import Drift, plain_drift, projected_drift
from ractheory.theorems import Facts, Statement, evaluate, symbols
from ractheory.theorems.hypotheses import LAST_PLACES
from ractheory.theorems.printing import SIGNS

Array = NDArray[np.float64]

GRAIN = 1e-6
"""Relative round-off that a step may have to count."""


# All times at once.


def decide_time_uniform(
    statement: Statement, context: Context, rate: float, factor: float
) -> Decision:
    """Decide P(left <= right for all t) >= 1 - alpha, over the links that were run.

    Two tests share the rate: the share of runs that ever cross, and the supermartingale itself,
    left/(alpha right) stopped where it first crosses, whose mean is at most 1.
    """
    expression = statement.left - statement.right
    observed = observe(expression, context)
    steps = context.run.links + 1
    facts = context.facts.including(t=np.arange(steps, dtype=float)[None, :])
    left = np.asarray(evaluate(statement.left, facts, restricted(statement.left, observed)))
    seen = restricted(statement.right, observed)
    right = factor * np.asarray(evaluate(statement.right, facts, seen))
    grain = np.broadcast_to(noise(statement.left, context, facts, observed), left.shape)
    counts = grain <= GRAIN * right
    crossed = counts & (left - grain > right)
    alpha, seeds = float(context.facts["alpha"]), len(left)
    crossings = int(crossed.any(axis=1).sum())
    verdict, evidence = proportion_at_most(crossings, seeds, alpha, rate / 2)
    process = np.where(counts, left, 0.0) / (alpha * np.where(counts, right, 1.0))
    stopped = _stopped(process, crossed)
    power = float(log_e_value(stopped, 1.0)) / np.log(10.0)
    if power >= np.log10(2.0 / rate):
        verdict = Verdict.REFUTED
    if context.masked and verdict is Verdict.CONFIRMED:
        verdict = Verdict.UNDECIDED
    detail = f"crossed: {evidence.detail}; supermartingale: log10 e-value {power:.4g} against"
    evidence = Evidence(
        "statistical", rate, 10.0 ** min(power, 300.0), evidence.confidence_bound, seeds, detail,
        log10_e_value=power,
    )  # fmt: skip
    return Decision(verdict, evidence, crossings / seeds, alpha)


def _stopped(process: Array, crossed: NDArray[np.bool_]) -> Array:
    """Return the value at the first crossing, else the last one that counts (not zero)."""
    last = process.shape[1] - 1 - np.argmax(process[:, ::-1] > 0.0, axis=1)
    at = np.where(crossed.any(axis=1), np.argmax(crossed, axis=1), last)
    return np.asarray(process[np.arange(len(process)), at])


# Limits.


def decide_almost_sure(
    statement: Statement, context: Context, rate: float, factor: float
) -> Decision:
    """Decide lim left relation right, almost surely."""
    if isinstance(statement.left, symbols.grad_sq):
        return _vanishing(context, rate)
    bound = factor * float(evaluate(statement.right, context.facts))
    sign = SIGNS[type(statement.relation)][1]
    drift = _drift(context.facts)
    if drift is None:
        return _mean_of_logs(context, sign, bound, rate)
    sampled = _random_walk(context, sign, bound, rate, drift)
    if not context.computable:
        return sampled
    slip = drift.error + float(round_off(64, abs(bound)))
    detail = "drift of log(f - f*) a link by quadrature, the limit by the law of large numbers"
    return computed(exact_decision(sign, drift.mean, bound, slip, detail), sampled)


def _drift(facts: Facts) -> Drift | None:
    """Return the drift where log(f - f*) is a random walk, from the facts alone."""
    if not facts.grants(IsotropicQuadratic) or facts["rank_D0"] != 1 or "r" not in facts:
        return None
    d, r = int(facts["d"]), int(facts["r"])
    if facts.grants(ProjectedStep) and facts.grants(HaarLaw) and r < d:
        at_one = abs(facts["gamma"] * facts["L"] - 1.0) <= LAST_PLACES
        return projected_drift(d, r) if at_one else None
    plain = facts.grants(PlainStep) or (facts.grants(JointSteps) and facts["inner_steps"] == 1)
    if plain and facts.grants(GaussianFactor) and r == 1:
        return plain_drift(d, facts["eta"] * facts["s"] ** 2 * facts["L"])
    return None


def _random_walk(context: Context, sign: str, bound: float, rate: float, drift: Drift) -> Decision:
    """Decide from the increments of all links, independent and of known variance."""
    run = context.run
    start = run.gap[:, :-1]
    counts = np.isfinite(start) & (context.gap_noise[:, :-1] <= GRAIN * start)
    ratio = run.gap[:, 1:][counts] / run.gap[:, :-1][counts]
    tiny = np.finfo(float).tiny
    steps = np.log(np.clip(ratio, tiny, 1.0 / tiny))
    low, high = catoni_interval(steps, drift.variance, rate)
    verdict = _from_interval(sign, low, high, bound)
    if context.masked and verdict is Verdict.CONFIRMED:
        verdict = Verdict.UNDECIDED
    mean = float(np.mean(steps)) if len(steps) else np.nan
    detail = (
        f"mean {mean:.6g} of {len(steps)} links, interval [{low:.6g}, {high:.6g}] from the variance "
        f"{drift.variance:.6g} of a link"
    )
    return Decision(
        verdict, Evidence("statistical", rate, None, high, run.seeds, detail), mean, bound
    )


def _from_interval(sign: str, low: float, high: float, bound: float) -> Verdict:
    """Decide a relation of the mean to `bound` from an interval that holds the mean."""
    if sign == "=":
        return Verdict.UNDECIDED if low <= bound <= high else Verdict.REFUTED
    if sign in (">", ">="):
        low, high, bound = -high, -low, -bound
    if high < bound:
        return Verdict.CONFIRMED
    return Verdict.REFUTED if low > bound else Verdict.UNDECIDED


def _mean_of_logs(context: Context, sign: str, bound: float, rate: float) -> Decision:
    """Decide from the mean of log_rate(T) over the runs, which is at most log q at every T.

    -log_rate(T) >= 0 where no link raises f; its mean has a lower confidence bound without a ceiling.
    """
    T, run = int(context.facts["T"]), context.run
    raised = run.gap[:, T] + context.gap_noise[:, T]
    rates = np.log(raised / run.gap[:, 0]) / T
    sound = context.never_rises and not context.masked and bool(np.isfinite(rates).all())
    usable = sign in ("<=", "<") and sound
    mean = float(np.mean(rates))
    verdict = Verdict.UNDECIDED
    low: float | None = None
    if usable:
        verdict, evidence = mean_at_least(np.maximum(-rates, 0.0), max(-bound, 0.0), None, rate)
        low = evidence.confidence_bound
    upper = None if low is None else -low
    detail = f"mean of log_rate({T}) over the runs {mean:.6g}, at most {upper} with confidence"
    evidence = Evidence("statistical", rate, None, upper, run.seeds, detail)
    return Decision(verdict, evidence, mean, bound)


def _vanishing(context: Context, rate: float) -> Decision:
    """Decide |grad f(W_t)|^2 -> 0: confirmed where every run has come down to round-off.

    Refuted where more runs stand still far above it than chance allows. A run may: its sketches may all miss the
    gradient. But |H G|^2 <= |G|^2 has mean lam_min |G|^2 at least, so that it is below half of that with probability
    1 - lam_min/2 at most, and every link with more lowers f by c |H G|^2, c = gamma (1 - gamma L/2).
    """
    run, facts = context.run, context.facts
    half = run.links // 2
    last, floor = run.grad_sq[:, -1], context.grad_noise[:, -1]
    fallen = (
        run.gap[:, half] - run.gap[:, -1] + context.gap_noise[:, half] + context.gap_noise[:, -1]
    )
    c = facts["gamma"] * (1.0 - facts["gamma"] * facts["L"] / 2.0)
    still = (fallen <= GRAIN * c * facts["lam_min"] * last) & (floor <= GRAIN * last)
    chance = (1.0 - facts["lam_min"] / 2.0) ** (run.links - half)
    verdict, evidence = proportion_at_most(int(still.sum()), run.seeds, chance, rate)
    if verdict is not Verdict.REFUTED:
        verdict = Verdict.CONFIRMED if np.all(last <= floor) else Verdict.UNDECIDED
        evidence = Evidence("pathwise", 0.0, None, None, run.seeds, evidence.detail)
    detail = (
        f"after {run.links} links the largest squared gradient is {np.max(last):.3g}, its round-off "
        f"{np.max(floor):.3g}; runs that stand still above it: {evidence.detail}"
    )
    return Decision(verdict, replace(evidence, detail=detail), float(np.max(last)), 0.0)


# Escape.


def decide_escape(statement: Statement, context: Context, rate: float, factor: float) -> Decision:
    """Decide P(relation from some t on) > 0 by runs that obey it until they overflow.

    A positive probability cannot be refuted by finitely many runs; without such a run it stays open.
    """
    run = context.run
    observed = observe(statement.left - statement.right, context)
    left = np.asarray(evaluate(statement.left, context.facts, restricted(statement.left, observed)))
    right = factor * np.asarray(
        evaluate(statement.right, context.facts, restricted(statement.right, observed))
    )
    holds = left >= right if isinstance(statement.relation, sp.GreaterThan) else left <= right
    ends = [int(t) for t in run.diverged_at]
    # The link that overflows ends at diverged_at, so the last relation is that of t = diverged_at - 1.
    escaped = sum(1 for s, end in enumerate(ends) if end > 0 and holds[s, end - 1])
    smallest = float(np.finfo(float).tiny)
    verdict, evidence = proportion_at_least(escaped, run.seeds, smallest, rate)
    if verdict is Verdict.REFUTED or (context.masked and verdict is Verdict.CONFIRMED):
        verdict = Verdict.UNDECIDED
    return Decision(verdict, evidence, escaped / run.seeds, 0.0)
