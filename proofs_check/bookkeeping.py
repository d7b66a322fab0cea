"""The dictionary for facts of bookkeeping: ranks, rounded merges, averages over clients, signs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import sympy as sp

from proofs_check.algebra import Vector, dot, norm_sq, vector
from proofs_check.chance import Chance
from proofs_check.kernel import Fact, Rejected, Session, eq, le, lt
from proofs_check.links import Link
from proofs_check.means import Along
from proofs_check.points import Point
from ractheory import assumptions as vocabulary
from ractheory.theorems import symbols
from ractheory.theorems.symbols import L, d, eta, gap, m, n, r, roundoff, t, width
from ractheory.theorems.symbols import s as scale

# Ranks -----------------------------------------------------------------------------------------


def ranks(s: Session) -> tuple[Fact, Fact, Fact, Fact]:
    """LowRankLinks: the change is zero at W_0, a link adds rank at most r; rank at most m and n."""
    s.cite("rank of a sum")
    tags, rank = s.requires(vocabulary.LowRankLinks), symbols.rank_of_change
    goals = (eq(rank(0), 0), le(rank(t + 1), rank(t) + r), le(rank(t), m), le(rank(t), n))
    a, b, c, e = (s.admit("rank of the change", goal, tags) for goal in goals)
    return a, b, c, e


# Rounded merges --------------------------------------------------------------------------------


def rounded_merges(s: Session) -> tuple[tuple[Fact, Fact], tuple[Fact, Fact], Fact]:
    """RoundedMerges: W_{t+1} is W_t + Delta_t rounded entry by entry, off by at most u |W_t + Delta_t|.

    The error e_{t+1} = W_{t+1} - W_0 - sum Delta is e_t plus the rounding error of the merge. Return
    the starts and growths of the sum of |W_t + Delta_t| and of |e_t|.
    """
    s.cite("triangle inequality")
    tags, size = s.requires(vocabulary.RoundedMerges), Along(t, s.fresh_name("|W+Delta|"))
    error, norms, rounding = symbols.merge_error, symbols.merge_norms, Along(t, s.fresh_name("rho"))
    starts = (
        s.admit("no error at first", eq(error(0), 0), tags),
        s.admit("no merge at first", eq(norms(0), 0), tags),
    )
    grows = (
        s.admit("triangle inequality", le(error(t + 1), error(t) + rounding), tags),
        s.admit("sum of the norms", eq(norms(t + 1), norms(t) + size), tags),
    )
    return starts, grows, s.admit("rounding", le(rounding, roundoff * size), tags)


def swallowed(s: Session) -> Fact:
    """An update 0 < |Delta| < (u/2)|w| leaves w as it is: the numbers of the format next to w are at
    least u |w| apart, so w is nearer than any other. Hence one share is at most the other."""
    tags = s.requires(vocabulary.RoundedMerges)
    small, entry, apart = sp.symbols("Delta w spacing", positive=True)
    with s.supposing(lt(small, roundoff / 2 * entry), le(roundoff * entry, apart)) as (tiny, wide):
        s.prove("the update is below half the spacing", lt(small, apart / 2),
                [(1, tiny), (sp.Rational(1, 2), wide)])  # fmt: skip
    start = time.perf_counter()
    shares = le(symbols.swallowed_share(t, roundoff / 2), symbols.unchanged_share(t))
    return s.derive("every swallowed entry is unchanged", shares, tags, start)


# Averages over clients -------------------------------------------------------------------------


class EntryNorm(sp.Function):
    """The norm of a matrix whose entries are sums of the given expression; zero for zero."""

    @classmethod
    def eval(cls, entry: sp.Expr) -> sp.Expr | None:
        return sp.Integer(0) if entry == 0 else None


def averages(s: Session, shared: bool) -> Callable[[sp.Expr], sp.Expr]:
    """Products b a of one entry of B_m and one of A_m; the mean over the clients is linear.

    With a shared sketch b is the same for all clients. Return the mean.
    """
    tags = s.requires(vocabulary.EqualClients)
    tags |= s.requires(vocabulary.SharedSketch if shared else vocabulary.SeparateAverages)
    chance, client = Chance(s), sp.Symbol("client")
    a, b = sp.symbols("a_m b_m", real=True)
    chance.depends([a] if shared else [a, b], frozenset([client]))

    def mean(x: sp.Expr) -> sp.Expr:
        fact = s.admit("an entry", eq(x, x), tags)
        return chance.average(f"mean over the clients, {s.count('means')}", fact, client).goal.left

    error = mean(a * b) - mean(a) * mean(b)
    s.define(symbols.averaging_error(t), EntryNorm(sp.expand(error)))
    s.define(
        symbols.factor_covariance(t), EntryNorm(sp.expand(mean((b - mean(b)) * (a - mean(a)))))
    )
    s.assumed.append("entries of B A are sums of products b a")
    return mean


# Sign steps ------------------------------------------------------------------------------------


def sign_link(s: Session) -> tuple[Link, Vector, Vector, Fact, Fact]:
    """SignLinks on (L/2)|D|^2: D_+ = D - eta s U, U = B sign(B^T G), and the moments of U.

    For one column, U = sum_k b_k sign(<b_k, g>) over r Gaussian columns b_k of B, and g is not zero:
    it starts so, and afterwards D has a density. With u = g/|g|, E b sign(<b, u>) = E|<b, u>| u =
    sqrt(2/pi) u, so E U = r sqrt(2/pi) u; and E|U|^2 = r d + r (r - 1)(2/pi), as |b|^2 has the mean d
    and different columns are independent. `width` columns have these moments each. Return the link,
    U, its mean M, |M|^2 and E|U|^2.
    """
    kinds = (vocabulary.SignLinks, vocabulary.IsotropicQuadratic, vocabulary.GaussianFactor)
    tags = frozenset().union(*(s.requires(kind) for kind in (*kinds, vocabulary.FreshSketch)))
    tags |= s.condition("every column starts off the minimiser").uses
    mean_sq, second = column_moments(s)
    chance, (D, U, M) = Chance(s), (vector(x) for x in ("D_t", "U_t", "M_t"))
    (name,), (mean,) = ([word[-1] for word in v.terms] for v in (U, M))

    def moments(x: sp.Expr) -> sp.Expr | None:
        from proofs_check.algebra import Inner, inner_of_words

        ends = [x.args[0], x.args[2]] if isinstance(x, Inner) and not x.args[1] else []
        if ends == [name, name]:
            return width * second
        if ends.count(name) == 1:
            other = next(e for e in ends if e != name)
            return inner_of_words((mean,), (other,))
        return None

    chance.source(name, moments, tags)
    after = D - eta * scale * U
    s.define(gap(t), L / 2 * norm_sq(D))
    s.define(gap(t + 1), L / 2 * norm_sq(after))
    size = s.admit("|E U|^2", eq(norm_sq(M), width * mean_sq), tags)
    link = Link(
        chance, Point(D, L * D, gap(t)), Point(after, L * after, gap(t + 1)), sp.Tuple(name)
    )
    s.assumed.append("one link: D_{t+1} = D_t - eta s B sign(B^T G_t)")
    return link, U, M, size, s.admit("E U", eq(dot(M, M), norm_sq(M)), tags)


def column_moments(s: Session) -> tuple[sp.Expr, sp.Expr]:
    """|E U|^2 and E|U|^2 of one column, U the sum of r independent vectors V_k = b_k sign(<b_k, u>).

    With e = E|z| of z = <b, u> ~ N(0, 1): E V = e u, since what of b is orthogonal to u is independent
    of z and has mean zero; and |V|^2 = |b|^2 is the sum of d squares of mean one. The r (r - 1) pairs of
    different V have the mean inner product |E V|^2, so that

        |E U|^2 = r^2 e^2,    E|U|^2 = r d + r (r - 1) e^2.
    """
    start, e = time.perf_counter(), half_normal(s)
    v = vector("E V")
    with s.supposing(eq(norm_sq(v), e**2)) as (length,):
        s.prove("|E U|^2 of one column", eq(norm_sq(r * v), r**2 * e**2), [(r**2, length)])
        s.prove(
            "E|U|^2 of one column", eq(r * d + r * (r - 1) * norm_sq(v), r * d + r * (r - 1) * e**2),
            [(r * (r - 1), length)],
        )  # fmt: skip
    second = r * d + r * (r - 1) * e**2
    s.derive("moments of a column", eq(sp.Symbol("E|U|^2"), second), frozenset(), start)
    s.assumed.append("argument: E b sign(<b, u>) = E|z| u, and different columns are independent")
    return r**2 * e**2, second


def half_normal(s: Session) -> sp.Expr:
    """E|x| = sqrt(2/pi) for x ~ N(0, 1): twice the integral of x phi(x), whose antiderivative is -phi."""
    start, x = time.perf_counter(), sp.Symbol("x", real=True)
    density = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    if sp.simplify(sp.diff(-density, x) - x * density) != 0:
        raise Rejected("the antiderivative is another")
    value = 2 * density.subs(x, 0)
    if sp.simplify(value - sp.sqrt(2 / sp.pi)) != 0:
        raise Rejected("E|x| is another")
    s.derive("mean of |x|", eq(sp.Symbol("E|x|"), value), frozenset(), start)
    return sp.sqrt(2 / sp.pi)


# The factored objective ------------------------------------------------------------------------


def factored_quotient(s: Session) -> tuple[Any, sp.Expr]:
    """phi(a, b) = f(s b a), f(w) = (L/2) w^2: the quotient of the pair (x, x), (0, 0), by derivatives."""
    a, b, x = sp.Symbol("a", real=True), sp.Symbol("b", real=True), symbols.x
    phi = L / 2 * (scale * b * a) ** 2
    slopes = [sp.diff(phi, v) for v in (a, b)]
    changes = [slope.subs({a: x, b: x}) - slope.subs({a: 0, b: 0}) for slope in slopes]
    value = sp.sqrt(sum(e**2 for e in changes)) / sp.sqrt(2 * x**2)
    s.define(symbols.factored_quotient(x), value, "the quotient, from the gradient of phi")
    return x, value
