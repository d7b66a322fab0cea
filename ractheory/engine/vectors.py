"""Explicit vectors of four doubles inside compiled code, for the loops that LLVM does not vectorise well.

A value of type `vector` lives in a register. Four lanes on every processor, so that sums have the same
bits everywhere; each function does in every lane what its scalar namesake does.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import PrimitiveModel
from numba.extending import intrinsic, register_model

WIDTH = 4
IR_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_INDEX = ir.IntType(32)


class Vector(types.Type):
    """The type of a value that holds WIDTH doubles."""

    def __init__(self) -> None:
        super().__init__("vector of doubles")


vector = Vector()


@register_model(Vector)
class _Model(PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, IR_VECTOR)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), IR_VECTOR.as_pointer())


def _flat(array: Any) -> bool:
    return (
        isinstance(array, types.Array)
        and array.ndim == 1
        and array.layout == "C"
        and array.dtype == types.float64
    )


@intrinsic
def load(typingctx: Any, array: Any, index: Any) -> Any:
    """The entries index, ..., index + 3 of a flat float64 array; no bounds are checked."""
    if not _flat(array):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_pointer(context, builder, signature.args[0], *args), align=8)

    return vector(array, types.intp), codegen


@intrinsic
def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Write a vector to the entries index, ..., index + 3 of a flat float64 array."""
    if not _flat(array) or value != vector:
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _pointer(context, builder, signature.args[0], args[0], args[1])
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
        function = cgutils.get_or_insert_function(builder.module, of_three, "llvm.fma.v4f64")
        return builder.call(function, args)

    return vector(vector, vector, vector), codegen


@intrinsic
def add(typingctx: Any, a: Any, b: Any) -> Any:
    """a + b."""
    return vector(vector, vector), lambda context, builder, signature, args: builder.fadd(*args)


@intrinsic
def total(typingctx: Any, a: Any) -> Any:
    """The sum of the lanes: (first + third) + (second + fourth)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first, second, third, fourth = (
            builder.extract_element(args[0], _INDEX(lane)) for lane in range(WIDTH)
        )
        return builder.fadd(builder.fadd(first, third), builder.fadd(second, fourth))

    return types.float64(vector), codegen
