"""Sums and inductions over the links of a chain.

Facts between observables hold at every link, so their index may be specialised; an induction proves
a claim for every T from its base and its step, both by certificate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from proofs_check.algebra import Inner
from proofs_check.kernel import (
    COUNTERS,
    Fact,
    Goal,
    Rejected,
    Session,
    Squares,
    Terms,
    eq,
    le,
)
from proofs_check.ledger import released, suppositions
from proofs_check.means import Mean, at_link, total_mean
from proofs_check.points import Value
from ractheory.theorems.printing import text
from ractheory.theorems.symbols import t

k = COUNTERS[2]
"""A second counter, for inductions over the length of a stretch of the chain."""


class PartialSum(sp.Function):
    """PartialSum(name, k) = sum of a named sequence over the links before k."""

    is_number_of_the_runs = True

    def _latex(self, printer: Any, exp: Any = None) -> str:
        name, k = (printer._print(a) for a in self.args)
        text = rf"{name}_{{{k}}}"
        return text if exp is None else f"{text}^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        return at_link(printer, *self.args)


def partial_sum(
    s: Session, name: str, term: Callable[[sp.Expr], sp.Expr]
) -> tuple[Callable[[sp.Expr], sp.Expr], Fact, Fact]:
    """Define S(k) = sum_{i<k} term(i); return S, the fact S(0) = 0 and S(t+1) = S(t) + term(t)."""
    symbol = s.fresh_name(name)
    if not s.constant(term(t)):
        raise Rejected(f"the terms of {name} are random; sum their expectations")

    def S(k: sp.Expr) -> sp.Expr:
        return PartialSum(symbol, sp.sympify(k))

    s.assumed.append(f"definition: {name}_{{t+1}} = {name}_t + {text(term(t))}, {name}_0 = 0")
    empty = s.admit(f"{name}_0", eq(S(sp.Integer(0)), 0), frozenset())
    return S, empty, s.admit(f"{name}_t+1", eq(S(t + 1), S(t) + term(t)), frozenset())


def instance(s: Session, fact: Fact, at: Mapping[sp.Symbol, Any]) -> Fact:
    """Return the fact at other links, such as t -> t + 1 or t -> 0."""
    for tag in suppositions(s.owned(fact).uses):
        if tag.fixes is None or tag.fixes & set(at):
            raise Rejected(f"{fact.name!r} is supposed at one link only")
    check_index_change(s, fact.expr, at)
    goal = Goal(
        _at(fact.goal.left, at), _at(fact.goal.right, at), fact.goal.equal, fact.goal.strict
    )
    return s.register(f"{fact.name} at {dict(at)}", goal, fact.uses)


def check_index_change(s: Session, expr: sp.Expr, at: Mapping[sp.Symbol, Any]) -> None:
    """Reject a change that is not of a counter, leaves its range, or cannot reach a vector."""
    for old, new in at.items():
        value = sp.sympify(new)
        in_range = value.is_positive if old.is_positive else value.is_nonnegative
        if not (old in COUNTERS or old in s.moving) or not (value.is_integer and in_range):
            raise Rejected(f"{old} -> {new} is not a change of link")
        if old not in s.moving and (expr.free_symbols & set(s.sources) or expr.has(Value)):
            raise Rejected("a fact about what one link draws cannot be moved to another link")
        if old in s.ends and value not in (s.ends[old], old + 1):
            raise Rejected(f"{old} ends at {s.ends[old]}")
        for atom in expr.atoms(sp.Function):
            if moves_with(s, atom, old):
                raise Rejected("a fact about one link's vectors cannot be moved to another link")


def moves_with(s: Session, atom: sp.Expr, counter: sp.Symbol) -> bool:
    """Say whether an atom changes with the counter in a way that its name does not show."""
    if counter in s.moving:
        return bool(atom.free_symbols & s.moving[counter])
    return isinstance(atom, Inner) or (isinstance(atom, Mean) and len(atom.args) == 2)


def _at(expr: sp.Expr, at: Mapping[sp.Symbol, Any]) -> sp.Expr:
    moved = sp.sympify(expr).subs(dict(at), simultaneous=True)
    return moved.replace(
        lambda e: isinstance(e, Mean) and len(e.args) == 1, lambda e: total_mean(e.args[0])
    )


Certificate = tuple[Terms, Squares]


@dataclass(frozen=True)
class Previous:
    """The induction hypothesis: `previous()` as it is, `previous({t: t + 1})` from another link on.

    `within` says that a counter which ends has not ended yet.
    """

    session: Session
    over: sp.Symbol
    fact: Fact
    within: Fact

    def __call__(self, at: Mapping[sp.Symbol, Any] | None = None) -> Fact:
        if self.over in (at or {}):
            raise Rejected("the induction variable stays where it is")
        return instance(self.session, self.fact, at) if at else self.fact


def induction(
    s: Session, name: str, goal: Goal, over: sp.Symbol, base: Certificate,
    step: Callable[[Previous], Certificate], last: sp.Expr | None = None,
) -> Fact:  # fmt: skip
    """Prove `goal` for every value of the counter `over`, from 1 if it is positive, else from 0.

    Parameters
    ----------
    base : certificate of the goal at the first value
    step : given `previous`, return the certificate of the goal at over + 1. `previous()` is the goal,
        taken as true at `over` and at every value of the other counters: `previous({t: t + 1})`
    last : for a counter that ends: then `previous.within` is the fact over + 1 <= last
    """
    if not (over in COUNTERS or over in s.moving):
        raise Rejected(f"{over} counts no links")
    check_index_change(s, goal.expr, {over: over + 1})
    start = 1 if over.is_positive else 0

    def shifted(value: Any) -> Goal:
        at = {over: value}
        return Goal(_at(goal.left, at), _at(goal.right, at), goal.equal, goal.strict)

    proved_base = s.prove(f"{name}: base", shifted(sp.Integer(start)), *base)
    if last != s.ends.get(over):
        raise Rejected(f"{over} ends at {s.ends.get(over)}")
    here = frozenset([over])
    hypothesis = s.suppose(f"{name}: induction hypothesis", goal, here, random=False)
    supposed = [hypothesis]
    if last is not None:
        supposed.append(s.suppose(f"{over} + 1 <= {last}", le(over + 1, last), here, random=False))

    previous = Previous(s, over, hypothesis, supposed[-1])
    before = s.known()
    terms, squares = step(previous)
    proved_step = s.prove(f"{name}: step", shifted(over + 1), terms, squares)
    for fact in supposed:
        s.forget(fact, since=before)
    uses = proved_base.uses | released(proved_step.uses, *supposed)
    return s.derive(f"{name}: for every {over}", goal, uses, time.perf_counter())
