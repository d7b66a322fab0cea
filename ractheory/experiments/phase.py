"""Phase diagrams: at which steps LoRA and CoLA settle or diverge, and the proved boundaries between.

On (L/2)|W - W*|^2 with rank one. A diagram has a line for each initial scale, or each dimension, and many
steps on it. A line is judged at the steps of the grid nearest to a boundary, on the side where most runs must
not do something: a binomial test of independent runs, at a rate that all lines share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.compare.decision import Decision
from ractheory.engine.phase import (
    CONVERGED,
    DIVERGED,
    MOVING,
    OUTCOMES,
    SETTLED,
    Diagram,
    Line,
    Shift,
    cola_diagram,
    lora_diagram,
)
from ractheory.errors import UsageError, integer, real
from ractheory.evidence import Evidence, Verdict, proportion_at_most
from ractheory.exact.link_moments import critical_step, crossing_step
from ractheory.experiments.family import Asked, Outcome
from ractheory.theorems import Condition, Facts, evaluate, theorem
from ractheory.theorems.symbols import eta

Array = NDArray[np.float64]
Values = Mapping[str, Array]

POWER = 0.25
"""CoLA's upper boundary is where E m^-POWER = 1 for a link's factor m of |D|^2: by Ville's inequality at most
FAR^-POWER, a thousandth, of the runs at this step or a longer one ever converge."""

MOST = 0.5
"""A line is on one side of a boundary if less than this share of its runs says otherwise."""


@dataclass(frozen=True)
class Rule:
    """What most runs of a line must not do, at the step of the grid next to a boundary.

    Attributes
    ----------
    says : in words, of the step
    boundary : its name, and `factor`, which multiplies it
    beyond : whether the first step above it is looked at, or the last one up to it
    against : the outcomes that most runs must not have
    up_to : only lines whose value is at most this
    """

    says: str
    boundary: str
    beyond: bool
    against: tuple[int, ...]
    factor: float = 1.0
    up_to: float = np.inf


@dataclass(frozen=True)
class Plan:
    """A diagram: its steps in 1/L, its lines, what is proved of them, and the rules.

    `proved` are the names of the boundaries that a control moves.
    """

    method: str
    axis: str
    steps: Array
    values: Array
    lines: tuple[Line, ...]
    boundaries: Values
    rules: tuple[Rule, ...]
    proved: tuple[str, ...]
    links: int
    inner_steps: int = 1


# Boundaries of the theorems.


@lru_cache(maxsize=8)
def _boundary(name: str, statement: str) -> sp.Expr:
    """Return the step eta at which the condition of a statement on it begins to hold."""
    conditions = (c for c in theorem(name).statement(statement).needs if isinstance(c, Condition))
    relation = next(c.relation for c in conditions if eta in c.relation.free_symbols)
    (step,) = sp.solve(relation.lhs - relation.rhs, eta)
    return step


def sharpness_step(sigma_1: Array) -> Array:
    """Return the step beyond which every best point is unstable, L = s = 1.

    >>> sharpness_step(np.array([2.0]))
    array([0.5])
    """
    facts = Facts({"L": 1.0, "s": 1.0, "sigma_1": sigma_1})
    return np.asarray(evaluate(_boundary("sharpness", "unstable"), facts))


def mean_square_step(columns: Array) -> Array:
    """Return the step beyond which the mean of CoLA grows, L = s = 1, N(0, 1) entries, rank one.

    >>> mean_square_step(np.array([3.0]))
    array([0.4])
    """
    facts = Facts({"L": 1.0, "s": 1.0, "r": 1.0, "d": columns})
    return np.asarray(evaluate(_boundary("cola-mean-square", "growth"), facts))


def _cola_boundaries(columns: Array, std: Array) -> Values:
    """Return CoLA's boundaries on each line; entries of standard deviation std divide a step by std^2."""
    each: dict[int, tuple[float, float]] = {
        n: (critical_step(n), crossing_step(n, -POWER)) for n in sorted(set(map(int, columns)))
    }
    critical, upper = np.array([each[int(n)] for n in columns]).T
    return {
        "lower": mean_square_step(columns) / std**2,
        "critical": critical / std**2,
        "upper": upper / std**2,
    }


# The diagrams.

THREE = Shift((1.0, 0.5, 0.25), (1, 1, 1))
ONE = Shift((1.0,), (1,))
BALANCED = 0.3
"""Up to this initial scale, in units of sqrt(sigma_1/s), LoRA ends at nearly balanced factors."""

LORA_RULES = (
    Rule("settle beyond the boundary", "lower", True, (CONVERGED, SETTLED)),
    Rule("fail to settle at 0.9 of it", "lower", False, (MOVING, DIVERGED), 0.9, BALANCED),
)
COLA_RULES = (
    Rule("diverge below the lower boundary", "lower", False, (DIVERGED,)),
    Rule("converge beyond the upper boundary", "upper", True, (CONVERGED,)),
    Rule("fail to converge at half the lower boundary", "lower", False,
         (SETTLED, MOVING, DIVERGED), 0.5),
    Rule("fail to diverge at twice the upper boundary", "upper", True,
         (CONVERGED, SETTLED, MOVING), 2.0),
)  # fmt: skip
EDGE_RULES = (
    Rule("fail to diverge at the edge of one inner step", "critical", True,
         (CONVERGED, SETTLED, MOVING)),
)  # fmt: skip


def _lora(axis: str, values: Array, lines: tuple[Line, ...], steps: Array, links: int) -> Plan:
    largest = np.array([line.shift.sizes[0] for line in lines])
    boundaries = {"lower": sharpness_step(largest)}
    return Plan("lora", axis, steps, values, lines, boundaries, LORA_RULES, ("lower",), links)


def lora_scale(cells: int) -> Plan:
    """LoRA on 3 x 3, singular values 1, 1/2, 1/4 of W_0 - W*, against the scale of the first A."""
    values = np.geomspace(0.01, 10.0, cells)
    lines = tuple(Line(THREE, 3, float(v)) for v in values)
    return _lora("scale", values, lines, np.geomspace(0.1, 4.0, cells), 2000)


def lora_dimension(cells: int) -> Plan:
    """LoRA on n x n, W_0 - W* the identity plus ones: singular values n + 1 and 1; |A_0| about one."""
    values = np.arange(2.0, cells + 2)
    lines = tuple(Line(Shift((n + 1.0, 1.0), (1, int(n) - 1)), int(n), n**-0.5) for n in values)
    plan = _lora("dimension", values, lines, np.geomspace(0.005, 4.0, cells), 4000)
    return replace(plan, rules=tuple(replace(rule, up_to=np.inf) for rule in plan.rules))


def cola_scale(cells: int) -> Plan:
    """CoLA with one inner step on 3 x 3 against the scale of A."""
    values = np.geomspace(0.2, 5.0, cells)
    lines = tuple(Line(ONE, 3, float(v)) for v in values)
    boundaries = _cola_boundaries(np.full(cells, 3.0), values)
    steps = np.geomspace(0.005, 50.0, cells)
    return Plan("cola", "scale", steps, values, lines, boundaries, COLA_RULES, ("lower",), 4000)


def cola_dimension(cells: int) -> Plan:
    """CoLA with one inner step in n = 1, ..., 100 columns, N(0, 1) entries."""
    values = np.unique(np.round(np.geomspace(1.0, 100.0, cells)))
    if cells >= 100:
        values = np.arange(1.0, 101.0)
    lines = tuple(Line(ONE, int(n), 1.0) for n in values)
    boundaries = _cola_boundaries(values, np.ones(len(values)))
    steps = np.geomspace(0.005, 20.0, cells)
    return Plan("cola", "dimension", steps, values, lines, boundaries, COLA_RULES,
                ("lower",), 4000)  # fmt: skip


def cola_ten_steps(cells: int) -> Plan:
    """CoLA with ten inner steps, from |D_0| = 1, otherwise as `cola_scale`."""
    plan = cola_scale(cells)
    return replace(plan, rules=EDGE_RULES, proved=(), links=400, inner_steps=10)


PLANS: dict[str, Callable[[int], Plan]] = {
    "lora-scale": lora_scale,
    "lora-dimension": lora_dimension,
    "cola-scale": cola_scale,
    "cola-dimension": cola_dimension,
    "cola-ten-steps": cola_ten_steps,
}
"""Every diagram by name, from the number of its cells along an axis."""


def simulate(plan: Plan, seeds: int, stream: str, threads: int | None = None) -> Diagram:
    """Run every cell of a plan."""
    if plan.method == "lora":
        return lora_diagram(plan.lines, plan.steps, seeds, plan.links, stream, threads)
    return cola_diagram(
        plan.lines, plan.steps, seeds, plan.links, plan.inner_steps, stream, threads
    )


# Verdicts.


@dataclass(frozen=True)
class Judged:
    """How often the lines of one rule came out how, and the worst of them."""

    rule: Rule
    verdicts: tuple[Verdict, ...]
    worst: float


def judge(plan: Plan, rule: Rule, counts: NDArray[np.int64], rate: float) -> Judged:
    """Judge a rule on every line that it is about, at error rate `rate` each.

    Raises UsageError for a boundary outside of the steps of the diagram.
    """
    verdicts, worst = [], 0.0
    for line in np.flatnonzero(plan.values <= rule.up_to):
        edge = rule.factor * plan.boundaries[rule.boundary][line]
        above = int(np.searchsorted(plan.steps, edge, side="right"))
        cell = above if rule.beyond else above - 1
        if not 0 <= cell < len(plan.steps):
            allowed = f"from {plan.steps[0]:.3g} to {plan.steps[-1]:.3g}"
            raise UsageError.of("boundary of a phase diagram", float(edge), allowed, "more steps")
        wrong, runs = (
            int(counts[line, cell, list(rule.against)].sum()),
            int(counts[line, cell].sum()),
        )
        verdicts.append(proportion_at_most(wrong, runs, MOST, rate)[0])
        worst = max(worst, wrong / runs)
    return Judged(rule, tuple(verdicts), worst)


def decide(plan: Plan, counts: NDArray[np.int64], rate: float) -> Decision:
    """Decide that on every line less than half of the runs break any rule; the lines share `rate`."""
    tests = sum(int((plan.values <= rule.up_to).sum()) for rule in plan.rules)
    found = [judge(plan, rule, counts, rate / tests) for rule in plan.rules]
    every = [v for one in found for v in one.verdicts]
    verdict = Verdict.UNDECIDED
    if Verdict.REFUTED in every:
        verdict = Verdict.REFUTED
    elif all(v is Verdict.CONFIRMED for v in every):
        verdict = Verdict.CONFIRMED
    detail = "; ".join(
        f"{sum(v is Verdict.CONFIRMED for v in one.verdicts)} of {len(one.verdicts)} lines: less than "
        f"half {one.rule.says} (at most {one.worst:.3g} of the runs)"
        for one in found
    )
    runs = int(counts[0, 0].sum())
    evidence = Evidence("statistical", rate, None, None, runs, f"{detail}; {tests} binomial tests")
    return Decision(verdict, evidence, max(one.worst for one in found), MOST)


def edges(plan: Plan, counts: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return, for each line, the last step at which half of the runs or more come to rest, and the first
    one from which on half or more diverge; nan where there is none."""
    shares = counts / counts.sum(axis=2, keepdims=True)
    resting = shares[:, :, [CONVERGED, SETTLED]].sum(axis=2) >= MOST
    diverging = shares[:, :, DIVERGED] >= MOST
    steps = plan.steps
    last = [steps[np.flatnonzero(row)[-1]] if row.any() else np.nan for row in resting]
    first = [steps[np.flatnonzero(row)[0]] if row.any() else np.nan for row in diverging]
    return np.array(last), np.array(first)


def _ranges(plan: Plan, last: Array, first: Array) -> dict[str, list[float]]:
    """Return where runs stop resting and begin to diverge, as least and largest multiples of a boundary."""
    name = "critical" if "critical" in plan.boundaries else "lower"
    return {
        f"{what} / {name}": [float(np.nanmin(x)), float(np.nanmax(x))]
        for what, step in (("last step at rest", last), ("first step that diverges", first))
        if np.isfinite(x := step / plan.boundaries[name]).any()
    }


def measure(asked: Asked) -> Outcome:
    """Measure the diagram that a claim asks for: `cells` along each axis, `seeds` runs in each cell.

    The parameter `shifted` multiplies the proved boundaries in the rules: a planted error unless it is 1.
    """
    given = asked.parameters
    cells = integer("cells", given.get("cells", 64), 2, 1000)
    seeds = integer("seeds", given.get("seeds", 50), 1)
    shifted = real("shifted", given.get("shifted", 1.0), 0.0, open_low=True)
    plan = asked.one_of(PLANS)(cells)
    diagram = simulate(plan, seeds, asked.stream)
    last, first = edges(plan, diagram.counts)
    moved = {
        name: step * (shifted if name in plan.proved else 1.0)
        for name, step in plan.boundaries.items()
    }
    decision = decide(replace(plan, boundaries=moved), diagram.counts, asked.error_rate)
    curves = {
        "steps": plan.steps, "lines": plan.values, "counts": diagram.counts.astype(np.uint16),
        "last_at_rest": last, "first_diverging": first, **plan.boundaries,
    }  # fmt: skip
    settings = {
        "axis": plan.axis, "cells": cells, "seeds": seeds, "T": plan.links,
        "inner_steps": plan.inner_steps, "shifted": shifted, "steps_made": diagram.made,
        "outcomes": list(OUTCOMES), **_ranges(plan, last, first),
    }  # fmt: skip
    return Outcome(
        decision, settings, curves, method=plan.method, sketch="rank 1, both factors trained",
        seeds=seeds,
    )  # fmt: skip
