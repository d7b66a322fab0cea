"""What a statement of algebra owes: relations between exact expressions, decided without rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from ractheory.theorems.hypotheses import Checked
from ractheory.theorems.printing import text


@dataclass(frozen=True)
class Obligation:
    """A relation that is true wherever its symbols satisfy their assumptions and `where`.

    Attributes
    ----------
    name : one line for people
    relation : sympy relation between exact expressions (no floats)
    samples : points of the domain, symbol -> exact number; at least one unless `relation` has no symbol
    where : further conditions of the domain; every sample satisfies them

    >>> x = sp.Symbol("x", real=True)
    >>> o = Obligation("a square", sp.Ge(x**2 - 2 * x + 1, 0), ({x: sp.Rational(1, 3)},))
    >>> o.check().holds, o.is_identity
    (True, False)
    """

    name: str
    relation: sp.Basic
    samples: tuple[Mapping[sp.Symbol, sp.Expr], ...] = ({},)
    where: sp.Basic = sp.true

    @property
    def is_identity(self) -> bool:
        """Whether the relation is an equation that sympy expands to 0 = 0 for all values."""
        if not isinstance(self.relation, sp.Equality):
            return self.relation == sp.true
        return bool(sp.simplify(self.relation.lhs - self.relation.rhs) == 0)

    def scaled(self, factor: float) -> Obligation:
        """Return a planted error: the right side times `factor`, as the decimal that it is written.

        >>> Obligation("one", sp.Ge(sp.S.One, sp.S.One, evaluate=False)).scaled(1.5).check().holds
        False
        """
        left, right = self.relation.args
        relation = self.relation.func(left, right * sp.Rational(str(factor)), evaluate=False)
        return replace(self, relation=relation)

    def holds_at(self, sample: Mapping[sp.Symbol, sp.Expr]) -> bool:
        """Decide the relation at one point in exact arithmetic; the point must lie in the domain."""
        if exactly(self.where, sample) is not True:
            raise ValueError(f"{self.name}: the sample {dict(sample)} is outside {self.where}")
        return exactly(self.relation, sample)

    def check(self) -> Checked:
        """Decide the relation at every sample."""
        for sample in self.samples:
            if not self.holds_at(sample):
                values = ", ".join(f"{k} = {v}" for k, v in sample.items())
                return Checked(self.name, False, f"false at {values}: {text(self.relation)}")
        count = len(self.samples)
        reason = "for all values" if self.is_identity else f"at {count} exact points"
        return Checked(self.name, True, f"{text(self.relation)} {reason}")


def exactly(relation: sp.Basic, values: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Return the truth of `relation` at exact `values`; never by rounding."""
    decided = relation.subs(dict(values), simultaneous=True)
    if decided in (sp.true, sp.false):
        return bool(decided)
    decided = sp.simplify(decided)
    if decided not in (sp.true, sp.false):
        raise ValueError(f"cannot decide {decided}")
    return bool(decided)
