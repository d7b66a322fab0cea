"""Statements as exact numbers: rationals (python-flint) where they stay rational, balls elsewhere.

A ball holds the true value with certainty; a comparison of balls is true only where it is proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache, reduce
from operator import add, mul
from typing import Any

import sympy as sp
from flint import acb_mat, arb, ctx, fmpq

from ractheory.theorems.symbols import Observable

PRECISION = 256
"""Bits of a ball, unless more are asked for."""


def rational(value: Any) -> Any:
    """Return an int, a finite float (the double itself) or a Fraction as a rational of python-flint.

    >>> rational(0.5), rational(Fraction(1, 3))
    (1/2, 1/3)
    """
    numerator, denominator = (
        value.as_integer_ratio() if isinstance(value, float)
        else (int(value.numerator), int(value.denominator))
    )  # fmt: skip
    return fmpq(numerator, denominator)


def decimal(value: float) -> Any:
    """Return the decimal that `value` is written as, exactly: 0.1 is one tenth.

    >>> decimal(0.1)
    1/10
    """
    return rational(Fraction(repr(float(value))))


def ball(value: Any) -> Any:
    """Return an exact number or a ball as a ball."""
    return arb(value)


@contextmanager
def precision(bits: int = PRECISION) -> Iterator[None]:
    """Compute balls with so many bits within the block."""
    with ctx.workprec(bits):
        yield


Values = Mapping[str, Any]


def exactly(expression: sp.Expr, values: Values) -> Any:
    """Return `expression` of constants, each a rational or a ball by the name of its symbol.

    An observable such as gap(0) is looked up by its text. Integer powers, sums, products, maxima and
    minima of rationals are rational; a root is a ball. Raises KeyError for an unknown constant and
    TypeError for what it cannot evaluate exactly.

    >>> from ractheory.theorems.symbols import L, gamma
    >>> exactly(1 - gamma * L / 3, {"gamma": rational(1), "L": rational(0.5)})
    5/6
    """
    return _program(expression)(values)


@lru_cache(maxsize=512)
def _program(expression: sp.Expr) -> Callable[[Values], Any]:
    """Return the expression as a function of its constants."""
    if expression is sp.pi:
        return lambda values: arb.pi()
    match expression:
        case sp.Symbol() | Observable():
            name = str(expression)
            return lambda values: values[name]
        case sp.Rational():
            number = rational(Fraction(int(expression.p), int(expression.q)))
            return lambda values: number
        case sp.Pow():
            base, exponent = map(_program, expression.args)
            return lambda values: _power(base(values), exponent(values))
    if expression.func not in OPERATIONS:
        raise TypeError(f"no exact value of {expression.func}")
    join, parts = OPERATIONS[expression.func], [_program(a) for a in expression.args]
    return lambda values: reduce(join, [part(values) for part in parts])


def _power(base: Any, exponent: Any) -> Any:
    if exponent == int(exponent):
        return base ** int(exponent)
    if 2 * exponent == int(2 * exponent):
        return ball(base).sqrt() ** int(2 * exponent)
    raise TypeError(f"no exact value of a power {exponent}")


def greater(a: Any, b: Any) -> Any:
    """Return the maximum of two exact numbers; of balls, a ball that holds it."""
    return ball(a).max(ball(b)) if _is_ball(a) or _is_ball(b) else max(a, b)


def _less(a: Any, b: Any) -> Any:
    return ball(a).min(ball(b)) if _is_ball(a) or _is_ball(b) else min(a, b)


def _is_ball(value: Any) -> bool:
    return isinstance(value, arb)


OPERATIONS = {sp.Add: add, sp.Mul: mul, sp.Max: greater, sp.Min: _less}


def symmetric_eigen(K: Any) -> tuple[list[Any], list[list[Any]]]:
    """Return balls of the eigenvalues and of (not normalised) eigenvectors of a symmetric matrix.

    `K` has float entries, taken exactly, shape (d, d). Raises ValueError where eigenvalues are too
    close to be told apart at the precision in force.

    >>> import numpy as np
    >>> with precision(64):
    ...     values, _ = symmetric_eigen(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> sorted(round(float(v), 9) for v in values)
    [1.0, 3.0]
    """
    d = len(K)
    entries = [rational(float(K[i, j])) for i in range(d) for j in range(d)]
    values, vectors = acb_mat(d, d, entries).eig(right=True)
    # A real symmetric matrix has real eigenvalues, and the real part of an eigenvector is one, or zero.
    columns = [[vectors[i, j].real for i in range(d)] for j in range(d)]
    return [v.real for v in values], columns
