"""What the checker deals in: goals, facts, steps, and which expressions are constants of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.algebra import Inner, Vector, dot, norm_sq
from ractheory.theorems import Statement
from ractheory.theorems.hypotheses import Assumes, Condition
from ractheory.theorems.printing import latex, text
from ractheory.theorems.symbols import Observable

NOT_CONSTANT = "f is not constant"
"""Tag of what `Session.cancel` supposes; `Session.conclude` discharges it."""


class Rejected(Exception):
    """The checker does not accept a step; the text says which and why."""


@dataclass(frozen=True)
class Goal:
    """left <= right, or left = right where `equal`; `strict` for left < right."""

    left: sp.Expr
    right: sp.Expr
    equal: bool = False
    strict: bool = False

    @property
    def expr(self) -> sp.Expr:
        return self.right - self.left

    def latex(self) -> str:
        sign = "=" if self.equal else "<" if self.strict else r"\le"
        return f"{latex(self.left)} {sign} {latex(self.right)}"

    def text(self) -> str:
        """Return the relation as plain mathematics."""
        sign = "=" if self.equal else "<" if self.strict else "<="
        return f"{text(self.left)} {sign} {text(self.right)}"


def le(left: Any, right: Any) -> Goal:
    """Return the goal left <= right."""
    return Goal(sp.sympify(left), sp.sympify(right))


def lt(left: Any, right: Any) -> Goal:
    """Return the goal left < right."""
    return Goal(sp.sympify(left), sp.sympify(right), strict=True)


def eq(left: Any, right: Any) -> Goal:
    """Return the goal left = right."""
    return Goal(sp.sympify(left), sp.sympify(right), equal=True)


@dataclass(frozen=True, eq=False)
class Fact:
    """A proved or assumed relation; made by the checker only, compared by identity."""

    name: str
    goal: Goal
    uses: frozenset[str]

    @property
    def expr(self) -> sp.Expr:
        return self.goal.expr


@dataclass(frozen=True)
class Step:
    """One verified step, as it is reported."""

    name: str
    status: str
    seconds: float
    goal: Goal | str
    second: str = ""

    @property
    def statement(self) -> str:
        """Return what the step proves, as LaTeX; of a failed step, why it failed."""
        return self.goal if isinstance(self.goal, str) else self.goal.latex()

    @property
    def text(self) -> str:
        """Return the same as plain mathematics."""
        return self.goal if isinstance(self.goal, str) else self.goal.text()


@dataclass(frozen=True)
class Gram:
    """The form sum_ij M_ij <v_i, v_j>, nonnegative when M is positive semidefinite."""

    vectors: tuple[Vector, ...]
    matrix: sp.Matrix


Terms = Sequence[tuple[Any, Fact]]
Squares = Sequence[tuple[Any, Any]]


def defined_in(statement: Statement) -> str:
    """Return the tag of what holds wherever a statement's right side is defined."""
    return f"{statement.name!r} is defined"


def tag_of(hypothesis: Assumes | Condition) -> str:
    """Return the tag that facts carry for a hypothesis: its name, and its relation if it has one."""
    if isinstance(hypothesis, Condition):
        return f"{hypothesis.name}: {hypothesis.relation}"
    return hypothesis.name


def is_constant(expr: sp.Expr) -> bool:
    """Say whether an expression is the same number on every run.

    Observables at step 0 are, and so are total expectations and their sums.
    """
    if isinstance(expr, sp.Function):
        at_start = isinstance(expr, Observable) and bool(expr.args) and expr.args[0] == 0
        elementary = not isinstance(expr, (Observable, Inner)) and is_elementary(expr)
        return at_start or bool(getattr(expr, "is_number_of_the_runs", False)) or elementary
    return all(is_constant(a) for a in expr.args)


def is_elementary(expr: sp.Expr) -> bool:
    """Say whether an applied function is a plain function of constants, such as log or Max."""
    library = type(expr).__module__.startswith("sympy.")
    return library and all(is_constant(a) for a in expr.args)


def square_of(v: Any) -> sp.Expr:
    """Return |v|^2 of a vector, or the square of a real scalar."""
    if isinstance(v, Vector):
        return norm_sq(v)
    constants = sp.sympify(v).replace(lambda e: isinstance(e, sp.Function), lambda e: sp.Integer(0))
    if not all(symbol.is_real for symbol in constants.free_symbols):
        raise Rejected(f"the square of {v} is not known to be real")
    return sp.sympify(v) ** 2


def gram_value(form: Gram) -> sp.Expr:
    """Return sum_ij M_ij <v_i, v_j>."""
    matrix, vectors = sp.Matrix(form.matrix), form.vectors
    pairs = [(i, j) for i in range(len(vectors)) for j in range(len(vectors))]
    return sp.Add(*(matrix[i, j] * dot(vectors[i], vectors[j]) for i, j in pairs))
