"""The table of best rates over the rank: steps, exact contractions, the law, and exact links by sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import Claim
from ractheory.compare.build import Experiment
from ractheory.compare.curvature import curvature_at, sketch_side
from ractheory.compare.decision import Decision
from ractheory.engine.simulate import simulate
from ractheory.evidence import Evidence, Verdict
from ractheory.exact.arithmetic import decimal, exactly, rational
from ractheory.exact.best_rate import BestRate
from ractheory.exact.chains import numbers
from ractheory.exact.moments import Moments, coordinate, haar
from ractheory.methods import ExactLink, rac_lora
from ractheory.objectives import objective
from ractheory.theorems import Facts, Statement, Theorem
from ractheory.theorems import symbols as sym

Array = NDArray[np.float64]

LAWS = {"haar": haar, "gaussian": haar, "coordinates": coordinate}
STEPS = ("1/L", "1/L_eff", "2/L", "best")
"""Steps whose contraction a table shows; at the limit of stability it is zero."""


@dataclass(frozen=True)
class RateTable:
    """The decision of a claim on best rates, the table as it is written, and its curves over the rank."""

    decision: Decision
    parameters: Mapping[str, Any]
    curves: Mapping[str, Array] = field(default_factory=dict)


def ranks_of(d: int) -> list[int]:
    """Return the ranks of a table: the powers of two below d, and d.

    >>> ranks_of(10)
    [1, 2, 4, 8, 10]
    """
    return [*(2**i for i in range(d.bit_length()) if 2**i < d), d]


def best_rates(claim: Claim, th: Theorem, ran: Experiment, facts: Facts, stream: str) -> RateTable:
    """Enclose the rates of every rank on the spectrum of `ran`, and decide the law.

    The hypotheses of `th` hold of `ran`, or of what the claim declares: a quadratic of one block, with its
    curvature on the side of the sketch.
    """
    chosen = [th.statement(claim.statement)] if claim.statement else list(th.statements)
    cells = _cells(ran, facts)
    factor = decimal(claim.bound_factor)
    found = {(c.rank, s.name): c.rate.decide(s, factor) for c in cells for s in chosen}
    decision = _decision(cells, chosen, found, claim.bound_factor)
    rows = [cell.row() for cell in cells]
    curves = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    if claim.statement is None and claim.declared is None:
        curves |= _sampled_links(claim, cells, stream)
        rows = [
            {**row, "exact links": float(c), "exact links, error": float(e)}
            for row, c, e in zip(rows, curves["exact links"], curves["exact links, error"], strict=True)
        ]  # fmt: skip
    parameters = {
        "d": cells[0].d, "effective_dimension": cells[0].effective_dimension,
        "L": facts["L"], "mu": facts["mu"], "T": claim.steps, "seeds": claim.seeds,
        "statement": claim.statement or "all", "bound_factor": claim.bound_factor, "table": rows,
        "table_of": "by the rank: steps in units of 1/L, contractions of a link at each step and of exact links",
    }  # fmt: skip
    return RateTable(decision, parameters, curves)


@dataclass(frozen=True)
class _Cell:
    """One rank."""

    rank: int
    rate: BestRate

    @property
    def d(self) -> int:
        return len(self.rate.k)

    @property
    def effective_dimension(self) -> float:
        return float(self.rate.constants["trace_K"] / self.rate.constants["L"])

    def row(self) -> dict[str, float]:
        """Return the row of the table: steps in units of 1/L, contractions of a link, and the law."""
        found, L = self.rate, float(self.rate.constants["L"])
        row: dict[str, float] = {"r": self.rank}
        row |= {f"step {name}": L * found.steps[name] for name in ("1/L_eff", "best", "limit")}
        row |= {name: found.contraction(name) for name in STEPS}
        slope = 2 * found.rho * float(found.constants["mu"])
        return row | {"guaranteed": found.guaranteed(), "ceiling": slope * found.steps["limit"]}


def _cells(ran: Experiment, facts: Facts) -> list[_Cell]:
    """Return a cell for each rank; the spectrum is that of the doubles that eigenvalues are known as."""
    method = ran.method
    curvature = curvature_at(ran.objective, sketch_side(method))
    assert curvature is not None  # the theorem assumes a quadratic of one block, on this side
    positive = (v if v >= facts["mu"] / 2 else 0.0 for v in curvature.eigenvalues)
    k = numbers(sorted((rational(float(v)) for v in positive), reverse=True))
    constants = {
        "L": k[0], "mu": min(v for v in k if v), "trace_K": sum(k, rational(0)), "d": rational(len(k)),
    }  # fmt: skip

    def cell(rank: int) -> _Cell:
        moments: Moments = LAWS[method.law.name](len(k), rank).convert(rational)
        return _Cell(rank, BestRate(k, moments, {**constants, "r": rational(rank)}))

    return [cell(rank) for rank in ranks_of(len(k))]


def _decision(
    cells: Sequence[_Cell],
    chosen: Sequence[Statement],
    found: Mapping[Any, bool | None],
    factor: float,
) -> Decision:
    """Return the decision, with the cell that is closest to its bound."""
    answers = list(found.values())
    verdict = Verdict.CONFIRMED if all(answers) else Verdict.UNDECIDED
    verdict = Verdict.REFUTED if any(a is False for a in answers) else verdict
    sides = [(cell, s, *_sides(cell.rate, s)) for cell in cells for s in chosen]
    broken = [x for x in sides if found[x[0].rank, x[1].name] is False]
    cell, statement, left, right = max(broken or sides, key=lambda x: _closeness(x[1], x[2], x[3]))
    best = max(cells, key=lambda c: c.rate.contraction("best") / c.rate.guaranteed())
    gain = best.rate.contraction("best") / best.rate.guaranteed()
    detail = (
        f"{len(chosen)} statement(s) at {len(cells)} ranks, decided in rational arithmetic; closest at rank "
        f"{cell.rank}: {statement.name}; the best step gains up to {gain:.4g} times the guaranteed rate, "
        f"at rank {best.rank}"
    )
    evidence = Evidence("exact", 0.0, None, None, 0, detail)
    return Decision(verdict, evidence, left, factor * right)


def _closeness(statement: Statement, left: float, right: float) -> float:
    return right / left if statement.is_lower_bound else left / right


def _sides(rate: BestRate, statement: Statement) -> tuple[float, float]:
    limit = rate.steps["limit"]
    left = limit if statement.left == sym.step_limit else rate.contraction("best")
    known = {**rate.constants, "step_limit": rational(limit)}
    return left, float(exactly(statement.right, known))


FALL = 1e-3
"""Share of f_0 down to which exact links are sampled: further down an average misses the rare slow runs."""


def _sampled_links(claim: Claim, cells: Sequence[_Cell], stream: str) -> dict[str, Array]:
    """Return the contraction of exact links by sampling, and its standard error.

    The law of a Haar chain depends on the spectrum alone, so they run on the diagonal quadratic with one
    column, from the slowest eigenvector; and for at most `claim.steps` links, about as many as the best
    step would need to `FALL`.
    """
    k = [float(v) for v in cells[0].rate.k if v]
    f = objective("spectrum-left", m=len(k), n=1, spectrum=k)
    assert f.constants.minimiser is not None
    start = f.constants.minimiser + np.eye(len(k))[-1]
    pairs = []
    for cell in cells:
        method = rac_lora(1.0 / k[0], min(cell.rank, len(k)), inner=ExactLink())
        needed = np.log(1 / FALL) / cell.rate.contraction("best")
        links = int(min(claim.steps, np.ceil(needed)))
        run = simulate(f, method, start, links, claim.seeds, f"{stream}/r{cell.rank}")
        pairs.append(late_rate(run.gap))
    rates, errors = zip(*pairs, strict=True)
    return {"exact links": np.array(rates), "exact links, error": np.array(errors)}


def late_rate(gap: Array) -> tuple[float, float]:
    """Return the contraction of the mean of f - f* over the later half of its fall to `FALL`.

    `gap` has shape (seeds, links + 1). The second number is the standard error.

    >>> late_rate(np.array([[1.0, 0.5, 0.25, 0.125]] * 2))
    (0.5, 0.0)
    """
    mean = gap.mean(axis=0)
    low = np.flatnonzero(mean <= FALL * mean[0])
    end = int(low[0]) if len(low) else len(mean) - 1
    begin = end // 2
    if mean[end] <= FALL**4 * mean[0]:  # nothing is left but round-off
        return 1.0, 0.0
    links = end - begin
    keeps = float((mean[end] / mean[begin]) ** (1 / links))
    ratio = gap[:, end] / mean[end] - gap[:, begin] / mean[begin]
    return 1.0 - keeps, float(keeps * np.std(ratio) / np.sqrt(len(gap)) / links)
