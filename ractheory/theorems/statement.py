"""A theorem is a value: hypotheses, and statements as symbolic relations.

From it everything else is derived: the number that runs are compared with, the curve of a figure,
the formula on a page, and the obligations that a proof must discharge.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import sympy as sp

from ractheory.errors import UsageError
from ractheory.theorems.hypotheses import Checked, Condition, Facts, Hypothesis
from ractheory.theorems.symbols import Observable


class Form(Enum):
    """How a statement quantifies over the runs."""

    PATHWISE = "every realisation, every step"
    EXPECTATION = "in expectation over the runs"
    EXACT = "a fact of algebra, with no run"


@dataclass(frozen=True)
class Statement:
    """`left relation right`, with the observables of a run on the left (and right, if pathwise).

    Attributes
    ----------
    name : short name, unique within the theorem ("sharp", "paper")
    form : how it quantifies over runs
    relation : sympy relational between expressions of observables and constants
    needs : hypotheses beyond those of the theorem
    ceiling : an almost-sure upper bound of the left side, which a confirmation needs
    ceiling_needs : what the ceiling itself assumes
    """

    name: str
    form: Form
    relation: sp.Basic
    needs: tuple[Hypothesis, ...] = ()
    ceiling: sp.Expr | None = None
    ceiling_needs: tuple[Condition, ...] = ()

    @property
    def left(self) -> sp.Expr:
        return self.relation.args[0]

    @property
    def right(self) -> sp.Expr:
        return self.relation.args[1]

    @property
    def is_upper_bound(self) -> bool:
        """Whether the statement reads left <= right."""
        return isinstance(self.relation, sp.LessThan)

    def latex(self) -> str:
        """Return the statement as LaTeX, with E where it is an expectation."""
        left = sp.latex(self.left)
        if self.form is Form.EXPECTATION:
            left = rf"\mathbb{{E}}\left[{left}\right]"
        sign = {sp.LessThan: r"\le", sp.GreaterThan: r"\ge", sp.Equality: "="}[type(self.relation)]
        return f"{left} {sign} {sp.latex(self.right)}"


@dataclass(frozen=True)
class Theorem:
    """One row of the theory.

    Attributes
    ----------
    id : name used everywhere (command line, result files, figures, proofs)
    title : one line for people
    source : paper and place, or "new"
    hypotheses : what every statement assumes
    statements : the first is the sharpest one that the suite knows
    tight : where the first statement holds with equality; empty if nowhere known
    note : what a reader should know beyond the formulas
    """

    id: str
    title: str
    source: str
    hypotheses: tuple[Hypothesis, ...]
    statements: tuple[Statement, ...]
    tight: str = ""
    note: str = ""

    def statement(self, name: str | None = None) -> Statement:
        """Return the statement called `name`, the first one unless given."""
        if name is None:
            return self.statements[0]
        for candidate in self.statements:
            if candidate.name == name:
                return candidate
        names = ", ".join(s.name for s in self.statements)
        raise UsageError.of(f"statement of {self.id}", name, names, "choose one of these")

    def check(self, facts: Facts, statement: Statement | None = None) -> tuple[Checked, ...]:
        """Check every hypothesis, and those of `statement`, on the facts of a run."""
        chosen = statement or self.statements[0]
        return tuple(h.check(facts) for h in (*self.hypotheses, *chosen.needs))


def constants_of(expression: sp.Expr) -> set[str]:
    """Return the names of the constants in `expression`, observables and bound indices left out."""
    bare = expression.replace(lambda e: isinstance(e, Observable), lambda e: sp.Integer(0))
    return {str(v) for v in bare.free_symbols}


def evaluate(expression: sp.Expr, facts: Facts, observed: dict[sp.Expr, Any] | None = None) -> Any:
    """Evaluate `expression` in floating point: constants from `facts`, observables from `observed`.

    `observed` maps each applied observable of the expression to a number or an array; the result
    broadcasts over them.

    >>> from ractheory.theorems.symbols import L, gamma
    >>> evaluate(1 - gamma * L / 2, Facts({"gamma": 0.5, "L": 2.0}))
    0.5
    """
    observed = observed or {}
    stand_ins = {e: sp.Dummy(f"x{i}") for i, e in enumerate(sorted(observed, key=str))}
    bare = expression.xreplace(stand_ins)
    names = sorted((v for v in bare.free_symbols if not isinstance(v, sp.Dummy)), key=str)
    constants = [v for v in names if not isinstance(v, sp.Indexed)]
    missing = [str(v) for v in constants if str(v) not in facts]
    if missing:
        raise KeyError(f"no value for {', '.join(missing)}")
    arguments = [*constants, *stand_ins.values()]
    values = [facts[str(v)] for v in constants] + [observed[e] for e in stand_ins]
    return sp.lambdify(arguments, bare, modules=["numpy"])(*values)
