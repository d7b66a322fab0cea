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

from proofs_check.core import Core
from proofs_check.facts import Fact, Goal
from proofs_check.signs import polynomial_form, sign_of

EFFORT = 200_000
"""z3's resource limit for one step: some tenths of a second."""


def second_opinion(s: Core, goal: Goal, facts: Sequence[Fact], squares: Sequence[sp.Expr]) -> str:
    """Return "agrees", "disagrees", "no answer", or "" where no prover is installed."""
    try:
        import z3
    except ImportError:
        return ""
    names: dict[Any, Any] = {"atoms": {}, "divisors": []}
    solver = z3.Solver()
    solver.set("rlimit", EFFORT)
    zero = sp.Integer(0)
    premises = [f.goal for f in (*facts, *dict.fromkeys(s.leaned))]
    try:
        for relation in [*premises, *(Goal(zero, value) for value in squares)]:
            solver.add(_relation(relation, s, names, z3))
        solver.add(z3.Not(_relation(goal, s, names, z3)))
        signs, free = _signs(s, names, z3)
        solver.add(*signs, *names["divisors"])
    except NotScalar:
        return "no answer"
    answer = str(solver.check())
    if answer == "sat" and free:
        return "no answer"
    return {"unsat": "agrees", "sat": "disagrees"}.get(answer, "no answer")


class NotScalar(Exception):
    """An expression that is no polynomial with rational coefficients in free reals."""


def _relation(goal: Goal, s: Core, names: dict[Any, Any], z3: Any) -> Any:
    """Translate a relation; every inner product, expectation and power is a real variable."""
    value = _translate(polynomial_form(s.unfold(goal.expr), names["atoms"]), names, z3)
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
        if e.exp < 0:
            names["divisors"].append(base != 0)
        return power if e.exp > 0 else 1 / power
    raise NotScalar(str(e))


def _signs(s: Core, names: dict[Any, Any], z3: Any) -> tuple[list[Any], bool]:
    """Declared signs of the constants and signs of powers; and whether a power has none."""
    atoms = {symbol: key for key, symbol in names["atoms"].items()}
    known = [(s.unfold(f.expr), f.goal.strict, f) for f in dict.fromkeys(s.leaned)]
    out, free = [], False
    for symbol, variable in [(x, v) for x, v in names.items() if isinstance(x, sp.Symbol)]:
        key = atoms.get(symbol)
        if isinstance(key, tuple):
            found = sign_of(key[0] ** key[1], known)
            free = free or found is None
            if found is not None:
                out.append(variable > 0 if found.strict else variable >= 0)
            if key[1] == sp.Rational(1, 2):
                base = _translate(polynomial_form(key[0], names["atoms"]), names, z3)
                out.append(variable * variable == base)
        declared = symbol if key is None else key
        if isinstance(declared, (sp.Symbol, sp.Indexed)) and declared.is_nonnegative:
            out.append(variable > 0 if declared.is_positive else variable >= 0)
    return out, free
