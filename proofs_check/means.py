"""Expectations as symbols: of everything, or over the sources of one link; and what is given then."""

from __future__ import annotations

from typing import Any

import sympy as sp

from proofs_check.algebra import Inner, spoken
from proofs_check.facts import is_constant
from proofs_check.signs import expand_outside
from ractheory.theorems.symbols import Observable, dist_sq, gap, grad_sq, shift, t


class Mean(sp.Function):
    """Mean(x) = E[x]; Mean(x, sources) = the expectation over these sources, the rest given."""

    @property
    def is_number_of_the_runs(self) -> bool:
        return len(self.args) == 1

    def _latex(self, printer: Any, exp: Any = None) -> str:
        inside = printer._print(self.args[0])
        under = f"_{{{','.join(printer._print(a) for a in self.args[1])}}}" if self.args[1:] else ""
        text = rf"\mathbb{{E}}{under}\left[{inside}\right]"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        inside = printer._print(self.args[0])
        over = "" if not self.args[1:] else "_" + ",".join(spoken((a,)) for a in self.args[1])
        return f"E{over}[{inside}]"


def is_random(atom: sp.Expr) -> bool:
    """Say whether an applied function varies over the runs; a quantity at step 0 does not."""
    return not (isinstance(atom, Observable) and atom.args[0] == 0)


class Along(Observable):
    """Along(k, name) is a named quantity of the run at link k."""

    def _latex(self, printer: Any, exp: Any = None) -> str:
        k, name = (printer._print(a) for a in self.args)
        text = f"{name}_{{{k}}}"
        return text if exp is None else f"{text}^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        return at_link(printer, *self.args[::-1])


def at_link(printer: Any, name: sp.Symbol, k: sp.Expr) -> str:
    """Return a named quantity at a link as plain text."""
    return f"({spoken((name,))} at {printer._print(k)})"


GIVEN = (gap, grad_sq, dist_sq, shift, Along)
"""What of W_t is known before link t."""


def is_given(atom: Observable) -> bool:
    """Say whether an observable is known before link t: at step 0, or of W_t itself."""
    if not atom.args or atom.args[0] == 0:
        return True
    return isinstance(atom, GIVEN) and atom.args[0] == t


def total_mean(expr: sp.Expr) -> sp.Expr:
    """Return E[expr], linear over constants, by the tower rule."""
    return sp.Add(*(_total_monomial(part) for part in sp.Add.make_args(expand_outside(expr))))


def _total_monomial(part: sp.Expr) -> sp.Expr:
    constant, random = sp.Integer(1), sp.Integer(1)
    for factor in sp.Mul.make_args(part):
        if is_constant(factor):
            constant *= factor
        elif any(is_random(a) for a in factor.atoms(Observable, Inner, Mean)):
            random *= factor
        else:
            constant *= factor
    if isinstance(random, Mean):
        random = random.args[0]  # the tower rule; a product of a mean and what it averages stays
    return constant if random == 1 else constant * Mean(random)
