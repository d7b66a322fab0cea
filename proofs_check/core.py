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
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sympy as sp

from proofs_check.algebra import Vector, dot, norm_sq
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
from proofs_check.ledger import Ledger
from proofs_check.signs import ATOMS, is_zero, polynomial_form, sign_of_form
from ractheory.theorems import Form, Statement
from ractheory.theorems.symbols import Observable, log_rate


@dataclass
class Core(Ledger):
    """The ledger with the signs of multipliers, the certificate, and the conclusion."""

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
        return self.behind(expr).union(*(fact.uses for fact in used))

    def behind(self, expr: Any) -> frozenset[str]:
        """Return what the signs of the abbreviations in an expression rest on."""
        symbols = sp.sympify(expr).free_symbols if self._behind else ()
        return frozenset().union(*(self._behind.get(x, frozenset()) for x in symbols))

    def real(self, expr: Any) -> frozenset[str]:
        """Return what it rests on that an expression is a real number; reject when unproved.

        Nothing is divided by that may be zero, no root is taken of what may be negative.
        """
        expr = self.unfold(sp.sympify(expr))
        uses = self.behind(expr)
        walker = sp.preorder_traversal(expr)
        for e in walker:
            if isinstance(e, ATOMS):
                walker.skip()
            elif isinstance(e, sp.Pow):
                uses |= self._real_power(e)
            elif not e.args and not (e.is_real):
                raise Rejected(f"{e} is not known to be real")
        return uses

    def _real_power(self, e: sp.Pow) -> frozenset[str]:
        base, exponent = e.base, e.exp
        if exponent.is_integer and exponent.is_nonnegative:
            return frozenset()
        if not exponent.is_integer and exponent.is_nonnegative:
            return self.sign(base, "under a root,")
        try:
            return self.sign(base, "divisor", strict=True)
        except Rejected:
            if not exponent.is_integer:
                raise
            return self.sign(-base, "divisor", strict=True)

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
            real = [self.real(c) for _, v in squares for c in parts_of(v)]
            real += [self.real(c) for form in gram for c in parts_of_gram(form)]
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
            uses = uses.union(*real, self.behind(goal.expr), self.behind(total))
            uses |= self.unfolding_uses(goal.expr) | self.unfolding_uses(total)
            if not is_zero(self.unfold(goal.expr - total)):
                raise Rejected(f"{name}: the certificate does not add up to right - left")
            if self.observer is not None:
                seen = [*square_values, *(x for form in gram for x in lengths(form))]
                answer = self.observer(self, goal, [f for _, f in terms], seen)
                partly = any(len(form.vectors) > 2 for form in gram)  # what is seen is too little
                note.append("no answer" if partly and answer == "disagrees" else answer)
        return self.register(name, goal, uses)

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
            else:
                uses |= self.real(multiplier)
            total += multiplier * fact.expr
        if not strictly:
            raise Rejected("a strict goal needs a strict fact with a positive multiplier")
        return total, uses

    def prove_sign(self, name: str, goal: Goal) -> Fact:
        """Accept a relation between constants whose sign the sign rules see at once."""
        with self.timed(name, goal):
            uses = self.sign(sp.factor(sp.together(goal.expr)), name, strict=goal.strict)
        return self.register(name, goal, uses | self.behind(goal.expr))

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
            if goal.strict and not fact.goal.strict:
                raise Rejected(f"{statement.name!r} is strict, what was proved is not")
        self.concluded.add(statement.name)

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


def parts_of(v: Any) -> list[sp.Expr]:
    """Return the scalars of a vector, or the scalar itself."""
    return list(v.terms.values()) if isinstance(v, Vector) else [sp.sympify(v)]


def lengths(form: Gram) -> list[sp.Expr]:
    """Return what is nonnegative of any vectors: |u|^2, and |u|^2 |v|^2 - <u, v>^2 for each pair.

    For two vectors nothing else is true of their inner products.
    """
    pairs = combinations(form.vectors, 2)
    squares = [norm_sq(v) for v in form.vectors]
    return squares + [norm_sq(u) * norm_sq(v) - dot(u, v) ** 2 for u, v in pairs]


def parts_of_gram(form: Gram) -> list[sp.Expr]:
    """Return the entries of a Gram matrix and the scalars of its vectors."""
    return [*sp.Matrix(form.matrix), *(c for v in form.vectors for c in parts_of(v))]
