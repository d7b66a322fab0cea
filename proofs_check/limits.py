"""Rules for statements about all times at once, laws, and almost-sure limits.

Each rule takes proved facts of one exact shape, names the classical fact that it applies, and
concludes one statement; no fact about a single run comes out of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import sympy as sp

from proofs_check.algebra import Operator, norm_sq
from proofs_check.kernel import Fact, Goal, Rejected, Session, eq
from proofs_check.links import Link
from proofs_check.means import Mean
from proofs_check.signs import is_zero
from ractheory.assumptions import FreshSketch, HaarLaw, IsotropicQuadratic, LowerBounded
from ractheory.theorems import Form
from ractheory.theorems.symbols import (
    L,
    T,
    alpha,
    d,
    gamma,
    gap,
    grad_sq,
    link_ratio,
    log_rate,
    r,
    t,
    x,
)


def require_contraction(s: Session, step: Link, fact: Fact, q: sp.Expr) -> frozenset[str]:
    """Return what E_t delta_{t+1} <= q delta_t rests on, for q >= 0; gap(t)/q^t then falls in mean."""
    s.owned(fact)
    shape = q * gap(t) - step.mean(gap(t + 1))
    if fact.goal.equal or not is_zero(fact.expr - shape):
        raise Rejected("the rule needs E_t delta_{t+1} <= q delta_t")
    return fact.uses | s.sign(q, "contraction factor") | s.requires(LowerBounded)


def all_times(s: Session, name: str, step: Link, contracts: Fact, q: sp.Expr) -> None:
    """Ville: delta_t/q^t is a nonnegative supermartingale, so it stays below delta_0/alpha for all t
    with probability at least 1 - alpha. For q = 0 delta vanishes after one link, almost surely."""
    start = time.perf_counter()
    uses = require_contraction(s, step, contracts, q) | s.sign(1 - alpha, "one minus the level")
    s.cite("Ville")
    goal = Goal(gap(t), q**t * gap(0) / alpha)
    s.conclude_limit(s.theorem.statement(name), Form.TIME_UNIFORM, goal, uses, start)


def geometric_rate(s: Session, name: str, step: Link, contracts: Fact, q: sp.Expr) -> None:
    """delta_t/q^t converges almost surely to a finite limit, so log delta_t <= t log q + O(1)."""
    start = time.perf_counter()
    uses = require_contraction(s, step, contracts, q) | s.sign(q, "contraction factor", strict=True)
    s.cite("supermartingale convergence")
    goal = Goal(log_rate(T), sp.log(q))
    s.conclude_limit(s.theorem.statement(name), Form.ALMOST_SURE, goal, uses, start)


def vanishing_gradient(s: Session, name: str, falls: Fact, gain: sp.Expr, positive: Fact) -> None:
    """E delta_{t+1} <= E delta_t - a E|G_t|^2 with a > 0 and delta >= 0: sum E|G_t|^2 <= delta_0/a, so
    the sum of |G_t|^2 is finite almost surely and its terms tend to zero."""
    start = time.perf_counter()
    shape = Mean(gap(t)) - gain * Mean(grad_sq(t)) - Mean(gap(t + 1))
    if not is_zero(s.owned(falls).expr - shape) or not is_zero(
        s.owned(positive).expr - Mean(gap(t))
    ):
        raise Rejected("the rule needs the expected descent of every link, and f >= f*")
    uses = falls.uses | positive.uses | s.sign(gain, "gain", strict=True)
    s.cite("monotone convergence")
    goal = Goal(grad_sq(T), sp.Integer(0), equal=True)
    s.conclude_limit(s.theorem.statement(name), Form.ALMOST_SURE, goal, uses, start)


class LogDrift(sp.Function):
    """LogDrift() = E log(delta_{t+1}/delta_t), the same at every link."""

    is_number_of_the_runs = True

    def _latex(self, printer: object, exp: object = None) -> str:
        return r"\mathbb{E}\log(\delta_{t+1}/\delta_t)"

    def _sympystr(self, printer: object) -> str:
        return "E log(delta_{t+1}/delta_t)"


drift = LogDrift()


@dataclass(frozen=True)
class BetaLink:
    """A link whose ratio delta_{t+1}/delta_t is Beta(a, b), whatever came before."""

    a: sp.Expr
    b: sp.Expr
    uses: frozenset[str]


def projection_of_rank_one(s: Session, step: Link, H: Operator) -> BetaLink:
    """On (L/2)|D|^2 with gamma L = 1 a link maps D to D - H D. D = u w^T of rank one stays so, with
    the same w, and the ratio is 1 - |H u|^2/|u|^2, a Beta((d - r)/2, r/2) variable for a Haar H that
    is independent of u: the ratios of the links are independent."""
    tags = s.requires(HaarLaw) | s.requires(FreshSketch) | s.requires(IsotropicQuadratic)
    D = step.here.x
    unit, rank_one = s.condition("step 1/L"), s.condition("a shift of rank one")
    proper = s.condition("a proper sketch")
    lost = s.prove(
        "what a link loses", eq(gap(t + 1), gap(t) - L / 2 * norm_sq(H(D))),
        terms=[(-L / 2 * norm_sq(H(D)) * (1 - gamma * L), unit)],
    )  # fmt: skip
    s.cite("projected length")
    s.assumed.append(
        "argument: D of rank one keeps its direction, and H u/|u| has the cited length"
    )
    uses = lost.uses | rank_one.uses | proper.uses | tags
    return BetaLink((d - r) / 2, r / sp.S(2), uses)


def beta_ratio(s: Session, name: str, link: BetaLink) -> None:
    """The distribution function of Beta(a, b) is the regularised incomplete beta function."""
    start = time.perf_counter()
    goal = Goal(link_ratio(t), sp.betainc_regularized(link.a, link.b, 0, x), equal=True)
    s.conclude_limit(s.theorem.statement(name), Form.LAW, goal, link.uses, start)


def mean_log_of_beta(s: Session, link: BetaLink) -> Fact:
    """E log X = psi(a) - psi(a + b): the derivative at h = 0 of E X^h = B(a + h, b)/B(a, b)."""
    start = time.perf_counter()
    h, a, b = sp.symbols("h a b", positive=True)
    moment = sp.gamma(a + h) * sp.gamma(a + b) / (sp.gamma(a) * sp.gamma(a + b + h))
    value = sp.diff(moment, h).subs(h, 0)
    if sp.simplify(value - (sp.digamma(a) - sp.digamma(a + b))) != 0:
        raise Rejected("the mean logarithm of a Beta variable is another")
    total = sp.digamma(link.a) - sp.digamma(sp.simplify(link.a + link.b))
    return s.derive("mean logarithm of a link", eq(drift, total), link.uses, start)


def strong_law(s: Session, name: str, fact: Fact) -> None:
    """The links' log-ratios are independent with one law: log_rate(T) tends to the mean of one."""
    start = time.perf_counter()
    s.cite("strong law")
    sides = (side.subs(drift, log_rate(T)) for side in (s.owned(fact).goal.left, fact.goal.right))
    left, right = sides
    goal = Goal(left, right, fact.goal.equal, fact.goal.strict)
    s.conclude_limit(s.theorem.statement(name), Form.ALMOST_SURE, goal, fact.uses, start)
