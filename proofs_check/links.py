"""What one link of each method means: where it starts, where it ends, what is random in it."""

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
    inner_of_words,
    norm_sq,
    vector,
)
from proofs_check.chance import Chance, Law, Side, mean_root
from proofs_check.kernel import Fact, Rejected, Session, eq, le
from proofs_check.means import Along, Mean
from proofs_check.moments import gaussian_factor
from proofs_check.points import Point, auxiliary, minimiser
from proofs_check.recursion import PartialSum
from proofs_check.signs import is_zero
from ractheory import assumptions as vocabulary
from ractheory.theorems import symbols
from ractheory.theorems.beyond import MOMENTUM_STEP
from ractheory.theorems.effective import L_EFF_HAAR
from ractheory.theorems.printing import text
from ractheory.theorems.symbols import (
    T,
    gamma,
    gap,
    grad_sq,
    projected_sq,
    t,
)


@dataclass(frozen=True)
class Link:
    """W_t and W_{t+1}, with the sources of chance between them."""

    chance: Chance
    here: Point
    there: Point
    draws: sp.Tuple

    def mean(self, x: sp.Expr) -> sp.Expr:
        """Return the symbol of E[x | everything before the link]."""
        return Mean(x, self.draws)


def state(s: Session, k: sp.Expr, name: str) -> Point:
    """Return the iterate at link k, and give the observables there their meaning."""
    point = Point(vector(f"W_{name}"), vector(f"G_{name}"), gap(k))
    s.define(grad_sq(k), norm_sq(point.g), rf"|grad f|^2 = |G_{name}|^2")
    return point


def link(s: Session, chance: Chance, here: Point, there: Vector, reads: str) -> Link:
    """Return the link from W_t to the position `there`; `reads` says the update in words."""
    s.assumed.append(f"one link: {reads}")
    if s.position not in (None, there):
        raise Rejected("link t already ends elsewhere")
    s.position = there
    after = Point(there, vector("G_{t+1}"), gap(t + 1))
    s.define(grad_sq(t + 1), norm_sq(after.g), r"|grad f|^2 at t + 1")
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


def projected_step(s: Session, chance: Chance, H: Operator) -> Link:
    """W_{t+1} = W_t - gamma H_t G_t."""
    s.requires(vocabulary.ProjectedStep)
    here = state(s, t, "t")
    s.define(projected_sq(t), norm_sq(H(here.g)), r"|H grad f|^2 = |H_t G_t|^2")
    return link(s, chance, here, here.x - gamma * H(here.g), "W_{t+1} = W_t - gamma H_t G_t")


def plain_step(s: Session) -> tuple[Link, Operator]:
    """W_{t+1} = W_t - c S_t G_t, c = eta s^2, S_t = B_t B_t^T with N(0, 1) entries: a gradient step
    on the factor."""
    s.requires(vocabulary.PlainStep)
    c = symbols.eta * symbols.s**2
    chance, S = Chance(s), Operator("S")
    chance.operator_source(S, gaussian_factor(s))
    here = state(s, t, "t")
    reads = "W_{t+1} = W_t - c B_t B_t^T G_t"
    return link(s, chance, here, here.x - c * S(here.g), reads), S


def certified_step(
    s: Session,
    chance: Chance,
    H: Operator,
    kind: type[vocabulary.CertifiedLinks] = vocabulary.CertifiedLinks,
) -> tuple[Link, Callable[[Point], Fact]]:
    """A link to anywhere that ends no higher than W_t - gamma H_t G_t; `kind` is what grants it.

    CertifiedLinks grants it for the gamma of the theorem, CertifiedAtEffectiveStep for 1/L_eff.

    Returned with the link is the certificate: given that point, f(W_{t+1}) is at most its f.
    """
    tags = s.requires(kind)
    step_of = {"CertifiedLinks": gamma, "CertifiedAtEffectiveStep": 1 / L_EFF_HAAR}
    g = step_of[kind.__name__]
    here = state(s, t, "t")
    s.define(projected_sq(t), norm_sq(H(here.g)), r"|H grad f|^2 = |H_t G_t|^2")
    new = vector("W_{t+1}")
    chance.depends([word[-1] for word in new.terms], frozenset([H]))
    step = link(s, chance, here, new, "f(W_{t+1}) <= f(W_t - gamma H_t G_t)")

    def certificate(exact: Point) -> Fact:
        away = exact.x - (here.x - g * H(here.g))
        if not all(is_zero(s.spelled(c)) for c in away.terms.values()):
            raise Rejected("the certificate compares with the exact projected step only")
        return s.admit("certified link", le(gap(t + 1), exact.f), tags)

    return step, certificate


def subgradient_step(s: Session, chance: Chance, H: Operator) -> Link:
    """W_{t+1} = W_t - gamma H_t g_t, g_t a subgradient of f at W_t; dist_sq(t) is |W_t - W*|^2."""
    s.requires(vocabulary.SubgradientStep)
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


def estimated_step(s: Session, chance: Chance, H: Operator) -> tuple[Link, Vector]:
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


(BEFORE,) = (x for x in MOMENTUM_STEP.free_symbols if x.name == "A_before")
"""A in the formula of the accelerated step."""


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
    here: Point
    at_y: Point
    after: Point
    star: Point
    weight: Callable[[sp.Expr], sp.Expr]
    step: Callable[[sp.Expr], sp.Expr]
    energy: Callable[[sp.Expr], sp.Expr]
    facts: dict[str, Fact]


def accelerated_link(s: Session, law: Law) -> Momentum:
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
    here = Point(x, vector(r"\nabla f(x_t)"), gap(t))
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
    return Momentum(chance, H, x, z, here, at_y, after, star, A, b, energy, admitted)


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
    s.assumed.append(f"definition: {name} at W_0 is {text(start)}")
    return q, s.admit(f"{name} at W_0", eq(q(0), start), frozenset())


def check_start(along: Link, of: Callable[[Point], sp.Expr], start: sp.Expr) -> None:
    """Reject a constant that does not stand for this quantity at W_0."""
    D = along.here.x - vector("W^*")
    root = Inverse(mean_root(along.draws[0])) if along.draws else None
    meanings = {symbols.D0_sq: norm_sq(D)}
    if root is not None:
        meanings[symbols.D0_sq_weighted] = norm_sq(root(D))
    if start not in meanings or not is_zero(of(along.here) - meanings[start]):
        raise Rejected(f"{start} does not stand for this quantity at the start")
