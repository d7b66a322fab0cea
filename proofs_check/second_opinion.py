"""A second opinion on each certificate, by an independent prover where one is installed.

The scalar core of a step is: the facts of the certificate and its squares, every inner product,
expectation and power taken as a free real number, imply the goal. z3 is asked for a counterexample,
without being shown the multipliers. It works under a fixed amount of work, not of time, so that the
answer is the same on every machine; "no answer" decides nothing, a counterexample fails the proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from proofs_check.kernel import Fact, Goal, Session
from proofs_check.signs import polynomial_form, sign_of

EFFORT = 200_000
"""z3's resource limit for one step: some tenths of a second."""


def second_opinion(
    s: Session, goal: Goal, facts: Sequence[Fact], squares: Sequence[sp.Expr]
) -> str:
    """Return "agrees", "disagrees", "no answer", or "" where no prover is installed."""
    try:
        import z3
    except ImportError:
        return ""
    names: dict[Any, Any] = {}
    solver = z3.Solver()
    solver.set("rlimit", EFFORT)
    try:
        for relation in _premises(s, facts, squares):
            solver.add(_relation(relation, s, names, z3))
        conclusion = _relation(goal, s, names, z3)
        solver.add(z3.Not(conclusion), *_signs(s, names, z3))
    except NotScalar:
        return "no answer"
    answer = solver.check()
    return {"unsat": "agrees", "sat": "disagrees"}.get(str(answer), "no answer")


class NotScalar(Exception):
    """An expression that is no polynomial with rational coefficients in free reals."""


def _premises(s: Session, facts: Sequence[Fact], squares: Sequence[sp.Expr]) -> list[Goal]:
    zero = sp.Integer(0)
    constants = [f.goal for _, _, f in s.scalars() if isinstance(f, Fact)]
    return [*(f.goal for f in facts), *constants, *(Goal(zero, value) for value in squares)]


def _relation(goal: Goal, s: Session, names: dict[Any, Any], z3: Any) -> Any:
    """Translate a relation; left and right over one positive denominator are not multiplied out."""
    shared: dict[Any, sp.Symbol] = names.setdefault("atoms", {})
    value = _translate(polynomial_form(s.unfold(goal.expr), shared), names, z3)
    return value == 0 if goal.equal else value > 0 if goal.strict else value >= 0


def _translate(e: sp.Expr, names: dict[Any, Any], z3: Any) -> Any:
    if e.is_Rational:
        return z3.RealVal(str(e))
    if e.is_Symbol:
        return names.setdefault(e, z3.Real(f"x{len(names)}"))
    if e.is_Add:
        return z3.Sum([_translate(a, names, z3) for a in e.args])
    if e.is_Mul:
        return z3.Product([_translate(a, names, z3) for a in e.args])
    if e.is_Pow and e.exp.is_Integer:
        base = _translate(e.base, names, z3)
        power = z3.Product([base] * abs(int(e.exp)))
        return power if e.exp > 0 else 1 / power
    raise NotScalar(str(e))


def _signs(s: Session, names: dict[Any, Any], z3: Any) -> list[Any]:
    """Declared signs of the constants, and what is known of powers: their sign, (b^(1/2))^2 = b."""
    atoms = {symbol: key for key, symbol in names["atoms"].items()}
    constants = [(s.unfold(e), strict, fact) for e, strict, fact in s.scalars()]
    out = []
    for symbol, variable in [(x, v) for x, v in names.items() if x != "atoms"]:
        key = atoms.get(symbol)
        if isinstance(key, tuple):
            found = sign_of(key[0] ** key[1], constants)
            if found is not None:
                out.append(variable > 0 if found.strict else variable >= 0)
            if key[1] == sp.Rational(1, 2):
                base = _translate(polynomial_form(key[0], names["atoms"]), names, z3)
                out.append(variable * variable == base)
        declared = symbol if key is None else key
        if isinstance(declared, (sp.Symbol, sp.Indexed)) and declared.is_nonnegative:
            out.append(variable > 0 if declared.is_positive else variable >= 0)
    return out
