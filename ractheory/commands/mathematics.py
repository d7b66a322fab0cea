"""Theorems as text for a terminal."""

from __future__ import annotations

from typing import Any

import sympy as sp

from ractheory.theorems import Form, Statement
from ractheory.theorems.symbols import Observable


def readable(statement: Statement) -> str:
    """Return the statement on one line.

    >>> from ractheory.theorems import THEOREMS
    >>> readable(THEOREMS["gd-pl"].statement())
    'E[gap(T)] <= (gamma*lam_min*mu*(L*gamma - 2) + 1)**T*gap(0)'
    """
    sign = {sp.LessThan: "<=", sp.GreaterThan: ">=", sp.Equality: "="}[type(statement.relation)]
    left = str(statement.left)
    left = f"E[{left}]" if statement.form is Form.EXPECTATION else left
    return f"{left} {sign} {statement.right}"


def drawn(statement: Statement, unicode: bool) -> str:
    """Return the statement as two-dimensional text."""
    expectation = sp.Function("E")
    left = statement.left
    if statement.form is Form.EXPECTATION:
        left = expectation(left)
    relation = type(statement.relation)(left, statement.right, evaluate=False)
    return str(sp.pretty(relation, use_unicode=unicode, wrap_line=False))


def observables(statement: Statement) -> dict[str, str]:
    """Return the meaning of each observable in the statement, by its name."""
    applied: Any = statement.relation.atoms(Observable)
    meanings = {type(a).__name__: type(a).meaning for a in applied}
    return dict(sorted(meanings.items()))
