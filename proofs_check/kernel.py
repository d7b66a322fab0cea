"""The session of a proof: the core of the checker and its rules for scalars.

Every rule takes facts of the session, checks their shape exactly, and returns a new fact that rests
on the same hypotheses: powers, products, roots, quotients, extremes, cases, abbreviations.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

from proofs_check.core import Core
from proofs_check.facts import (
    NOT_CONSTANT,
    Fact,
    Goal,
    Gram,
    Rejected,
    Squares,
    Step,
    Terms,
    defined_in,
    eq,
    is_constant,
    le,
    lt,
    tag_of,
)
from proofs_check.ledger import COUNTERS, STARTS, released
from proofs_check.signs import expand_outside, is_zero
from ractheory.theorems import Statement
from ractheory.theorems.hypotheses import Condition
from ractheory.theorems.printing import text
from ractheory.theorems.symbols import gap

__all__ = [
    "COUNTERS", "Fact", "Goal", "Gram", "Rejected", "Session", "Squares", "Step", "Terms", "eq", "is_constant",
    "le", "lt",
]  # fmt: skip


@dataclass
class Session(Core):
    """The state of one proof, with every rule for scalars."""

    def power_below_one(self, q: sp.Expr, k: sp.Expr) -> Fact:
        """0 <= q <= 1 gives q^k <= 1 for k >= 0."""
        uses = (
            self.sign(q, "base") | self.sign(1 - q, "one minus the base") | self.sign(k, "exponent")
        )
        return self.derive(f"powers of {q} stay below 1", le(q**k, 1), uses, time.perf_counter())

    def power_above_one(self, q: sp.Expr, k: sp.Expr) -> Fact:
        """q > 1 gives q^k > 1 for k > 0."""
        uses = self.sign(q - 1, "base minus one", strict=True)
        uses |= self.sign(k, "exponent", strict=True)
        return self.derive("powers above 1", lt(1, q**k), uses, time.perf_counter())

    def power_monotone(self, p: sp.Expr, q: sp.Expr, k: sp.Expr) -> Fact:
        """0 <= p <= q gives p^k <= q^k for k >= 0."""
        uses = self.sign(p, "smaller base") | self.sign(q - p, "difference of the bases")
        uses |= self.sign(k, "exponent")
        return self.derive("larger base, larger power", le(p**k, q**k), uses, time.perf_counter())

    def resolve(self, extreme: sp.Expr, value: sp.Expr) -> None:
        """Read Max(..., value, ...) or Min(..., value, ...) as `value`, where the sign rules see it.

        From here on it is unfolded so in every certificate; what that rests on counts as used.
        """
        way = 1 if isinstance(extreme, sp.Max) else -1
        if not isinstance(extreme, (sp.Max, sp.Min)):
            raise Rejected(f"{extreme} is no Max or Min")
        if not any(is_zero(value - a) for a in extreme.args):
            raise Rejected(f"{value} is not among the arguments of {extreme}")
        uses = frozenset[str]()
        for a in extreme.args:
            if not is_zero(value - a):
                uses |= self.sign(way * (value - a), "difference")
        self.define(extreme, value)
        self.extremes[extreme] = uses

    def whole(self, symbol: sp.Symbol) -> Fact:
        """A positive integer is at least 1."""
        if not (symbol.is_integer and symbol.is_positive):
            raise Rejected(f"{symbol} is not declared a positive integer")
        return self.admit(f"{symbol} is a positive integer", le(1, symbol), frozenset())

    def specialise(self, fact: Fact, symbol: sp.Symbol, value: sp.Expr) -> Fact:
        """Put a number for a free symbol: one that no hypothesis, definition or supposition is about."""
        start = time.perf_counter()
        uses = self.unconditional(fact, "a free symbol is put")
        if symbol in self._bound | self._theorem_symbols() or symbol.is_integer:
            raise Rejected(f"{symbol} is not free in {fact.name!r}")
        if not self.constant(value):
            raise Rejected(f"{value} is not a number of the runs")
        if symbol.is_nonnegative:
            uses |= self.sign(value, f"{symbol} becomes", strict=bool(symbol.is_positive))
        goal = fact.goal
        left, right = (x.subs(symbol, value) for x in (goal.left, goal.right))
        return self.derive(
            f"{fact.name}, at {value}", Goal(left, right, goal.equal, goal.strict), uses, start
        )

    def _theorem_symbols(self) -> set[sp.Symbol]:
        """Return the symbols of the theorem's statements and conditions."""
        th = self.theorem
        listed = (*th.hypotheses, *(h for x in th.statements for h in x.needs))
        relations = [x.relation for x in th.statements]
        relations += [h.relation for h in listed if isinstance(h, Condition)]
        return set().union(*(relation.free_symbols for relation in relations))

    def abbreviate(self, symbol: sp.Symbol, value: sp.Expr) -> Fact:
        """Let a new positive symbol stand for a positive constant; return symbol = value.

        `spell_out` later unfolds it, for conclusions that name the value itself.
        """
        taken = symbol in self._names | self._bound | self._theorem_symbols()
        if taken or not symbol.is_positive or symbol.is_integer:
            raise Rejected(f"{symbol} cannot stand for another number")
        if not self.constant(value) or any(
            x.is_integer and x in COUNTERS for x in value.free_symbols
        ):
            raise Rejected(f"{value} is not one number")
        uses = self.sign(value, f"{symbol} stands for", strict=True)
        self._names.add(symbol)
        self._abbreviations[symbol], self._behind[symbol] = value, uses
        self.assumed.append(f"definition: {text(symbol)} = {text(value)}")
        return self.admit(f"{symbol} in full", eq(symbol, value), uses)

    def spell_out(self, *symbols: sp.Symbol) -> None:
        """Unfold abbreviations from here on."""
        for symbol in symbols:
            self._meanings[symbol] = self._abbreviations[symbol]

    def bound_of(self, extreme: sp.Expr, value: sp.Expr) -> Fact:
        """Return value <= Max(value, ...), or Min(value, ...) <= value."""
        if not isinstance(extreme, (sp.Max, sp.Min)):
            raise Rejected(f"{extreme} is no Max or Min")
        if not any(is_zero(value - a) for a in extreme.args):
            raise Rejected(f"{value} is not among the arguments of {extreme}")
        pair = (value, extreme) if isinstance(extreme, sp.Max) else (extreme, value)
        return self.admit("an extreme and its argument", le(*pair), frozenset())

    def below_all(self, name: str, extreme: sp.Expr, facts: Sequence[Fact]) -> Fact:
        """From x <= a for every argument a conclude x <= Min(a, ...)."""
        start = time.perf_counter()
        left = facts[0].goal.left
        if not isinstance(extreme, sp.Min) or len(facts) != len(extreme.args):
            raise Rejected(f"{name}: one fact for each argument of a Min")
        for fact, a in zip(facts, extreme.args, strict=True):
            if not is_zero(self.owned(fact).expr - (a - left)) or fact.goal.equal:
                raise Rejected(f"{name}: {fact.name!r} is not about {a}")
        uses = frozenset().union(*(fact.uses for fact in facts))
        return self.derive(name, le(left, extreme), uses, start)

    def equal(self, name: str, below: Fact, above: Fact) -> Fact:
        """From x <= y and y <= x conclude x = y."""
        start = time.perf_counter()
        if below.goal.equal or above.goal.equal or not is_zero(below.expr + above.expr):
            raise Rejected(f"{name}: not the two directions of one equation")
        uses = self.owned(below).uses | self.owned(above).uses
        return self.derive(name, eq(below.goal.left, below.goal.right), uses, start)

    def product(self, name: str, first: Fact, second: Fact) -> Fact:
        """The product of two nonnegative quantities is nonnegative."""
        start = time.perf_counter()
        if first.goal.equal or second.goal.equal:
            raise Rejected(f"{name}: a product rule for inequalities")
        uses = self.owned(first).uses | self.owned(second).uses
        return self.derive(name, le(0, first.expr * second.expr), uses, start)

    def root(
        self, name: str, fact: Fact, x: sp.Expr, bound: sp.Expr, positive: Fact | None = None
    ) -> Fact:
        """From x^2 <= b^2 and b >= 0 conclude x <= b; `positive` is the fact b >= 0 if no sign rule is."""
        start = time.perf_counter()
        if fact.goal.equal or not is_zero(self.unfold(self.owned(fact).expr - (bound**2 - x**2))):
            raise Rejected(f"{name}: not an inequality between these squares")
        uses = fact.uses | self.real(x) | self._at_least_zero(bound, positive, strict=False)
        return self.derive(name, Goal(x, bound, strict=fact.goal.strict), uses, start)

    def divide(self, fact: Fact, c: sp.Expr, positive: Fact | None = None) -> Fact:
        """c x >= 0 with c > 0 gives x >= 0; `positive` is the fact c > 0 if no sign rule is."""
        start = time.perf_counter()
        uses = self.owned(fact).uses | self._at_least_zero(c, positive, strict=True)
        right = (
            sp.cancel(sp.together(fact.expr) / c) if positive is None else sp.expand(fact.expr / c)
        )
        goal = Goal(sp.Integer(0), right, fact.goal.equal, fact.goal.strict)
        return self.derive(f"divide by {c}", goal, uses, start)

    def _at_least_zero(self, x: sp.Expr, fact: Fact | None, strict: bool) -> frozenset[str]:
        if fact is None:
            return self.sign(x, "by sign,", strict=strict)
        if (
            fact.goal.equal
            or not is_zero(self.owned(fact).expr - x)
            or (strict and not fact.goal.strict)
        ):
            raise Rejected(f"{fact.name!r} does not give the sign of {x}")
        return fact.uses

    def divisor(self, statement: Statement, fact: Fact) -> Fact:
        """A quantity c >= 0 that a statement divides by is positive where the statement says anything."""
        c = self.owned(fact).expr
        forms = (statement.right, sp.together(statement.right))
        factors = [x for form in forms for x in sp.Mul.make_args(sp.fraction(form)[1])]
        if fact.goal.equal or not any(is_zero(c - factor) for factor in factors):
            raise Rejected(f"{statement.name!r} does not divide by {c}")
        return self.admit(f"{c} > 0", lt(0, c), fact.uses | {defined_in(statement)})

    def cancel(self, fact: Fact, suboptimality: sp.Expr) -> Fact:
        """From c (f - f*) >= 0 at every point conclude c >= 0, unless f is constant.

        The case of a constant f is settled at the conclusion: there every observable is zero, and
        the statement must hold by itself.
        """
        start = time.perf_counter()
        uses = self.unconditional(fact, "a point where f > f*")
        c = expand_outside(fact.expr).coeff(suboptimality)
        whole = is_zero(fact.expr - c * suboptimality)
        self._of_any_start(uses)
        if (
            not (whole and isinstance(suboptimality, gap) and self.of_the_problem(c))
            or fact.goal.equal
        ):
            raise Rejected(f"{fact.name!r} is not a multiple of {suboptimality}")
        goal = le(0, c)
        return self.derive("divide by f - f* > 0", goal, uses | {NOT_CONSTANT}, start)

    def _of_any_start(self, uses: frozenset[str]) -> None:
        """Reject what rests on a condition on the start: the rule moves the start where f > f*."""
        th = self.theorem
        for h in (*th.hypotheses, *(h for x in th.statements for h in x.needs)):
            about_start = isinstance(h, Condition) and h.relation.free_symbols & set(STARTS)
            if about_start and tag_of(h) in uses:
                raise Rejected(f"the rule moves the start, about which {h.name!r} speaks")

    def unbounded(self, bound: Fact, growth: Fact, here: sp.Expr, there: sp.Expr) -> Fact:
        """From e (f - f*) <= c at every point conclude e <= 0, as f - f* is unbounded.

        `growth` says that from every point some other one is reached with
        (1 + kappa)(f - f*) <= f - f* there, kappa > 0; so f - f* exceeds every number, unless it is
        zero everywhere, which is settled at the conclusion as in `cancel`.
        """
        start = time.perf_counter()
        uses = self.unconditional(bound, "f is unbounded") | self.unconditional(
            growth, "f is unbounded"
        )
        self._of_any_start(uses)
        e = -expand_outside(bound.expr).coeff(here)
        rest, ratio = expand_outside(bound.expr + e * here), self.owned(growth).goal.left / here
        if bound.goal.equal or growth.goal.equal or growth.goal.right != there or here == there:
            raise Rejected("the rule needs e (f - f*) <= c here, and a growth from here to there")
        numbers = all(self.of_the_problem(x) for x in (e, rest, sp.cancel(ratio)))
        if not (numbers and isinstance(here, gap)):
            raise Rejected("the rule needs constants, and f - f* at one point")
        uses |= self.sign(sp.cancel(ratio) - 1, "growth", strict=True)
        return self.derive("f is unbounded", le(e, 0), uses | {NOT_CONSTANT}, start)

    def by_cases(
        self, name: str, goal: Goal, expr: sp.Expr,
        above: Callable[[Fact], Terms], below: Callable[[Fact], Terms],
    ) -> Fact:  # fmt: skip
        """Prove `goal` where expr >= 0 and where expr <= 0, and so everywhere."""
        uses = frozenset[str]()
        for title, case, terms in (
            ("nonnegative", le(0, expr), above), ("nonpositive", le(expr, 0), below)
        ):  # fmt: skip
            supposed = self.suppose(f"{name}: {title}", case, None, not self.constant(expr))
            before = self.known()
            uses |= released(self.prove(f"{name}: {title}", goal, terms(supposed)).uses, supposed)
            self.forget(supposed, since=before)
        return self.derive(f"{name}: both cases", goal, uses, time.perf_counter())
