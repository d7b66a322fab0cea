"""The interface for people who write Python: objective, method, check, in a few lines.

    from ractheory import check, logistic, rac_lora
    f = logistic(X, y, ridge=0.01)
    check("gd-pl", f, rac_lora(step=1 / f.constants.L, rank=2))

What `check` returns prints itself, in a terminal as text and in a notebook as a formula with a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.compare.build import Experiment, build_method, start_of
from ractheory.compare.comparison import Comparison, judge
from ractheory.compare.facts import facts_of
from ractheory.conform.rule import Declared, Rule, maker
from ractheory.conform.run import Trial
from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate
from ractheory.errors import UsageError, stream_name
from ractheory.evidence import Verdict, claim_error_rate
from ractheory.methods import METHODS, Method
from ractheory.objectives import objective as objective_called
from ractheory.objectives.arrays import array
from ractheory.objectives.base import Objective
from ractheory.theorems import Statement
from ractheory.theorems import theorem as theorem_called

Vector = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Answer:
    """What a check came to; `comparison` holds all of it, `to_json()` the claim as in result files."""

    comparison: Comparison
    method: str

    @property
    def verdict(self) -> Verdict:
        return self.comparison.verdict

    @property
    def observed(self) -> float | None:
        return self.comparison.decision.observed

    @property
    def bound(self) -> float | None:
        return self.comparison.decision.bound

    @property
    def ratio(self) -> float | None:
        """Observed value over bound."""
        return self.comparison.ratio

    @property
    def statement(self) -> Statement:
        claim = self.comparison.claim
        return theorem_called(claim.theorem).statement(claim.statement)

    def to_json(self) -> dict[str, Any]:
        return {**self.comparison.to_json(), "method": self.method}

    def __repr__(self) -> str:
        rows = "\n".join(f"  {words}: {value}" for words, value in self._rows())
        head = f"{self._title()}: {self.verdict.value}"
        return f"{head}\n  {self.statement.text()}\n{rows}"

    def _title(self) -> str:
        claim = self.comparison.claim
        return f"{claim.theorem} on {claim.objective}"

    def _rows(self) -> list[tuple[str, str]]:
        """Return what the answer says, as pairs of words and values."""
        from ractheory.report.model import margin_words, number

        claim = self.to_json()
        evidence, parameters = claim["evidence"], claim["parameters"]
        failing = dict.fromkeys(
            (h.name, h.reason) for h in self.comparison.hypotheses if not h.holds
        )
        rows = [
            ("method", f"{self.method}; {claim['sketch']}; {parameters['seeds']} runs"),
            (
                "constants",
                ", ".join(f"{k} = {number(parameters[k])}" for k in SHOWN if k in parameters),
            ),
            *(("fails", f"{name}: {reason}") for name, reason in failing),
        ]
        if failing:
            return rows
        rows.append(("hypotheses", f"all {len(self.comparison.hypotheses)} hold"))
        rows.append(("margin", margin_words(claim, self.statement)))
        if evidence["kind"] != "statistical":
            return [*rows, ("evidence", evidence["kind"])]
        chance = f"wrong with probability at most {number(evidence['error_rate'])}"
        return [*rows, ("evidence", f"statistical, {chance}")]

    def _repr_html_(self) -> str:
        """Return the answer for a notebook: the statement as mathematics, and the figure."""
        from ractheory.report.figure import chart_of
        from ractheory.report.mathml import mathml
        from ractheory.report.model import keys_of, legend_html
        from ractheory.report.page import chart_style
        from ractheory.report.svg import chart_svg

        chart = chart_of(self.to_json(), self.comparison.curves)
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(words)}</th>'
            f'<td style="text-align:left">{escape(value)}</td></tr>'
            for words, value in self._rows()
        )
        figure = ""
        if chart:
            legend = f"<figcaption>{legend_html(keys_of(chart))}</figcaption>"
            figure = f"<figure>{chart_svg(chart)}{legend}</figure>"
        return (
            f'<div class="ractheory-answer"><style>{chart_style()}</style>'
            f"<p><strong>{escape(self._title())}: {self.verdict.value}</strong></p>"
            f"{mathml(self.statement.latex())}<table>{rows}</table>{figure}</div>"
        )


SHOWN = ("m", "n", "r", "L", "mu", "lam_min", "gamma", "eta", "T")
"""Constants that an answer shows."""


def check(
    theorem: str,
    objective: Objective | str,
    method: Method | str | Callable[..., Any],
    *,
    steps: int = 20,
    seeds: int = 400,
    start: str | ArrayLike = "normal:1",
    statement: str | None = None,
    declares: Mapping[str, Any] | None = None,
    seed: str = "ractheory",
) -> Answer:
    """Run `method` on `objective` and hold the runs against `theorem`.

    Parameters
    ----------
    theorem : its id; `ractheory list theorems` names them
    objective : an objective, or the name of one
    method : a method, the name of one (step 1/L, rank 1), or a function step(W, gradient, rng, state), a class
        with such a method, or a class of PyTorch modules (see `ractheory.conform.module`)
    steps, seeds : links of each run, and the number of runs at most
    start : "zero", "normal:SCALE", "far:SCALE", or the matrix to start from
    statement : which one of the theorem, the first one unless named
    declares : what a function is believed to be, such as {"gammaL": 1.0, "rank": 2, "side": "left"}
    seed : name of the random numbers

    Raises UsageError for anything that is unknown or does not fit.

    >>> check("descent", "counterexample", "rac-lora", seeds=5).verdict.value
    'confirmed'
    """
    stream_name("seed", seed)
    f = _objective(objective)
    chosen = theorem_called(theorem).statement(statement).name
    stream = f"{seed}/{theorem}/{f.name}"
    point = _start(start, f, stream)
    declared = _declared(method, declares)
    made = build_method(declared.spec, f) if declared else _method(method, f)
    claim = Claim(
        f"{theorem}/{f.name}/asked", theorem, ObjectiveSpec(f.name), _spec(made), statement=chosen,
        declared=declared.spec if declared else None, start=start if isinstance(start, str) else "given",
        steps=steps, seeds=seeds,
    )  # fmt: skip
    runs, masked = _runs(f, made, method, declared, point, steps, stream)
    facts = facts_of(f, made, point, steps)
    ran = Experiment(f, made, point)
    name = f"{made.name}, step {made.step:.6g}"
    if declared:
        name = f"{getattr(method, '__name__', 'step')}, declared as {name}"
    return Answer(judge(claim, ran, facts, runs, stream, claim_error_rate(), masked), name)


def _objective(given: object) -> Objective:
    if isinstance(given, str):
        return objective_called(given)
    if not isinstance(given, Objective):
        allowed, kind = "an objective, or the name of one", type(given).__name__
        raise UsageError.of("objective", kind, allowed, "make one, such as least_squares(X, Y)")
    return given


def _start(start: str | ArrayLike, f: Objective, stream: str) -> Vector:
    if isinstance(start, str):
        return start_of(start, f, stream)
    return f.flatten([array("start", start, f.shapes[0])])


def _declared(method: object, declares: Mapping[str, Any] | None) -> Declared | None:
    """Return what a function declares; None for a method, which needs no declaration."""
    is_function = callable(method) and not isinstance(method, (Method, str))
    if declares is not None and not is_function:
        raise UsageError.of("declares", declares, "none beside a method", "leave it out")
    return Declared.of(declares) if is_function else None


def _method(method: object, f: Objective) -> Method:
    if isinstance(method, str):
        return build_method(MethodSpec(method), f)
    if not isinstance(method, Method):
        allowed = f"a method, a function, or one of {', '.join(METHODS)}"
        raise UsageError.of("method", type(method).__name__, allowed, "choose one of these")
    return method


def _spec(method: Method) -> MethodSpec:
    """Return what tables say of `method`."""
    side = method.trains.value if method.trains.value in ("left", "right", "bernoulli") else "left"
    rank = max(method.rank, 1)
    return MethodSpec(method.name, method.step, "absolute", rank, side, method.law.name)


def _runs(
    f: Objective,
    made: Method,
    method: Any,
    declared: Declared | None,
    start: Vector,
    steps: int,
    stream: str,
) -> tuple[Callable[[range], Run], Callable[[], bool]]:
    """Return what makes the runs, and what says whether they are other than the theorem is told."""
    if declared is None:
        return lambda seeds: simulate(f, made, start, steps, seeds, stream), lambda: False
    name = getattr(method, "__name__", "step")
    rule = Rule(name, maker(name, method), declared)
    trial = Trial(rule, f, start, steps, stream)
    return trial, lambda: any(trial.others)
