"""Expectation as a linear functional, with its few rules.

Everything random in one link is drawn from named sources: the sketch H, a stochastic gradient g, a
permutation. `Chance` knows from which sources each symbol is made. Averaging over a source pulls
out what does not depend on it, and resolves what a rule knows:

- E[<u, H v>] = <u, E[H] v>, when u and v do not depend on H (the sketch is fresh);
- E[H X H] from the second moments of the law, where the theorem names the law;
- what no rule knows stays as the symbol `Mean(x, sources)`.

Averaging over everything gives the total expectation `Mean(x)`; observables at step 0 are constants.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import sympy as sp

from proofs_check.algebra import Inner, Inverse, Operator, Projection, Vector, dot, inner_of_words
from proofs_check.kernel import Fact, Goal, Rejected, Session, eq, le
from proofs_check.ledger import suppositions
from proofs_check.means import Mean, is_given, total_mean
from proofs_check.signs import expand_outside
from ractheory.assumptions import BernoulliSide, FreshSketch, PositiveExpectedProjection
from ractheory.theorems.symbols import (
    Observable,
    lam_max,
    lam_min,
    p_left,
)

Rule = Callable[[sp.Expr], "sp.Expr | None"]


@dataclass(frozen=True)
class Moments:
    """E[H] = mean, a scalar, or an operator given by its root; E[H X H] = sum of c Y over second[X].

    Words of operators stand for their products, the empty word for the identity.
    """

    mean: sp.Expr | Operator
    second: Mapping[tuple[sp.Symbol, ...], Sequence[tuple[sp.Expr, tuple[sp.Symbol, ...]]]] = field(
        default_factory=dict
    )


Law = tuple[Moments, frozenset[str]]
"""Moments, and the assumption that names the law."""


@dataclass(frozen=True)
class Side:
    """One side of a chain that draws its side: its projection, and the extremes of its mean."""

    H: Operator
    low: sp.Expr
    high: sp.Expr


@dataclass
class Chance:
    """The random sources of one link, and what is made from them."""

    session: Session
    rules: dict[sp.Symbol, tuple[Rule, frozenset[str]]] = field(default_factory=dict)
    means: dict[tuple[sp.Symbol, sp.Symbol], sp.Symbol] = field(default_factory=dict)
    sides: tuple[Side, Side] | None = None

    @property
    def sources(self) -> dict[sp.Basic, frozenset[sp.Symbol]]:
        """What every symbol of the session is made from."""
        return self.session.sources

    def made_from(self, expr: sp.Expr) -> frozenset[sp.Symbol]:
        """Return the sources of everything in `expr`."""
        found: frozenset[sp.Symbol] = frozenset()
        walker = sp.preorder_traversal(self.session.unfold(expr))
        for node in walker:
            if isinstance(node, Mean) and len(node.args) == 2:
                found |= self.made_from(node.args[0]) - set(node.args[1])
                walker.skip()
            else:
                found |= self.sources.get(node, frozenset())
        return found

    def made_from_vector(self, v: Vector) -> frozenset[sp.Symbol]:
        """Return the sources of a vector."""
        self.session.used.update(*v.terms, *(c.free_symbols for c in v.terms.values()))
        parts = [self.made_from(c) for c in v.terms.values()]
        words = [self.sources.get(x, frozenset()) for word in v.terms for x in word]
        return frozenset().union(*parts, *words)

    def depends(self, symbols: Iterable[sp.Basic], sources: frozenset[sp.Symbol]) -> None:
        """Declare that `symbols` are made from `sources`."""
        for symbol in symbols:
            self.sources[symbol] = self.sources.get(symbol, frozenset()) | sources

    # Sources -----------------------------------------------------------------------------------

    def sketch(self, name: str = "H", law: Law | None = None) -> Projection:
        """Return a fresh projection, independent of everything that does not name it."""
        H = Projection(name)
        self.operator_source(H, law)
        return H

    def operator_source(
        self, H: Operator, law: Law | None = None, independence: type = FreshSketch
    ) -> None:
        """Make the operator H a source that is independent of the past."""
        moments, tags = law or (Moments(mean_root(H)), frozenset())
        self._unused(H)
        self.sources[H] = frozenset([H])
        rule = partial(operator_moment, H=H, moments=moments, chance=self)
        self.rules[H] = (rule, tags | self.session.requires(independence))

    def source(self, symbol: sp.Symbol, rule: Rule, uses: frozenset[str]) -> None:
        """Make `symbol` a source whose moments `rule` gives."""
        self._unused(symbol)
        self.sources[symbol] = frozenset([symbol])
        self.rules[symbol] = (rule, uses)

    def _unused(self, symbol: sp.Symbol) -> None:
        """Reject a source that something was made from before it was declared random."""
        if symbol in self.session.used and symbol not in self.sources:
            raise Rejected(f"{symbol} was in use before it was declared random")

    # Averages ----------------------------------------------------------------------------------

    def average(self, name: str, fact: Fact, *over: sp.Symbol) -> Fact:
        """Return the expectation of a fact over the sources `over`, everything else given."""
        s, sources = self.session, frozenset(over)
        averaged_under(s, fact, name)
        for atom in s.unfold(fact.expr).atoms(Observable):
            if not (is_given(atom) or atom in self.sources):
                raise Rejected(f"{name}: it is not known what {atom} depends on")
        uses = fact.uses.union(*(self.rules[x][1] for x in sources if x in self.rules))
        start = time.perf_counter()
        left, right = (self._linear(side, sources) for side in (fact.goal.left, fact.goal.right))
        return s.derive(name, Goal(left, right, fact.goal.equal), uses, start)

    def _linear(self, expr: sp.Expr, over: frozenset[sp.Symbol]) -> sp.Expr:
        parts = sp.Add.make_args(expand_outside(expr))
        return sp.Add(*(self._monomial(part, over) for part in parts))

    def _monomial(self, part: sp.Expr, over: frozenset[sp.Symbol]) -> sp.Expr:
        factors = sp.Mul.make_args(part)
        hit = [f for f in factors if self.made_from(f) & over]
        outside = sp.Mul(*(f for f in factors if not self.made_from(f) & over))
        if not hit:
            return outside
        inside = sp.Mul(*hit)
        for source in sorted(over, key=str):
            if source in self.rules and len(over) == 1:
                value = self._resolved(source, inside)
                if value is not None:
                    return outside * value
        return outside * self._mean(hit, over)

    def _resolved(self, source: sp.Symbol, inside: sp.Expr) -> sp.Expr | None:
        """Ask the source's rule about what is written, then about the inner product it means."""
        rule = self.rules[source][0]
        meaning = self.session.unfold(inside)
        for x in dict.fromkeys((inside, meaning)):
            value = rule(x) if x == inside or isinstance(x, Inner) else None
            if value is None and isinstance(x, Inner):
                value = self._with_mean(source, x)
            if value is not None:
                return value
        return None

    def _with_mean(self, source: sp.Symbol, x: Inner) -> sp.Expr | None:
        """E <v, Q u> = <E v, Q u> where v has a name for its mean, and u and Q are given."""
        u, word, v = x.args
        for name, other in ((u, v), (v, u)):
            given = not any(source in self.sources.get(y, frozenset()) for y in (other, *word))
            if given and (name, source) in self.means:
                left, right = ((self.means[name, source] if y == name else y,) for y in (u, v))
                return inner_of_words(left, (*word, *right))
        return None

    def mean_vector(self, v: Vector, source: sp.Symbol) -> Vector:
        """Return the name of E[v] over a source that is independent of all else, v a symbol.

        >>> from ractheory.theorems import theorem
        >>> chance = Chance(Session(theorem("gd-pl")))
        >>> H, v, u = chance.sketch("H"), Vector({(sp.Symbol("v"),): 1}), Vector({(sp.Symbol("u"),): 1})
        >>> chance.depends([sp.Symbol("v")], frozenset([H]))
        >>> p = chance.mean_vector(v, H)
        >>> chance._linear(dot(v, u), frozenset([H])) == dot(p, u)
        True
        """
        ((word, c),) = v.terms.items()
        if len(word) != 1 or c != 1 or source not in self.rules:
            raise Rejected("only a symbol has a named mean, over a source with a rule")
        if self.sources.get(word[0], frozenset()) != frozenset([source]):
            raise Rejected(f"{word[0]} is not random through {source} alone")
        name = self.means.setdefault(
            (word[0], source), sp.Symbol(rf"\overline{{{word[0].name}}}", real=True)
        )
        return Vector({(name,): sp.Integer(1)})

    def _mean(self, hit: list[sp.Expr], over: frozenset[sp.Symbol]) -> sp.Expr:
        """Merge nested expectations: E_S[y E_R[x]] = E_{R,S}[x y], if y does not depend on R."""
        inner = [f for f in hit if isinstance(f, Mean)]
        rest = [f for f in hit if not isinstance(f, Mean)]
        if len(inner) > 1:
            raise Rejected("a product of expectations under an expectation")
        if inner:
            body, earlier = inner[0].args[0], frozenset(inner[0].args[1])
            if any(self.made_from(f) & earlier for f in rest):
                raise Rejected("a factor depends on what was averaged before")
            rest, over = [*rest, body], over | earlier
        return Mean(sp.Mul(*rest), sp.Tuple(*sorted(over, key=str)))

    def total(self, name: str, fact: Fact) -> Fact:
        """Return the total expectation of a fact between observables (the tower rule)."""
        s = self.session
        averaged_under(s, fact, name)
        bare = fact.expr.replace(lambda e: isinstance(e, sp.Function), lambda e: sp.Integer(0))
        if bare.free_symbols & set(self.sources):
            raise Rejected(f"{name}: average over the sources of the link first")
        s.cite("tower rule")
        start = time.perf_counter()
        goal = Goal(total_mean(fact.goal.left), total_mean(fact.goal.right), fact.goal.equal)
        return s.derive(name, goal, fact.uses, start)

    # Bounds on E[H] ----------------------------------------------------------------------------

    def at_least_lam_min(self, H: Operator, v: Vector) -> Fact:
        """lam_min |v|^2 <= <v, E[H] v>."""
        tags = self.session.requires(PositiveExpectedProjection)
        goal = le(lam_min * dot(v, v), mean_form(H, v))
        if self.sides is not None:
            return self._both_sides(goal, H, v, lower=True)
        return self.session.admit("E[H] >= lam_min I", goal, tags)

    def at_most_lam_max(self, H: Operator, v: Vector) -> Fact:
        """<v, E[H] v> <= lam_max |v|^2."""
        tags = self.session.requires(PositiveExpectedProjection)
        goal = le(mean_form(H, v), lam_max * dot(v, v))
        if self.sides is not None:
            return self._both_sides(goal, H, v, lower=False)
        return self.session.admit("E[H] <= lam_max I", goal, tags)

    def _both_sides(self, goal: Goal, H: Operator, v: Vector, lower: bool) -> Fact:
        """Prove a bound on E[H] = p E[H_left] + (1 - p) E[H_right] from the bounds on the sides."""
        sides, s = self.sides or (), self.session
        tags = s.requires(PositiveExpectedProjection) | s.requires(BernoulliSide)
        forms, terms, c = [], [], 1 if lower else -1
        for side, weight in zip(sides, (p_left, 1 - p_left), strict=True):
            R = mean_root(side.H)
            form, least_or_most = dot(R(v), R(v)), side.low if lower else side.high
            pair = (least_or_most * dot(v, v), form)
            bound = s.admit(f"bound of E[{side.H}]", le(*pair) if lower else le(*pair[::-1]), tags)
            forms.append(weight * form)
            terms.append((weight, bound))
        mixture = eq(mean_form(H, v), sp.Add(*forms))
        terms.append((-c, s.admit("E[H] = p E[H_left] + (1 - p) E[H_right]", mixture, tags)))
        return s.prove(f"bound of E[H] from both sides, {s.count('mixture')}", goal, terms)

    def inverse_root(self, H: Operator) -> Inverse:
        """Return E[H]^{-1/2}, which exists for lam_min > 0."""
        self.session.sign(lam_min, "for E[H] to have an inverse,", strict=True)
        return Inverse(mean_root(H))

    def spectrum(self) -> tuple[Fact, Fact]:
        """Return lam_min <= lam_max and lam_max <= 1: E[H] is a mean of orthogonal projections."""
        s = self.session
        tags = s.requires(PositiveExpectedProjection)
        order, below = le(lam_min, lam_max), le(lam_max, 1)
        if self.sides is None:
            return s.admit("lam_min <= lam_max", order, tags), s.admit("E[H] <= I", below, tags)
        left, right = self.sides
        orders = [s.admit("lam_min <= lam_max", le(x.low, x.high), tags) for x in (left, right)]
        belows = [s.admit("E[H] <= I", le(x.high, 1), tags) for x in (left, right)]
        weights = (p_left, 1 - p_left)
        return (
            s.prove(
                "lam_min <= lam_max, both sides", order, list(zip(weights, orders, strict=True))
            ),
            s.prove("lam_max <= 1, both sides", below, list(zip(weights, belows, strict=True))),
        )

    def draw_sides(self, left: Side, right: Side) -> None:
        """Let each link be a left one with probability p, a right one otherwise.

        lam_min and lam_max then stand for p low_left + (1 - p) low_right, and so for the high ones.
        """
        s = self.session
        s.requires(BernoulliSide)
        s.condition("a probability")
        s.define(lam_min, p_left * left.low + (1 - p_left) * right.low)
        s.define(lam_max, p_left * left.high + (1 - p_left) * right.high)
        self.sides = (left, right)


def averaged_under(s: Session, fact: Fact, name: str) -> None:
    """Reject a fact that is only supposed of one run: there is no average over the others."""
    if any(tag.random for tag in suppositions(s.owned(fact).uses)):
        raise Rejected(f"{name}: {fact.name!r} is supposed of one run")


def mean_root(H: Operator) -> Operator:
    """Return the square root of E[H]; E[H] itself is this operator applied twice."""
    return Operator(rf"\overline{{{H.name}}}^{{1/2}}")


def mean_form(H: Operator, v: Vector) -> sp.Expr:
    """Return <v, E[H] v>."""
    R = mean_root(H)
    return dot(R(v), R(v))


def operator_moment(x: sp.Expr, H: Operator, moments: Moments, chance: Chance) -> sp.Expr | None:
    """Return E[x] for x = <u, ... H ... v> with one or two H, or None when no rule applies."""
    if not isinstance(x, Inner):
        return None
    u, word, v = x.args
    places = [i for i, symbol in enumerate(word) if symbol == H]
    others = [s for s in (u, v, *word) if s != H]
    if any(H in chance.sources.get(s, frozenset()) for s in others):
        return None
    if len(places) == 1:
        i = places[0]
        if isinstance(moments.mean, Operator):
            R = moments.mean
            return inner_of_words((u,), (*word[:i], R, R, *word[i + 1 :], v))
        return moments.mean * inner_of_words((u,), (*word[:i], *word[i + 1 :], v))
    if len(places) == 2:
        i, j = places
        known = moments.second.get(tuple(word[i + 1 : j]))
        if known is None:
            return None
        return sp.Add(
            *(c * inner_of_words((u,), (*word[:i], *Y, *word[j + 1 :], v)) for c, Y in known)
        )
    return None
