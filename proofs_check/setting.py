"""What the words of a statement mean: assumptions as inequalities, one link, the observables.

This file is the dictionary between the vocabulary of `ractheory.assumptions` and the algebra: every
assumption is one inequality between points, and a point is a position, a gradient and a value f - f*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from proofs_check.algebra import (
    Inner,
    Operator,
    Projection,
    Vector,
    dot,
    inner_of_words,
    norm_sq,
    vector,
    zero,
)
from proofs_check.chance import Chance, Mean, Side, total_mean
from proofs_check.kernel import Fact, Goal, Rejected, Session, Squares, Terms, eq, le
from proofs_check.recursion import partial_sum
from ractheory import assumptions as vocabulary
from ractheory.theorems import Form, Statement, symbols
from ractheory.theorems.symbols import (
    A,
    B,
    C,
    L,
    L_max,
    T,
    d,
    gap,
    grad_sq,
    max_diag_K,
    mu,
    projected_sq,
    t,
    trace_K,
)


@dataclass(frozen=True)
class Point:
    """A position, the gradient there, and f - f* there."""

    x: Vector
    g: Vector
    f: sp.Expr


class Value(symbols.Observable):
    """f - f* at a named auxiliary point."""

    latex_name = r"\delta_{{t}}"


# Assumptions as inequalities between points ----------------------------------------------------


def smooth(s: Session, a: Point, b: Point) -> Fact:
    """LSmooth, through the descent lemma: f(b) <= f(a) + <grad f(a), b - a> + (L/2) |b - a|^2."""
    s.cite("descent lemma")
    goal = le(b.f, a.f + dot(a.g, b.x - a.x) + L / 2 * norm_sq(b.x - a.x))
    return s.admit("descent lemma", goal, s.requires(vocabulary.LSmooth))


def smooth_from_below(s: Session, a: Point, b: Point) -> Fact:
    """LSmooth for -f: f(b) >= f(a) + <grad f(a), b - a> - (L/2) |b - a|^2."""
    s.cite("descent lemma")
    goal = le(a.f + dot(a.g, b.x - a.x) - L / 2 * norm_sq(b.x - a.x), b.f)
    return s.admit("descent lemma, from below", goal, s.requires(vocabulary.LSmooth))


def smooth_mean(s: Session, a: Point, b: Point) -> Fact:
    """BoundedDissimilarity: f is the mean of L_max-smooth components, and so L_max-smooth."""
    s.cite("descent lemma")
    goal = le(b.f, a.f + dot(a.g, b.x - a.x) + L_max / 2 * norm_sq(b.x - a.x))
    tags = s.requires(vocabulary.BoundedDissimilarity)
    return s.admit("descent lemma for a mean of components", goal, tags)


def curvature() -> Operator:
    """Return K, the curvature matrix."""
    return Operator("K")


def matrix_smooth(s: Session, a: Point, b: Point) -> Fact:
    """MatrixSmooth: f(b) <= f(a) + <grad f(a), b - a> + 1/2 <b - a, K (b - a)>."""
    K, step = curvature(), b.x - a.x
    goal = le(b.f, a.f + dot(a.g, step) + dot(step, K(step)) / 2)
    return s.admit("matrix smoothness", goal, s.requires(vocabulary.MatrixSmooth))


def curvature_at_most_L(s: Session, v: Vector) -> Fact:
    """L is the largest eigenvalue of K: <v, K v> <= L |v|^2."""
    goal = le(dot(v, curvature()(v)), L * norm_sq(v))
    return s.admit("K <= L I", goal, _matrix_tags(s))


def diagonal_at_most_its_maximum(s: Session, diagonal: Operator, v: Vector) -> Fact:
    """<v, diag(K) v> <= max_i K_ii |v|^2."""
    goal = le(dot(v, diagonal(v)), max_diag_K * norm_sq(v))
    return s.admit("diag(K) <= max_i K_ii I", goal, _matrix_tags(s))


def trace_bounds(s: Session) -> tuple[Fact, Fact, Fact]:
    """L <= tr K, tr K <= d L, and tr K <= d max_i K_ii, K being positive semidefinite on R^d.

    The sketch acts on the side of K (MatchingSide), so that d is the dimension of K.
    """
    tags = _matrix_tags(s) | s.requires(vocabulary.MatchingSide)
    bounds = (le(L, trace_K), le(trace_K, d * L), le(trace_K, d * max_diag_K))
    first, second, third = (s.admit("trace of K", goal, tags) for goal in bounds)
    return first, second, third


def _matrix_tags(s: Session) -> frozenset[str]:
    kinds = (vocabulary.MatrixSmooth, vocabulary.MatrixQuadratic, vocabulary.ProjectedQuadratic)
    for kind in kinds:
        if any(h.name == kind.__name__ for h in s.theorem.hypotheses):
            return s.requires(kind)
    return s.requires(vocabulary.MatrixSmooth)


def smooth_by_matrix(s: Session, a: Point, b: Point) -> Fact:
    """K <= L I makes f L-smooth from above: f(b) <= f(a) + <grad f(a), b - a> + (L/2) |b - a|^2."""
    return s.prove(
        "matrix smoothness gives smoothness",
        le(b.f, a.f + dot(a.g, b.x - a.x) + L / 2 * norm_sq(b.x - a.x)),
        terms=[(1, matrix_smooth(s, a, b)), (sp.Rational(1, 2), curvature_at_most_L(s, b.x - a.x))],
    )


def bounded_below(s: Session, a: Point) -> Fact:
    """LowerBounded: f(a) >= f*."""
    return s.admit("f >= f*", le(0, a.f), s.requires(vocabulary.LowerBounded))


def polyak_lojasiewicz(s: Session, a: Point) -> Fact:
    """PL: mu (f - f*) <= 1/2 |grad f|^2."""
    return s.admit("PL", le(mu * a.f, norm_sq(a.g) / 2), s.requires(vocabulary.PL))


def convex(s: Session, a: Point, b: Point) -> Fact:
    """Convex: f(b) >= f(a) + <grad f(a), b - a>."""
    return s.admit("convexity", le(a.f + dot(a.g, b.x - a.x), b.f), s.requires(vocabulary.Convex))


def minimiser(s: Session) -> Point:
    """Attained: a point W* where f - f* = 0 and the gradient vanishes."""
    s.requires(vocabulary.Attained)
    return Point(vector("W^*"), zero(), sp.Integer(0))


def auxiliary(s: Session, chance: Chance, x: Vector) -> Point:
    """Return a further point at the position x, random as its position is."""
    name = f"P{s.count('auxiliary points')}"
    point = Point(x, vector(f"G_{name}"), Value(sp.Symbol(name)))
    made = chance.made_from_vector(x)
    chance.depends([point.f, *(word[-1] for word in point.g.terms)], made)
    return point


def gradient_bound(
    s: Session, a: Point, smoothness: Callable[..., Fact] = smooth, L: sp.Expr = L
) -> Fact:
    """|grad f|^2 <= 2 L (f - f*): the descent lemma at the point reached by a full step 1/L."""
    reached = auxiliary(s, Chance(s), a.x - a.g / L)
    return s.prove(
        "the gradient is bounded by the suboptimality",
        le(norm_sq(a.g), 2 * L * a.f),
        terms=[(2 * L, smoothness(s, a, reached)), (2 * L, bounded_below(s, reached))],
    )


def mu_at_most_L(
    s: Session, a: Point, smoothness: Callable[..., Fact] = smooth, L: sp.Expr = L
) -> Fact:
    """mu <= L: 2 mu (f - f*) <= |grad f|^2 <= 2 L (f - f*), and f is not constant."""
    both = s.prove(
        "PL meets the gradient bound",
        le(2 * mu * a.f, 2 * L * a.f),
        terms=[(2, polyak_lojasiewicz(s, a)), (1, gradient_bound(s, a, smoothness, L))],
    )
    return s.prove("mu is at most L", le(mu, L), terms=[(sp.Rational(1, 2), s.cancel(both, a.f))])


# One link --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    """W_t and W_{t+1}, with the sources of chance between them."""

    chance: Chance
    here: Point
    there: Point
    sources: sp.Tuple

    def mean(self, x: sp.Expr) -> sp.Expr:
        """Return the symbol of E[x | everything before the link]."""
        return Mean(x, self.sources)


def state(s: Session, k: sp.Expr, name: str) -> Point:
    """Return the iterate at link k, and give the observables there their meaning."""
    point = Point(vector(f"W_{name}"), vector(f"G_{name}"), gap(k))
    s.define(grad_sq(k), norm_sq(point.g), rf"grad\_sq = |G_{name}|^2")
    return point


def link(s: Session, chance: Chance, here: Point, there: Vector, reads: str) -> Link:
    """Return the link from W_t to the position `there`; `reads` says the update in words."""
    s.assumed.append(f"one link: {reads}")
    after = Point(there, vector("G_{t+1}"), gap(t + 1))
    s.define(grad_sq(t + 1), norm_sq(after.g), r"grad\_sq at t + 1")
    sources = chance.made_from_vector(there)
    chance.depends([gap(t + 1), *(w[-1] for w in after.g.terms)], sources)
    return Link(chance, here, after, sp.Tuple(*sorted(sources, key=str)))


def sketched(s: Session) -> tuple[Chance, Projection]:
    """Return the chance of one link and its fresh sketch H, of one side or of a drawn side."""
    chance = Chance(s)
    H = chance.sketch("H")
    if any(h.name == vocabulary.BernoulliSide.__name__ for h in s.theorem.hypotheses):
        left = Side(Operator("H_left"), symbols.lam_min_left, symbols.lam_max_left)
        right = Side(Operator("H_right"), symbols.lam_min_right, symbols.lam_max_right)
        chance.draw_sides(left, right)
    return chance, H


def projected_step(s: Session, chance: Chance, H: Operator, gamma: sp.Expr) -> Link:
    """W_{t+1} = W_t - gamma H_t G_t."""
    s.requires(vocabulary.ProjectedStep)
    here = state(s, t, "t")
    s.define(projected_sq(t), norm_sq(H(here.g)), r"projected\_sq = |H_t G_t|^2")
    return link(s, chance, here, here.x - gamma * H(here.g), "W_{t+1} = W_t - gamma H_t G_t")


def plain_step(s: Session, chance: Chance, S: Operator, c: sp.Expr) -> Link:
    """W_{t+1} = W_t - c S_t G_t with S_t = B_t B_t^T: a gradient step on the trained factor."""
    s.requires(vocabulary.PlainStep)
    here = state(s, t, "t")
    return link(s, chance, here, here.x - c * S(here.g), "W_{t+1} = W_t - c B_t B_t^T G_t")


def certified_step(
    s: Session, chance: Chance, H: Operator, gamma: sp.Expr
) -> tuple[Link, Callable[[Point], Fact]]:
    """A link to anywhere that ends no higher than W_t - gamma H_t G_t.

    Returned with the link is the certificate: given that point, f(W_{t+1}) is at most its f.
    """
    tags = s.requires(vocabulary.CertifiedLinks)
    here = state(s, t, "t")
    s.define(projected_sq(t), norm_sq(H(here.g)), r"projected\_sq = |H_t G_t|^2")
    new = vector("W_{t+1}")
    chance.depends([word[-1] for word in new.terms], frozenset([H]))
    step = link(s, chance, here, new, "f(W_{t+1}) <= f(W_t - gamma H_t G_t)")

    def certificate(exact: Point) -> Fact:
        if dict(exact.x.terms) != dict((here.x - gamma * H(here.g)).terms):
            raise Rejected("the certificate compares with the exact projected step only")
        return s.admit("certified link", le(gap(t + 1), exact.f), tags)

    return step, certificate


def estimated_step(s: Session, chance: Chance, H: Operator, gamma: sp.Expr) -> tuple[Link, Vector]:
    """W_{t+1} = W_t - gamma H_t g_t with g_t unbiased and independent of H_t; return it with g_t."""
    s.requires(vocabulary.ProjectedEstimate)
    here, g = state(s, t, "t"), vector("g_t")
    (name,) = (word[-1] for word in g.terms)
    (true,) = (word[-1] for word in here.g.terms)

    def unbiased(x: sp.Expr) -> sp.Expr | None:
        if not isinstance(x, Inner) or [x.args[0], x.args[2]].count(name) != 1:
            return None
        u, word, v = x.args
        left, right = ((true if end == name else end,) for end in (u, v))
        return inner_of_words(left, (*word, *right))

    chance.source(name, unbiased, s.requires(vocabulary.UnbiasedGradient))
    return link(s, chance, here, here.x - gamma * H(g), "W_{t+1} = W_t - gamma H_t g_t"), g


def expected_smoothness(s: Session, a: Point, g: Vector) -> Fact:
    """ExpectedSmoothness: E|g|^2 <= 2 A (f - f*) + B |grad f|^2 + C."""
    (name,) = (word[-1] for word in g.terms)
    goal = le(Mean(norm_sq(g), sp.Tuple(name)), 2 * A * a.f + B * norm_sq(a.g) + C)
    return s.admit("expected smoothness", goal, s.requires(vocabulary.ExpectedSmoothness))


# Quantities of a run ---------------------------------------------------------------------------


class Along(symbols.Observable):
    """Along(name, ...) is a named quantity of the run at a link: Along(k, name)."""

    def _latex(self, printer: object, exp: object = None) -> str:
        k, name = (printer._print(a) for a in self.args)  # type: ignore[attr-defined]
        text = f"{name}_{{{k}}}"
        return text if exp is None else f"{text}^{{{exp}}}"


def quantity(
    s: Session, name: str, of: Callable[[Point], sp.Expr], along: Link, start: sp.Expr
) -> tuple[Callable[[sp.Expr], sp.Expr], Fact]:
    """Name a function of the iterate, so that it can be followed along the run.

    `start` is the constant that the statement uses for its value at W_0; the fact says so.
    """
    symbol = s.fresh_name(name)

    def q(k: sp.Expr) -> sp.Expr:
        return Along(sp.sympify(k), symbol)

    s.define(q(t), of(along.here))
    s.define(q(t + 1), of(along.there))
    s.assumed.append(f"definition: {name} at W_0 is {sp.latex(start)}")
    return q, s.admit(f"{name} at W_0", eq(q(0), start), frozenset())


# Conclusions -----------------------------------------------------------------------------------


def mean_gradient(s: Session) -> tuple[Callable[[sp.Expr], sp.Expr], Fact, Fact, Fact]:
    """Return S(k) = sum_{i<k} E|G_i|^2, its two equations, and E[mean over the run] = S(T)/T."""
    name = f"S^{{({s.count('sums of squared gradients')})}}"
    S, empty, grows = partial_sum(s, name, lambda k: Mean(grad_sq(k)))
    whole = eq(Mean(symbols.mean_grad_sq(T)), S(T) / T)
    return S, empty, grows, s.admit("mean over the run", whole, frozenset())


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


@dataclass(frozen=True)
class WeightedMean:
    """S(k) and W(k), the weighted and the plain sum of the weights; each with S(0) = 0 and its growth."""

    S: Callable[[sp.Expr], sp.Expr]
    W: Callable[[sp.Expr], sp.Expr]
    S_facts: tuple[Fact, Fact]
    W_facts: tuple[Fact, Fact]
    mean: Fact


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
