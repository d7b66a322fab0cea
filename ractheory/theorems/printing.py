"""Statements as text: LaTeX for pages, plain mathematics for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from ractheory.theorems.symbols import LATEX_NAMES, TEXT_NAMES, Observable

STAR = "\u22c6"
"""Stands for the star of f* while products are printed with * for times."""

SIGNS: dict[type, tuple[str, str]] = {
    sp.LessThan: (r"\le", "<="),
    sp.GreaterThan: (r"\ge", ">="),
    sp.StrictLessThan: ("<", "<"),
    sp.StrictGreaterThan: (">", ">"),
    sp.Equality: ("=", "="),
    sp.Unequality: (r"\ne", "!="),
}
"""How a relation prints, in LaTeX and in plain text."""


def _fill(template: str, arguments: Iterable[str]) -> str:
    for number, argument in enumerate(arguments, start=1):
        template = template.replace(f"{{{number}}}", f"{{{argument}}}")
    return template


def _is_step(expr: Any) -> bool:
    """Whether `expr` is a counter plus a number, which reads t + 1 and not 1 + t."""
    symbols = [a for a in expr.args if a.is_Symbol and a.is_integer]
    return len(expr.args) == 2 and expr.args[0].is_Integer and len(symbols) == 1


def _step(printer: Any, expr: Any) -> str:
    number, symbol = expr.args
    return f"{printer._print(symbol)} {'+' if number > 0 else '-'} {abs(number)}"


class _Latex(LatexPrinter):
    """LaTeX in which an observable that reads as a sum gets parentheses in a product."""

    def _needs_mul_brackets(self, expr: Any, first: bool = False, last: bool = False) -> bool:
        if isinstance(expr, Observable):
            return expr.is_sum
        return bool(super()._needs_mul_brackets(expr, first=first, last=last))

    def _print_Add(self, expr: Any, order: Any = None) -> str:
        return _step(self, expr) if _is_step(expr) else str(super()._print_Add(expr, order))

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        return LATEX_NAMES.get(expr.name) or str(super()._print_Symbol(expr, style))

    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        if not isinstance(expr, Observable):
            return str(super()._print_Function(expr, exp))
        name = _fill(expr.latex_name, (self._print(a) for a in expr.args))
        return name if exp is None else rf"\left({name}\right)^{{{exp}}}"


class _Text(StrPrinter):
    """Plain mathematics: the same with the ASCII names."""

    def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
        if isinstance(item, Observable) and item.is_sum and level >= PRECEDENCE["Add"]:
            return f"({self._print(item)})"
        return str(super().parenthesize(item, level, strict))

    def _print_Add(self, expr: Any, order: Any = None) -> str:
        return _step(self, expr) if _is_step(expr) else str(super()._print_Add(expr, order))

    def _print_Symbol(self, expr: Any) -> str:
        return TEXT_NAMES.get(expr.name, str(expr.name)).replace("*", STAR)

    def _print_Function(self, expr: Any) -> str:
        if not isinstance(expr, Observable):
            return str(super()._print_Function(expr))
        arguments = [self._print(a) for a in expr.args]
        name = _fill(expr.text_name, arguments)
        name = re.sub(r"\{(\w+)\}|(?<![_^])\{([^{}]*)\}", lambda g: g[1] or g[2], name)
        return name.replace("*", STAR)

    def _print_Sum(self, expr: Any) -> str:
        ranges = ", ".join(f"{k}={self._print(a)}..{self._print(b)}" for k, a, b in expr.limits)
        return f"sum_{{{ranges}}} {self._print(expr.function)}"


def latex(expression: sp.Basic) -> str:
    r"""Return `expression` as LaTeX.

    >>> from ractheory.theorems.symbols import gap, lam_min
    >>> latex(lam_min**2 * gap(0))
    '\\lambda_{\\min}^{2} \\left(f(W_{0}) - f^\\star\\right)'
    """
    if isinstance(expression, sp.And):
        return r" \text{ and } ".join(latex(part) for part in expression.args)
    if type(expression) in SIGNS:
        left, right = expression.args
        return f"{latex(left)} {SIGNS[type(expression)][0]} {latex(right)}"
    return str(_Latex({"order": "none"}).doprint(expression))


@lru_cache(maxsize=4096)  # the same conditions are told of every run
def text(expression: sp.Basic) -> str:
    """Return `expression` as plain mathematics.

    >>> from ractheory.theorems.symbols import L, T, gamma, gap
    >>> text((1 - gamma * L) ** T * gap(0))
    '(1 - L gamma)^T (f(W_0) - f*)'
    """
    if isinstance(expression, sp.And):
        return " and ".join(text(part) for part in expression.args)
    if type(expression) in SIGNS:
        left, right = expression.args
        return f"{text(left)} {SIGNS[type(expression)][1]} {text(right)}"
    plain = str(_Text({"order": "none"}).doprint(expression))
    return plain.replace("**", "^").replace("*", " ").replace(STAR, "*")
