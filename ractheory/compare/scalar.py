"""CoLA on scalars against its statements: exact polynomials in place of averages."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.assumptions import GaussianFactor, IsotropicQuadratic, JointSteps
from ractheory.compare.context import Context
from ractheory.compare.decision import Decision
from ractheory.evidence import Evidence, Verdict, round_off
from ractheory.exact.scalar_cola import conditional_moment, mean_squares
from ractheory.theorems import Facts, Statement, evaluate, symbols
from ractheory.theorems.symbols import Observable

Array = NDArray[np.float64]

EXACT_LINKS = 4
"""Links whose exact mean square is computed; the next one needs moments of order 162."""


def scalar_step(facts: Facts) -> Fraction | None:
    """Return c = eta L as the simplest rational that rounds to it, for CoLA on one scalar, else None."""
    kinds = (IsotropicQuadratic, JointSteps, GaussianFactor)
    scalar = facts.values.get("m") == 1 and facts.values.get("n") == 1 and facts["s"] == 1.0
    if not (scalar and all(facts.grants(kind) for kind in kinds)):
        return None
    return simplest(facts["eta"] * facts["L"])


def simplest(value: float) -> Fraction:
    """Return the rational of least denominator that is within one unit in the last place of `value`.

    >>> simplest(0.1)
    Fraction(1, 10)
    """
    denominator = 1
    while True:
        found = Fraction(value).limit_denominator(denominator)
        if abs(float(found) - value) <= np.spacing(abs(value)):
            return found
        denominator *= 10


def mean_square_of_a_link(statement: Statement, context: Context, factor: float) -> Decision | None:
    """Decide E[D_{t+1}^2 | D_t] = polynomial(D_t) for all D_t by its coefficients, or return None."""
    c = scalar_step(context.facts)
    equality = isinstance(statement.relation, sp.Equality)
    applied = statement.right.atoms(Observable)
    if c is None or not equality or statement.left != symbols.shift(symbols.t + 1) ** 2:
        return None
    if applied != {symbols.shift(symbols.t)}:
        return None
    D = sp.Dummy("D")
    polynomial = sp.Poly(statement.right.xreplace({symbols.shift(symbols.t): D}), D)
    bound = {k: factor * float(evaluate(w, context.facts)) for (k,), w in polynomial.terms()}
    exact = {k: float(v) for k, v in conditional_moment(c, context.facts["inner_steps"], 2).items()}
    verdict, worst = Verdict.CONFIRMED, (exact[2], bound.get(2, 0.0))
    for power in sorted({*bound, *exact}):
        left, right = exact.get(power, 0.0), bound.get(power, 0.0)
        if abs(left - right) > round_off(256, abs(left) + abs(right)):
            verdict, worst = Verdict.REFUTED, (left, right)
            break
    detail = f"coefficients of E[D+^2 | D] in powers of D, by rational arithmetic: {exact}"
    return Decision(verdict, Evidence("exact", 0.0, None, None, 0, detail), *worst)


def exact_gap(context: Context) -> Array | None:
    """Return E f(W_t) - f* of CoLA on a scalar, NaN beyond `EXACT_LINKS`, or None."""
    c, facts = scalar_step(context.facts), context.facts
    if c is None or not context.computable or facts["inner_steps"] > 2:
        return None
    steps = min(context.run.links, EXACT_LINKS)
    start = simplest(float(np.sqrt(facts["D0_sq"])))
    squares = mean_squares(c, start, steps, int(facts["inner_steps"]))
    curve = np.full(context.run.links + 1, np.nan)
    curve[: steps + 1] = [facts["L"] / 2 * _float(v) for v in squares]
    return curve


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")
