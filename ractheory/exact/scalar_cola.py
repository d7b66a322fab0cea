"""CoLA in one dimension, exactly: moments of D_t in rational arithmetic, with nothing drawn.

f = (L/2) w^2, D = w - w*, c = eta L, unit scale. A link starts from (a, b) = (a_t, 0), a_t ~ N(0, 1), makes K
joint gradient steps on (L/2)(D + b a)^2, and merges: D+ = D + b a is a polynomial in D and a. Moments of D+
given D follow from E a^(2j) = (2j - 1)!!, and E D_t^2 from moments of order 2 deg^(t-1) at the first link.
That is why an average of runs sees nothing of it: the expectation rests on events that are never drawn.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from ractheory.errors import UsageError, integer

MAX_POWER = 400
"""Highest power of a link that is expanded; from there on a step takes minutes."""


@lru_cache(maxsize=8)
def link_polynomial(c: Fraction, inner_steps: int) -> Any:
    """Return D+ as a python-flint polynomial in (D, a): K joint steps and a merge, as they are run."""
    from flint import Ordering, fmpq, fmpq_mpoly_ctx

    D, a = fmpq_mpoly_ctx.get(("D", "a"), Ordering.lex).gens()
    step, left, right = fmpq(c.numerator, c.denominator), a, 0 * a
    for _ in range(inner_steps):
        residual = D + right * left
        left, right = left - step * residual * right, right - step * residual * left
    return D + right * left


def conditional_moment(c: Fraction, inner_steps: int, power: int) -> dict[int, Fraction]:
    """Return E[D+^power | D] as {power of D: coefficient}, a ~ N(0, 1).

    >>> conditional_moment(Fraction(1, 2), 1, 2)     # 1 - 2 c + 3 c^2
    {2: Fraction(3, 4)}
    """
    integer("power", power, 1, MAX_POWER, "take fewer steps")
    mean: dict[int, Fraction] = {}
    for (of_D, of_a), weight in (link_polynomial(c, inner_steps) ** power).to_dict().items():
        if of_a % 2 == 0:
            term = Fraction(int(weight.p), int(weight.q)) * gaussian_moment(int(of_a))
            mean[int(of_D)] = mean.get(int(of_D), Fraction(0)) + term
    return {k: v for k, v in sorted(mean.items()) if v}


@lru_cache(maxsize=4096)
def gaussian_moment(order: int) -> int:
    """Return E a^order for even order: (order - 1)!!.

    >>> gaussian_moment(4)
    3
    """
    return 1 if order == 0 else (order - 1) * gaussian_moment(order - 2)


def mean_squares(c: Fraction, start: Fraction, steps: int, inner_steps: int = 2) -> list[Fraction]:
    """Return E D_t^2 for t = 0, ..., steps from D_0 = start.

    >>> [str(v) for v in mean_squares(Fraction(1, 10), Fraction(1), 1)]
    ['1', '1457728039/2000000000']
    """
    integer("steps", steps, 0)
    if c <= 0:
        raise UsageError.of("step", c, "a number > 0", "choose another step")
    values = [start**2]
    for t in range(1, steps + 1):
        values.append(_moment(c, start, t, 2, inner_steps))
    return values


def _moment(c: Fraction, start: Fraction, t: int, power: int, inner_steps: int) -> Fraction:
    """Return E D_t^power, by the moments that the links before it need."""
    # needed[k] is the coefficient of E D_s^k in what is sought, from s = t down to s = 0.
    needed = {power: Fraction(1)}
    for _ in range(t):
        earlier: dict[int, Fraction] = {}
        for k, weight in needed.items():
            terms = conditional_moment(c, inner_steps, k) if k else {0: Fraction(1)}
            for j, inner in terms.items():
                earlier[j] = earlier.get(j, Fraction(0)) + weight * inner
        needed = earlier
    return sum((weight * start**k for k, weight in needed.items()), Fraction(0))
