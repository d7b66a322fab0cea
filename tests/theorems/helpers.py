"""What the tests of the theorems go through."""

from __future__ import annotations

from ractheory.theorems import Assumes, Condition, Statement, Theorem


def hypotheses_of(th: Theorem, statement: Statement) -> tuple[Assumes | Condition, ...]:
    """Return all that a statement rests on: what its theorem assumes, what it needs itself, and its ceiling."""
    return (*th.hypotheses, *statement.needs, *statement.ceiling_needs)
