"""The checker: facts enter through hypotheses and leave through certificates, and in no other way.

A session belongs to one theorem. It hands out facts (expr >= 0 or expr = 0); every fact remembers
which hypotheses it rests on. New facts come from the rules of this package only, above all from
`Core.prove`, which demands

    right - left = sum of multiplier * fact + sum of coefficient * square + Gram forms,

expands it exactly, and checks every multiplier and coefficient for its sign. `Core.conclude`
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

from proofs_check.algebra import Vector
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
    gram_value,
    is_constant,
    square_of,
    tag_of,
)
from proofs_check.signs import Names, is_zero, polynomial_form, sign_of_form
from ractheory.theorems import Form, Statement, Theorem
from ractheory.theorems.hypotheses import Assumes, Condition
from ractheory.theorems.printing import latex
from ractheory.theorems.symbols import Observable, log_rate

Observer = Callable[["Core", Goal, Sequence[Fact], Sequence[sp.Expr]], str]


@dataclass
class Core:
    """The state of one proof.

    Attributes
    ----------
    theorem : the value whose statements are to be concluded
    steps : what was verified, in order
    assumed : hypotheses and definitions that were brought in, as text
    observer : asked for a second opinion on each certificate; a counterexample fails the proof
    sources : from which sources of chance each symbol is made
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
    sources: dict[sp.Basic, frozenset[sp.Symbol]] = field(default_factory=dict)
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
        self._facts, self._meanings, self.extremes, self.sources = {}, {}, {}, {}
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

    def unfolding_uses(self, expr: sp.Expr) -> frozenset[str]:
        """Return what the reading of the extremes in `expr` rests on."""
        held = [uses for extreme, uses in self.extremes.items() if expr.has(extreme)]
        return frozenset().union(*held)

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
