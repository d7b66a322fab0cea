"""Rules for the random walk log|D_t| of a chain of LoRA with one inner step and rank one.

A row of D of length one meets a Gaussian row a: it becomes D (I - c a^T a), and its squared length

    1 - 2 c z + c^2 z (z + y) = (1 - c z)^2 + c^2 z y,   z = <D, a>^2,  y = |a|^2 - z,

where z is chi-square with one and y with d - 1 degrees of freedom, independent, whatever the
direction of D was: the links' ratios are independent with one law, and every nonzero row has the
same rate. The integrals are done by antiderivatives whose derivatives are checked; their signs by
ball arithmetic, which encloses the values rigorously.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import flint
import sympy as sp

from proofs_check.kernel import Fact, Goal, Rejected, Session, eq, le, lt
from proofs_check.limits import drift
from ractheory import assumptions as vocabulary
from ractheory.theorems.symbols import L, eta
from ractheory.theorems.symbols import s as scale

c = eta * scale**2 * L
y, w = sp.symbols("y w", nonnegative=True)
z = sp.Symbol("z", nonnegative=True)
tau = sp.Symbol("tau", positive=True)
BITS = 128
"""Working precision of the enclosures."""


def link_ratio_of_rank_one(s: Session) -> frozenset[str]:
    """The squared length of a row after one link, and that it grows with y: return what it rests on."""
    kinds = (vocabulary.JointSteps, vocabulary.IsotropicQuadratic, vocabulary.GaussianFactor)
    tags = frozenset().union(*(s.requires(kind) for kind in (*kinds, vocabulary.FreshSketch)))
    tags |= s.condition("one inner step").uses | s.condition("rank one").uses
    longer = 1 - 2 * c * z + c**2 * z * (z + y)
    s.prove("squared length after a link", eq(longer, (1 - c * z) ** 2 + c**2 * z * y))
    s.prove(
        "the length grows with the dimension", le(longer, longer.subs(y, y + w)),
        squares=[(c**2 * z * w, sp.Integer(1))],
    )  # fmt: skip
    return tags


def antiderivative(s: Session, name: str, F: sp.Expr, f: sp.Expr, x: sp.Symbol) -> None:
    """Accept F' = f, decided by simplification of the difference to zero."""
    start = time.perf_counter()
    if sp.simplify(sp.diff(F, x) - f) != 0:
        raise Rejected(f"{name}: the derivative is another")
    s.derive(name, eq(sp.Derivative(F, x), f), frozenset(), start)


def drift_in_two_dimensions(s: Session, tags: frozenset[str]) -> Fact:
    """E log ratio = 2 (E1(b) - exp(-2 b)(Ei(2 b) - Ei(b))), b = 1/(2 c), in dimension two.

    With a = R (cos, sin) the ratio is 1 + k cos^2, 1 + k = (c R^2 - 1)^2. For k = 4 g/(1 - g)^2 it is
    |1 + g exp(2 i x)|^2/(1 - g)^2, so the mean of its logarithm over the circle is -2 log(1 - g), and
    (1 + sqrt(1 + k))/2 = 1/(1 - g): the mean is 2 log((1 + |c R^2 - 1|)/2). R^2/2 = tau is
    exponential, and (1 + |2 c tau - 1|)/2 is 1 - c tau for tau < b and c tau beyond.
    """
    s.cite("mean value property")
    g = sp.Symbol("g", real=True)
    k = 4 * g / (1 - g) ** 2
    s.prove("1 + k is a square", eq(1 + k, ((1 + g) / (1 - g)) ** 2))
    s.prove("half of one plus its root", eq((1 + (1 + g) / (1 - g)) / 2, 1 / (1 - g)))
    b = 1 / (2 * c)
    inner = -sp.exp(-tau) * sp.log(1 - c * tau) + sp.exp(-1 / c) * sp.Ei(1 / c - tau)
    outer = -sp.exp(-tau) * sp.log(c * tau) + sp.Ei(-tau)
    antiderivative(s, "near part", inner, sp.exp(-tau) * sp.log(1 - c * tau), tau)
    antiderivative(s, "far part", outer, sp.exp(-tau) * sp.log(c * tau), tau)
    start = time.perf_counter()
    near = inner.subs(tau, b) - inner.subs(tau, 0)
    far = -outer.subs(tau, b)  # both terms of the antiderivative vanish at infinity
    claimed = -sp.Ei(-b) - sp.exp(-2 * b) * (sp.Ei(2 * b) - sp.Ei(b))
    if sp.simplify(near + far - claimed) != 0:
        raise Rejected("the closed form of the drift is another")
    uses = tags | s.condition("two dimensions").uses
    return s.derive("drift in two dimensions", eq(drift, 2 * claimed), uses, start)


def enclose(expr: sp.Expr) -> Any:
    """Return a ball that contains the value of a closed expression in Ei, exp, log, sqrt and pi."""
    flint.ctx.prec = BITS
    rules: dict[Any, Callable[..., Any]] = {
        sp.Ei: lambda a: a.ei(), sp.exp: lambda a: a.exp(), sp.log: lambda a: a.log(),
    }  # fmt: skip
    if expr.is_Rational:
        return flint.arb(int(expr.p)) / int(expr.q)
    if expr in (sp.pi, sp.E):
        return flint.arb.pi() if expr is sp.pi else flint.arb(1).exp()
    values = [enclose(a) for a in expr.args]
    if expr.is_Add:
        return sum(values[1:], values[0])
    if expr.is_Mul:
        product = values[0]
        for value in values[1:]:
            product = product * value
        return product
    if isinstance(expr, sp.Pow):
        if expr.exp == sp.Rational(1, 2) or expr.exp == -sp.Rational(1, 2):
            return values[0].sqrt() if expr.exp > 0 else 1 / values[0].sqrt()
        return values[0].pow(values[1]) if expr.base is not sp.E else values[1].exp()
    if expr.func not in rules:
        raise Rejected(f"{expr} cannot be enclosed")
    return rules[expr.func](*values)


def enclosed_sign(s: Session, name: str, expr: sp.Expr) -> Fact:
    """Accept expr > 0 when its enclosure lies above zero."""
    start = time.perf_counter()
    if not enclose(expr) > 0:
        raise Rejected(f"{name}: the enclosure {enclose(expr)} is not positive")
    return s.derive(name, lt(0, expr), frozenset(), start)


def drift_from_two_on(s: Session, tags: frozenset[str], statement: str) -> Fact:
    """At c = 1 and d >= 2 the drift is positive: y has d - 1 >= 1 degrees of freedom, and adding
    squares to it only lengthens D; in dimension two the closed form is positive."""
    two = -sp.Ei(-sp.Rational(1, 2)) - sp.exp(-1) * (sp.Ei(1) - sp.Ei(sp.Rational(1, 2)))
    closed = _closed_form_at_one(two)
    enclosed = enclosed_sign(s, "the drift in two dimensions is positive at c = 1", 2 * closed)
    start = time.perf_counter()
    uses = tags | s.condition("the step 1/L", statement).uses | enclosed.uses
    uses |= s.condition("two dimensions or more", statement).uses
    return s.derive("the drift is positive", lt(0, drift), uses, start)


def _closed_form_at_one(two: sp.Expr) -> sp.Expr:
    """Return the closed form of `drift_in_two_dimensions` at c = 1, where b = 1/2."""
    u = sp.Symbol("u", positive=True)
    general = -sp.Ei(-u) - sp.exp(-2 * u) * (sp.Ei(2 * u) - sp.Ei(u))
    if sp.simplify(general.subs(u, sp.Rational(1, 2)) - two) != 0:
        raise Rejected("the closed form at c = 1 is another")
    return two


def drift_in_one_dimension(s: Session, tags: frozenset[str]) -> Fact:
    """At c = 1 and d = 1 the ratio is (1 - a^2)^2, and E log|1 - a^2| <= log E|1 - a^2| (Jensen).

    E|1 - a^2| is twice the part |a| > 1 of E(a^2 - 1) = 0, so 4 phi(1), as -a phi(a) is an
    antiderivative of (a^2 - 1) phi(a); and 4 phi(1) < 1.
    """
    s.cite("Jensen")
    a = sp.Symbol("a", real=True)
    density = sp.exp(-(a**2) / 2) / sp.sqrt(2 * sp.pi)
    antiderivative(s, "Gaussian part", -a * density, (a**2 - 1) * density, a)
    mean = 4 * density.subs(a, 1)
    enclosed_sign(s, "4 phi(1) < 1", 1 - mean)
    start = time.perf_counter()
    name = "one dimension converges"
    uses = tags | s.condition("the step 1/L", name).uses | s.condition("one dimension", name).uses
    return s.derive("the drift is negative", Goal(drift, sp.Integer(0), strict=True), uses, start)
