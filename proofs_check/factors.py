"""The dictionary for the factored objective phi(A, B) = f(W_0 + s B A): its Hessian, and its steps."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from proofs_check.algebra import Vector, dot, norm_sq, vector
from proofs_check.kernel import Fact, Rejected, Session, eq, le, lt
from proofs_check.means import Along
from proofs_check.signs import is_zero
from ractheory import assumptions as vocabulary
from ractheory.theorems import symbols
from ractheory.theorems.symbols import (
    L,
    V0_sq,
    factor_grad_sq,
    gap,
    sigma_1,
    step_size,
    step_sum,
    t,
)
from ractheory.theorems.symbols import s as scale

sA, sB = sp.symbols("sigma_A sigma_B", positive=True)
"""Largest singular values of A and B, of full rank."""
rest = sp.Symbol("sigma_rest", nonnegative=True)
"""Largest singular value of the residual R = s B A - (W* - W_0)."""


@dataclass(frozen=True)
class Hessian:
    """The Hessian form of phi at a best point of rank r, in the direction (a, b).

    Split a = a_1 + a_2 by the row space of A and b = b_1 + b_2 by the column space of B. Then
    B a + b A = (B a_1 + b_1 A) + B a_2 + b_2 A, three orthogonal parts, and <R, b a> = <R, b_2 a_2>,
    since R is orthogonal to both spaces.

    `value` is L s^2 |B a + b A|^2 + 2 L s <R, b a>, `size` is |a|^2 + |b|^2; `parts` holds the vectors
    B a_1, b_1 A, B a_2, b_2 A; `norms` |a_1|^2, |b_1|^2, |a_2|, |b_2|.
    """

    value: sp.Expr
    size: sp.Expr
    parts: tuple[Vector, Vector, Vector, Vector]
    norms: tuple[sp.Symbol, sp.Symbol, sp.Symbol, sp.Symbol]
    pairing: sp.Symbol
    facts: dict[str, Fact]


def hessian(s: Session) -> Hessian:
    """BestRankPoint on (L/2)|W - W*|^2: the form, and what is known of its parts."""
    kinds = (vocabulary.IsotropicQuadratic, vocabulary.RankConstrained, vocabulary.BestRankPoint)
    tags = frozenset().union(*(s.requires(kind) for kind in kinds))
    s.cite("Cauchy-Schwarz")
    p, q, u, w = (vector(name) for name in ("Ba_1", "b_1A", "Ba_2", "b_2A"))
    a1, b1, a2, b2 = sp.symbols("|a_1|^2 |b_1|^2 |a_2| |b_2|", nonnegative=True)
    pairing = sp.Symbol("<R,ba>", real=True)
    goals = {
        "B a_1": le(norm_sq(p), sB**2 * a1), "b_1 A": le(norm_sq(q), sA**2 * b1),
        "B a_2": le(norm_sq(u), sB**2 * a2**2), "b_2 A": le(norm_sq(w), sA**2 * b2**2),
        "R": le(pairing, rest * a2 * b2), "top": le(sigma_1, scale * sA * sB), "order": le(rest, sigma_1),
        **{f"{i}{j}": eq(dot(x, y), 0) for i, x, j, y in (
            ("p", p, "u", u), ("p", p, "w", w), ("q", q, "u", u), ("q", q, "w", w), ("u", u, "w", w),
        )},
    }  # fmt: skip
    s.define(symbols.factor_norms_sq(), sA**2 + sB**2)
    facts = {name: s.admit(name, goal, tags) for name, goal in goals.items()}
    form = L * scale**2 * norm_sq(p + q + u + w) + 2 * L * scale * pairing
    size = a1 + b1 + a2**2 + b2**2
    s.assumed.append("Hessian form: L s^2 |B a + b A|^2 + 2 L s <R, b a>")
    return Hessian(form, size, (p, q, u, w), (a1, b1, a2, b2), pairing, facts)


def largest_eigenvalue(s: Session, h: Hessian, above: Fact, c: sp.Expr) -> Fact:
    """form <= c size for every direction, with equality at one: the largest eigenvalue is c.

    B x = sigma_B p and A^T y = sigma_A q with unit vectors. In the direction a = sigma_B x q^T,
    b = sigma_A p y^T, of size sigma_A^2 + sigma_B^2, B a + b A = (sigma_A^2 + sigma_B^2) p q^T, and
    <R, b a> is a multiple of <R, p q^T> = 0, as p lies in the column space of B.
    """
    if above.goal.equal or not is_zero(s.owned(above).expr - (c * h.size - h.value)):
        raise Rejected("the rule needs form <= c size")
    unit = vector("pq^T")
    with s.supposing(eq(norm_sq(unit), 1)) as (one,):
        both = (sB**2 + sA**2) * unit
        s.prove("equality in one direction", eq(L * scale**2 * norm_sq(both), c * (sA**2 + sB**2)),
                [(L * scale**2 * (sA**2 + sB**2) ** 2, one)])  # fmt: skip
    return s.admit("largest eigenvalue", eq(symbols.factor_curvature(), c), above.uses)


# Steps that follow the iterate -----------------------------------------------------------------


@dataclass(frozen=True)
class AdaptiveStep:
    """One step of gradient descent on phi with 1/eta = L s^2 |V|^2 + s |G|, V = [B; A^T].

    P = s G A^T and Q = s B^T G are the gradients in B and A, N = |P|^2 + |Q|^2 = |grad phi|^2. The step
    moves W by s (-eta (P A + B Q) + eta^2 P Q) = -eta s X + eta^2 s Z.
    """

    eta: sp.Expr
    N: sp.Expr
    size: sp.Expr
    slope: sp.Expr
    spent: sp.Expr
    facts: dict[str, Fact]


def quantity_at(name: str, k: sp.Expr) -> sp.Expr:
    """Return the quantity `name` of the run at step k."""
    return Along(sp.sympify(k), sp.Symbol(name, real=True))


def adaptive_step(s: Session) -> AdaptiveStep:
    """AdaptiveStep and LSmooth, with the norms that Cauchy-Schwarz gives.

    <G, P A> = |P|^2/s and <G, B Q> = |Q|^2/s. |P| |Q| <= N/2 bounds <G, Z> by |G| N/2 and |Z| by N/2.
    |X| <= |P| |A| + |B| |Q| <= sqrt(N) |V|, and sqrt(N) <= s |G| |V|, as |P| <= s |G| |A| and
    |Q| <= s |B| |G|. V_t - V_0 is minus the sum of eta grad phi, so |V_t|^2 <= 2 |V_0|^2 +
    2 (sum eta)(sum eta |grad phi|^2). `spent` is the sum of eta |grad phi|^2 before t.
    """
    tags = s.requires(vocabulary.AdaptiveStep) | s.requires(vocabulary.LSmooth)
    s.cite("descent lemma")
    s.cite("Cauchy-Schwarz")
    eta, N = step_size(t), factor_grad_sq(t)
    size, slope = quantity_at("|V|^2", t), quantity_at("|G|", t)
    spent, S = quantity_at("spent", t), step_sum
    G, X, Z = vector("G_t"), vector("X_t"), vector("Z_t")
    move = -eta * scale * X + eta**2 * scale * Z
    goals = {
        "descent": le(gap(t + 1), gap(t) + dot(G, move) + L / 2 * norm_sq(move)),
        "GX": eq(dot(G, X), N / scale), "GZ": le(dot(G, Z), slope * N / 2),
        "X": le(norm_sq(X), N * size), "XZ": le(-dot(X, Z), N * size * scale * slope / 2),
        "Z": le(norm_sq(Z), N * size * scale**2 * slope**2 / 4),
        "rule": eq(eta * (L * scale**2 * size + scale * slope), 1),
        "eta": lt(0, eta), "N": le(0, N), "size": le(0, size), "slope": le(0, slope),
        "spent": eq(quantity_at("spent", t + 1), spent + eta * N), "spent_0": eq(quantity_at("spent", 0), 0),
        "sum": eq(S(t + 1), S(t) + eta), "sum_0": eq(S(0), 0),
        "moved": le(size, 2 * V0_sq + 2 * S(t) * spent),
    }  # fmt: skip
    return AdaptiveStep(
        eta, N, size, slope, spent, {k: s.admit(k, g, tags) for k, g in goals.items()}
    )


def slope_bound(s: Session, e: AdaptiveStep) -> Fact:
    """|G|^2 <= 2 L (f - f*): the gradient bound of a smooth function bounded below."""
    tags = s.requires(vocabulary.LSmooth) | s.requires(vocabulary.LowerBounded)
    s.cite("descent lemma")
    return s.admit("gradient bound", le(e.slope**2, 2 * L * gap(t)), tags)


def nonnegative_gap(s: Session) -> Fact:
    """LowerBounded: f >= f*."""
    return s.admit("f >= f*", le(0, gap(t)), s.requires(vocabulary.LowerBounded))


def least_gradient(s: Session, e: AdaptiveStep, T: sp.Expr) -> Fact:
    """The least |grad phi|^2 before T times the sum of the steps is at most what was spent."""
    tags = s.requires(vocabulary.AdaptiveStep)
    goal = le(symbols.min_factor_grad_sq(T) * step_sum(T), quantity_at("spent", T))
    return s.admit("the least term of a sum", goal, tags)


def nonnegative_least(s: Session, T: sp.Expr) -> Fact:
    """A squared norm is nonnegative."""
    tags = s.requires(vocabulary.AdaptiveStep)
    return s.admit("a squared norm", le(0, symbols.min_factor_grad_sq(T)), tags)
