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
    Inverse,
    Operator,
    Projection,
    Vector,
    dot,
    inner_of_words,
    norm_sq,
    vector,
    zero,
)
from proofs_check.chance import Chance, Mean, Moments, Side, mean_root, total_mean
from proofs_check.kernel import Fact, Goal, Rejected, Session, Squares, Terms, eq, le
from proofs_check.recursion import PartialSum, partial_sum
from proofs_check.signs import is_zero
from ractheory import assumptions as vocabulary
from ractheory.theorems import Form, Statement, symbols
from ractheory.theorems.beyond import MOMENTUM_STEP
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

(BEFORE,) = (x for x in MOMENTUM_STEP.free_symbols if x.name == "A_before")
"""A in the formula of the accelerated step."""


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


def effective_dimension(s: Session) -> Fact:
    """tau is tr K/L, by its definition."""
    return s.admit("tau = tr K/L", eq(symbols.tau * L, trace_K), frozenset())


def quadratic_link(s: Session, chance: Chance, H: Operator, gamma: sp.Expr) -> tuple[Link, Vector]:
    """MatrixQuadratic: f - f* = 1/2 <D, K D> with gradient K D, D = W - W*; a projected step on it."""
    for kind in (vocabulary.MatrixQuadratic, vocabulary.ProjectedStep, vocabulary.MatchingSide):
        s.requires(kind)
    K, D = curvature(), vector("D_t")
    G = K(D)
    after = D - gamma * H(G)
    s.assumed.append("one link: D_{t+1} = D_t - gamma H_t K D_t")
    s.define(gap(t), dot(D, K(D)) / 2)
    s.define(gap(t + 1), dot(after, K(after)) / 2)
    s.define(grad_sq(t), norm_sq(G))
    s.define(symbols.curved_grad_sq(t), dot(G, K(G)))
    here, there = Point(D, G, gap(t)), Point(after, K(after), gap(t + 1))
    return Link(chance, here, there, sp.Tuple(H)), D


def low_rank_link(s: Session, chance: Chance) -> tuple[Link, Vector, Vector, Projection]:
    """ProjectedQuadratic, f - f* = (L/2)|P D|^2, and a link D_+ = D + B A of any kind.

    Write x = P D and y = P B A, in the range of the projection H onto range(P B): H y = y. A Haar
    range of B is invariant under the rotations of range(P), so for r <= dim range(P) the range of
    P B is Haar there, and E[H] = (r/dim) on range(P). A may be any function of B and of the past.
    """
    for kind in (vocabulary.ProjectedQuadratic, vocabulary.LowRankLinks):
        s.requires(kind)
    s.conditions("rank within the support")
    H = chance.sketch("H", (Moments(symbols.r / symbols.support), s.requires(vocabulary.HaarLaw)))
    x, y = vector("x_t"), vector("y_t")
    chance.depends([word[-1] for word in y.terms], frozenset([H]))
    s.assumed.append("one link: x = P D moves to x + y, y = P B A with H y = y")
    s.define(gap(t), L / 2 * norm_sq(x))
    s.define(gap(t + 1), L / 2 * norm_sq(x + H(y)))
    here, there = Point(x, L * x, gap(t)), Point(x + H(y), L * (x + H(y)), gap(t + 1))
    return Link(chance, here, there, sp.Tuple(H)), x, y, H


def exact_minimum(s: Session, x: Vector, H: Operator, y: Vector) -> Fact:
    """ExactMinimisation: the link ends no higher than with any other y in the range of H."""
    tags = s.requires(vocabulary.ExactMinimisation)
    goal = le(gap(t + 1), L / 2 * norm_sq(x + H(y)))
    return s.admit("exact minimisation", goal, tags)


def energy(s: Session, a: Point) -> Fact:
    """f - f* = 1/2 <D, K D> >= 0, K being positive semidefinite."""
    tags = s.requires(vocabulary.MatrixQuadratic)
    return s.admit("K is positive semidefinite", le(0, a.f), tags)


def spectrum_of_quadratic(s: Session, D: Vector) -> tuple[Fact, Fact, Fact]:
    """The eigenvalues k of K are 0 or lie in [mu, L] (PL on a quadratic; spectral theorem).

    So K (K - mu) >= 0, K (L - K) >= 0 and K (K - mu)(L - K) >= 0.
    """
    s.cite("spectral theorem")
    tags = s.requires(vocabulary.PL) | s.requires(vocabulary.MatrixQuadratic)
    K = curvature()
    first, second, third = dot(D, K(D)), norm_sq(K(D)), dot(K(D), K(K(D)))
    goals = (
        le(mu * first, second), le(second, L * first), le(mu * L * first + third, (mu + L) * second)
    )  # fmt: skip
    a, b, c = (s.admit("spectrum of K", goal, tags) for goal in goals)
    return a, b, c


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
    s: Session,
    chance: Chance,
    H: Operator,
    gamma: sp.Expr,
    kind: type[vocabulary.CertifiedLinks] = vocabulary.CertifiedLinks,
) -> tuple[Link, Callable[[Point], Fact]]:
    """A link to anywhere that ends no higher than W_t - gamma H_t G_t; `kind` is what grants it.

    Returned with the link is the certificate: given that point, f(W_{t+1}) is at most its f.
    """
    tags = s.requires(kind)
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


def subgradient_step(s: Session, chance: Chance, H: Operator, gamma: sp.Expr) -> Link:
    """W_{t+1} = W_t - gamma H_t g_t, g_t a subgradient of f at W_t; dist_sq(t) is |W_t - W*|^2."""
    s.requires(vocabulary.ProjectedEstimate)
    here = state(s, t, "t")
    step = link(s, chance, here, here.x - gamma * H(here.g), "W_{t+1} = W_t - gamma H_t g_t")
    return follow_distance(s, step)


def polyak_step(s: Session, chance: Chance, H: Operator) -> tuple[Link, sp.Expr, Fact, Fact]:
    """W_{t+1} = W_t - sigma_t H_t g_t with sigma_t |g_t|^2 = f(W_t) - f*, sigma_t >= 0.

    Where g_t = 0 convexity makes W_t a minimiser, and the chain stays there: sigma_t = 0.
    """
    tags = s.requires(vocabulary.PolyakStep)
    here, sigma = state(s, t, "t"), Along(t, s.fresh_name("sigma"))
    step = link(s, chance, here, here.x - sigma * H(here.g), "W_{t+1} = W_t - sigma_t H_t g_t")
    whole = s.admit("Polyak's step", eq(sigma * norm_sq(here.g), here.f), tags)
    return follow_distance(s, step), sigma, whole, s.admit("a step", le(0, sigma), tags)


def follow_distance(s: Session, step: Link) -> Link:
    """Give dist_sq at both ends of the link its meaning."""
    star = minimiser(s)
    s.define(symbols.dist_sq(t), norm_sq(step.here.x - star.x))
    s.define(symbols.dist_sq(t + 1), norm_sq(step.there.x - star.x))
    return step


def distance_at_start(s: Session) -> Fact:
    """|W_0 - W*|^2 is the constant of the statement."""
    return s.admit("distance at the start", eq(symbols.dist_sq(0), symbols.D0_sq), frozenset())


def lipschitz(s: Session, a: Point) -> Fact:
    """Lipschitz: |g|^2 <= G0^2 for every subgradient g."""
    tags = s.requires(vocabulary.Lipschitz)
    return s.admit("bounded subgradients", le(norm_sq(a.g), symbols.G0**2), tags)


def at_least_minimum(s: Session, a: Point) -> Fact:
    """Attained: f* is the value at the minimiser, so f - f* >= 0."""
    return s.admit("f >= f(W*)", le(0, a.f), s.requires(vocabulary.Attained))


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
    check_start(along, of, start)

    def q(k: sp.Expr) -> sp.Expr:
        return Along(sp.sympify(k), symbol)

    s.define(q(t), of(along.here))
    s.define(q(t + 1), of(along.there))
    s.assumed.append(f"definition: {name} at W_0 is {sp.latex(start)}")
    return q, s.admit(f"{name} at W_0", eq(q(0), start), frozenset())


def check_start(along: Link, of: Callable[[Point], sp.Expr], start: sp.Expr) -> None:
    """Reject a constant that does not stand for this quantity at W_0."""
    D = along.here.x - vector("W^*")
    root = Inverse(mean_root(along.sources[0])) if along.sources else None
    meanings = {symbols.D0_sq: norm_sq(D)}
    if root is not None:
        meanings[symbols.D0_sq_weighted] = norm_sq(root(D))
    if start not in meanings or not is_zero(of(along.here) - meanings[start]):
        raise Rejected(f"{start} does not stand for this quantity at the start")


# Accelerated links -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Momentum:
    """One accelerated link.

    y = (A x + rho b z)/A_+, x_+ = y - gamma H G(y), z_+ = z - b H G(y), A_+ = A + rho b.
    `weight` and `step` are A and b as functions of the link, `energy` is |z - W*|^2/2.
    """

    chance: Chance
    H: Projection
    x: Vector
    z: Vector
    at_y: Point
    after: Point
    star: Point
    weight: Callable[[sp.Expr], sp.Expr]
    step: Callable[[sp.Expr], sp.Expr]
    energy: Callable[[sp.Expr], sp.Expr]
    facts: dict[str, Fact]


def accelerated_link(s: Session, gamma: sp.Expr, law: tuple) -> Momentum:
    """AcceleratedLinks: y = (1 - tau) x + tau z, tau = rho b/A_+, A_0 = 0, z_0 = x_0.

    b is the formula of the theorem at A; `facts` holds the recursion of A, the starts, and A_T.
    """
    tags = s.requires(vocabulary.AcceleratedLinks)
    chance, star = Chance(s), minimiser(s)
    count = s.count("accelerated links")
    H, rho = chance.sketch("H", law), symbols.rho
    x, z = vector("x_t"), vector("z_t")
    names = [sp.Symbol(f"{name}^{{({count})}}") for name in "Ab"]
    A, b = ((lambda k, name=name: PartialSum(name, sp.sympify(k))) for name in names)
    tau = rho * b(t) / A(t + 1)
    at_y = auxiliary(s, chance, (1 - tau) * x + tau * z)
    after = Point(at_y.x - gamma * H(at_y.g), vector("G_{t+1}"), gap(t + 1))
    chance.depends([gap(t + 1)], frozenset([H]))
    energy = lambda k: Along(sp.sympify(k), sp.Symbol(f"e^{{({count})}}"))  # noqa: E731
    s.define(energy(t), norm_sq(z - star.x) / 2)
    s.define(energy(t + 1), norm_sq(z - b(t) * H(at_y.g) - star.x) / 2)
    formula = MOMENTUM_STEP.subs(BEFORE, A(t))
    facts = {
        "A_0": eq(A(0), 0), "A_+": eq(A(t + 1), A(t) + rho * b(t)), "b": eq(b(t), formula),
        "A_T": eq(symbols.A_acc, A(T)), "z_0": eq(energy(0), symbols.D0_sq / 2),
    }  # fmt: skip
    s.assumed.append(
        "one link: y = (A x + rho b z)/A_+, x_+ = y - gamma H G(y), z_+ = z - b H G(y)"
    )
    admitted = {name: s.admit(name, goal, tags) for name, goal in facts.items()}
    return Momentum(chance, H, x, z, at_y, after, star, A, b, energy, admitted)


# Conclusions -----------------------------------------------------------------------------------


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
