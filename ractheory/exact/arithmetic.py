"""Statements as exact numbers: rationals (python-flint) where they stay rational, balls elsewhere.

A ball holds the true value with certainty; a comparison of balls is true only where it is proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from operator import add, mul
from typing import Any

import sympy as sp

PRECISION = 256
"""Bits of a ball, unless more are asked for."""


def rational(value: Any) -> Any:
    """Return an int, a finite float (the double itself) or a Fraction as a rational of python-flint.

    >>> rational(0.5), rational(Fraction(1, 3))
    (1/2, 1/3)
    """
    from flint import fmpq

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
    from flint import arb

    return arb(value)


@contextmanager
def precision(bits: int = PRECISION) -> Iterator[None]:
    """Compute balls with so many bits within the block."""
    from flint import ctx

    with ctx.workprec(bits):
        yield


def exactly(expression: sp.Expr, values: Mapping[str, Any]) -> Any:
    """Return `expression` of constants, each a rational or a ball by the name of its symbol.

    Integer powers, sums, products, maxima and minima of rationals are rational; a root is a ball. Raises
    KeyError for an unknown constant and TypeError for what it cannot evaluate exactly.

    >>> from ractheory.theorems.symbols import L, gamma
    >>> exactly(1 - gamma * L / 3, {"gamma": rational(1), "L": rational(0.5)})
    5/6
    """
    match expression:
        case sp.Symbol():
            return values[expression.name]
        case sp.Rational():
            return rational(Fraction(int(expression.p), int(expression.q)))
        case sp.Pow():
            return _power(exactly(expression.base, values), exactly(expression.exp, values))
    if expression.func not in OPERATIONS:
        raise TypeError(f"no exact value of {expression.func}")
    return reduce(OPERATIONS[expression.func], (exactly(a, values) for a in expression.args))


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
    from flint import arb

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
    from flint import acb_mat

    d = len(K)
    entries = [rational(float(K[i, j])) for i in range(d) for j in range(d)]
    values, vectors = acb_mat(d, d, entries).eig(right=True)
    # A real symmetric matrix has real eigenvalues, and the real part of an eigenvector is one, or zero.
    columns = [[vectors[i, j].real for i in range(d)] for j in range(d)]
    return [v.real for v in values], columns
