"""Smooth functions, isotropic sketch: the smallest expected squared gradient, from the two ends of a link.

Notation and facts as in `ractheory.theorems.pl_step`, units L = 1: g = gamma L, G = |grad f(W)|^2,
p = E grad f(W+), V = E|grad f(W+) - p|^2, delta = f - f*. For g rho <= 1 put

    a = sqrt(1 - SPREAD),    beta = (1 - DRIFT/a)/4,    F = lam_0 + beta + 1/2.

The ends, the copies with multiplier beta, and two squares give exactly

    delta - E delta+ = lam_0 G + beta E|grad f(W+)|^2 + beta (SPREAD G - V) + [slack of the ends]
                       + 1/4 E|xi + g w|^2 + DRIFT/(4 a) |p - a grad f|^2,

and beta >= 0, since a^2 - DRIFT^2 = g rho (2 - g) >= 0. With delta+ >= |grad f(W+)|^2/2 one link has
(lam_0 + beta + 1/2) min(G, E|grad f(W+)|^2) <= delta, and the sum over T links, where lam_0 >= 0,

    min_{t <= T} E|grad f(W_t)|^2 <= L (f_0 - f*)/(T (F - 1/2) + 1/2).

At rho = 1 and gamma = 1/L this is 4 L (f_0 - f*)/(3 T + 2), the tight rate of gradient descent
(Abbaszadehpeivasti, de Klerk, Zamani 2021). For one link it is the value of performance estimation.
"""

from __future__ import annotations

import sympy as sp

from ractheory.theorems.pl_step import (
    DRIFT,
    SPREAD,
    C,
    G,
    P,
    U,
    V,
    delta,
    following,
    g,
)
from ractheory.theorems.symbols import T, rho

RATIO = sp.sqrt(1 - SPREAD)
"""a: |p| over |grad f(W)| in the worst case."""

NEXT = (1 - DRIFT / RATIO) / 4
"""beta: weight of the next squared gradient, beyond the half that bounds f from below."""

NOW = sp.Rational(1, 4) + (g / 2 - g**2 / 4) * rho - SPREAD / 4 - NEXT * SPREAD - DRIFT * RATIO / 4
"""lam_0: weight of the squared gradient at the start of a link."""

SMALLEST = 1 / (NOW + NEXT + sp.Rational(1, 2))
"""min(G, E|grad f(W+)|^2) over L (f - f*), one link with g rho <= 1."""

SMALLEST_OF = 1 / (T * (NOW + NEXT) + sp.Rational(1, 2))
"""The same over T links, an upper bound."""


def identity() -> sp.Basic:
    """Return the certificate of one link, an identity in its free symbols.

    >>> left, right = identity().args
    >>> sp.simplify(left - right)
    0
    """
    apart = G - 2 * U + P + V
    ends = (
        delta - following + (g**2 / 4 - g / 2) * rho * G - g / 2 * (rho * U + C) - apart / 4
    )  # nonnegative: smooth interpolation
    squares = (V + 2 * g * C + SPREAD * G) / 4 + DRIFT / (4 * RATIO) * (
        P - 2 * RATIO * U + RATIO**2 * G
    )
    weighted = NOW * G + NEXT * (P + V) + NEXT * (SPREAD * G - V) + ends + squares
    return sp.Eq(delta - following, weighted, evaluate=False)
