"""A dimension-free inner-product space: vectors are symbols, operators obey their rules.

A vector (a matrix of parameters counts as one) is a linear combination of words: a word is a base
symbol with operators in front of it. Every operator here is self-adjoint, so operators move across
an inner product, and `dot` brings each one to a single normal form. Two expressions are equal in
every inner-product space exactly when their normal forms agree.

>>> H, G, x = Projection("H"), vector("G"), vector("x")
>>> dot(H(G), H(x)) == dot(x, H(G))
True
>>> dot(G - H(G), H(G))
0
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

Word = tuple[sp.Symbol, ...]
"""Operators from left to right, then the base symbol."""


class Operator(sp.Symbol):
    """A self-adjoint operator.

    An operator `Inverse(S)` stands for the inverse of S; adjacent inverse pairs cancel.
    """

    idempotent = False

    def __new__(cls, name: str) -> Operator:
        return sp.Symbol.__new__(cls, name, commutative=True)

    def __call__(self, v: Vector) -> Vector:
        return v.map_words(lambda word: reduce_word((self, *word)))


class Projection(Operator):
    """An orthogonal projection: H = H^T = H^2."""

    idempotent = True


class Inverse(Operator):
    """The inverse of an operator."""

    def __new__(cls, operator: Operator) -> Inverse:
        return super().__new__(cls, operator.name + "^{-1}")


def inverse_pair(a: sp.Symbol, b: sp.Symbol) -> bool:
    """Say whether one of the operators is the inverse of the other."""
    return (isinstance(a, Inverse) and a.name == b.name + "^{-1}") or (
        isinstance(b, Inverse) and b.name == a.name + "^{-1}"
    )


def reduce_word(word: Word) -> Word:
    """Apply H H = H and S S^-1 = I until nothing changes; the last symbol is the base."""
    out: list[sp.Symbol] = []
    for symbol in word[:-1]:
        if out and inverse_pair(out[-1], symbol):
            out.pop()
        elif not (out and out[-1] == symbol and getattr(symbol, "idempotent", False)):
            out.append(symbol)
    reduced = (*out, word[-1])
    return reduced if reduced == word else reduce_word(reduced)


@dataclass(frozen=True)
class Vector:
    """A linear combination of words with scalar coefficients."""

    terms: Mapping[Word, sp.Expr]

    def map_words(self, rule: Callable[[Word], Word]) -> Vector:
        return _collect((rule(word), c) for word, c in self.terms.items())

    def __add__(self, other: Vector) -> Vector:
        return _collect([*self.terms.items(), *other.terms.items()])

    def __sub__(self, other: Vector) -> Vector:
        return self + (-1) * other

    def __neg__(self) -> Vector:
        return (-1) * self

    def __mul__(self, scalar: Any) -> Vector:
        return _collect((word, sp.sympify(scalar) * c) for word, c in self.terms.items())

    __rmul__ = __mul__

    def __truediv__(self, scalar: Any) -> Vector:
        return self * (1 / sp.sympify(scalar))


def _collect(pairs: Any) -> Vector:
    total: dict[Word, sp.Expr] = {}
    for word, c in pairs:
        total[word] = total.get(word, sp.Integer(0)) + c
    return Vector({word: c for word, c in total.items() if c != 0})


def vector(name: str) -> Vector:
    """Return the vector symbol `name`."""
    return Vector({(sp.Symbol(name, real=True),): sp.Integer(1)})


class Inner(sp.Function):
    """Inner(u, (S, T, ...), v) stands for <u, S T ... v>, in the one normal form that `dot` makes."""

    def _eval_is_real(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: Any = None) -> str:
        u, word, v = self.args
        half = word[: len(word) // 2]
        squared = u == v and len(word) % 2 == 0 and tuple(word) == (*half, *reversed(half))
        one_projection = u == v and len(word) == 1 and getattr(word[0], "idempotent", False)
        if squared or one_projection:
            front = half or word
            text = rf"\|{''.join(printer._print(w) for w in front)}{printer._print(v)}\|^2"
        else:
            right = "".join(printer._print(w) for w in (*word, v))
            text = rf"\langle {printer._print(u)}, {right}\rangle"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        u, word, v = self.args
        half = word[: len(word) // 2]
        if u == v and tuple(word) == (*half, *reversed(half)):
            return f"|{spoken((*half, v))}|^2"
        if u == v and len(word) == 1 and getattr(word[0], "idempotent", False):
            return f"|{spoken((*word, v))}|^2"
        return f"<{spoken((u,))}, {spoken((*word, v))}>"


def spoken(word: Word) -> str:
    r"""Return a word as plain text.

    >>> spoken((sp.Symbol("H"), sp.Symbol("G_{t+1}")))
    'H G_t+1'
    >>> spoken((sp.Symbol(r"\overline{H}^{1/2}"), sp.Symbol("G_t")))
    'mean(H)^1/2 G_t'
    """
    names = (re.sub(r"\\overline\{((?:[^{}]|\{[^{}]*\})*)\}", r"mean(\1)", x.name) for x in word)
    return " ".join(re.sub(r"\\(operatorname)?|[{}]", "", name) for name in names)


def inner_of_words(left: Word, right: Word) -> Inner:
    """Return <left, right> in normal form: operators between, the smaller reading of two."""
    middle = reduce_word((*reversed(left[:-1]), *right))
    there = (left[-1], sp.Tuple(*middle[:-1]), middle[-1])
    back = (middle[-1], sp.Tuple(*reversed(middle[:-1])), left[-1])
    return Inner(*min(there, back, key=lambda a: (a[0].name, [s.name for s in a[1]], a[2].name)))


def dot(u: Vector, v: Vector) -> sp.Expr:
    """Return the inner product, bilinear and symmetric, in normal form."""
    return sp.Add(
        *(c * d * inner_of_words(w, x) for w, c in u.terms.items() for x, d in v.terms.items())
    )


def norm_sq(v: Vector) -> sp.Expr:
    """Return |v|^2."""
    return dot(v, v)


def zero() -> Vector:
    """Return the zero vector."""
    return Vector({})
