"""Elementary functions of the sampler, in single precision and vectorisable, with the same bits everywhere.

Every product that feeds a sum is an explicit fused multiply-add, so that scalar code, any vector width
and any processor round alike. Coefficients: Chebyshev fits of the stated functions, absolute errors below
2e-8, under the unit round-off of the format. Single precision shapes only the *law* of a draw, to
about 1e-7; whatever is computed with the drawn numbers is in double precision.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import intrinsic

from ractheory.compiled import INNER, njit


@intrinsic
def fma(typingctx, a, b, c):  # type: ignore[no-untyped-def]
    """a * b + c with one rounding."""
    if not (isinstance(a, types.Float) and a == b == c):
        return None

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.fma(*args)

    return a(a, a, a), codegen


def _reinterpret(given, wanted):  # type: ignore[no-untyped-def]
    """Return the typing and code of the conversion that keeps the bits."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.bitcast(args[0], context.get_value_type(wanted))

    return wanted(given), codegen


@intrinsic
def bits_of(typingctx, x):  # type: ignore[no-untyped-def]
    """The bits of a float32 as an int32."""
    return _reinterpret(types.float32, types.int32) if x == types.float32 else None


@intrinsic
def float_of(typingctx, x):  # type: ignore[no-untyped-def]
    """The float32 whose bits are those of an int32."""
    return _reinterpret(types.int32, types.float32) if x == types.int32 else None


F = np.float32

_SIN = tuple(F(c) for c in (
    1.5707963200386017, -0.6459637595835394, 0.0796899183290285, -0.0046741438381517775,
    0.0001516717036640896,
))  # fmt: skip
_COS = tuple(F(c) for c in (
    0.999999999779154, -1.2337005342322365, 0.2536693221726959, -0.02086268670922735,
    0.0009177229241995567, -2.3824152439014107e-05,
))  # fmt: skip
_LOG = tuple(F(c) for c in (
    -2.000000007681759, 1.0000000070639938, -0.6666632164137777, 0.499996827289051,
    -0.40024595230703747, 0.3335594732643263, -0.27965157745197267, 0.2444271836200585,
    -0.2815777836310908, 0.2545257816590454,
))  # fmt: skip
_ONE, _HALF, _TWO_LN2 = F(1.0), F(0.5), F(2.0 * np.log(2.0))
_STEP = F(2.0**-31)
_BELOW_ONE, _ABOVE_ZERO = F(1.0 - 2.0**-24), F(2.0**-24)
_TWO_THIRDS = np.float32(2.0 / 3.0).view(np.int32)
_MANTISSA_BITS, _ODD = np.int32(23), np.int32(1)


@njit(**INNER)
def half_circle(t):  # type: ignore[no-untyped-def]
    """Return (cos, sin) of pi t / 2 for t in [-1, 1]."""
    x = t * t
    s = fma(_SIN[4], x, _SIN[3])
    s = fma(s, x, _SIN[2])
    s = fma(s, x, _SIN[1])
    s = fma(s, x, _SIN[0])
    c = fma(_COS[5], x, _COS[4])
    c = fma(c, x, _COS[3])
    c = fma(c, x, _COS[2])
    c = fma(c, x, _COS[1])
    c = fma(c, x, _COS[0])
    return c, t * s


@njit(**INNER)
def circle(word):  # type: ignore[no-untyped-def]
    """Return a point of the unit circle from one signed word: half a turn from its value, side from its last bit.

    The first coordinate is never zero: its smallest size is half of the next one that single precision gives.
    """
    c, s = half_circle(F(word) * _STEP)
    return max(c, _ABOVE_ZERO) * F(_ODD - np.int32((word & _ODD) << _ODD)), s


@njit(**INNER)
def minus_two_log(u):  # type: ignore[no-untyped-def]
    """Return -2 ln u for u in [2^-32, 1]: exponent and mantissa in [2/3, 4/3)."""
    bits = bits_of(u)
    exponent = np.int32(np.int32(bits - _TWO_THIRDS) >> _MANTISSA_BITS)
    s = float_of(np.int32(bits - np.int32(exponent << _MANTISSA_BITS))) - _ONE
    p = fma(_LOG[9], s, _LOG[8])
    p = fma(p, s, _LOG[7])
    p = fma(p, s, _LOG[6])
    p = fma(p, s, _LOG[5])
    p = fma(p, s, _LOG[4])
    p = fma(p, s, _LOG[3])
    p = fma(p, s, _LOG[2])
    p = fma(p, s, _LOG[1])
    p = fma(p, s, _LOG[0])
    return fma(F(-exponent), _TWO_LN2, p * s)


@njit(**INNER)
def normal_pair(first, second):  # type: ignore[no-untyped-def]
    """Return two independent N(0, 1) deviates from two signed words (Box and Muller, 1958).

    The first is never zero, as it almost surely is not: one zero would be a column that spans nothing.
    """
    u = fma(F(np.int32(first >> _ODD) & np.int32(0x7FFFFFFF)), _STEP, _STEP * _HALF)
    radius = np.sqrt(minus_two_log(min(u, _BELOW_ONE)))
    c, s = circle(second)
    return radius * c, radius * s


@njit(**INNER)
def sphere_point(first, second):  # type: ignore[no-untyped-def]
    """Return a uniform point of the unit sphere in R^3 from two signed words (Archimedes)."""
    z = F(first) * _STEP
    radius = np.sqrt(fma(-z, z, _ONE))
    c, s = circle(second)
    return radius * c, radius * s, z
