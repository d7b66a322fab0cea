"""What a statement asks to be proved, means over a run, and how a proof concludes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from proofs_check.kernel import Fact, Goal, Rejected, Session, Squares, Terms, eq, le
from proofs_check.links import Link
from proofs_check.means import Mean, total_mean
from proofs_check.recursion import partial_sum
from ractheory import assumptions as vocabulary
from ractheory.theorems import Form, Statement, symbols
from ractheory.theorems.symbols import (
    T,
    grad_sq,
    t,
)


def mean_gradient(s: Session) -> tuple[Callable[[sp.Expr], sp.Expr], Fact, Fact, Fact]:
    """Return S(k) = sum_{i<k} E|G_i|^2, its two equations, and E[mean over the run] = S(T)/T."""
    name = f"S^{{({s.count('sums of squared gradients')})}}"
    S, empty, grows = partial_sum(s, name, lambda k: Mean(grad_sq(k)))
    whole = eq(Mean(symbols.mean_grad_sq(T)), S(T) / T)
    return S, empty, grows, s.admit("mean over the run", whole, frozenset())


def mean_iterate(s: Session) -> tuple[Callable[[sp.Expr], sp.Expr], Fact, Fact, Fact]:
    """Return the sum of E delta_k, its equations, and T E[f(mean iterate) - f*] <= it (Jensen)."""
    s.cite("Jensen")
    S, empty, grows = partial_sum(s, "S", lambda k: Mean(symbols.gap(k)))
    whole = le(T * Mean(symbols.gap_of_mean(T)), S(T))
    return S, empty, grows, s.admit("mean iterate", whole, s.requires(vocabulary.Convex))


def best_iterate(s: Session) -> tuple[Callable[[sp.Expr], sp.Expr], Fact, Fact, Fact]:
    """Return the sum of E delta_k^2, its equations, and T E[(min_k delta_k)^2] <= it.

    The minimum is at most each delta_k, and all are nonnegative.
    """
    S, empty, grows = partial_sum(s, "S", lambda k: Mean(symbols.gap(k) ** 2))
    whole = le(T * Mean(symbols.min_gap(T) ** 2), S(T))
    return S, empty, grows, s.admit("best iterate", whole, s.requires(vocabulary.Attained))


@dataclass(frozen=True)
class WeightedMean:
    """S(k) and W(k), the weighted and the plain sum of the weights; each with S(0) = 0 and its growth."""

    S: Callable[[sp.Expr], sp.Expr]
    W: Callable[[sp.Expr], sp.Expr]
    S_facts: tuple[Fact, Fact]
    W_facts: tuple[Fact, Fact]
    mean: Fact


def weighted_mean(s: Session, a: sp.Expr) -> WeightedMean:
    """Return the sums behind E[weighted mean of |G_t|^2], weights (1 + a)^-(t+1)."""
    weight = (1 + a) ** (-t - 1)

    def at(k: sp.Expr) -> sp.Expr:
        return weight.subs(t, k)

    S, S_empty, S_grows = partial_sum(s, "S", lambda k: at(k) * Mean(grad_sq(k)))
    W, W_empty, W_grows = partial_sum(s, "w", at)
    whole = eq(W(T) * Mean(symbols.weighted_grad_sq(T, a)), S(T))
    mean = s.admit("weighted mean over the run", whole, frozenset())
    return WeightedMean(S, W, (S_empty, S_grows), (W_empty, W_grows), mean)


def goal_of(statement: Statement, along: Link | None = None) -> Goal:
    """Return what a statement asks to be proved: its relation, in expectation where it says so.

    `along` is the link over whose sources a conditional statement averages.
    """
    left, right = statement.left, statement.right
    relation = statement.relation
    if statement.form is Form.EXPECTATION:
        left, right = total_mean(left), total_mean(right)
    elif statement.form.name == "CONDITIONAL":
        if along is None:
            raise Rejected(f"{statement.name!r} is about one link: say which")
        left = along.mean(left)
    if isinstance(relation, (sp.GreaterThan, sp.StrictGreaterThan)):
        left, right = right, left
    strict = isinstance(relation, (sp.StrictLessThan, sp.StrictGreaterThan))
    return Goal(left, right, equal=isinstance(relation, sp.Equality), strict=strict)


def finish(
    s: Session, name: str, terms: Terms = (), squares: Squares = (), along: Link | None = None
) -> Fact:
    """Prove the statement called `name` by a certificate, and conclude it."""
    statement = s.theorem.statement(name)
    goal = goal_of(statement, along)
    fact = s.prove(f"statement {name!r}", goal, terms, squares)
    s.conclude(statement, fact, goal)
    return fact


def states(s: Session, name: str) -> bool:
    """Say whether the theorem has a statement of this name."""
    return any(statement.name == name for statement in s.theorem.statements)
