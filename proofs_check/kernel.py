"""The checker: facts enter through hypotheses and leave through certificates, and in no other way.

A `Session` belongs to one theorem. It hands out facts (expr >= 0 or expr = 0); every fact remembers
which hypotheses it rests on. New facts come from the rules of this package only, above all from
`Session.prove`, which demands

    right - left = sum of multiplier * fact + sum of coefficient * square + Gram forms,

expands it exactly, and checks every multiplier and coefficient for its sign. `Session.conclude`
compares what was proved with the theorem value, symbol by symbol, and rejects a proof that leans on
a hypothesis which the statement does not list.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from proofs_check.algebra import Inner, Vector, dot, norm_sq
from proofs_check.signs import Names, expand_outside, is_zero, polynomial_form, sign_of_form
from ractheory.theorems import Form, Statement, Theorem
from ractheory.theorems.hypotheses import Assumes, Condition
from ractheory.theorems.printing import latex
from ractheory.theorems.symbols import Observable, log_rate

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


@dataclass(frozen=True)
class Gram:
    """The form sum_ij M_ij <v_i, v_j>, nonnegative when M is positive semidefinite."""

    vectors: tuple[Vector, ...]
    matrix: sp.Matrix


Terms = Sequence[tuple[Any, Fact]]
Squares = Sequence[tuple[Any, Any]]
Observer = Callable[["Session", Goal, Sequence[Fact], Sequence[sp.Expr]], str]


@dataclass
class Session:
    """The state of one proof.

    Attributes
    ----------
    theorem : the value whose statements are to be concluded
    steps : what was verified, in order
    assumed : hypotheses and definitions that were brought in, as text
    observer : asked for a second opinion on each certificate; a counterexample fails the proof
    extremes : each Max or Min that is read as one of its arguments, with what that rests on
    leaned : the facts behind the signs of the certificate at hand
    moving : for each counter inside a link, the vectors that change with it
    """

    theorem: Theorem
    observer: Observer | None = None
    steps: list[Step] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    cited: list[str] = field(default_factory=list)
    concluded: set[str] = field(default_factory=set)
    _facts: dict[int, Fact] = field(default_factory=dict)
    leaned: list[Fact] = field(default_factory=list)
    _table: Names = field(default_factory=dict)
    _forms: dict[int, tuple[sp.Expr, bool, object]] = field(default_factory=dict)
    _forms_at: int = 0
    _scalar: dict[int, bool] = field(default_factory=dict)
    _names: set[object] = field(default_factory=set)
    _abbreviations: dict[sp.Symbol, sp.Expr] = field(default_factory=dict)
    extremes: dict[sp.Expr, frozenset[str]] = field(default_factory=dict)
    moving: dict[sp.Symbol, set[sp.Symbol]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _meanings: dict[sp.Expr, sp.Expr] = field(default_factory=dict)

    # Facts come in -----------------------------------------------------------------------------

    def admit(self, name: str, goal: Goal, uses: frozenset[str]) -> Fact:
        """Register a fact. For the rules of this package only: proofs never call it."""
        fact = Fact(name, goal, uses)
        self._facts[id(fact)] = fact
        return fact

    def owned(self, fact: Fact) -> Fact:
        """Return `fact`, or reject it when it is not of this session."""
        if self._facts.get(id(fact)) is not fact:
            raise Rejected(f"{getattr(fact, 'name', fact)!r} was neither proved nor assumed here")
        return fact

    def listed(self, name: str, statement: str | None = None) -> Assumes | Condition:
        """Return the hypothesis called `name`, of the theorem or of one of its statements."""
        named = None if statement is None else self.theorem.statement(statement)
        asked = self.theorem.statements if named is None else (named,)
        for hypothesis in (*self.theorem.hypotheses, *(h for x in asked for h in x.needs)):
            if hypothesis.name == name:
                return hypothesis
        raise Rejected(f"{self.theorem.id} does not assume {name!r}")

    def condition(self, name: str, statement: str | None = None) -> Fact:
        """Return a condition between constants as a fact."""
        facts = self.conditions(name, statement)
        if len(facts) != 1:
            raise Rejected(f"{name!r} is a conjunction; take its parts")
        return facts[0]

    def conditions(self, name: str, statement: str | None = None) -> list[Fact]:
        """Return the parts of a condition, in the order of their text.

        Where several statements have a condition of this name, `statement` says whose is meant.
        """
        hypothesis = self.listed(name, statement)
        if not isinstance(hypothesis, Condition):
            raise Rejected(f"{name!r} is not a condition between constants")
        parts = sorted(sp.And.make_args(hypothesis.relation), key=str)
        return [self._condition_part(hypothesis, part) for part in parts]

    def _condition_part(self, hypothesis: Condition, relation: sp.Basic) -> Fact:
        name = hypothesis.name
        if not isinstance(relation, sp.core.relational.Relational) or relation.rel_op == "!=":
            raise Rejected(f"{name!r} is no relation that a certificate can use")
        left, right = relation.args
        if isinstance(relation, (sp.GreaterThan, sp.StrictGreaterThan)):
            left, right = right, left
        strict = isinstance(relation, (sp.StrictLessThan, sp.StrictGreaterThan))
        goal = Goal(left, right, equal=isinstance(relation, sp.Equality), strict=strict)
        self.assumed.append(f"{name}: {goal.latex()}")
        return self.admit(name, goal, frozenset([tag_of(hypothesis)]))

    def requires(self, kind: type) -> frozenset[str]:
        """Return the tag of an assumption of the vocabulary, or reject when it is not listed."""
        return frozenset([tag_of(self.listed(kind.__name__))])

    def define(self, observable: sp.Expr, meaning: sp.Expr, note: str = "") -> None:
        """Unfold `observable` as `meaning` in every certificate from here on."""
        if observable in self._meanings and not is_zero(self._meanings[observable] - meaning):
            raise Rejected(f"{observable} already has another meaning")
        self._meanings[observable] = meaning
        text = note or f"{latex(observable)} = {latex(meaning)}"
        self.assumed.append(f"definition: {text}")

    def discard(self, fact: Fact) -> None:
        """Let go of a fact that no later step needs, so that none leans on it."""
        self.forget(fact, since=self.known())

    @contextmanager
    def supposing(self, *goals: Goal) -> Any:
        """Suppose relations for a while; what is proved meanwhile holds under them, and is dropped."""
        held = dict(self._facts)
        yield [self.admit("supposed", goal, frozenset()) for goal in goals]
        self._facts = held
        self._forms = {key: form for key, form in self._forms.items() if key in held}
        self._scalar = {key: flag for key, flag in self._scalar.items() if key in held}

    def new_setting(self) -> None:
        """Begin another part of the proof: no fact and no meaning is carried over."""
        self._facts, self._meanings, self.extremes = {}, {}, {}
        self._forms, self._forms_at = {}, -1
        self._scalar, self._abbreviations = {}, {}

    def fresh_name(self, name: str) -> sp.Symbol:
        """Return a symbol for a new definition; one name never means two things."""
        if name in self._names:
            raise Rejected(f"{name!r} is already defined")
        self._names.add(name)
        return sp.Symbol(name, real=True)

    def count(self, what: str) -> int:
        """Return 1, 2, 3, ... for successive objects of a kind, so that each has its own name."""
        self._counts[what] = self._counts.get(what, 0) + 1
        return self._counts[what]

    def unfold(self, expr: sp.Expr) -> sp.Expr:
        """Replace defined observables by what they mean."""
        out = sp.sympify(expr).xreplace(self._meanings)
        return out.xreplace(self._meanings) if self._abbreviations else out

    def cite(self, name: str) -> None:
        """Record that a classical fact of the list is used."""
        from proofs_check.cited import CITED

        if name not in CITED:
            raise Rejected(f"{name!r} is not on the list of cited facts")
        if name not in self.cited:
            self.cited.append(name)

    # Signs --------------------------------------------------------------------------------------

    def scalars(self) -> list[tuple[sp.Expr, bool, object]]:
        """Return the facts between constants; they decide the signs of multipliers."""
        return [
            (f.expr, f.goal.strict, f)
            for f in self._facts.values()
            if not f.goal.equal and self._is_scalar(f)
        ]

    def _is_scalar(self, fact: Fact) -> bool:
        if id(fact) not in self._scalar:
            self._scalar[id(fact)] = is_constant(fact.expr)
        return self._scalar[id(fact)]

    def sign(self, expr: Any, what: str, strict: bool = False) -> frozenset[str]:
        """Return the hypotheses behind expr >= 0 (> 0 if `strict`); reject when unproved."""
        found = sign_of_form(self.form(sp.sympify(expr)), self.scalar_forms(), self._table)
        if found is None or (strict and not found.strict):
            word = "positive" if strict else "nonnegative"
            raise Rejected(f"{what} {expr} is not proved {word}")
        used = [fact for fact in found.used if isinstance(fact, Fact)]
        self.leaned.extend(used)
        return frozenset().union(*(fact.uses for fact in used))

    def form(self, expr: sp.Expr) -> sp.Expr:
        """Return the polynomial form of an unfolded expression, names shared over the session."""
        return polynomial_form(self.unfold(expr), self._table)

    def scalar_forms(self) -> list[tuple[sp.Expr, bool, object]]:
        """Return the forms of the facts between constants."""
        if self._forms_at != len(self._meanings):
            self._forms, self._forms_at = {}, len(self._meanings)
        for e, strict, fact in self.scalars():
            if id(fact) not in self._forms:
                self._forms[id(fact)] = (self.form(e), strict, fact)
        return [self._forms[key] for key in self._facts if key in self._forms]

    # The certificate ----------------------------------------------------------------------------

    def prove(
        self,
        name: str,
        goal: Goal,
        terms: Terms = (),
        squares: Squares = (),
        gram: Sequence[Gram] = (),
    ) -> Fact:
        """Accept `goal` if goal.right - goal.left is the given nonnegative combination, exactly.

        Parameters
        ----------
        terms : pairs (multiplier, fact); the multiplier of an inequality must be nonnegative
        squares : pairs (coefficient, v) with v a vector or a scalar; the term is coefficient * |v|^2
        gram : positive semidefinite forms

        Raises
        ------
        Rejected : a fact that is not of this session, a sign not proved, or a sum that does not match
        """
        self.leaned = []
        with self.timed(name, goal) as note:
            square_values = [square_of(v) for _, v in squares]
            slack = goal.strict and any(self._strict_square(c, v) for c, v in squares)
            total, uses = self._sum_of_terms(terms, strict=goal.strict and not slack)
            for (coefficient, _), value in zip(squares, square_values, strict=True):
                uses |= self.sign(coefficient, f"{name}: coefficient")
                total += sp.sympify(coefficient) * value
            for form in gram:
                uses |= self.gram_sign(form)
                total += gram_value(form)
            if goal.equal and any(not fact.goal.equal for _, fact in terms):
                raise Rejected(f"{name}: an equation follows from equations only")
            if goal.equal and (squares or gram):
                raise Rejected(f"{name}: an equation has no slack for squares")
            uses |= self.unfolding_uses(goal.expr) | self.unfolding_uses(total)
            if not is_zero(self.unfold(goal.expr - total)):
                raise Rejected(f"{name}: the certificate does not add up to right - left")
            if self.observer is not None:
                note.append(self.observer(self, goal, [f for _, f in terms], square_values))
        return self.admit(name, goal, uses)

    def _strict_square(self, coefficient: Any, v: Any) -> bool:
        """Say whether a term is a positive number times a coefficient proved positive."""
        value = sp.sympify(v) if not isinstance(v, Vector) else sp.Integer(0)
        if not (value.is_Rational and value != 0):
            return False
        found = sign_of_form(self.form(sp.sympify(coefficient)), self.scalar_forms(), self._table)
        return found is not None and found.strict

    def _sum_of_terms(self, terms: Terms, strict: bool) -> tuple[sp.Expr, frozenset[str]]:
        total, uses, strictly = sp.Integer(0), frozenset[str](), not strict
        for multiplier, fact in terms:
            uses |= self.owned(fact).uses
            multiplier = sp.sympify(multiplier)
            if not fact.goal.equal:
                gains = fact.goal.strict and not strictly
                uses |= self.sign(multiplier, f"multiplier of {fact.name!r}:", strict=gains)
                strictly = strictly or fact.goal.strict
            total += multiplier * fact.expr
        if not strictly:
            raise Rejected("a strict goal needs a strict fact with a positive multiplier")
        return total, uses

    def prove_sign(self, name: str, goal: Goal) -> Fact:
        """Accept a relation between constants whose sign the sign rules see at once."""
        with self.timed(name, goal):
            uses = self.sign(sp.factor(sp.together(goal.expr)), name, strict=goal.strict)
        return self.admit(name, goal, uses)

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

    def unfolding_uses(self, expr: sp.Expr) -> frozenset[str]:
        """Return what the reading of the extremes in `expr` rests on."""
        held = [uses for extreme, uses in self.extremes.items() if expr.has(extreme)]
        return frozenset().union(*held)

    def whole(self, symbol: sp.Symbol) -> Fact:
        """A positive integer is at least 1."""
        if not (symbol.is_integer and symbol.is_positive):
            raise Rejected(f"{symbol} is not declared a positive integer")
        return self.admit(f"{symbol} is a positive integer", le(1, symbol), frozenset())

    def specialise(self, fact: Fact, symbol: sp.Symbol, value: sp.Expr) -> Fact:
        """Put a number for a free symbol of a fact that rests on no hypothesis about the symbol."""
        start = time.perf_counter()
        rests_on = [h for h in self._conditions() if symbol in h.relation.free_symbols]
        if self.owned(fact).uses & {tag_of(h) for h in rests_on} or not is_constant(value):
            raise Rejected(f"{symbol} is not free in {fact.name!r}")
        uses = fact.uses
        if symbol.is_nonnegative:
            uses |= self.sign(value, f"{symbol} becomes", strict=bool(symbol.is_positive))
        if symbol.is_integer:
            raise Rejected(f"{symbol} is an integer")
        goal = fact.goal
        left, right = (x.subs(symbol, value) for x in (goal.left, goal.right))
        return self.derive(
            f"{fact.name}, at {value}", Goal(left, right, goal.equal, goal.strict), uses, start
        )

    def _conditions(self) -> list[Condition]:
        th = self.theorem
        listed = (*th.hypotheses, *(h for x in th.statements for h in x.needs))
        return [h for h in listed if isinstance(h, Condition)]

    def abbreviate(self, symbol: sp.Symbol, value: sp.Expr) -> Fact:
        """Let a new positive symbol stand for a positive constant; return symbol = value.

        `spell_out` later unfolds it, for conclusions that name the value itself.
        """
        if symbol in self._names or not symbol.is_positive:
            raise Rejected(f"{symbol} cannot stand for another number")
        uses = self.sign(value, f"{symbol} stands for", strict=True)
        self._names.add(symbol)
        self._abbreviations[symbol] = value
        self.assumed.append(f"definition: {latex(symbol)} = {latex(value)}")
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
        uses = fact.uses | self._at_least_zero(bound, positive, strict=False)
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
        c = expand_outside(self.owned(fact).expr).coeff(suboptimality)
        whole = is_zero(fact.expr - c * suboptimality)
        if not (whole and is_constant(c)) or fact.goal.equal:
            raise Rejected(f"{fact.name!r} is not a multiple of {suboptimality}")
        goal = le(0, c)
        return self.derive("divide by f - f* > 0", goal, fact.uses | {NOT_CONSTANT}, start)

    def unbounded(self, bound: Fact, growth: Fact, here: sp.Expr, there: sp.Expr) -> Fact:
        """From e (f - f*) <= c at every point conclude e <= 0, as f - f* is unbounded.

        `growth` says that from every point some other one is reached with
        (1 + kappa)(f - f*) <= f - f* there, kappa > 0; so f - f* exceeds every number, unless it is
        zero everywhere, which is settled at the conclusion as in `cancel`.
        """
        start = time.perf_counter()
        e = -expand_outside(self.owned(bound).expr).coeff(here)
        rest, ratio = expand_outside(bound.expr + e * here), self.owned(growth).goal.left / here
        if bound.goal.equal or growth.goal.equal or growth.goal.right != there or here == there:
            raise Rejected("the rule needs e (f - f*) <= c here, and a growth from here to there")
        if not all(is_constant(x) for x in (e, rest, sp.cancel(ratio))):
            raise Rejected("the rule needs constants, and f - f* at one point")
        uses = bound.uses | growth.uses | self.sign(sp.cancel(ratio) - 1, "growth", strict=True)
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
            supposed = self.admit(f"{name}: {title}", case, frozenset())
            before = self.known()
            uses |= self.prove(f"{name}: {title}", goal, terms(supposed)).uses
            self.forget(supposed, since=before)
        return self.derive(f"{name}: both cases", goal, uses, time.perf_counter())

    def trivial_case(self, goal: Goal) -> frozenset[str]:
        """Return the hypotheses behind `goal` where f is constant: every observable is zero."""
        bare = goal.expr.replace(lambda e: isinstance(e, Observable), lambda e: sp.Integer(0))
        bare = bare.replace(lambda e: isinstance(e, sp.Function), lambda e: sp.Integer(0))
        if goal.equal:
            raise Rejected("an equation has no trivial case")
        return self.sign(sp.factor(bare), "the case of a constant f:")

    def gram_sign(self, form: Gram) -> frozenset[str]:
        """Return the hypotheses behind M >= 0, by the signs of all its principal minors."""
        matrix = sp.Matrix(form.matrix)
        size = matrix.rows
        if matrix != matrix.T or size != len(form.vectors):
            raise Rejected("a Gram matrix is symmetric, one row for each vector")
        uses = frozenset[str]()
        for code in range(1, 2**size):
            rows = [i for i in range(size) if code >> i & 1]
            minor = sp.factor(matrix.extract(rows, rows).det(method="berkowitz"))
            uses |= self.sign(minor, "principal minor")
        return uses

    # Conclusions --------------------------------------------------------------------------------

    def conclude(self, statement: Statement, fact: Fact, goal: Goal) -> None:
        """Accept `fact` as the statement: the same relation, and no hypothesis that is not listed."""
        with self.timed(f"conclusion: {statement.name}", goal):
            self.owned(fact)
            if not is_zero(self.unfold(fact.expr - goal.expr)):
                raise Rejected(f"what was proved is not the statement {statement.name!r}")
            allowed = {tag_of(h) for h in (*self.theorem.hypotheses, *statement.needs)}
            allowed.add(defined_in(statement))
            uses = fact.uses | self.unfolding_uses(goal.expr)
            if NOT_CONSTANT in uses:
                uses = (uses - {NOT_CONSTANT}) | self.trivial_case(goal)
            if extra := sorted(uses - allowed):
                raise Rejected(f"{statement.name!r} does not assume {', '.join(extra)}")
            if goal.equal and not fact.goal.equal:
                raise Rejected(f"{statement.name!r} is an equation, an inequality was proved")
        self.concluded.add(statement.name)

    def derive(self, name: str, goal: Goal, uses: frozenset[str], start: float) -> Fact:
        """Register and report what a rule of this package derived; proofs never call it."""
        self.steps.append(Step(name, "proved", time.perf_counter() - start, goal))
        return self.admit(name, goal, uses)

    def known(self) -> set[int]:
        """Return the facts held now, for `forget`."""
        return set(self._facts)

    def forget(self, hypothesis: Fact, since: set[int]) -> None:
        """Close a supposition: drop it and everything that was derived under it."""
        kept = {key: f for key, f in self._facts.items() if key in since and f is not hypothesis}
        self._facts = kept
        self._forms = {key: form for key, form in self._forms.items() if key in kept}
        self._scalar = {key: flag for key, flag in self._scalar.items() if key in kept}

    def conclude_limit(
        self, statement: Statement, form: Form, goal: Goal, uses: frozenset[str], start: float
    ) -> None:
        """Accept a statement about all times, a law or a limit. For the rules of `limits` only.

        What such a statement says is no fact about one run, so nothing is registered.
        """
        if statement.form is not form:
            raise Rejected(f"{statement.name!r} is not of the form {form.name}")
        relation = statement.relation
        left, right = statement.left, statement.right
        if isinstance(relation, (sp.GreaterThan, sp.StrictGreaterThan)):
            left, right = right, left
        kinds = (isinstance(relation, sp.Equality), relation.rel_op in ("<", ">"))
        same = is_zero(left - goal.left) and is_zero(right - goal.right)
        if kinds != (goal.equal, goal.strict) or not same:
            raise Rejected(f"what was proved is not the statement {statement.name!r}")
        if NOT_CONSTANT in uses:
            # Where f is constant there is no logarithmic rate to speak about.
            speaks = not goal.expr.has(log_rate)
            uses = (uses - {NOT_CONSTANT}) | (self.trivial_case(goal) if speaks else frozenset())
        allowed = {tag_of(h) for h in (*self.theorem.hypotheses, *statement.needs)}
        if extra := sorted(uses - allowed):
            raise Rejected(f"{statement.name!r} does not assume {', '.join(extra)}")
        seconds = time.perf_counter() - start
        self.steps.append(Step(f"conclusion: {statement.name}", "proved", seconds, goal))
        self.concluded.add(statement.name)

    @contextmanager
    def timed(self, name: str, goal: Goal | str) -> Any:
        """Time a step and record it once it is verified."""
        start, note = time.perf_counter(), list[str]()
        yield note
        seconds = time.perf_counter() - start
        self.steps.append(Step(name, "proved", seconds, goal, note[0] if note else ""))


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
