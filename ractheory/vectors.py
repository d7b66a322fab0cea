"""Explicit vectors of eight doubles inside compiled code, for the loops that LLVM does not vectorise well.

A value of type `vector` lives in one register, or in two where registers are shorter. Eight lanes on every
processor, so that sums have the same bits everywhere; each function does in every lane what its scalar
namesake does.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import PrimitiveModel
from numba.extending import intrinsic, register_model

from ractheory.compiled import INNER, KERNEL, njit

WIDTH = 8
IR_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_INDEX = ir.IntType(32)


_LINE = 64


@njit(**KERNEL)
def aligned(size):  # type: ignore[no-untyped-def]
    """Return `size` zeros that begin at a line of the cache, so that no vector lies across two."""
    room = np.zeros(size + _LINE // 8 - 1)
    first = -(room.ctypes.data // 8) % (_LINE // 8)
    return room[first : first + size]


class Vector(types.Type):
    """The type of a value that holds WIDTH doubles."""

    def __init__(self) -> None:
        super().__init__("vector of doubles")


vector = Vector()


@register_model(Vector)
class _Model(PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, IR_VECTOR)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any, kind: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())


def _flat(array: Any, dtype: Any = types.float64) -> bool:
    return (
        isinstance(array, types.Array)
        and array.ndim == 1
        and array.layout == "C"
        and array.dtype == dtype
    )


@intrinsic
def load(typingctx: Any, array: Any, index: Any) -> Any:
    """The entries index, ..., index + WIDTH - 1 of a flat float64 array; no bounds are checked."""
    if not _flat(array):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _pointer(context, builder, signature.args[0], args[0], args[1], IR_VECTOR)
        return builder.load(place, align=8)

    return vector(array, types.intp), codegen


@intrinsic
def widened(typingctx: Any, array: Any, index: Any) -> Any:
    """The entries index, ..., index + WIDTH - 1 of a flat float32 array, as doubles; no bounds are checked."""
    if not _flat(array, types.float32):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        singles = ir.VectorType(ir.FloatType(), WIDTH)
        place = _pointer(context, builder, signature.args[0], args[0], args[1], singles)
        return builder.fpext(builder.load(place, align=4), IR_VECTOR)

    return vector(array, types.intp), codegen


@intrinsic
def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Write a vector to the entries index, ..., index + WIDTH - 1 of a flat float64 array."""
    if not _flat(array) or value != vector:
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _pointer(context, builder, signature.args[0], args[0], args[1], IR_VECTOR)
        builder.store(args[2], place, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), codegen


@intrinsic
def splat(typingctx: Any, x: Any) -> Any:
    """The vector whose lanes are all x."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lane = builder.insert_element(ir.Constant(IR_VECTOR, ir.Undefined), args[0], _INDEX(0))
        return builder.shuffle_vector(lane, lane, ir.Constant(ir.VectorType(_INDEX, WIDTH), None))

    return vector(types.float64), codegen


@intrinsic
def vfma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c with one rounding."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        of_three = ir.FunctionType(IR_VECTOR, (IR_VECTOR,) * 3)
        function = cgutils.get_or_insert_function(builder.module, of_three, f"llvm.fma.v{WIDTH}f64")
        return builder.call(function, args)

    return vector(vector, vector, vector), codegen


def _lanewise(instruction: str) -> Any:
    """Return an intrinsic that applies one LLVM instruction to two vectors."""

    def intrinsic_of_two(typingctx: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, instruction)(*args)

        return vector(vector, vector), codegen

    return intrinsic(intrinsic_of_two)


add, subtract, multiply, divide = (_lanewise(i) for i in ("fadd", "fsub", "fmul", "fdiv"))


@intrinsic
def larger(typingctx: Any, a: Any, b: Any) -> Any:
    """The larger of a and b in every lane; b where one of them is not a number."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return vector(vector, vector), codegen


@intrinsic
def times_power_of_two(typingctx: Any, a: Any, shifted: Any) -> Any:
    """a * 2^n, where `shifted` is n + SHIFTER: n stands in its last bits, and is added to the exponent."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        integers = ir.VectorType(ir.IntType(64), WIDTH)
        bits, n = (builder.bitcast(x, integers) for x in args)
        moved = builder.shl(n, ir.Constant(integers, [52] * WIDTH))
        return builder.bitcast(builder.add(bits, moved), IR_VECTOR)

    return vector(vector, vector), codegen


SHIFTER = 1.5 * 2.0**52
"""Adding it rounds a number below 2^51 to the nearest integer, which then stands in the last bits."""

LOWEST = -700.0
"""exp is computed at LOWEST for anything below: the result, 1e-304, is lost in any sum with 1."""

_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
_TAYLOR = tuple(1.0 / math.factorial(k) for k in range(14))
"""Of exp on |x| <= ln(2)/2: the next term, x^14/14!, is below 5e-18."""


@njit(**INNER)
def exp(x):  # type: ignore[no-untyped-def]
    """e^x in every lane, for x <= 0, to two units of round-off."""
    x = larger(x, splat(LOWEST))
    shifted = vfma(x, splat(1.0 / math.log(2.0)), splat(SHIFTER))
    n = subtract(shifted, splat(SHIFTER))
    y = vfma(n, splat(-_LN2_LOW), vfma(n, splat(-_LN2_HIGH), x))
    p = splat(_TAYLOR[13])
    for k in range(12, -1, -1):
        p = vfma(p, y, splat(_TAYLOR[k]))
    return times_power_of_two(p, shifted)


@intrinsic
def total(typingctx: Any, a: Any) -> Any:
    """The sum of the lanes, by halves: lane k and lane k + WIDTH/2 first."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        (x,), width = args, WIDTH
        while width > 1:
            width //= 2
            low, high = (
                ir.Constant(ir.VectorType(_INDEX, width), list(range(at, at + width)))
                for at in (0, width)
            )
            x = builder.fadd(builder.shuffle_vector(x, x, low), builder.shuffle_vector(x, x, high))
        return builder.extract_element(x, _INDEX(0))

    return types.float64(vector), codegen
