"""A comparison: one claim decided, with everything that a reader needs to judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import EXACT, MEASURED, RATES, TIGHTNESS, Claim
from ractheory.compare.build import Experiment, build_method, experiment
from ractheory.compare.context import Context
from ractheory.compare.counted import counted_decision, is_counted
from ractheory.compare.decide import decide
from ractheory.compare.decide_exactly import exact_decision
from ractheory.compare.decision import Decision
from ractheory.compare.facts import at_steps, facts_of
from ractheory.compare.rates import best_rates
from ractheory.compare.runs import simulate
from ractheory.compare.scalar import exact_gap
from ractheory.engine.run import Run
from ractheory.evidence import Evidence, Verdict, claim_error_rate
from ractheory.experiments import Asked, about, family
from ractheory.theorems import Checked, Facts, Form, Statement, evaluate, symbols, theorem
from ractheory.theorems.evaluation import constants_of

Array = NDArray[np.float64]

QUANTILES = {"low": 0.05, "median": 0.5, "high": 0.95}
"""Bands of f(W_t) - fstar over the seeds that records keep for figures."""


@dataclass(frozen=True)
class Comparison:
    """The outcome of one claim.

    Attributes
    ----------
    claim : what was asked
    hypotheses : every hypothesis with whether it holds, and why
    decision : verdict, evidence, observed value and bound
    facts : the constants that entered
    curves : arrays over t for figures: mean, quantiles, share of diverged runs, bound
    parameters : for the result file, where they are not those of a run
    ran : method and sketch in words, where they are not those of the claim
    """

    claim: Claim
    hypotheses: tuple[Checked, ...]
    decision: Decision
    facts: Facts
    curves: Mapping[str, Array] = field(default_factory=dict)
    seeds: int = 0
    parameters: Mapping[str, Any] | None = None
    ran: tuple[str, str] | None = None

    @property
    def verdict(self) -> Verdict:
        return self.decision.verdict

    @property
    def as_expected(self) -> bool:
        return self.verdict.value == self.claim.expected

    @property
    def ratio(self) -> float | None:
        """Observed value over bound; None where there is no bound or it is zero."""
        observed, bound = self.decision.observed, self.decision.bound
        if observed is None or bound is None or bound == 0.0:
            return None
        return observed / bound

    def to_json(self) -> dict[str, Any]:
        """Return the claim object of the result file, all but its seconds."""
        claim = self.claim
        method, sketch = self.ran or (str(claim.method), claim.method.sketch)
        parameters = dict(self._settings() if self.parameters is None else self.parameters)
        if claim.declared is not None:
            parameters["declared"] = f"{claim.declared}; {claim.declared.sketch}"
        return {
            "id": claim.id,
            "theorem": claim.theorem,
            "source": claim.source or about(claim.theorem).source,
            "objective": str(claim.objective),
            "method": method,
            "sketch": sketch,
            "parameters": parameters,
            "hypotheses": [
                {"name": h.name, "holds": h.holds, "reason": h.reason} for h in self.hypotheses
            ],
            "observed": _number(self.decision.observed),
            "bound": _number(self.decision.bound),
            "ratio": _number(self.ratio),
            "verdict": self.verdict.value,
            "expected": claim.expected,
            "evidence": self.decision.evidence.to_json(),
            "real_data": claim.real_data,
            "note": claim.note,
        }

    def _settings(self) -> dict[str, Any]:
        claim, facts = self.claim, self.facts
        return {
            **{k: facts[k] for k in PARAMETERS if k in facts},
            "step": str(claim.method), "start": claim.start, "seeds": self.seeds,
            "statement": claim.statement or theorem(claim.theorem).statement().name,
            "bound_factor": claim.bound_factor,
        }  # fmt: skip

    def __str__(self) -> str:
        ratio = f", observed/bound {self.ratio:.4g}" if self.ratio is not None else ""
        return f"{self.claim.id}: {self.verdict.value} (expected {self.claim.expected}){ratio}"


FOUND = "of the tightest instance found"
"""Method and sketch of a claim that is no run."""

PARAMETERS = (
    "m", "n", "r", "N", "M", "zeta", "round_bits", "averaging_bits", "gamma", "eta", "s", "T", "L", "mu",
    "lam_min", "lam_max",
)  # fmt: skip
"""Constants that a result file repeats."""


def _number(value: float | None) -> float | str | None:
    if value is None or np.isnan(value):
        return None
    return float(value) if np.isfinite(value) else ("inf" if value > 0 else "-inf")


def check_claim(
    claim: Claim, seed: str = "ractheory", error_rate: float | None = None
) -> Comparison:
    """Run and decide `claim`; every random draw derives from `seed` and the claim's id.

    Raises
    ------
    UsageError : the claim names something that does not exist or does not fit
    """
    if claim.evidence == TIGHTNESS:
        return _tightness(claim, seed)
    rate = claim_error_rate() if error_rate is None else error_rate
    if claim.evidence == MEASURED:
        return _measured(claim, seed, rate)
    stream = f"{seed}/{claim.id}"
    ran = experiment(claim, seed)
    facts = _declared_facts(claim, ran)

    def runs(seeds: range) -> Run:
        return simulate(ran.objective, ran.method, ran.start, claim.steps, seeds, stream)

    masked = claim.declared is not None
    return judge(claim, ran, facts, runs, stream, rate, lambda: masked, own=True)


def _tightness(claim: Claim, seed: str) -> Comparison:
    from ractheory.compare.tight import tightest  # scipy's optimisers, needed here only

    found = tightest(claim, seed)
    return Comparison(
        claim, found.hypotheses, found.decision, found.facts, found.curves, 0, found.parameters,
        (FOUND, FOUND),
    )  # fmt: skip


def _measured(claim: Claim, seed: str, error_rate: float) -> Comparison:
    what = claim.objective
    asked = Asked(claim.id, what.name, what.parameters, seed, error_rate)
    found = family(claim.theorem).measure(asked)
    return Comparison(
        claim, found.hypotheses, found.decision, Facts(), found.curves, found.seeds,
        found.parameters, (found.method, found.sketch),
    )  # fmt: skip


def _rates(
    claim: Claim, ran: Experiment, facts: Facts, hypotheses: tuple[Checked, ...], stream: str
) -> Comparison:
    if not all(h.holds for h in hypotheses):
        return Comparison(claim, hypotheses, _rejected(hypotheses), facts)
    found = best_rates(claim, theorem(claim.theorem), ran, facts, stream)
    return Comparison(
        claim, hypotheses, found.decision, facts, found.curves, claim.seeds, found.parameters
    )


Runs = Callable[[range], Run]
"""Makes the runs of some seeds, by whatever makes them."""


def judge(
    claim: Claim,
    ran: Experiment,
    facts: Facts,
    runs: Runs,
    stream: str,
    error_rate: float,
    masked: Callable[[], bool],
    own: bool = False,
) -> Comparison:
    """Decide `claim` on the runs that `runs` makes; `masked()` says, after each lot, whether `facts`
    are those of another method than the one that ran, and `own` that the method of `ran` made them."""
    the_theorem = theorem(claim.theorem)
    statement = the_theorem.statement(claim.statement)
    hypotheses = (*the_theorem.check(facts, statement), *_unknown(statement, facts))
    applies = all(h.holds for h in hypotheses)
    if claim.evidence == RATES:
        return _rates(claim, ran, facts, hypotheses, stream)
    if statement.form is Form.EXACT:
        context = Context(ran, None, facts, stream)  # type: ignore[arg-type]
        return Comparison(
            claim, hypotheses, decide(statement, context, error_rate, claim.bound_factor), facts
        )
    if claim.evidence == EXACT:
        if not applies:
            return Comparison(claim, hypotheses, _rejected(hypotheses), facts)
        if is_counted(ran.method):
            decision, curves = counted_decision(claim, statement, ran, facts)
        else:
            decision, curves = exact_decision(claim, statement, ran)
        return Comparison(claim, hypotheses, decision, facts, curves)
    decision = _rejected(hypotheses)
    numbers = looks(claim, statement) if applies else [claim.seeds]
    for run in _growing(runs, numbers):
        context = Context(ran, run, facts, stream, masked(), own)
        if context.undercut:
            hypotheses = (*hypotheses, Checked("LowerBounded by f*", False, context.undercut))
            applies, decision = False, _rejected(hypotheses)
            break
        if applies:
            decision = decide(statement, context, error_rate, claim.bound_factor)
        if decision.verdict is not Verdict.UNDECIDED and decision.evidence.kind == "statistical":
            break
    curves = _curves(context, statement if applies else None, claim.bound_factor)
    return Comparison(claim, hypotheses, decision, facts, curves, context.run.seeds)


def _growing(runs: Runs, numbers: Sequence[int]) -> Iterator[Run]:
    """Yield the runs of the first `numbers` of seeds, each time with the new ones alone made."""
    run: Run | None = None
    for seeds in numbers:
        part = runs(range(run.seeds if run else 0, seeds))
        run = part if run is None else run.joined(part)
        yield run


FIRST_LOOK = 64
"""Seeds before the first look at an expectation; then twice as many at each look, up to the cap."""


def looks(claim: Claim, statement: Statement) -> list[int]:
    """Return after how many seeds the evidence is looked at; the last look is at the cap.

    A bound on an expectation is judged by e-processes, which hold at every stopping time, so that a
    verdict once reached may end the run. Everything else is judged on all seeds at once.
    """
    if statement.form is not Form.EXPECTATION or claim.all_seeds:
        return [claim.seeds]
    numbers = [FIRST_LOOK]
    while numbers[-1] < claim.seeds:
        numbers.append(2 * numbers[-1])
    return [*numbers[:-1], claim.seeds]


def _declared_facts(claim: Claim, ran: Experiment) -> Facts:
    """Return the facts that the theorem is handed: those declared, where they differ from the run."""
    method = ran.method
    if claim.declared is not None:
        method = build_method(claim.declared, ran.objective)
    return facts_of(ran.objective, method, ran.start, claim.T)


def _unknown(statement: Statement, facts: Facts) -> tuple[Checked, ...]:
    """Return a hypothesis that fails where the statement names constants that this run does not have.

    So one of a single matrix, m x n, says nothing of several blocks.
    """
    named = constants_of(statement.relation) - FREE if statement.form is not Form.EXACT else set()
    missing = sorted(name for name in named if name not in facts)
    words = f"unknown here: {', '.join(missing)}"
    return (Checked("constants of the statement", False, words),) if missing else ()


FREE = {"t", "x"}
"""What a statement says for all of: the step, and the argument of a law."""


def _rejected(hypotheses: tuple[Checked, ...]) -> Decision:
    failed = "; ".join(f"{h.name}: {h.reason}" for h in hypotheses if not h.holds)
    return Decision(
        Verdict.NOT_APPLICABLE, Evidence("exact", 0.0, None, None, 0, failed), None, None
    )


def _curves(context: Context, statement: Statement | None, factor: float) -> dict[str, Array]:
    run = context.run
    finite = np.where(np.isfinite(run.gap), run.gap, np.inf)
    curves = {"t": np.arange(run.links + 1, dtype=float)}
    with np.errstate(invalid="ignore", over="ignore"):
        curves["mean"] = finite.mean(axis=0)
        for name, level in QUANTILES.items():
            curves[name] = np.quantile(finite, level, axis=0, method="inverted_cdf")
        grads = np.where(np.isfinite(run.grad_sq), run.grad_sq, np.inf)
        curves["grad_sq"] = grads.mean(axis=0)
        if statement is not None and statement.form in (Form.EXPECTATION, Form.CONDITIONAL):
            curves |= _exact_curve(context)
        curves["diverged"] = np.array([np.mean(run.diverged_at >= 0)])
        if statement is not None and statement.form is Form.EXPECTATION:
            curves["bound"] = factor * _bound_curve(context, statement)
    return curves


EXACT_CURVE_COST = 5e7
"""Multiplications that the exact curve of a record may take."""


def _exact_curve(context: Context) -> dict[str, Array]:
    """Return E f(W_t) - f* by recursion, where it is known and cheap; nothing otherwise."""
    scalar = exact_gap(context)
    if scalar is not None:
        return {"exact": scalar}
    moments = context.expectations
    if moments is None or moments.cost * context.run.links > EXACT_CURVE_COST:
        return {}
    return {"exact": moments.expected(1, context.run.links)[0] / 2}


def _bound_curve(context: Context, statement: Statement) -> Array:
    """Return the bound at T = 1, 2, ..., the number of links; NaN at 0."""
    t = np.arange(1, context.run.links + 1, dtype=float)
    facts = at_steps(context.facts, t)
    start = dict.fromkeys(statement.right.atoms(symbols.gap), context.run.gap[0, 0])
    bound = np.broadcast_to(np.asarray(evaluate(statement.right, facts, start)), t.shape)
    return np.concatenate([[np.nan], bound])
