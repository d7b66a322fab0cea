"""What an average of runs does not see: CoLA with two inner steps on (L/2) w^2, exactly and by sampling.

E D_t^2 is computed in rational arithmetic (`ractheory.exact.scalar_cola`). It grows doubly exponentially
from the fourth link on, and rests on draws so rare that no number of runs shows one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from ractheory.compare.decision import Decision, exact_decision
from ractheory.engine.simulate import simulate
from ractheory.errors import integer, real
from ractheory.evidence import proportion_at_least
from ractheory.exact.scalar_cola import mean_squares
from ractheory.experiments.family import Asked, Outcome
from ractheory.methods import cola
from ractheory.objectives import objective

INNER_STEPS = 2
UNSEEN = 1e-6
"""An average that reports less than this share of an expectation does not see it."""


def _squares(c: float, starts: np.ndarray, links: int, stream: str) -> np.ndarray:
    """Return D_t^2 of one run from each start, shape (runs, links + 1); infinite once a run diverged."""
    f = objective("isotropic", m=1, n=1)
    minimiser = f.constants.minimiser
    assert minimiser is not None
    method = cola(c, inner_steps=INNER_STEPS)
    run = simulate(f, method, minimiser + starts[:, None], links, len(starts), stream)
    return np.asarray(2.0 * run.gap)


def _average(asked: Asked) -> Outcome:
    """The mean of all runs at the last exact link is below UNSEEN of the expectation."""
    given = asked.parameters
    c = Fraction(str(given.get("step", "1/10")))
    exact_links = integer("exact links", given.get("exact_links", 4), 1, 4)
    runs, links = integer("runs", given.get("runs", 20_000), 1), integer("T", given.get("T", 12), 4)
    exact = np.array([float(v) for v in mean_squares(c, Fraction(1), exact_links, INNER_STEPS)])
    squares = _squares(float(c), np.ones(runs), links, asked.stream)
    mean = squares.mean(axis=0)
    last = float(exact[-1])
    detail = (
        f"mean of {runs} runs at link {exact_links} against {UNSEEN:g} of the exact expectation"
    )
    rounding = 1e-12 * float(mean[exact_links])
    decision = exact_decision("<=", float(mean[exact_links]), UNSEEN * last, rounding, detail)
    low, median, high = np.quantile(squares, [0.05, 0.5, 0.95], axis=0)
    curves = {
        "t": np.arange(links + 1.0), "exact": exact, "mean": mean, "low": low, "median": median,
        "high": high, "largest": squares.max(axis=0),
    }  # fmt: skip
    settings = {
        "step": float(c), "T": links, "seeds": runs, "inner_steps": INNER_STEPS,
        "exact": exact.tolist(), "sampled": mean[: exact_links + 1].tolist(),
    }  # fmt: skip
    return Outcome(decision, settings, curves, method="cola", sketch="rank 1", seeds=runs)


def _escape(asked: Asked) -> Outcome:
    """More than `share` of the runs from the farthest start diverge."""
    given = asked.parameters
    c, runs = (
        float(Fraction(str(given.get("step", "1/10")))),
        integer("runs", given.get("runs", 400), 1),
    )
    farthest = real("farthest", given.get("farthest", 100.0), 1.0)
    least = real("share", given.get("share", 0.75), 0.0, 1.0)
    starts = np.geomspace(1.0, farthest, integer("starts", given.get("starts", 17), 2))
    squares = _squares(c, np.repeat(starts, runs), 40, asked.stream)
    escaped = np.isinf(squares[:, -1]).reshape(len(starts), runs).sum(axis=1)
    verdict, evidence = proportion_at_least(int(escaped[-1]), runs, least, asked.error_rate)
    share = escaped / runs
    decision = Decision(verdict, evidence, float(share[-1]), least)
    settings = {"step": c, "T": 40, "seeds": runs, "inner_steps": INNER_STEPS, "farthest": farthest}
    curves = {"start": starts, "diverged": share}
    return Outcome(decision, settings, curves, method="cola", sketch="rank 1", seeds=runs)


MEASURES: Mapping[str, Callable[[Asked], Outcome]] = {"average": _average, "escape": _escape}
"""What can be asked, by name."""


def measure(asked: Asked) -> Outcome:
    """Measure what a claim of the family asks."""
    found: Outcome = asked.one_of(MEASURES)(asked)
    return found
