"""The theorems' bounds on a quadratic: from theorem values, never typed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from ractheory.assumptions import (
    PL,
    Attained,
    Convex,
    CoordinateLaw,
    FreshSketch,
    HaarLaw,
    IsotropicLaw,
    LowerBounded,
    LSmooth,
    MatchingSide,
    MatrixQuadratic,
    MatrixSmooth,
    PositiveExpectedProjection,
    ProjectedStep,
)
from ractheory.theorems import THEOREMS, Facts, Statement, Theorem, evaluate
from ractheory.theorems import symbols as sym

LAWS: dict[str, type] = {"haar": HaarLaw, "coordinate": CoordinateLaw}
"""What the theorems call the sketches of the report."""


@dataclass(frozen=True)
class QuadraticFacts:
    """What the theorems need to know of a chain on 1/2 tr(D^T K D) and of its start."""

    eigenvalues: Sequence[float]
    rank: int
    gamma: float
    distance_sq: float
    side: str = "left"
    columns: int = 1
    sketch: str = "haar"

    @property
    def dimension(self) -> int:
        return len(self.eigenvalues)

    def facts(self) -> Facts:
        """Return the facts of the theory for an isotropic projection of this rank."""
        k, d = self.eigenvalues, self.dimension
        rho, L = self.rank / d, max(k)
        mu = min(v for v in k if v > 0)
        shape = (d, self.columns) if self.side == "left" else (self.columns, d)
        values = {
            "L": L, "mu": mu, "trace_K": float(sum(k)), "max_diag_K": L, "gamma": self.gamma,
            "lam_min": rho, "lam_max": rho, "rho": rho, "r": self.rank, "d": d, "m": shape[0],
            "n": shape[1], "D0_sq": self.distance_sq, "D0_sq_weighted": self.distance_sq / rho,
        }  # fmt: skip
        ordered = tuple(sorted(k, reverse=True))
        return Facts(values, (
            LSmooth(L), LowerBounded(0.0), PL(mu, 0.0), Convex(), Attained(self.distance_sq**0.5),
            MatrixSmooth(ordered, tuple(k), self.side), FreshSketch(),
            PositiveExpectedProjection(rho, rho), ProjectedStep(), IsotropicLaw(rho), MatchingSide(),
            MatrixQuadratic(self.side), LAWS[self.sketch](),
        ))  # fmt: skip


def bound_curve(statement: Statement, facts: Facts, steps: int, start: float) -> list[float]:
    """Return a bound of `statement` at t = 0, ..., steps; at t = 0 it is the start itself.

    `start` is f(W_0) - f*. Rows are stated for T >= 1, and E f_0 = f_0 needs no theorem.
    """
    known = Facts({**facts.values, "T": np.arange(1.0, steps + 1)}, facts.assumptions)
    with np.errstate(over="ignore"):
        right = evaluate(statement.right, known, {sym.gap(0): start})
    return [start, *np.broadcast_to(right, steps).tolist()]


def applicable(theorem: Theorem, facts: Facts, left: sp.Expr) -> tuple[list[Statement], str]:
    """Return the upper bounds on the mean of `left` whose hypotheses hold, and why others do not."""
    found, reasons = [], []
    for statement in theorem.statements:
        if statement.left != left or not statement.is_upper_bound:
            continue
        failed = [c for c in theorem.check(facts, statement) if not c.holds]
        if failed:
            reasons.append(failed[0].reason)
        else:
            found.append(statement)
    return found, reasons[0] if reasons else "says nothing about this quantity"


def curves(
    ids: Sequence[str], facts: Facts, start: float, steps: int, left: sp.Expr
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Return the bound on E[left] of each theorem that applies, and why the others do not.

    Where several statements of a theorem apply, the least bound is taken at each t.

    >>> facts = QuadraticFacts((1.0, 1.0), 1, 1.0, 2.0).facts()
    >>> curves(("gd-pl",), facts, 1.0, 2, sym.gap(sym.T))[0]
    {'gd-pl': [1.0, 0.5, 0.25]}
    """
    found: dict[str, list[float]] = {}
    reasons: dict[str, str] = {}
    for name in ids:
        statements, reason = applicable(THEOREMS[name], facts, left)
        if statements:
            family = [bound_curve(statement, facts, steps, start) for statement in statements]
            found[name] = np.min(family, axis=0).tolist()
        else:
            reasons[name] = reason
    return found, reasons


def exact_right_side(statement: Statement, values: Mapping[str, Any], start: Any) -> sp.Expr:
    """Return the right side of `statement` with exact constants, a function of T alone.

    `values` maps names of symbols to Fractions, `start` is f(W_0) - f*.
    """
    right = statement.right.xreplace({sym.gap(0): sp.Rational(start)})
    free = [v for v in right.free_symbols if v != sym.T]
    return right.xreplace({v: sp.Rational(values[v.name]) for v in free})
