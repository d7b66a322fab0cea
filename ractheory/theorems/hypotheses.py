"""Executable hypotheses: each looks at the facts of a run and says whether it holds, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from ractheory import assumptions as vocabulary
from ractheory.theorems.printing import text


@dataclass(frozen=True)
class Facts:
    """What is known of one run before it starts: constants by symbol name, and granted assumptions.

    `values` holds floats, ints, or tuples of floats (for indexed symbols).
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    assumptions: tuple[object, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def including(self, **values: Any) -> Facts:
        """Return these facts with further (or other) values."""
        return Facts({**self.values, **values}, self.assumptions)

    def grants(self, kind: type) -> bool:
        return any(isinstance(a, kind) for a in self.assumptions)


@dataclass(frozen=True)
class Checked:
    """The outcome of one hypothesis on one run."""

    name: str
    holds: bool
    reason: str


@dataclass(frozen=True)
class Assumes:
    """The objective, oracle, or law grants an assumption of the vocabulary."""

    kind: type
    says: str = ""

    @property
    def name(self) -> str:
        return self.kind.__name__

    @property
    def statement(self) -> str:
        return self.says or " ".join((self.kind.__doc__ or self.name).split(". ")[0].split())

    def check(self, facts: Facts) -> Checked:
        for value in facts.assumptions:
            if isinstance(value, self.kind):
                return Checked(self.name, True, repr(value))
        return Checked(self.name, False, f"{self.name} is not granted: {self.statement}")


@dataclass(frozen=True)
class Condition:
    """A relation between constants, such as gamma L < 2, or a conjunction of them."""

    name: str
    relation: sp.Basic

    @property
    def statement(self) -> str:
        return text(self.relation)

    def subs(self, replacements: Mapping[sp.Symbol, Any]) -> Condition:
        """Return the condition with constants replaced, all at once."""
        return Condition(self.name, self.relation.subs(dict(replacements), simultaneous=True))

    def check(self, facts: Facts) -> Checked:
        """Decide the relation on the facts; a relation whose constants are unknown does not hold.

        Bounds of a step are reached by computing them in floating point, so a non-strict bound is
        granted up to a few units in the last place (`LAST_PLACES`).
        """
        missing = sorted(v.name for v in self.relation.free_symbols if v.name not in facts)
        if missing:
            return Checked(self.name, False, f"unknown here: {', '.join(missing)}")
        holds = all(_decide(part, facts) for part in sp.And.make_args(self.relation))
        names = sorted(v.name for v in self.relation.free_symbols)
        values = ", ".join(f"{name} = {facts[name]:.6g}" for name in names)
        return Checked(self.name, holds, f"{self.statement} with {values}")


LAST_PLACES = 1e-12
"""Relative slack of a non-strict bound on a step: thousands of units in the last place of a double."""


def _decide(relation: sp.Basic, facts: Facts) -> bool:
    if relation in (sp.true, sp.false):
        return bool(relation)
    left, right = (_number(side, facts) for side in relation.args)
    slack = LAST_PLACES * (abs(left) + abs(right))
    match relation:
        case sp.StrictLessThan():
            return left < right
        case sp.StrictGreaterThan():
            return left > right
        case sp.LessThan():
            return left <= right + slack
        case sp.GreaterThan():
            return left >= right - slack
        case sp.Equality():
            return abs(left - right) <= slack
    raise TypeError(f"not a relation: {relation}")


def _number(expression: sp.Expr, facts: Facts) -> float:
    """Return the value, or nan where it is not real: no relation of it then holds."""
    values = {v: facts[v.name] for v in expression.free_symbols}
    number = expression.xreplace({v: sp.Float(x, 17) if isinstance(x, float) else sp.sympify(x)
                                  for v, x in values.items()}).evalf()  # fmt: skip
    return float(number) if number.is_extended_real else float("nan")


Hypothesis = Assumes | Condition


def substituted(
    hypotheses: tuple[Hypothesis, ...], replacements: Mapping[sp.Symbol, Any]
) -> tuple[Hypothesis, ...]:
    """Return the hypotheses with constants replaced in those that are conditions."""
    return tuple(h.subs(replacements) if isinstance(h, Condition) else h for h in hypotheses)


__all__ = ["Assumes", "Checked", "Condition", "Facts", "Hypothesis", "substituted", "vocabulary"]
