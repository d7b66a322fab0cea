"""A theorem is a value: hypotheses, and statements as symbolic relations.

From it everything else is derived: the number that runs are compared with, the curve of a figure,
the formula on a page, and the obligations that a proof must discharge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import sympy as sp

from ractheory.errors import UsageError
from ractheory.theorems.hypotheses import Checked, Facts, Hypothesis, substituted
from ractheory.theorems.obligations import Obligation
from ractheory.theorems.printing import SIGNS, latex, text


class Form(Enum):
    """How a statement quantifies over the runs. L and R are the sides of its relation.

    PATHWISE: L relation R in every realisation, for every t that occurs (and every T >= 1).
    EXPECTATION: E[L] relation R; R is deterministic (built from constants and the start).
    CONDITIONAL: E[L | W_t] relation R(W_t) at every t, whatever W_t is: the expectation is over the
        randomness of one link. For L = gap(t + 1) and R = q gap(t), gap(t)/q^t is a supermartingale.
    TIME_UNIFORM: P(L relation R for all t at once) >= 1 - alpha; alpha is a constant of the relation.
    LAW: P(L <= x) = R for every x, the symbol x of `symbols`; the values of L at distinct t are
        independent.
    ALMOST_SURE: the limit (for an inequality: limit superior) of L as T grows satisfies the relation,
        with probability one.
    ESCAPE: with positive probability the relation holds for all t at once from some t on.
    EXACT: a fact of algebra about constants, with no run; see `Statement.obligations`.
    """

    PATHWISE = "every realisation, every step"
    EXPECTATION = "in expectation over the runs"
    CONDITIONAL = "in expectation over one link, given its start"
    TIME_UNIFORM = "at all steps at once, with probability at least 1 - alpha"
    LAW = "as the distribution function at x"
    ALMOST_SURE = "almost surely, as T grows"
    ESCAPE = "from some step on, with positive probability"
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
    obligations : exact relations that an EXACT statement consists of, or that a constant rests on
    """

    name: str
    form: Form
    relation: sp.Basic
    needs: tuple[Hypothesis, ...] = ()
    ceiling: sp.Expr | None = None
    ceiling_needs: tuple[Hypothesis, ...] = ()
    obligations: tuple[Obligation, ...] = ()

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

    @property
    def is_lower_bound(self) -> bool:
        """Whether the statement reads left >= right, or left > right."""
        return isinstance(self.relation, (sp.GreaterThan, sp.StrictGreaterThan))

    def subs(
        self,
        replacements: Mapping[sp.Symbol, Any],
        name: str | None = None,
        needs: tuple[Hypothesis, ...] = (),
    ) -> Statement:
        """Return the corollary with constants replaced, all at once; `needs` is added in front."""
        table = dict(replacements)
        ceiling = self.ceiling
        return replace(
            self,
            name=name or self.name,
            relation=self.relation.func(
                *(side.subs(table, simultaneous=True) for side in self.relation.args),
                evaluate=False,
            ),
            needs=(*needs, *substituted(self.needs, table)),
            ceiling=None if ceiling is None else ceiling.subs(table, simultaneous=True),
            ceiling_needs=substituted(self.ceiling_needs, table),
        )

    def latex(self) -> str:
        """Return the statement as LaTeX, with E or P where it is one."""
        left, right = latex(self.left), latex(self.right)
        sign = SIGNS[type(self.relation)][0]
        frame = {
            Form.EXPECTATION: r"\mathbb{E}\left[<l>\right] <s> <r>",
            Form.CONDITIONAL: r"\mathbb{E}\left[<l> \mid W_t\right] <s> <r>",
            Form.TIME_UNIFORM: r"\mathbb{P}\left(<l> <s> <r> \text{ for all } t\right) \ge 1 - \alpha",
            Form.LAW: r"\mathbb{P}\left(<l> \le x\right) <s> <r>",
            Form.ALMOST_SURE: r"\limsup_{T \to \infty} <l> <s> <r> \text{ almost surely}",
            Form.ESCAPE: r"\mathbb{P}\left(<l> <s> <r> \text{ from some } t \text{ on}\right) > 0",
        }.get(self.form, "<l> <s> <r>")
        return _framed(frame, left, sign, right)

    def text(self) -> str:
        """Return the statement as plain mathematics."""
        left, right = text(self.left), text(self.right)
        sign = SIGNS[type(self.relation)][1]
        frame = {
            Form.EXPECTATION: "E[<l>] <s> <r>",
            Form.CONDITIONAL: "E[<l> | W_t] <s> <r>",
            Form.TIME_UNIFORM: "P(<l> <s> <r> for all t) >= 1 - alpha",
            Form.LAW: "P(<l> <= x) <s> <r>",
            Form.ALMOST_SURE: "limsup_T <l> <s> <r> almost surely",
            Form.ESCAPE: "P(<l> <s> <r> from some t on) > 0",
        }.get(self.form, "<l> <s> <r>")
        return _framed(frame, left, sign, right)


def _framed(frame: str, left: str, sign: str, right: str) -> str:
    return frame.replace("<s>", sign).replace("<r>", right).replace("<l>", left)


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

    def describe(self) -> str:
        """Return statement, hypotheses and source as readable plain text."""
        lines = [f"{self.id}: {self.title}", ""]
        for statement in self.statements:
            lines.append(f"  {statement.name} ({statement.form.value}):")
            lines.append(f"    {statement.text()}")
            lines += [f"    needs {h.name}: {h.statement}" for h in statement.needs]
            lines += [f"    checked: {o.name}" for o in statement.obligations]
        lines += ["", "Assumes"]
        lines += [f"  {h.name}: {h.statement}" for h in self.hypotheses]
        lines += ["", f"Source: {self.source}"]
        lines += [f"Tight: {self.tight}"] if self.tight else []
        lines += [f"Note: {self.note}"] if self.note else []
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return what `ractheory list theorems --json` prints of the theorem."""
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "statement": self.statements[0].text(),
            "statements": {s.name: {"form": s.form.name.lower(), "text": s.text(), "latex": s.latex()}
                           for s in self.statements},
            "hypotheses": [{"name": h.name, "statement": h.statement} for h in self.hypotheses],
            "tight": self.tight,
            "note": self.note,
        }  # fmt: skip
