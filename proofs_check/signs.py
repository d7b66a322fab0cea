"""Exact zero tests and sign rules for scalar expressions.

`is_zero` decides identities of rational functions; powers with a symbolic exponent and applied
functions (inner products, expectations, observables) count as independent variables, which is sound:
an identity that holds with independent variables holds for their values. `sign_of` proves a sign by
structure only: symbols by their declared signs, products, powers, sums of one sign, and scalar facts
that were proved or assumed before. What these rules cannot see needs a certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy as sp

Known = Iterable[tuple[sp.Expr, bool, object]]
"""Scalar facts: (expression, strictly positive, the fact itself)."""


ATOMS = (sp.Function, sp.Indexed, sp.Sum, sp.Max, sp.Min)
"""What counts as an independent variable."""


@lru_cache(maxsize=1 << 14)
def is_zero(expr: sp.Expr) -> bool:
    """Say whether `expr` vanishes identically; False also where it cannot be told.

    >>> x, k = sp.Symbol("x"), sp.Symbol("k", integer=True)
    >>> is_zero((1 - x) ** (k + 1) - (1 - x) ** k + x * (1 - x) ** k)
    True
    """
    names: dict[object, sp.Symbol] = {}
    bare = polynomial_form(expr, names)
    numerator, _ = sp.fraction(sp.together(bare))
    numerator = sp.expand(numerator)
    for key, symbol in list(names.items()):
        if numerator != 0 and isinstance(key, tuple) and key[1].is_Rational:
            relation = symbol ** key[1].q - polynomial_form(key[0], names)
            top, _ = sp.fraction(sp.together(relation))
            numerator = sp.expand(sp.prem(numerator, top, symbol))
    return bool(numerator == 0)


def expand_outside(expr: sp.Expr) -> sp.Expr:
    """Expand sums and products, and leave the arguments of applied functions as they are."""
    names: dict[sp.Expr, sp.Symbol] = {}

    def walk(e: sp.Expr) -> sp.Expr:
        if isinstance(e, ATOMS):
            return names.setdefault(e, sp.Dummy(f"f{len(names)}", real=True))
        return e.func(*(walk(a) for a in e.args)) if e.args else e

    expanded = sp.expand(walk(sp.sympify(expr)))
    return expanded.xreplace({symbol: e for e, symbol in names.items()})


def polynomial_form(expr: sp.Expr, names: dict[object, sp.Symbol] | None = None) -> sp.Expr:
    """Replace applied functions, roots and symbolic powers by independent symbols.

    `names` carries the symbols from one expression to the next. A power is named under the key
    (base, exponent), anything else under itself.
    """
    table: dict[object, sp.Symbol] = {} if names is None else names

    def name(key: object) -> sp.Symbol:
        return table.setdefault(key, sp.Dummy(f"a{len(table)}", real=True))

    def walk(e: sp.Expr) -> sp.Expr:
        if isinstance(e, ATOMS):
            return name(e)
        if e.is_Pow and not e.exp.is_Integer:
            return _power(e, walk, name)
        if not e.args:
            return e
        return e.func(*(walk(a) for a in e.args))

    return walk(sp.sympify(expr))


@lru_cache(maxsize=4096)
def canonical(base: sp.Expr) -> sp.Expr:
    """Return one form of a rational function, so that equal bases get the same name."""
    if base.atoms(*ATOMS):
        return expand_outside(base)
    expanded = sp.expand(base)
    denominators = [p for p in expanded.atoms(sp.Pow) if p.exp.is_negative]
    return sp.cancel(sp.together(expanded)) if denominators else expanded


def _power(e: sp.Pow, walk: Walk, name: Callable[[object], sp.Symbol]) -> sp.Expr:
    """Split b^(c k + d) into (b^k)^c b^d with b^k a name; b^(1/q) is a name whose q-th power is b."""
    base = canonical(e.base)
    out = sp.Integer(1)
    for part in sp.Add.make_args(sp.expand(e.exp)):
        c, rest = part.as_coeff_Mul()
        if rest != 1:
            out *= name((base, rest)) ** c if c.is_Integer else name((base, part))
        else:
            whole, over = divmod(int(c.p), int(c.q))
            out *= walk(base) ** whole
            out *= name((base, sp.Rational(1, c.q))) ** over if over else 1
    return out


Walk = Callable[[sp.Expr], sp.Expr]


@dataclass(frozen=True)
class Sign:
    """A proved sign: direction +1 or -1, whether strict, and the facts that the proof used."""

    direction: int
    strict: bool
    used: frozenset[object] = frozenset()


Names = dict[object, sp.Symbol]
"""The symbols that stand for applied functions and powers."""


def sign_of(expr: sp.Expr, known: Known = ()) -> Sign | None:
    """Return a proof that expr >= 0 (or > 0), or None when the rules do not see it.

    >>> g = sp.Symbol("g", positive=True)
    >>> sign_of(g * (1 + g) ** 2).strict
    True
    >>> sign_of(1 - g) is None
    True
    """
    names: Names = {}
    facts = [(polynomial_form(e, names), strict, fact) for e, strict, fact in known]
    return sign_of_form(polynomial_form(expr, names), facts, names)


def sign_of_form(
    bare: sp.Expr, facts: list[tuple[sp.Expr, bool, object]], names: Names
) -> Sign | None:
    """Return the same for polynomial forms under one table of names."""
    bases: dict[object, sp.Expr] = {
        key: polynomial_form(key[0], names) for key in list(names) if isinstance(key, tuple)
    }
    rules = SignRules(facts, {symbol: key for key, symbol in names.items()}, bases)
    found = rules.sign(bare)
    if found is None or found.direction < 0:
        found = rules.sign(sp.factor(bare))
    return found if found is not None and found.direction > 0 else None


def proportional(e: sp.Expr, expr: sp.Expr) -> sp.Expr | None:
    """Return the number e/expr, or None when it is not one; exact, after a look at one point."""
    symbols = sorted(e.free_symbols, key=str)
    if set(symbols) != expr.free_symbols:
        return None
    points = [{x: sp.Rational(p + 7 * i, p + 3) for i, x in enumerate(symbols)} for p in (11, 29)]
    values = [(e.xreplace(point), expr.xreplace(point)) for point in points]
    if all(a.is_Rational and b.is_Rational and b != 0 for a, b in values):
        (a, b), (u, v) = values
        if a * v != u * b:
            return None
    ratio = sp.cancel(e / expr)
    return ratio if ratio.is_number and ratio != 0 else None


@dataclass(frozen=True)
class SignRules:
    """The rules: numbers, symbols, known facts, products, powers, sums of one sign."""

    facts: list[tuple[sp.Expr, bool, object]]
    named: dict[sp.Symbol, object]
    bases: dict[object, sp.Expr]

    def sign(self, e: sp.Expr) -> Sign | None:
        if e.is_number:
            return Sign(1, bool(e > 0)) if e >= 0 else Sign(-1, True)
        found = self.known(e)
        if found is not None:
            return found
        if e.is_Symbol:
            return self.symbol(e)
        if e.is_Mul:
            parts = [self.sign(a) for a in e.args]
            return self.together(parts, sp.prod([p.direction if p else 0 for p in parts]), all)
        if e.is_Pow:
            return self.power(e.base, e.exp)
        if e.is_Add:
            parts = [self.sign(a) for a in e.args]
            directions = {p.direction if p else 0 for p in parts}
            return self.together(parts, directions.pop() if len(directions) == 1 else 0, any)
        return None

    def together(
        self, parts: list[Sign | None], direction: int, strict: Callable[[Any], bool]
    ) -> Sign | None:
        if direction == 0:
            return None
        used = frozenset().union(*(p.used for p in parts if p))
        return Sign(int(direction), strict(p.strict for p in parts if p), used)

    def known(self, e: sp.Expr) -> Sign | None:
        weak = None
        for expr, strict, fact in self.facts:
            ratio = proportional(e, expr)
            if ratio is not None:
                found = Sign(1 if ratio > 0 else -1, strict, frozenset([fact]))
                if strict:
                    return found
                weak = found
        return weak

    def symbol(self, e: sp.Symbol) -> Sign | None:
        key = self.named.get(e)
        if isinstance(key, tuple):
            return self.power(self.bases.get(key, key[0]), key[1])
        declared = key if isinstance(key, sp.Indexed) else e if key is None else None
        if declared is None or not declared.is_nonnegative:
            return None
        return Sign(1, bool(declared.is_positive))

    def power(self, base: sp.Expr, exponent: sp.Expr) -> Sign | None:
        below = self.sign(base) or self.sign(sp.factor(base))
        keeps = exponent.is_Integer and exponent.is_odd
        if below is not None and (below.strict or exponent.is_nonnegative):  # noqa: SIM102
            if below.direction > 0 or keeps:
                return below
        if exponent.is_Integer and exponent.is_even and exponent > 0 and self.real(base):
            return Sign(
                1,
                below is not None and below.strict,
                below.used if below and below.strict else frozenset(),
            )
        return None

    def real(self, base: sp.Expr) -> bool:
        """Say whether a form is real: its symbols are, and its roots are of nonnegative numbers."""
        for symbol in base.free_symbols:
            key = self.named.get(symbol)
            if isinstance(key, tuple) and not (key[1].is_integer and key[1].is_nonnegative):
                below = self.sign(self.bases.get(key, key[0]))
                if below is None or below.direction < 0:
                    return False
        return bool(base.is_real)
