"""Planted errors in the rules of evidence, and the checks that must see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory import evidence
from ractheory.claims import claim
from ractheory.claims.claim import CONFIRMED, REFUTED, UNDECIDED, MethodSpec, ObjectiveSpec
from ractheory.compare import comparison, decide
from ractheory.evidence import CLAIM_CAPACITY, RUN_ERROR_RATE, Sequential, betting, means
from ractheory.evidence.verdict import Verdict
from ractheory.theorems import Checked, Theorem, hypotheses
from ractheory.trust import probes
from ractheory.trust.calibration import LAWS, generator
from ractheory.trust.planted import Planted, swapped
from ractheory.trust.probes import SEED, Probe, asked, catalogued, tight
from ractheory.trust.wrong_bounds import LEFT_OUT

Array = NDArray[np.float64]

# Stated checks.

NOMINAL, FIRST_LOOK, MOST_SEEDS, CASES = 0.05, 2, 128, 40


def _part(x: Array, first: int, count: int) -> Array:
    return x[first : first + count]


def _null_cases() -> str:
    """Refuted if true claims, attained with equality and looked at often, are refuted too often."""
    wrong = 0
    for law in LAWS:
        samples = law.draw(generator(0, "planted", law.name), (MOST_SEEDS, CASES))
        for x in samples.T:
            draw = partial(_part, x)
            fresh = Sequential(1.0, None, NOMINAL)
            test = evidence.sequentially(fresh, draw, FIRST_LOOK, len(x))
            wrong += test.verdict is Verdict.REFUTED
    low, _ = evidence.clopper_pearson(wrong, CASES * len(LAWS), 1e-6)
    return REFUTED if low > NOMINAL else CONFIRMED


NULL_CASES = Probe("false refutations at 5 percent", CONFIRMED, _null_cases)


def _shared_rate() -> str:
    """Confirmed if the rates of as many claims as a run may have add up to at most its own."""
    found = comparison.check_claim(claim("gd-pl/counterexample/haar-r1"), SEED)
    total = found.decision.evidence.error_rate * CLAIM_CAPACITY
    return CONFIRMED if 0.0 < total <= RUN_ERROR_RATE * (1 + 1e-12) else REFUTED


def _mean(samples: list[float], bound: float, ceiling: float | None) -> Callable[[], str]:
    return lambda: str(means.mean_at_most(samples, bound, ceiling, 1e-9)[0].value)


SHARED_RATE = Probe("the rates of all claims add up", CONFIRMED, _shared_rate)
DIVERGED = Probe("one diverged run refutes", REFUTED, _mean([0.1] * 40 + [np.inf], 1.0, None))
NO_CEILING = Probe(
    "nothing is confirmed without a ceiling", UNDECIDED, _mean([0.1] * 400, 1.0, None)
)
BROKEN_CEILING = Probe(
    "a broken ceiling confirms nothing", UNDECIDED, _mean([0.1] * 400 + [3.0], 1.0, 2.0)
)
UNKNOWN = Probe("unknown values decide nothing", UNDECIDED, _mean([np.nan] * 400, 1.0, 2.0))
UNKNOWN_STEP = Probe(
    "an unknown step is not confirmed", UNDECIDED,
    lambda: str(decide.pathwise(np.array([[np.nan, 1.0]]), 0.0)[0].value),
)  # fmt: skip

SOUND = catalogued("gd-pl/counterexample/haar-r1")
EQUALITY = probes.DESCENT
SLIGHTLY_WRONG = tight(
    "descent",
    "a-ten-thousandth-too-small",
    expected=REFUTED,
    bound_factor=1 - 1e-4,
    steps=20,
    seeds=20,
)
PASSES_THE_FLOOR = catalogued("counterexample/rac-lora-passes-the-floor")
SOME_RUNS_BREAK = tight(
    "descent", "some-break", MethodSpec(step=1.0), ObjectiveSpec("counterexample"), REFUTED,
    bound_factor=0.999, steps=200, seeds=50,
)  # fmt: skip
HANDED = asked(replace(
    claim("gd-pl/counterexample/haar-r1"), id="gd-pl/trust/handed", steps=2, expected=UNDECIDED,
    declared=claim("gd-pl/counterexample/haar-r1").method,
))  # fmt: skip
LONG_STEP = catalogued("gd-pl/step-above-2-over-L/plain")
PAPER_LONG_STEP = next(
    probe for _, _, probe in LEFT_OUT if probe.name == "gd-pl/trust/paper-long-step"
)

# The errors.


def _two_sided(test: Sequential) -> Verdict:
    far = max(test._log_e_values()) >= test.log_threshold
    return Verdict.REFUTED if far else test.verdict


def _by_the_mean(test: Sequential) -> Verdict:
    mean = float(np.mean(np.concatenate(test.samples)))
    return Verdict.REFUTED if mean > test.bound else test.verdict


def _by_normal_quantile(test: Sequential) -> Verdict:
    """A one-sided z-test at each look, as if it were the only one."""
    x = np.concatenate(test.samples)
    far = np.mean(x) - 1.645 * np.std(x) / np.sqrt(len(x)) > test.bound
    return Verdict.REFUTED if far else test.verdict


true_pathwise = decide.pathwise
true_fed = Sequential.fed
true_values = Sequential._log_e_values


def _all_hold(self: Theorem, facts: Any, statement: Any = None) -> tuple[Checked, ...]:
    return (Checked("everything", True, "not looked at"),)


def _judging(rule: Callable[[Sequential], Verdict]) -> Callable[[], Any]:
    return lambda: swapped(Sequential, "_decide", rule)


def _pathwise(change: Callable[[Array, Array], tuple[Array, Array]]) -> Callable[[], Any]:
    def wrong(slack: Any, allowance: Any, *rest: Any) -> Any:
        values = np.asarray(slack, dtype=float)
        return true_pathwise(*change(values, np.broadcast_to(allowance, values.shape)), *rest)

    return lambda: swapped(decide, "pathwise", wrong)


def _fed(keep: Callable[[Array], Array]) -> Callable[[], Any]:
    return lambda: swapped(
        Sequential, "fed", lambda test, block: true_fed(test, keep(np.asarray(block, dtype=float)))
    )


true_context = comparison.Context


def _never_masked(*parts: Any, **named: Any) -> Any:
    return replace(true_context(*parts, **named), masked=False)


ROWS: tuple[tuple[str, str, Callable[[], Any], Probe], ...] = (
    ("two-sided", "a mean far below its bound refutes too", _judging(_two_sided), SOUND),
    ("sides-swapped", "evidence for counts as evidence against",
     lambda: swapped(Sequential, "_log_e_values", lambda test: true_values(test)[::-1]), SOUND),
    ("rate-not-split", "every claim takes the rate of the whole run",
     lambda: swapped(comparison, "claim_error_rate", lambda rate=RUN_ERROR_RATE: rate), SHARED_RATE),
    ("by-the-mean", "a mean above its bound refutes, whatever its spread", _judging(_by_the_mean),
     NULL_CASES),
    ("normal-quantile", "a test for one look, at every look", _judging(_by_normal_quantile),
     NULL_CASES),
    ("rate-ignored", "whatever leans against a claim refutes it",
     lambda: swapped(betting, "log_threshold", lambda rate: 0.01), NULL_CASES),
    ("shares-not-averaged", "the wealth of all shares is added",
     lambda: swapped(betting, "log_average", lambda wealth: np.log(np.sum(np.exp(wealth), axis=0))),
     NULL_CASES),
    ("diverged-runs-dropped", "runs that diverged do not count", _fed(lambda x: x[x < np.inf]),
     DIVERGED),
    ("unknown-as-zero", "NaN counts as 0", _fed(lambda x: np.nan_to_num(x, nan=0.0)), UNKNOWN),
    ("confirmed-by-default", "what is not refuted is confirmed",
     lambda: swapped(Sequential, "_trivial", lambda test: True), NO_CEILING),
    ("broken-ceiling-ignored", "samples above the ceiling are cut to it",
     lambda: swapped(Sequential, "_assumed", lambda test, ceiling: True), BROKEN_CEILING),
    ("round-off-ignored", "no allowance for round-off", _pathwise(lambda s, a: (s, 0 * a)), EQUALITY),
    ("round-off-overrated", "a trillion times the allowance for round-off",
     _pathwise(lambda s, a: (s, 1e12 * a)), SLIGHTLY_WRONG),
    ("first-step-only", "only the first step is looked at",
     _pathwise(lambda s, a: (s[:, :1], a[:, :1])), PASSES_THE_FLOOR),
    ("mean-over-seeds", "a pathwise statement is judged on the mean of the runs",
     _pathwise(lambda s, a: (s.mean(axis=0, keepdims=True), a.mean(axis=0, keepdims=True))),
     SOME_RUNS_BREAK),
    ("unknown-step-as-sound", "a step that is NaN counts as sound",
     _pathwise(lambda s, a: (np.nan_to_num(s, nan=1.0), a)), UNKNOWN_STEP),
    ("hypotheses-not-checked", "every theorem applies to everything",
     lambda: swapped(Theorem, "check", _all_hold), LONG_STEP),
    ("step-limits-loose", "limits of a step are granted twice over",
     lambda: swapped(hypotheses, "LAST_PLACES", 1.0), PAPER_LONG_STEP),
    ("masked-is-confirmed", "a run with borrowed hypotheses is given their ceiling",
     lambda: swapped(comparison, "Context", _never_masked), HANDED),
)  # fmt: skip
"""(name, what is wrong, how it is planted, the probe that must see it)."""


def wrong_evidence() -> tuple[Planted, ...]:
    """Return the planted errors in the rules of evidence."""
    return tuple(
        Planted(f"evidence/{name}", says, plant, (probe,)) for name, says, plant, probe in ROWS
    )
