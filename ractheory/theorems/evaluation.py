"""Where a statement becomes a number: expressions evaluated in floating point.

The only module of the theorems that knows of NumPy; statements themselves are algebra.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from ractheory.theorems.hypotheses import Facts
from ractheory.theorems.symbols import Observable


def constants_of(expression: sp.Basic) -> set[str]:
    """Return the names of the constants in `expression`, observables and bound indices left out.

    >>> from ractheory.theorems.symbols import gamma, gap
    >>> constants_of(gamma * gap(0))
    {'gamma'}
    """
    # A stand-in that survives multiplication; zero would take the constants of a product with it.
    stand_ins = {e: sp.Dummy() for e in expression.atoms(Observable)}
    free = expression.xreplace(stand_ins).free_symbols - set(stand_ins.values())
    return {str(v.base) if isinstance(v, sp.Indexed) else str(v) for v in free}


def evaluate(expression: sp.Expr, facts: Facts, observed: dict[sp.Expr, Any] | None = None) -> Any:
    """Evaluate `expression` in floating point: constants from `facts`, observables from `observed`.

    `observed` maps each applied observable of the expression to a number or an array; the result
    broadcasts over them. A constant may be an array too (T = 0, 1, 2, ... for a curve); an indexed
    constant is a tuple. A bound that overflows is +inf.

    >>> from ractheory.theorems.symbols import L, gamma
    >>> evaluate(1 - gamma * L / 2, Facts({"gamma": 0.5, "L": 2.0}))
    0.5
    """
    observed = observed or {}
    missing = [name for name in sorted(constants_of(expression)) if name not in facts]
    unseen = sorted(str(e) for e in expression.atoms(Observable) if e not in observed)
    if missing or unseen:
        raise KeyError(f"no value for {', '.join(missing + unseen)}")
    known: dict[sp.Expr, Any] = dict(observed)
    for total in expression.atoms(sp.Sum):
        known[total] = _sum(total, facts)
    stand_ins = {e: sp.Symbol(f"_x{k}") for k, e in enumerate(sorted(known, key=str))}
    bare = expression.xreplace(stand_ins)
    symbols = tuple(sorted(bare.free_symbols, key=str))
    values = {stand_ins[e]: known[e] for e in known}
    arguments = [
        np.asarray(values[v] if v in values else facts[str(v)], dtype=float)[()] for v in symbols
    ]
    with np.errstate(over="ignore"):
        result = np.asarray(_compiled(bare, symbols)(*arguments), dtype=float)
    return float(result) if result.ndim == 0 else result


@lru_cache(maxsize=512)
def _compiled(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Any:
    modules = ["scipy", "numpy"] if expression.has(*SPECIAL_FUNCTIONS) else ["numpy"]
    return sp.lambdify(symbols, expression, modules=modules)


SPECIAL_FUNCTIONS = (sp.betainc_regularized, sp.Ei, sp.polygamma)
"""Functions that need scipy, which is imported only where a statement has one."""


def _sum(total: sp.Sum, facts: Facts) -> float:
    """Return the value of a finite sum over one index whose limits are integers known from facts."""
    ((index, low, high),) = total.limits
    first, last = (int(evaluate(end, facts)) for end in (low, high))
    symbols = tuple(sorted((v for v in total.function.free_symbols
                            if v != index and not isinstance(v, sp.Indexed)), key=str))  # fmt: skip
    term = _compiled(total.function, (index, *symbols))
    return float(sum(term(k, *(facts[str(v)] for v in symbols)) for k in range(first, last + 1)))
