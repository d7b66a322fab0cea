"""The ledger of a proof: which facts are held, what each rests on, and what names mean.

Facts come in from the hypotheses of one theorem, from definitions, and from suppositions. A
supposition (the case of a proof by cases, an induction hypothesis) carries a tag that every fact
derived from it inherits; only the rule that made it takes the tag off, no conclusion accepts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from proofs_check.facts import Fact, Goal, Rejected, Step, is_constant, tag_of
from proofs_check.signs import Names, is_zero
from ractheory.theorems import Theorem
from ractheory.theorems.hypotheses import Assumes, Condition
from ractheory.theorems.printing import text
from ractheory.theorems.symbols import (
    A_acc,
    D0_sq,
    D0_sq_weighted,
    Observable,
    T,
    V0_sq,
    W0_sq,
    min_column_sq,
    rank_D0,
    t,
)

COUNTERS = (t, T, sp.Symbol("k", integer=True, nonnegative=True))
"""The link counters: a fact between observables holds for each of their values."""

STARTS = (D0_sq, D0_sq_weighted, V0_sq, W0_sq, rank_D0, min_column_sq, A_acc)
"""Numbers of one start, which another start of the same chain changes."""

Observer = Callable[[Any, Goal, Sequence[Fact], Sequence[sp.Expr]], str]


class Supposition(str):
    """The tag of something supposed.

    `fixes` holds the counters that stay where they are while it is supposed, None means all of them;
    `random` says that it is about one run, so that nothing may be averaged under it; `general` that
    it is about the problem alone, whatever the start.
    """

    fixes: frozenset[sp.Symbol] | None
    random: bool
    general: bool


def suppositions(uses: frozenset[str]) -> list[Supposition]:
    """Return the suppositions among the tags of a fact."""
    return [tag for tag in uses if isinstance(tag, Supposition)]


def released(uses: frozenset[str], *supposed: Fact) -> frozenset[str]:
    """Return the tags without those of suppositions that a rule now closes."""
    return uses - frozenset().union(*(fact.uses for fact in supposed))


@dataclass
class Ledger:
    """The state of one proof.

    Attributes
    ----------
    theorem : the value whose statements are to be concluded
    steps : what was verified, in order
    assumed : hypotheses and definitions that were brought in, as text or as a name and a relation
    observer : asked for a second opinion on each certificate; a counterexample fails the proof
    sources : from which sources of chance each symbol is made
    extremes : each Max or Min that is read as one of its arguments, with what that rests on
    leaned : the facts behind the signs of the certificate at hand
    moving : for each counter inside a link, the vectors that change with it
    ends : for each counter inside a link, its last value
    position : where link t ends, once it is said
    used : the symbols that a position was made from
    """

    theorem: Theorem
    observer: Observer | None = None
    steps: list[Step] = field(default_factory=list)
    assumed: list[str | tuple[str, Goal]] = field(default_factory=list)
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
    ends: dict[sp.Symbol, sp.Expr] = field(default_factory=dict)
    position: object = None
    used: set[sp.Basic] = field(default_factory=set)
    _bound: set[sp.Symbol] = field(default_factory=set)
    _behind: dict[sp.Symbol, frozenset[str]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _meanings: dict[sp.Expr, sp.Expr] = field(default_factory=dict)

    # Facts come in -----------------------------------------------------------------------------

    def admit(self, name: str, goal: Goal, uses: frozenset[str]) -> Fact:
        """Register a fact that is not derived. For the rules of this package only."""
        self._bound |= goal.expr.free_symbols
        self.assumed.append((name, goal))
        return self.register(name, goal, uses)

    def register(self, name: str, goal: Goal, uses: frozenset[str]) -> Fact:
        """Register a derived fact. For the rules of this package only: proofs never call it."""
        fact = Fact(name, goal, uses)
        self._facts[id(fact)] = fact
        return fact

    def suppose(
        self, name: str, goal: Goal, fixes: frozenset[sp.Symbol] | None, random: bool
    ) -> Fact:
        """Register a supposition under a tag of its own."""
        tag = Supposition(f"supposition {self.count('suppositions')}: {name}")
        tag.fixes, tag.random, tag.general = fixes, random, self.of_the_problem(goal.expr)
        self._bound |= goal.expr.free_symbols
        return self.register(name, goal, frozenset([tag]))

    def constant(self, expr: sp.Expr) -> bool:
        """Say whether an expression is one number, for all runs of the chain."""
        return is_constant(expr) and not expr.free_symbols & set(self.sources)

    def of_the_problem(self, c: sp.Expr) -> bool:
        """Say whether c is a number of the problem, the same for every start and at every link."""
        counted = c.free_symbols & {*COUNTERS, *STARTS, *self.moving}
        measured = c.atoms(Observable) or c.atoms(sp.Function) - c.atoms(sp.Max, sp.Min)
        return self.constant(c) and not counted and not measured

    def unconditional(self, fact: Fact, rule: str) -> frozenset[str]:
        """Return what a fact rests on, or reject it when that is a supposition about one start."""
        if any(not tag.general for tag in suppositions(self.owned(fact).uses)):
            raise Rejected(f"{rule}: {fact.name!r} is only supposed")
        return fact.uses

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
        return self.admit(name, goal, frozenset([tag_of(hypothesis)]))

    def requires(self, kind: type) -> frozenset[str]:
        """Return the tag of an assumption of the vocabulary, or reject when it is not listed."""
        return frozenset([tag_of(self.listed(kind.__name__))])

    def define(self, observable: sp.Expr, meaning: sp.Expr, note: str = "") -> None:
        """Unfold `observable` as `meaning` in every certificate from here on."""
        if observable in self._meanings and not is_zero(self._meanings[observable] - meaning):
            raise Rejected(f"{observable} already has another meaning")
        self._bound |= observable.free_symbols | meaning.free_symbols
        self._meanings[observable] = meaning
        said = note or f"{text(observable)} = {text(meaning)}"
        self.assumed.append(f"definition: {said}")

    def discard(self, fact: Fact) -> None:
        """Let go of a fact that no later step needs, so that none leans on it."""
        self.forget(fact, since=self.known())

    @contextmanager
    def supposing(self, *goals: Goal) -> Any:
        """Suppose relations for a while; what is proved meanwhile holds under them, and is dropped."""
        held = dict(self._facts)
        yield [self.suppose("supposed", g, None, not self.constant(g.expr)) for g in goals]
        self._keep(held)

    def new_setting(self) -> None:
        """Begin another part of the proof: no fact and no meaning is carried over."""
        self._facts, self._meanings, self.extremes, self.sources = {}, {}, {}, {}
        self._forms, self._forms_at = {}, -1
        self._scalar, self._abbreviations, self.position, self.used = {}, {}, None, set()

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

    def spelled(self, expr: sp.Expr) -> sp.Expr:
        """Return an expression with its abbreviations in full."""
        return sp.sympify(expr).xreplace(self._abbreviations)

    def cite(self, name: str) -> None:
        """Record that a classical fact of the list is used."""
        from proofs_check.cited import CITED

        if name not in CITED:
            raise Rejected(f"{name!r} is not on the list of cited facts")
        if name not in self.cited:
            self.cited.append(name)

    # Steps ---------------------------------------------------------------------------------------

    @contextmanager
    def timed(self, name: str, goal: Goal | str) -> Any:
        """Time a step and record it once it is verified."""
        start, note = time.perf_counter(), list[str]()
        yield note
        seconds = time.perf_counter() - start
        self.steps.append(Step(name, "proved", seconds, goal, note[0] if note else ""))

    def derive(self, name: str, goal: Goal, uses: frozenset[str], start: float) -> Fact:
        """Register and report what a rule of this package derived; proofs never call it."""
        self.steps.append(Step(name, "proved", time.perf_counter() - start, goal))
        return self.register(name, goal, uses)

    def known(self) -> set[int]:
        """Return the facts held now, for `forget`."""
        return set(self._facts)

    def forget(self, hypothesis: Fact, since: set[int]) -> None:
        """Close a supposition: drop it and everything that was derived under it."""
        kept = {key: f for key, f in self._facts.items() if key in since and f is not hypothesis}
        self._keep(kept)

    def _keep(self, facts: dict[int, Fact]) -> None:
        self._facts = facts
        self._forms = {key: form for key, form in self._forms.items() if key in facts}
        self._scalar = {key: flag for key, flag in self._scalar.items() if key in facts}
