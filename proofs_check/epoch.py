"""One epoch of random reshuffling, alone or on every client of a federation, as the algebra sees it.

Within an epoch W moves by W_{j+1} = W_j - gamma H grad f_{pi(j)}(W_j), W_0 = W, pi a uniform
permutation of the N components. Split the gradients met before step j into what they are at W and
how they have drifted since:

    S_j = sum_{i<j} grad f_{pi(i)}(W),    R_j = sum_{i<j} rho_i,
    rho_i = grad f_{pi(i)}(W_i) - grad f_{pi(i)}(W),    W_j - W = -gamma H (S_j + R_j).

S_N = N G whatever the order. For M clients, read every vector as the tuple of the clients' vectors
divided by sqrt(M), a vector of the product space, on which H acts in each place; the server then
averages, and the mean over the clients has norm at most that of the tuple.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from proofs_check.algebra import Inner, Operator, Vector, dot, norm_sq, vector
from proofs_check.chance import Chance
from proofs_check.kernel import Fact, Rejected, Session, eq, le
from proofs_check.links import Link, link, state
from proofs_check.means import Along
from proofs_check.signs import is_zero
from ractheory import assumptions as vocabulary
from ractheory.theorems.symbols import A, C, L_max, N, gamma, gap, t, zeta

j = sp.Symbol("j", integer=True, positive=True)
"""Counts the steps of an epoch, 1 <= j <= N."""


@dataclass(frozen=True)
class Epoch:
    """The vectors and facts of one epoch.

    Attributes
    ----------
    step : the link from W_t to W_{t+1}
    pi : the permutation, as a source of chance
    G : gradients at W: that of f, or the tuple of the clients'
    Sigma, theta : deviation of the components' gradients from G, (N - 1) <theta, Q theta> =
        <Sigma, Q Sigma>
    S, R, rho, x : S_j, R_j, rho_j and W_j - W
    V, R_sq : V_j = sum_{i<j} |W_i - W|^2 and |R_j|^2, as functions of j
    end : R_N, and what the update sees of it: itself, or its mean over the clients
    first : V_1 = 0 and |R_1|^2 = 0
    drift : |rho_j|^2 <= L_max^2 |x_j|^2
    averaging : |mean R_N|^2 <= |R_N|^2
    variance : (N - 1) <theta, H theta> = <Sigma, H Sigma>
    """

    step: Link
    pi: sp.Symbol
    G: Vector
    Sigma: Vector
    theta: Vector
    S: Vector
    R: Vector
    rho: Vector
    x: Vector
    end: Vector
    seen: Vector
    first: tuple[Fact, Fact]
    drift: Fact
    averaging: Fact
    variance: Fact

    @staticmethod
    def V(k: sp.Expr) -> sp.Expr:
        return Along(sp.sympify(k), sp.Symbol("V", real=True))

    @staticmethod
    def R_sq(k: sp.Expr) -> sp.Expr:
        return Along(sp.sympify(k), sp.Symbol("R^2", real=True))


def symbol(v: Vector) -> sp.Symbol:
    """Return the symbol of a vector that is one."""
    ((word, _),) = v.terms.items()
    return word[-1]


def epoch(s: Session, chance: Chance, H: Operator, deviation: Vector | None) -> Epoch:
    """Return one epoch from W_t; `deviation` is that of the clients' gradients from G_t, if any."""
    s.requires(vocabulary.ProjectedEstimate)
    tags = s.requires(vocabulary.BoundedDissimilarity)
    here, pi = state(s, t, "t"), sp.Symbol("pi")
    G = here.g if deviation is None else here.g + deviation
    S, R, rho, end = (vector(name) for name in ("S_j", "R_j", "rho_j", "R_N"))
    seen = end if deviation is None else vector(r"\overline{R}_N")
    Sigma, theta = vector("Sigma"), vector("theta")
    x = -gamma * H(S + R)
    chance.source(pi, lambda y: without_replacement(y, S, G, theta, H),
                  s.requires(vocabulary.FreshPermutation))  # fmt: skip
    made = frozenset([pi, H])
    chance.depends([symbol(S)], frozenset([pi]))
    chance.depends([symbol(v) for v in (R, rho, end, seen)], made)
    for k in (sp.Integer(1), j, N):
        chance.depends([Epoch.V(k)], made)
    s.ends[j] = N
    s.moving[j] = {symbol(v) for v in (S, R, rho)}
    s.define(Epoch.V(j + 1), Epoch.V(j) + norm_sq(x), r"V_{j+1} = V_j + |W_j - W|^2, V_0 = 0")
    s.define(Epoch.R_sq(j), norm_sq(R))
    s.define(Epoch.R_sq(j + 1), norm_sq(R + rho), r"R_{j+1} = R_j + \rho_j")
    s.define(Epoch.R_sq(N), norm_sq(end))
    first = (
        s.admit("V_1 = 0, as W_0 = W", eq(Epoch.V(1), 0), frozenset()),
        s.admit("R_1 = 0, as W_0 = W", eq(Epoch.R_sq(1), 0), frozenset()),
    )
    drift = s.admit("components are smooth", le(norm_sq(rho), L_max**2 * norm_sq(x)), tags)
    averaging = s.admit(
        "a mean over clients is no longer than the tuple", le(norm_sq(seen), norm_sq(end)),
        frozenset(),
    )  # fmt: skip
    variance = s.admit(
        "theta is Sigma/sqrt(N - 1); both are zero for N = 1",
        eq((N - 1) * norm_sq(H(theta)), norm_sq(H(Sigma))), frozenset(),
    )  # fmt: skip
    moved = here.x - gamma * H(N * here.g + seen)
    step = link(s, chance, here, moved, "W_{t+1} = W_t - gamma H_t (N G_t + R_N)")
    chance.depends([gap(t + 1)], frozenset([pi]))
    return Epoch(
        step, pi, G, Sigma, theta, S, R, rho, x, end, seen, first, drift, averaging, variance
    )


def without_replacement(
    y: sp.Expr, S: Vector, G: Vector, theta: Vector, H: Operator
) -> sp.Expr | None:
    """E <S_j, Q S_j> over the permutation, for Q = H or I.

    Let a_1, ..., a_N have mean G, and g = <G, Q G>, v = <theta, Q theta>, so that the mean of
    <a_i, Q a_i> is g + (N - 1) v. All ordered pairs sum to N^2 g, so the pairs of different
    components have the mean g - v. S_j has j terms and j (j - 1) ordered pairs:
    j (g + (N - 1) v) + j (j - 1) (g - v) = j^2 g + j (N - j) v.
    """
    if not isinstance(y, Inner) or not (y.args[0] == y.args[2] == symbol(S)):
        return None
    word = tuple(y.args[1])
    if word not in ((), (H,)):
        return None
    Q = H if word else (lambda u: u)
    g, v = dot(G, Q(G)), dot(theta, Q(theta))
    alone, pair = g + (N - 1) * v, g - v
    if not is_zero(N * alone + N * (N - 1) * pair - N**2 * g):
        raise Rejected("the pairs do not add up")
    return sp.expand(j * alone + j * (j - 1) * pair)


def dissimilarity(s: Session, e: Epoch) -> Fact:
    """BoundedDissimilarity: the mean of |grad f_i - G|^2 is at most 2 A (f - f*) + C."""
    goal = le(norm_sq(e.Sigma), 2 * A * e.step.here.f + C)
    return s.admit("bounded dissimilarity", goal, s.requires(vocabulary.BoundedDissimilarity))


def client_deviation(s: Session) -> Vector:
    """Return Z, the tuple of the clients' deviations G_m - G; it is orthogonal to equal tuples."""
    for kind in (vocabulary.SharedSketch, vocabulary.EqualClients):
        s.requires(kind)
    return vector("Z")


def heterogeneity(s: Session, e: Epoch, H: Operator, Z: Vector) -> tuple[Fact, Fact]:
    """Heterogeneity: |Z|^2 <= zeta^2; and <H G, Z> = 0, since the deviations have mean zero."""
    tags = s.requires(vocabulary.Heterogeneity)
    orthogonal = eq(dot(H(e.step.here.g), Z), 0)
    return (
        s.admit("clients differ by zeta", le(norm_sq(Z), zeta**2), tags),
        s.admit("deviations have mean zero", orthogonal, frozenset()),
    )
